//! The texts of the pages in French and English, chosen by `Accept-Language`.

use axum::http::{HeaderMap, header};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    French,
    English,
}

impl Language {
    /// The language that `Accept-Language` prefers; English if it has neither.
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (0.0, Self::English);
        for item in wanted.split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("fr") => Self::French,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    pub fn words(self) -> &'static Words {
        match self {
            Self::French => &FRENCH,
            Self::English => &ENGLISH,
        }
    }
}

#[derive(Debug)]
pub struct Words {
    pub invitation: &'static str,
    pub question: &'static str,
    pub project: &'static str,
    pub place: &'static str,
    pub starts: &'static str,
    pub ends: &'static str,
    pub accept: &'static str,
    pub decline: &'static str,
    pub reason: &'static str,
    pub accepted: &'static str,
    pub declined: &'static str,
    pub already_accepted: &'static str,
    pub already_declined: &'static str,
    pub already_answered: &'static str,
    pub expired: &'static str,
    pub revoked: &'static str,
    pub cancelled: &'static str,
    pub invalid: &'static str,
    pub conflict: &'static str,
    pub quota: &'static str,
    pub archived: &'static str,
    pub over: &'static str,
    pub inactive: &'static str,
    pub try_again: &'static str,
    pub perhaps: &'static str,
    pub unreadable: &'static str,
    pub password: &'static str,
    pub joining: &'static str,
    pub current_password: &'static str,
    pub password_forgotten: &'static str,
    pub password_wrong: &'static str,
    pub new_password: &'static str,
    pub password_rule: &'static str,
    pub password_common: &'static str,
    pub save: &'static str,
    pub saved: &'static str,
    pub weekdays: [&'static str; 7],
    pub months: [&'static str; 12],
}

static ENGLISH: Words = Words {
    invitation: "Invitation",
    question: "Can you come?",
    project: "For",
    place: "Where",
    starts: "From",
    ends: "To",
    accept: "Accept",
    decline: "Decline",
    reason: "Reason, if you decline (optional)",
    accepted: "Thank you, you are expected.",
    declined: "Thank you for your answer. The planner knows that you cannot come.",
    already_accepted: "You have accepted this call.",
    already_declined: "You have declined this call.",
    already_answered: "This invitation was answered already. Tell the planner if that has changed.",
    expired: "This invitation has expired.",
    revoked: "This invitation was taken back.",
    cancelled: "This call was called off.",
    invalid: "This link is not valid. It may be used up or too old, or the address is not complete.",
    conflict: "You have already accepted another call at that time.",
    quota: "All places have been taken in the meantime.",
    archived: "This project is closed, so nobody can be added to it any more. Tell the planner.",
    over: "This call is over. Tell the planner if something is wrong.",
    inactive: "You cannot be planned at the moment.",
    try_again: "That did not work just now. Your answer was not saved: please try again in a moment.",
    perhaps: "We cannot tell whether that was saved. Please open the link again in a moment and look.",
    unreadable: "Your answer was not saved: a reason has at most 500 characters.",
    password: "Set your password",
    joining: "You have been made a member of",
    current_password: "Current password",
    password_forgotten: "You have a login already. If you do not know its password, or somebody else chose it, ask for a new one instead (“forgotten password”), or ask whoever runs this service.",
    password_wrong: "That is not the current password. Nothing was saved.",
    new_password: "New password",
    password_rule: "8 to 128 characters, not one that many people use, and not your e-mail.",
    password_common: "That is among the first passwords that anyone would guess, or the one you have now. Please choose another one.",
    save: "Save",
    saved: "Your password is set. You can sign in now.",
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

static FRENCH: Words = Words {
    invitation: "Invitation",
    question: "Êtes-vous disponible ?",
    project: "Pour",
    place: "Lieu",
    starts: "Début",
    ends: "Fin",
    accept: "Accepter",
    decline: "Refuser",
    reason: "Motif, en cas de refus (facultatif)",
    accepted: "Merci, nous comptons sur vous.",
    declined: "Merci de votre réponse. La régie sait que vous ne pouvez pas venir.",
    already_accepted: "Vous avez accepté cet appel.",
    already_declined: "Vous avez refusé cet appel.",
    already_answered: "Cette invitation a déjà reçu une réponse. Prévenez la régie si elle a changé.",
    expired: "Cette invitation a expiré.",
    revoked: "Cette invitation a été retirée.",
    cancelled: "Cet appel a été annulé.",
    invalid: "Ce lien n’est pas valable. Il a peut-être déjà servi ou expiré, ou l’adresse n’est pas complète.",
    conflict: "Vous avez déjà accepté un autre appel à ce moment-là.",
    quota: "Toutes les places ont été prises entre-temps.",
    archived: "Ce projet est clos : plus personne ne peut y être ajouté. Prévenez la régie.",
    over: "Cet appel est passé. Prévenez la régie si quelque chose ne va pas.",
    inactive: "Vous ne pouvez pas être planifié·e pour le moment.",
    try_again: "Cela n’a pas fonctionné. Votre réponse n’a pas été enregistrée : réessayez dans un instant.",
    perhaps: "Nous ne savons pas si cela a été enregistré. Rouvrez le lien dans un instant pour vérifier.",
    unreadable: "Votre réponse n’a pas été enregistrée : un motif a 500 caractères au plus.",
    password: "Choisir votre mot de passe",
    joining: "Vous avez été ajouté·e aux membres de",
    current_password: "Mot de passe actuel",
    password_forgotten: "Vous avez déjà un compte. Si vous ne connaissez pas son mot de passe, ou si quelqu’un d’autre l’a choisi, demandez-en un nouveau (« mot de passe oublié ») ou adressez-vous à la personne qui gère ce service.",
    password_wrong: "Ce n’est pas le mot de passe actuel. Rien n’a été enregistré.",
    new_password: "Nouveau mot de passe",
    password_rule: "De 8 à 128 caractères, ni un mot de passe courant, ni votre adresse e-mail.",
    password_common: "Ce mot de passe est parmi les premiers que l’on devinerait, ou celui que vous avez déjà. Choisissez-en un autre.",
    save: "Enregistrer",
    saved: "Votre mot de passe est enregistré. Vous pouvez vous connecter.",
    weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
};

impl Words {
    /// A local time in words, with the weekday and the time zone.
    pub fn moment(&self, at: &jiff::Zoned) -> String {
        let weekday = self.weekdays[at.weekday().to_monday_zero_offset().unsigned_abs() as usize % 7];
        let month = self.months[(at.month().unsigned_abs() as usize + 11) % 12];
        let zone = at.time_zone().iana_name().unwrap_or("UTC");
        format!("{weekday} {} {month} {}, {} ({zone})", at.day(), at.year(), at.strftime("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_by_weekday_and_wall_clock() {
        let at: jiff::Zoned = "2026-12-31T23:30:00+01:00[Europe/Paris]".parse().unwrap();
        assert_eq!(Language::French.words().moment(&at), "jeudi 31 décembre 2026, 23:30 (Europe/Paris)");
        let at: jiff::Zoned = "2026-02-01T09:05:00+01:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(Language::English.words().moment(&at), "Sunday 1 February 2026, 09:05 (Europe/Berlin)");
    }

    #[test]
    fn speaks_the_language_that_is_asked_for_most() {
        for (header, language) in [
            ("", Language::English),
            ("fr", Language::French),
            ("fr-CA, en;q=0.8", Language::French),
            ("de, en;q=0.5, fr;q=0.9", Language::French),
            ("de", Language::English),
            ("en-GB,fr;q=0.9", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(Language::of(&headers), language, "{header}");
        }
    }
}
