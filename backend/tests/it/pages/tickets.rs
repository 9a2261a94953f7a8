//! What a call says of itself, and in which state.

use super::{
    ACCEPT, Asked, DECLINE, ask, ask_someone, buttons, shows,
    states::{CONTACT, STATES, bring_about},
};
use crate::support::{Kind, Outcome, Test};
use rstest::rstest;
use serde_json::json;

async fn in_language(test: &Test, asked: &Asked, language: &str) -> Outcome {
    asked.page(&test.anonymous().with_header("accept-language", language)).await
}

#[rstest]
#[tokio::test]
async fn a_call_says_who_asks_what_when_where_and_whom_to_call(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    test.execute(CONTACT).await;
    let asked = ask_someone(&manager).await;
    let project = manager.project("Le Songe").await;
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "project_id": project })).await.ok();
    let common = [
        "<p class=\"org\">Théâtre du Rideau</p>",
        "<h1>Montage lumière</h1>",
        "</span> Lumière</p>",
        "Le Songe",
        "Grande salle",
        "Chaussures de sécurité",
        "Karim Haddad",
        "<a href=\"tel:+33199001234\">+33 (0)1 99 00 12 34</a>",
        "<a href=\"mailto:karim@rideau.example\">karim@rideau.example</a>",
    ];
    for (language, own) in [
        (
            "fr",
            [
                "<html lang=\"fr\">",
                "pour Nina Simone",
                "vendredi 10 juillet 2026",
                "14 h – 18 h",
                "Êtes-vous disponible ?",
                "Répondez avant le <strong>mercredi 8 juillet 2026 à 10 h</strong> <span class=\"rest\">(dans 7 jours)",
                "<title>Réponse attendue · Montage lumière · Théâtre du Rideau</title>",
            ],
        ),
        (
            "en-GB",
            [
                "<html lang=\"en\">",
                "for Nina Simone",
                "Friday 10 July 2026",
                "14:00 – 18:00",
                "Can you come?",
                "Please answer by <strong>Wednesday 8 July 2026 at 10:00</strong> <span class=\"rest\">(in 7 days)",
                "<title>Answer wanted · Montage lumière · Théâtre du Rideau</title>",
            ],
        ),
        (
            "en-US",
            [
                "<html lang=\"en-US\">",
                "for Nina Simone",
                "Friday, July 10, 2026",
                "2:00 – 6:00 PM",
                "Can you come?",
                "Please answer by <strong>Wednesday, July 8, 2026 at 10:00 AM</strong>",
                "<span class=\"lasts\">4 h</span>",
            ],
        ),
    ] {
        let page = in_language(&test, &asked, language).await;
        assert_eq!(page.status, 200);
        shows(&page, &common);
        shows(&page, &own);
        assert_eq!(buttons(&page), [ACCEPT, DECLINE], "the reason is asked for later");
        assert!(!page.text.contains("Europe/Paris"), "the org's own zone is not named");
    }
}

#[rstest]
#[tokio::test]
async fn a_zone_is_named_where_it_could_be_mistaken(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let asked = ask_someone(&manager).await;
    let moved = json!({
        "timezone": "America/New_York",
        "start_at": "2026-11-01T02:00:00Z", "end_at": "2026-11-01T09:00:00Z",
    });
    manager.patch(&format!("/missions/{}", asked.mission), moved).await.ok();
    let page = in_language(&test, &asked, "en").await;
    shows(
        &page,
        &[
            "Saturday 31 October 2026",
            "22:00 – 04:00",
            "7 h · local time, America/New York",
            "ends Sunday 1 November; the clocks go back 1 h in between (UTC−4, then UTC−5)",
        ],
    );
}

#[rstest]
#[tokio::test]
async fn each_state_is_said_by_a_word_and_a_sentence(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.execute(CONTACT).await;
    for (state, word, sentence, left) in STATES {
        let asked = bring_about(&test, state).await;
        let page = asked.page(&test.anonymous()).await;
        assert_eq!(page.status, 200, "{state}");
        shows(&page, &[&format!("</svg>{word}</p>"), sentence, "Montage lumière", "Karim Haddad"]);
        shows(&page, &[&format!("<title>{word} · Montage lumière · Théâtre du Rideau</title>")]);
        assert_eq!(buttons(&page), left, "{state}: {}", page.text);
        // Words for people, not for programs.
        for code in ["invalid_token", "quota", "INVITED", "superseded", "called_off<"] {
            assert!(!page.text.contains(code), "{state}: {code}");
        }
    }
    let nothing = test.anonymous().get("/invite?token=x").await;
    assert_eq!(nothing.status, 400);
    shows(&nothing, &["</svg>Not valid</p>", "This link is not valid.", "open it again from your message"]);
    assert!(buttons(&nothing).is_empty() && !nothing.text.contains("Rideau"), "{}", nothing.text);
}

/// Without a contact, the planner is whom to ask; nothing is left open.
#[rstest]
#[tokio::test]
async fn there_is_always_somebody_to_ask(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let asked = bring_about(&test, "revoked").await;
    let page = asked.page(&test.anonymous()).await;
    shows(&page, &["If you have a question, ask the planner."]);
    let french = in_language(&test, &asked, "fr").await;
    shows(&french, &["Pour toute question, adressez-vous à la régie."]);
    assert!(!page.text.contains("{who}") && !page.text.contains("Contact"), "{}", page.text);
}

#[rstest]
#[tokio::test]
async fn a_conflict_names_what_is_in_the_way_and_leaves_the_no(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    let own = manager.mission("Répétition générale", "14:00", "17:30").await;
    let own = manager.assignment(&own, &user).await;
    manager.post(&format!("/assignments/{own}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    let page = asked.page(&anyone).await;
    shows(
        &page,
        &[
            "Already taken",
            "Répétition générale",
            "Friday 10 July 2026, <span class=\"times\">16:00 – 19:30</span>",
        ],
    );
    assert_eq!(buttons(&page), [DECLINE]);
    // A yes that is sent all the same is told the same.
    let refused = asked.click(&anyone, "accept").await;
    assert_eq!(refused.status, 303);
    shows(&anyone.get(refused.header("location")).await, &["Already taken", "Répétition générale"]);
    assert_eq!(asked.click(&anyone, "decline").await.status, 303);
}
