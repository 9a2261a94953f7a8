//! Mails as they are sent, for tests and to look at.

use super::*;
use crate::{
    locale::{Locale, Period},
    mail::Attachment,
    secret::Secret,
    text::Email,
};

pub(super) const LINK: &str =
    "https://crew.example.org/invite?token=eyJhbGciOiJIUzI1NiJ9.claims.signature&v=1";

pub(super) fn addressed(locale: Locale, name: Option<&str>) -> Addressed {
    Addressed {
        id: uuid::Uuid::from_u128(7),
        to: Email::parse("nina@example.org").unwrap(),
        name: name.map(Into::into),
        reply_to: Email::parse("regie@rideau.example").ok(),
        at: "2027-05-20T08:00:00Z".parse().unwrap(),
        locale,
    }
}

pub(super) fn period(locale: Locale, start: &str, end: &str) -> Period {
    let zoned = |text: &str| text.parse::<jiff::Zoned>().unwrap();
    locale.period(&zoned(start), &zoned(end))
}

pub(super) fn link() -> Secret {
    LINK.to_owned().into()
}

pub(super) fn example(locale: Locale) -> Calls {
    let (start, end) = ("2027-06-01T20:00:00+02:00[Europe/Paris]", "2027-06-02T01:30:00+02:00[Europe/Paris]");
    Calls {
        org: "Théâtre du Rideau Rouge".into(),
        calls: vec![
            Call {
                mission: "Montage lumière".into(),
                project: Some("Festival des Nuits".into()),
                role: Some("Électro".into()),
                place: Some("Grande salle, 12 rue des Lilas, 35000 Rennes".into()),
                note: Some("Entrée des artistes.\nApportez vos gants.\n\nRepas sur place.".into()),
                when: period(locale, start, end),
                zone: Some("heure locale, Europe/Paris".into()),
                answer_by: Some("vendredi 28 mai 2027 à 18 h".into()),
                link: link(),
            },
            Call {
                mission: "Démontage".into(),
                project: None,
                role: None,
                place: None,
                note: None,
                when: period(
                    locale,
                    "2027-06-03T09:00:00+02:00[Europe/Paris]",
                    "2027-06-03T13:00:00+02:00[Europe/Paris]",
                ),
                zone: None,
                answer_by: None,
                link: link(),
            },
        ],
        reminder: false,
        all: None,
        contact: Contact {
            name: Some("Marion Régie".into()),
            phone: Some("+33 6 12 34 56 78".into()),
            email: None,
        },
    }
}

/// A period in June 2027, in Paris.
pub(super) fn june(locale: Locale, start: &str, end: &str) -> Period {
    let paris = |text: &str| format!("2027-06-{text}:00[Europe/Paris]");
    period(locale, &paris(start), &paris(end))
}

pub(super) fn moved_example(locale: Locale) -> Moved {
    let Calls { org, calls, contact, .. } = example(locale);
    let [first, second] = <[Call; 2]>::try_from(calls).unwrap();
    let was = |start, end, place: Option<&str>| Was {
        when: june(locale, start, end),
        zone: first.zone.clone(),
        place: place.map(Into::into),
    };
    let third = Call { mission: "Balances".into(), ..second.clone() };
    let calls = vec![
        MovedCall {
            was: was("01T14:00", "01T18:00", Some("Petite salle")),
            call: first.clone(),
            accepted: true,
        },
        MovedCall { was: was("04T09:00", "04T13:00", None), call: second, accepted: false },
        MovedCall { was: was("03T09:00", "03T13:00", Some("Studio B")), call: third, accepted: true },
    ];
    Moved { org, calls, contact }
}

pub(super) fn called_off_example(locale: Locale) -> CalledOff {
    let Calls { org, calls, contact, .. } = example(locale);
    let off = |(call, accepted): (Call, bool)| {
        let Call { mission, project, role, place, when, zone, .. } = call;
        OffCall { mission, project, role, place, when, zone, accepted }
    };
    CalledOff { org, calls: calls.into_iter().zip([true, false]).map(off).collect(), contact }
}

pub(super) fn answers_example(locale: Locale) -> Answers {
    let given = |person: &str, answer, reason: Option<&str>| Answer {
        person: person.into(),
        mission: "Montage lumière".into(),
        role: Some("Électro".into()),
        when: june(locale, "01T20:00", "02T01:30"),
        zone: Some(locale.zone(&jiff::tz::TimeZone::get("Europe/Paris").unwrap())),
        answer,
        reason: reason.map(Into::into),
    };
    let answers = vec![
        given("Ada Lovage", Answered::Accepted, None),
        Answer { role: None, zone: None, ..given("Zoé Éclair", Answered::Confirmed, None) },
        given(
            "Nina Roy",
            Answered::Declined,
            Some("Je suis en tournée à Lyon.\n\nUne autre fois, volontiers !"),
        ),
        given("Karim Benali-Vandermeersch", Answered::Withdrawn, Some("Mon train est supprimé.")),
        given("Ines Prat", Answered::Declined, None),
    ];
    Answers { org: "Théâtre du Rideau Rouge".into(), answers, more: 0 }
}

pub(super) fn digest_example(locale: Locale) -> Digest {
    let day = |day: &str| locale.day(&format!("2027-05-{day}T08:00[Europe/Paris]").parse().unwrap());
    let moment = |at: &str| locale.moment(&format!("2027-05-{at}[Europe/Paris]").parse().unwrap());
    let call = |person: &str, until: Option<&str>| DigestCall {
        person: person.into(),
        mission: "Montage lumière".into(),
        role: Some("Électro".into()),
        when: june(locale, "01T20:00", "02T01:30"),
        since: day("17"),
        until: until.map(moment),
    };
    let role = |role: &str, missing| OpenRole {
        mission: "Démontage".into(),
        role: role.into(),
        when: june(locale, "03T09:00", "03T13:00"),
        missing,
    };
    Digest {
        org: "Théâtre du Rideau Rouge".into(),
        day: day("20"),
        unanswered: vec![
            call("Nina Roy", Some("28T18:00")),
            DigestCall { role: None, ..call("Karim Benali-Vandermeersch", None) },
        ],
        open_roles: vec![role("Cintrier", 1), role("Régie son", 2)],
        expiring: vec![call("Ines Prat", Some("21T09:00"))],
        more: [2, 0, 0],
    }
}

pub(super) fn calendar() -> Attachment {
    let event = format!(
        "UID:7@crew.example.org\r\nDTSTAMP:20270520T080000Z\r\nDTSTART:20270601T180000Z\r\n\
         DTEND:20270601T233000Z\r\nSEQUENCE:1\r\nSTATUS:CANCELLED\r\nSUMMARY:Montage lumière\r\nURL:{LINK}\r\n"
    );
    let ics = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Coulisses Crew//FR\r\nMETHOD:CANCEL\r\n\
         BEGIN:VEVENT\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    Attachment { name: "calls.ics", method: "CANCEL", ics: ics.into() }
}

pub(super) fn unsubscribe() -> Secret {
    "https://crew.example.org/unsubscribe?token=eyJhbGciOiJIUzI1NiJ9.org.signature".to_owned().into()
}

/// Every mail that there is, by a name.
pub(super) fn all(locale: Locale) -> Vec<(&'static str, Outgoing)> {
    let to = || addressed(locale, Some("Nina"));
    let two = example(locale);
    let one = Calls { calls: two.calls[..1].to_vec(), reminder: true, ..two.clone() };
    let both = Calls { all: Some(link()), ..two };
    let moves = moved_example(locale);
    let one_move = |n: usize| Moved { calls: moves.calls[n..=n].to_vec(), ..moves.clone() };
    let off = called_off_example(locale);
    let one_off = CalledOff { calls: off.calls[..1].to_vec(), ..off.clone() };
    let given = answers_example(locale);
    let no = Answers { answers: given.answers[2..3].to_vec(), ..given.clone() };
    let morning = digest_example(locale);
    let quiet = Digest { unanswered: vec![], expiring: vec![], more: [0; 3], ..morning.clone() };
    let to_planner = |mail: Outgoing| mail.with_unsubscribe(unsubscribe());
    let mut mails = vec![
        ("calls", calls(to(), &both)),
        ("reminder", calls(to(), &one)),
        ("moved", moved(to(), &moves)),
        ("moved-accepted", moved(to(), &one_move(0))),
        ("moved-invited", moved(to(), &one_move(1))),
        ("called-off", called_off(to(), &off)),
        ("called-off-accepted", called_off(to(), &one_off).with_calendar(calendar())),
        ("answers", to_planner(answers(to(), &given))),
        ("answer", to_planner(answers(to(), &no))),
        ("digest", to_planner(digest(to(), &morning))),
        ("digest-short", to_planner(digest(to(), &quiet))),
    ];
    mails.extend(about_accounts(locale));
    mails
}

fn about_accounts(locale: Locale) -> [(&'static str, Outgoing); 4] {
    let to = || addressed(locale, Some("Nina"));
    let account = Email::parse("nina@example.org").unwrap();
    let member = |has_login| Member {
        org: "Théâtre du Rideau".into(),
        account: account.clone(),
        has_login,
        link: link(),
        days: 7,
    };
    let reset = PasswordReset { account: account.clone(), link: link(), minutes: 30 };
    let changed = PasswordChanged { account: account.clone(), when: "jeudi 20 mai 2027 à 10 h".into() };
    [
        ("new-member", super::member(to(), &member(false))),
        ("known-member", super::member(to(), &member(true))),
        ("reset", password_reset(to(), &reset)),
        ("changed", password_changed(to(), &changed)),
    ]
}
