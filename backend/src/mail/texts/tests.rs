use super::*;
use crate::{
    locale::{Locale, Period},
    mail::mime,
    secret::Secret,
    text::Email,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const LINK: &str = "https://crew.example.org/invite?token=eyJhbGciOiJIUzI1NiJ9.claims.signature&v=1";

fn addressed(locale: Locale, name: Option<&str>) -> Addressed {
    Addressed {
        id: uuid::Uuid::from_u128(7),
        to: Email::parse("nina@example.org").unwrap(),
        name: name.map(Into::into),
        reply_to: Email::parse("regie@rideau.example").ok(),
        at: "2027-05-20T08:00:00Z".parse().unwrap(),
        locale,
    }
}

fn period(locale: Locale, start: &str, end: &str) -> Period {
    let zoned = |text: &str| text.parse::<jiff::Zoned>().unwrap();
    locale.period(&zoned(start), &zoned(end))
}

fn link() -> Secret {
    LINK.to_owned().into()
}

fn example(locale: Locale) -> Calls {
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

fn all(locale: Locale) -> Vec<(&'static str, Outgoing)> {
    let to = || addressed(locale, Some("Nina"));
    let account = Email::parse("nina@example.org").unwrap();
    let member = |has_login| Member {
        org: "Théâtre du Rideau".into(),
        account: account.clone(),
        has_login,
        link: link(),
        days: 7,
    };
    let two = example(locale);
    let one = Calls { calls: two.calls[..1].to_vec(), reminder: true, ..two.clone() };
    let both = Calls { all: Some(link()), ..two.clone() };
    vec![
        ("calls", calls(to(), &both)),
        ("reminder", calls(to(), &one)),
        ("new-member", super::member(to(), &member(false))),
        ("known-member", super::member(to(), &member(true))),
        (
            "reset",
            password_reset(to(), &PasswordReset { account: account.clone(), link: link(), minutes: 30 }),
        ),
        (
            "changed",
            password_changed(
                to(),
                &PasswordChanged { account: account.clone(), when: "jeudi 20 mai 2027 à 10 h".into() },
            ),
        ),
    ]
}

#[test]
fn a_call_says_what_a_person_needs() {
    let (_, mail) = all(Locale::French).remove(0);
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
    let (_, reminder) = all(Locale::English).remove(1);
    assert_eq!(reminder.subject, "Théâtre du Rideau Rouge: reminder – Montage lumière, Tuesday 1 June 2027");
    assert!(
        reminder.text.contains("still waiting for your answer")
            && reminder.text.contains("ends Wednesday 2 June")
    );
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

fn hostile(locale: Locale, texts: [String; 10]) -> Outgoing {
    let mut mail = example(locale);
    let [org, name, mission, project, role, place, note, contact, phone, email] = texts;
    mail.org = org;
    mail.calls.truncate(1);
    let call = &mut mail.calls[0];
    (call.mission, call.project, call.role, call.place, call.note) =
        (mission, Some(project), Some(role), Some(place), Some(note));
    mail.contact = Contact { name: Some(contact), phone: Some(phone), email: Some(email) };
    calls(addressed(locale, Some(&name)), &mail)
}

/// The header fields of a mail, unfolded, and its body.
fn parsed(mail: &Outgoing) -> (Vec<(String, String)>, String) {
    let from = "Coulisses Crew <crew@example.org>".parse().unwrap();
    let bytes = mime::message(mail, &from, "crew.example.org").unwrap().formatted();
    let text = String::from_utf8(bytes).unwrap();
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

proptest! {
    #[test]
    fn what_is_typed_stays_text(
        texts in prop::array::uniform10(typed()),
        locale in prop::sample::select(vec![Locale::French, Locale::English, Locale::American]),
    ) {
        let plain = hostile(locale, std::array::from_fn(|_| "x".into()));
        let mail = hostile(locale, texts);
        let ((fields, body), (expected, _)) = (parsed(&mail), parsed(&plain));
        let names = |fields: &[(String, String)]| fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(&fields), names(&expected));
        let fields: BTreeMap<_, _> = fields.into_iter().collect();
        prop_assert!(fields["To"].ends_with("<nina@example.org>"), "{}", fields["To"]);
        prop_assert!(fields["From"].ends_with("<crew@example.org>"), "{}", fields["From"]);
        prop_assert_eq!(body.lines().filter(|line| line.starts_with("--=_")).count(), 3);

        prop_assert!(mail.subject.chars().count() <= 150 && !mail.subject.contains(char::is_control));
        prop_assert_eq!(tags(&mail.html), tags(&plain.html));
        // Behind its label, an indent or a `>` stands what is typed; the org's name and the greeting come first.
        let colon = Words::of(locale).colon.trim_end();
        let own = |mail: &Outgoing| {
            let lines = mail.text.lines().skip(3).filter(|line| !line.starts_with(['>', ' ']));
            lines.map(|line| line.split(colon).next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        prop_assert_eq!(own(&mail), own(&plain), "{}", &*mail.text);
        let mut first = mail.text.lines();
        prop_assert!(first.next().unwrap().starts_with("== ") && first.next() == Some(""));
        prop_assert!(first.next().unwrap().starts_with(Words::of(locale).hello) && first.next() == Some(""));
        prop_assert_eq!(mail.text.lines().filter(|line| line.starts_with("http")).collect::<Vec<_>>(), [LINK]);
    }
}
