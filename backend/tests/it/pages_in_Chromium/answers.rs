//! Answering a call.

use super::{ACCEPT, DECLINE, DESK, House, PHONE, REASON};
use crate::{
    pages::{Asked, ask_someone},
    support::{Kind, Scripts},
};
use rstest::rstest;
use serde_json::json;

/// What is read on the way, in the order of the pages.
struct Told {
    call: [&'static str; 8],
    accepted: &'static str,
    declined: &'static str,
    reason_told: &'static str,
    /// The other language, and the question in it.
    other: (&'static str, &'static str),
}

const FRENCH: Told = Told {
    call: [
        "pour Nina Simone",
        "vendredi 10 juillet 2026",
        "14 h – 18 h",
        "À savoir",
        "Êtes-vous disponible ?",
        "Répondez avant le mercredi 8 juillet 2026 à 10 h",
        "Accepter",
        "Refuser",
    ],
    accepted: "Merci, nous comptons sur vous.",
    declined: "C’est noté : vous ne venez pas.",
    reason_told: "Votre motif a été transmis.",
    other: ("en", "Can you come?"),
};

const ENGLISH: Told = Told {
    call: [
        "for Nina Simone",
        "Friday 10 July 2026",
        "14:00 – 18:00",
        "Note",
        "Can you come?",
        "Please answer by Wednesday 8 July 2026 at 10:00",
        "Accept",
        "Decline",
    ],
    accepted: "Thank you, you are expected.",
    declined: "You are not expected.",
    reason_told: "Your reason was passed on.",
    other: ("fr", "Êtes-vous disponible ?"),
};

/// A call with the link as the planner is told it.
async fn linked(house: &House) -> (Asked, String) {
    let manager = house.test.manager().await;
    let asked = ask_someone(&manager).await;
    let body = json!({ "assignment_id": asked.assignment });
    let created = manager.post("/invitations", body).await.ok();
    let text = |name: &str| created[name].as_str().expect(name).to_owned();
    (Asked { invitation: text("id"), token: text("token"), ..asked }, text("url"))
}

#[rstest]
#[case::phone("fr", Scripts::On, PHONE, false, FRENCH)]
#[case::without_scripts("en-GB", Scripts::Off, PHONE, true, ENGLISH)]
#[case::desk("en-GB", Scripts::On, DESK, false, ENGLISH)]
#[tokio::test]
async fn a_call_is_read_and_answered(
    #[case] language: &str,
    #[case] scripts: Scripts,
    #[case] screen: (u32, u32),
    #[case] dark: bool,
    #[case] told: Told,
) {
    let house = House::open(Kind::Sqlite, language, scripts).await;
    let (browser, test) = (&house.browser, &house.test);
    let manager = test.manager().await;
    browser.resize(screen).await;
    browser.prefer_dark(dark).await;
    browser.open("data:text/html,<title>off</title><script>document.title = 'on'</script>").await;
    assert_eq!(browser.title().await, if scripts == Scripts::On { "on" } else { "off" });

    let (asked, link) = linked(&house).await;
    browser.open(&link).await;
    browser.shows(&["Théâtre du Rideau", "Montage lumière", "Lumière", "Grande salle"]).await;
    browser.shows(&["Chaussures de sécurité", "Karim Haddad", "+33 (0)1 99 00 12 34"]).await;
    browser.shows(&told.call).await;
    browser.click(ACCEPT).await;
    browser.until(told.accepted).await;
    assert_eq!(browser.url().await.as_str(), link);
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");
    let before = test.audit_count().await;
    for _ in 0..2 {
        browser.reload().await;
        browser.until(told.accepted).await;
        assert_eq!(browser.status().await, 200);
    }
    browser.back().await;
    browser.until(told.accepted).await;
    assert_eq!((browser.status().await, browser.url().await.as_str()), (200, &*link));
    assert_eq!(test.audit_count().await, before, "looking again answers nothing");

    let (asked, link) = linked(&house).await;
    browser.open(&link).await;
    browser.click(DECLINE).await;
    browser.until(told.declined).await;
    browser.fill("textarea", "Déjà en tournée\nà Lyon").await;
    browser.click(REASON).await;
    browser.until(told.reason_told).await;
    browser.reload().await;
    browser.until(told.reason_told).await;
    let declined = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok();
    assert_eq!(
        (&declined["status"], &declined["decline_reason"]),
        (&json!("DECLINED"), &json!("Déjà en tournée\nà Lyon"))
    );

    let (asked, link) = linked(&house).await;
    browser.open(&link).await;
    let (other, question) = told.other;
    browser.click(&format!(".languages a[lang={other}]")).await;
    browser.until(question).await;
    browser.click(ACCEPT).await;
    browser.until(if other == "fr" { FRENCH.accepted } else { ENGLISH.accepted }).await;
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");
}

#[tokio::test]
async fn an_answer_stands_whatever_an_older_page_sends() {
    let house = House::open(Kind::Sqlite, "en-GB", Scripts::Off).await;
    let (browser, manager) = (&house.browser, house.test.manager().await);
    let asked = ask_someone(&manager).await;
    house.look(&asked).await;
    browser.until("Can you come?").await;
    // Meanwhile, on another device.
    assert_eq!(asked.click(&house.test.anonymous(), "accept").await.status, 303);
    browser.click(DECLINE).await;
    browser.until("Your earlier answer stands. To change it, tell Karim Haddad.").await;
    browser.shows(&["Thank you, you are expected."]).await;
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");
}

#[rstest]
#[tokio::test]
async fn nothing_is_accepted_that_was_not_seen(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let house = House::open(db, "en-GB", Scripts::Off).await;
    let (browser, manager) = (&house.browser, house.test.manager().await);
    let asked = ask_someone(&manager).await;
    house.look(&asked).await;
    browser.until("14:00 – 18:00").await;
    let moved = json!({
        "start_at": "2026-07-10T13:00:00Z", "end_at": "2026-07-10T18:30:00Z", "location": "Petite salle",
    });
    manager.patch(&format!("/missions/{}", asked.mission), moved).await.ok();
    browser.click(ACCEPT).await;
    browser.until("This call has changed since you looked.").await;
    browser.reload().await;
    browser.until("This call has changed since you looked.").await;
    assert_eq!(browser.status().await, 200, "reloading sends nothing again");
    assert_eq!(manager.status_of(&asked.assignment).await, "INVITED");
    browser.shows(&["15:00 – 20:30", "Petite salle"]).await;
    let struck = "const through = it => getComputedStyle(it).textDecorationLine === 'line-through';
        return [...document.querySelectorAll('del')].filter(through).map(it => it.innerText)";
    let struck = browser.run(struck).await.to_string().replace('\u{a0}', " ");
    for old in ["Friday 10 July 2026, 14:00 – 18:00", "Grande salle"] {
        assert!(struck.contains(old), "{old} in {struck}");
    }
    browser.click(ACCEPT).await;
    browser.until("Thank you, you are expected.").await;
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");
}
