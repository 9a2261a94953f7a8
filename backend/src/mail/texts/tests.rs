use super::{samples::*, *};
use crate::{
    locale::Locale,
    mail::{Attachment, mime},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn sample(name: &str, locale: Locale) -> Outgoing {
    all(locale).into_iter().find(|(known, _)| *known == name).expect("a sample").1
}

#[test]
fn a_call_says_what_a_person_needs() {
    let mail = sample("calls", Locale::French);
    assert_eq!(mail.subject, "Théâtre du Rideau Rouge\u{a0}: 2 missions attendent votre réponse");
    let text = &*mail.text;
    for said in [
        "== Théâtre du Rideau Rouge ==",
        "Bonjour Nina,",
        "mardi 1er juin 2027",
        "! se termine mercredi 2 juin",
        "heure locale, Europe/Paris",
        "Votre poste\u{a0}: Électro",
        "> Entrée des artistes.\n> Apportez vos gants.\n>\n> Repas sur place.",
        "Répondez avant le\u{a0}: vendredi 28 mai 2027 à 18 h",
        "> +33 6 12 34 56 78",
    ] {
        assert!(text.contains(said), "{said} is missing in:\n{text}");
    }
    assert_eq!(text.lines().filter(|line| *line == LINK).count(), 3, "{text}");
    let reminder = sample("reminder", Locale::English);
    assert_eq!(reminder.subject, "Théâtre du Rideau Rouge: reminder – Montage lumière, Tuesday 1 June 2027");
    assert!(
        reminder.text.contains("still waiting for your answer")
            && reminder.text.contains("ends Wednesday 2 June")
    );
}

#[test]
fn a_move_shows_what_differs_and_asks() {
    let mail = sample("moved", Locale::French);
    assert_eq!(mail.subject, "Théâtre du Rideau Rouge\u{a0}: 3 missions déplacées");
    for said in [
        // Another time of the same day, and another place.
        "mardi 1er juin 2027\nAvant\u{a0}: 14\u{a0}h\u{a0}– 18\u{a0}h\nDésormais\u{a0}: 20\u{a0}h\u{a0}– 1\u{a0}h\u{a0}30 (durée\u{a0}5\u{a0}h\u{a0}30 · heure",
        "Lieu\u{a0}:\n  Avant\u{a0}: Petite salle\n  Désormais\u{a0}: Grande salle, 12",
        "Vous aviez dit oui. Confirmez, ou désistez-vous",
        "Confirmer ou me désister\u{a0}:\nhttps://",
        // Another day.
        "Avant\u{a0}: vendredi 4 juin 2027, 9\u{a0}h\u{a0}– 13\u{a0}h\nDésormais\u{a0}: jeudi 3 juin 2027\n9\u{a0}h\u{a0}– 13\u{a0}h (durée\u{a0}4\u{a0}h)",
        "Nous attendons votre réponse\u{a0}: êtes-vous disponible",
        "Donner ma réponse\u{a0}:\nhttps://",
        // The same time, without a place.
        "\njeudi 3 juin 2027\n9\u{a0}h\u{a0}– 13\u{a0}h (durée\u{a0}4\u{a0}h)\n\nMission\u{a0}: Balances\nLieu\u{a0}:\n  Avant\u{a0}: Studio B\n  Désormais\u{a0}: non indiqué",
    ] {
        assert!(mail.text.contains(said), "{said} is missing in:\n{}", &*mail.text);
    }
    assert_eq!(mail.html.matches("<s>").count(), 4);
    assert!(mail.html.contains("<s>14\u{a0}h\u{a0}– 18\u{a0}h</s>") && mail.html.contains("<s>Studio B</s>"));
    let one = sample("moved-accepted", Locale::English);
    assert_eq!(one.subject, "Théâtre du Rideau Rouge: moved – Montage lumière, Tuesday 1 June 2027");
    assert!(one.text.contains("You said yes. Please confirm, or withdraw"), "{}", &*one.text);
    assert_eq!(one.text.lines().filter(|line| *line == LINK).count(), 1);
}

#[test]
fn a_zone_is_shown_when_it_is_another() {
    let mut mail = moved_example(Locale::English);
    mail.calls.truncate(1);
    let moved_call = &mut mail.calls[0];
    moved_call.was.when = moved_call.call.when.clone();
    moved_call.was.zone = Some("local time, Europe/London".into());
    let text = moved(addressed(Locale::English, None), &mail).text;
    let shown = "\nWas: 20:00\u{a0}– 01:30 (local time, Europe/London)\nNow: 20:00\u{a0}– 01:30 (5";
    assert!(text.contains(shown), "{}", &*text);
    // Of which nobody knows what it was.
    mail.calls[0].was.zone = None;
    let text = moved(addressed(Locale::English, None), &mail).text;
    assert!(!text.contains("\nWas:"), "{}", &*text);
}

#[test]
fn what_is_called_off_asks_for_nothing() {
    let one = sample("called-off-accepted", Locale::French);
    assert_eq!(
        one.subject,
        "Théâtre du Rideau Rouge\u{a0}: mission annulée – Montage lumière, mardi 1er juin 2027"
    );
    for said in [
        "Cette mission est annulée pour vous.",
        "vous n’avez rien à faire",
        "Montage lumière",
        "l’annule aussi dans votre agenda",
        "> Marion Régie",
    ] {
        assert!(one.text.contains(said), "{said} is missing in:\n{}", &*one.text);
    }
    assert!(!one.text.contains("http") && !one.text.contains("! "), "{}", &*one.text);
    let two = sample("called-off", Locale::English);
    assert_eq!(two.subject, "Théâtre du Rideau Rouge: 2 calls are off");
    assert!(two.text.contains("2 calls are off for you."), "{}", &*two.text);
    // Who had not accepted has nothing in a calendar.
    assert_eq!(two.text.matches("the attachment cancels it").count(), 1, "{}", &*two.text);
}

#[test]
fn planners_read_what_is_no_first() {
    let mail = sample("answers", Locale::French);
    assert_eq!(mail.subject, "5 réponses\u{a0}: 2 non, 1 désistement, 1 oui, 1 confirmation");
    let text = &*mail.text;
    let places =
        ["Nina Roy", "Ines Prat", "Karim", "Ada Lovage", "Zoé Éclair"].map(|name| text.find(name).unwrap());
    assert!(places.is_sorted(), "{text}");
    let quoted = "Europe/Paris\n  > Je suis en tournée à Lyon.\n  >\n  > Une autre fois, volontiers !\n";
    assert!(text.contains(quoted) && text.contains("5 réponses sont arrivées."), "{text}");
    assert!(text.contains("lien de désabonnement"), "{text}");

    let one = sample("answer", Locale::English);
    assert_eq!(one.subject, "Nina Roy: no – Montage lumière, Tuesday 1 June 2027");
    assert!(one.text.contains("An answer has come in.") && one.text.contains("1 no\n"), "{}", &*one.text);

    let to = || addressed(Locale::English, None);
    let many = answers(to(), &Answers { more: 1, ..answers_example(Locale::English) });
    assert_eq!(many.subject, "6 answers");
    assert!(many.text.contains("1 more answer is not in this list."), "{}", &*many.text);
}

#[test]
fn a_digest_has_what_there_is() {
    let mail = sample("digest", Locale::French);
    assert_eq!(mail.subject, "Ce matin\u{a0}: 4 sans réponse, 2 postes à pourvoir, 1 lien se ferme bientôt");
    for said in [
        "Ce matin\u{a0}: jeudi 20 mai 2027\n",
        "4 demandes sans réponse\n\n  Nina Roy\n  Montage lumière · Électro\n  mardi 1er juin 2027, 20",
        "  Demandé le\u{a0}: lundi 17 mai 2027\n  Lien ouvert jusqu’au\u{a0}: vendredi 28 mai 2027 à 18\u{a0}h\n\n  Karim",
        "2 autres ne figurent pas dans cette liste.",
        "  Cintrier\n  Démontage\n",
        "Il manque\u{a0}: 1 personne\n",
        "Il manque\u{a0}: 2 personnes\n",
        "1 lien se ferme bientôt\n\n  Ines Prat\n",
    ] {
        assert!(mail.text.contains(said), "{said} is missing in:\n{}", &*mail.text);
    }
    let short = sample("digest-short", Locale::English);
    assert_eq!(short.subject, "This morning: 2 open roles");
    assert_eq!(short.html.matches("<h2").count(), 1);
    let one =
        Digest { open_roles: vec![], expiring: vec![], more: [0, 1, 2], ..digest_example(Locale::English) };
    let one = digest(addressed(Locale::English, None), &one);
    assert_eq!(one.subject, "This morning: 2 unanswered, 1 open role, 2 links close soon");
    assert!(one.text.contains("1 more is not in this list."), "{}", &*one.text);
}

#[test]
fn numbers_have_their_forms() {
    for locale in [Locale::French, Locale::English] {
        let words = Words::of(locale);
        for counted in [&words.calls, &words.moved.heading, &words.called_off.heading, &words.answers.heading]
        {
            assert_ne!(counted.of(1), counted.of(2));
            assert!(counted.of(12).contains("12"), "{}", counted.of(12));
        }
    }
}

#[test]
fn the_text_and_the_page_say_the_same() {
    for locale in [Locale::French, Locale::English, Locale::American] {
        for (name, mail) in all(locale) {
            let html = mail.html.split("<body").nth(1).unwrap();
            let shown = html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
            let shown = shown.collect::<Vec<_>>().join(" ").replace("&#38;", "&").replace("&#39;", "'");
            let words = |text: &str| {
                let letters = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
                letters.map(ToOwned::to_owned).collect::<std::collections::BTreeSet<_>>()
            };
            let missing: Vec<_> = words(&mail.text).difference(&words(&shown)).cloned().collect();
            assert!(missing.is_empty(), "{name} in {locale}: {missing:?}");
            assert!(!mail.text.contains("\n\n\n") && !mail.text.contains("{n}"), "{name}:\n{}", &*mail.text);
        }
    }
}

#[test]
fn a_mail_is_not_shown_in_debug() {
    for (_, mail) in all(Locale::French) {
        assert!(!format!("{mail:?}").contains("eyJ"));
    }
}

/// To look at: `MAIL_SAMPLES=folder cargo test -p coulisses --lib mail_samples`.
#[test]
fn mail_samples_are_written() {
    let Some(folder) = std::env::var_os("MAIL_SAMPLES").map(std::path::PathBuf::from) else { return };
    for locale in [Locale::French, Locale::English] {
        for (name, mail) in all(locale) {
            std::fs::write(folder.join(format!("{locale}-{name}.html")), &*mail.html).unwrap();
            std::fs::write(folder.join(format!("{locale}-{name}.txt")), &*mail.text).unwrap();
            std::fs::write(folder.join(format!("{locale}-{name}.eml")), bytes(&mail)).unwrap();
        }
    }
}

/// What may do harm, and anything else.
fn typed() -> impl Strategy<Value = String> {
    let harmful = prop::sample::select(vec![
        "\r\nBcc: x@evil.example\r\n\r\n",
        "\nhttps://evil.example/invite?token=x\n",
        "<a href=\"https://evil.example\">",
        "</p></div><script>",
        "\" onclick=\"x",
        "{{ 7 * 7 }}",
        "\u{2028}-- \u{2029}",
        "\n== Other Org ==\n",
        "=?utf-8?q?x?=",
        "\u{202e}\0\u{7f}",
        "--=_00000000-0000-0000-0000-000000000007",
        "\n.\n",
        "a, b <c@evil.example>",
    ]);
    (".{0,30}", harmful, "(?s).{0,300}").prop_map(|(before, harm, after)| format!("{before}{harm}{after}"))
}

/// A mail of each kind, with these texts wherever people type.
fn hostile(locale: Locale, texts: &[String; 10]) -> Vec<Outgoing> {
    let [org, name, mission, project, role, place, other, contact, phone, email] =
        texts.each_ref().map(|text| text.to_owned());
    let to = || addressed(locale, Some(&name));
    let contact = Contact { name: Some(contact.clone()), phone: Some(phone.clone()), email: Some(email) };
    let mut first = example(locale).calls.remove(0);
    (first.mission, first.project, first.role) = (mission.clone(), Some(project.clone()), Some(role.clone()));
    (first.place, first.note, first.answer_by) =
        (Some(place.clone()), Some(other.clone()), Some(phone.clone()));
    let asked = Calls {
        org: org.clone(),
        calls: vec![first.clone()],
        reminder: false,
        all: None,
        contact: contact.clone(),
    };

    let mut moves = Moved { org: org.clone(), contact: contact.clone(), ..moved_example(locale) };
    moves.calls.truncate(1);
    (moves.calls[0].call, moves.calls[0].was.place) = (first, Some(other.clone()));

    let mut off = CalledOff { org: org.clone(), contact, ..called_off_example(locale) };
    off.calls.truncate(1);
    let call = &mut off.calls[0];
    (call.mission, call.project, call.role, call.place) =
        (mission.clone(), Some(project), Some(role.clone()), Some(place));

    let mut given = Answers { org: org.clone(), ..answers_example(locale) };
    given.answers.retain(|answer| answer.reason.is_some());
    for answer in &mut given.answers {
        (answer.person, answer.mission, answer.role) = (name.clone(), mission.clone(), Some(role.clone()));
        answer.reason = Some(other.clone());
    }
    let one = Answers { answers: given.answers[..1].to_vec(), ..given.clone() };

    let mut morning = Digest { org, day: phone.clone(), ..digest_example(locale) };
    for call in morning.unanswered.iter_mut().chain(&mut morning.expiring) {
        (call.person, call.mission, call.role) = (name.clone(), mission.clone(), Some(role.clone()));
        (call.since, call.until) = (other.clone(), Some(phone.clone()));
    }
    for open in &mut morning.open_roles {
        (open.mission, open.role) = (mission.clone(), role.clone());
    }
    let ics = Attachment { ics: other.into(), ..calendar() };
    vec![
        calls(to(), &asked),
        moved(to(), &moves).with_calendar(ics.clone()),
        called_off(to(), &off).with_calendar(ics),
        answers(to(), &given).with_unsubscribe(unsubscribe()),
        answers(to(), &one).with_unsubscribe(unsubscribe()),
        digest(to(), &morning).with_unsubscribe(unsubscribe()),
    ]
}

fn bytes(mail: &Outgoing) -> Vec<u8> {
    let from = "Coulisses Crew <crew@example.org>".parse().unwrap();
    mime::message(mail, &from, "crew.example.org").unwrap().formatted()
}

/// The header fields of a mail, unfolded, and its body.
fn parsed(mail: &Outgoing) -> (Vec<(String, String)>, String) {
    let text = String::from_utf8(bytes(mail)).unwrap();
    assert!(
        text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
    );
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let fields = head.split("\r\n").map(|line| line.split_once(": ").unwrap());
    (fields.map(|(name, value)| (name.into(), value.into())).collect(), body.into())
}

fn tags(html: &str) -> Vec<&str> {
    let tags = html.split('<').skip(1).map(|part| part.split('>').next().unwrap());
    tags.filter(|tag| *tag != "br").collect()
}

fn stays_text(mail: &Outgoing, plain: &Outgoing, locale: Locale) -> Result<(), TestCaseError> {
    let ((fields, body), (expected, _)) = (parsed(mail), parsed(plain));
    let names = |fields: &[(String, String)]| fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    prop_assert_eq!(names(&fields), names(&expected));
    let fields: BTreeMap<_, _> = fields.into_iter().collect();
    prop_assert!(fields["To"].ends_with("<nina@example.org>"), "{}", fields["To"]);
    prop_assert!(fields["From"].ends_with("<crew@example.org>"), "{}", fields["From"]);
    let boundaries = if mail.attachment.is_some() { 6 } else { 3 };
    prop_assert_eq!(body.lines().filter(|line| line.starts_with("--=_")).count(), boundaries);

    prop_assert!(mail.subject.chars().count() <= 150 && !mail.subject.contains(char::is_control));
    prop_assert_eq!(tags(&mail.html), tags(&plain.html));
    // Behind its label, an indent or a `>` stands what is typed; the org's name and the greeting come first.
    let colon = Words::of(locale).colon.trim_end();
    let own = |mail: &Outgoing| {
        let lines = mail.text.lines().skip(3).filter(|line| !line.starts_with(['>', ' ']));
        lines.map(|line| line.split(colon).next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    prop_assert_eq!(own(mail), own(plain), "{}", &*mail.text);
    let mut first = mail.text.lines();
    prop_assert!(first.next().unwrap().starts_with("== ") && first.next() == Some(""));
    prop_assert!(first.next().unwrap().starts_with(Words::of(locale).hello) && first.next() == Some(""));
    let links = |mail: &Outgoing| {
        mail.text.lines().filter(|line| line.starts_with("http")).map(str::to_owned).collect::<Vec<_>>()
    };
    prop_assert_eq!(links(mail), links(plain));
    prop_assert!(links(mail).iter().all(|link| link == LINK));
    Ok(())
}

proptest! {
    // Each case writes all mails twice.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_typed_stays_text(
        texts in prop::array::uniform10(typed()),
        locale in prop::sample::select(vec![Locale::French, Locale::English, Locale::American]),
    ) {
        let plain = hostile(locale, &std::array::from_fn(|n| format!("x{n}")));
        for (mail, plain) in hostile(locale, &texts).iter().zip(&plain) {
            stays_text(mail, plain, locale)?;
        }
    }

    #[test]
    fn no_link_to_unsubscribe_makes_another_header(text in typed(), behind in any::<bool>()) {
        // Encoded, each character takes up to twelve; a URL that is too long is left out.
        let short: String = text.chars().take(60).collect();
        let url = if behind { format!("https://crew.example.org/unsubscribe?token={short}") } else { text };
        let mail = answers(addressed(Locale::English, None), &answers_example(Locale::English));
        let (expected, _) = parsed(&mail);
        let (fields, _) = parsed(&mail.with_unsubscribe(url.into()));
        let (added, others): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| name.starts_with("List-"));
        prop_assert_eq!(others, expected);
        prop_assert_eq!(added.len(), if behind { 2 } else { 0 });
        for (name, value) in added {
            let url = value.strip_prefix("<https://crew.example.org/").and_then(|rest| rest.strip_suffix('>'));
            let clean = |url: &str| !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>".contains(c));
            prop_assert!(name == "List-Unsubscribe-Post" || url.is_some_and(clean), "{}", value);
        }
    }
}
