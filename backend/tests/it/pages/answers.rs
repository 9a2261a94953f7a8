//! What a click does, and where it leads.

use super::{ACCEPT, DECLINE, REASON, ask_someone, buttons, form, hidden, shows};
use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use base64::Engine;
use rstest::rstest;
use serde_json::json;

/// The page that a refused answer leads to, so that reloading and going back are harmless.
async fn led(who: &Persona<'_>, answered: Outcome) -> Outcome {
    assert_eq!(answered.status, 303, "{}", answered.text);
    let page = who.get(answered.header("location")).await;
    assert_eq!(page.status, 200);
    page
}

#[rstest]
#[tokio::test]
async fn an_answer_leads_to_the_page_by_a_get(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    for (answer, status, said) in [
        ("accept", "ACCEPTED", "Thank you, you are expected."),
        ("decline", "DECLINED", "You are not expected."),
    ] {
        let asked = ask_someone(&manager).await;
        // Pressed twice, it is the same answer.
        for _ in 0..2 {
            let answered = asked.click(&anyone, answer).await;
            assert_eq!(answered.status, 303, "{}", answered.text);
            assert_eq!(answered.header("location"), format!("/invite?token={}", asked.token));
            assert_eq!(answered.header("referrer-policy"), "no-referrer");
        }
        assert_eq!(manager.status_of(&asked.assignment).await, status);
        let before = test.audit_count().await;
        for _ in 0..2 {
            shows(&asked.page(&anyone).await, &[said]);
        }
        assert_eq!(test.audit_count().await, before);
        let opposite = if answer == "accept" { "decline" } else { "accept" };
        let refused = led(&anyone, asked.click(&anyone, opposite).await).await;
        shows(&refused, &["Your earlier answer stands. To change it, tell the planner.", said]);
    }
    let asked = ask_someone(&manager).await;
    let unreadable = asked.click(&anyone, "maybe").await;
    shows(&unreadable, &[&format!("<a href=\"?token={}&#38;lang=fr\"", asked.token)]);
    // Nobody was shown a mission in a zone that there is not.
    let nowhere = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(r#"{"s":"2027-01-01T00:00:00Z","e":"2027-01-02T00:00:00Z","z":"x","p":null,"r":null}"#);
    let forged = [("token", &*asked.token), ("answer", "accept"), ("seen", &nowhere)];
    shows(
        &led(&anyone, form(&anyone, "/invite", &forged).await).await,
        &["This call has changed since you looked."],
    );
    assert_eq!((unreadable.status.as_u16(), buttons(&unreadable)), (400, vec![ACCEPT, DECLINE]));
    shows(&unreadable, &["Your answer was not saved."]);
    assert_eq!(form(&anyone, "/invite", &[("token", "x"), ("answer", "accept")]).await.status, 400);
    assert_eq!(manager.status_of(&asked.assignment).await, "INVITED");
}

#[rstest]
#[tokio::test]
async fn the_reason_is_asked_for_after_the_no(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    asked.click(&anyone, "decline").await;
    let page = asked.page(&anyone).await;
    shows(&page, &["Would you like to say why?", "<textarea"]);
    assert_eq!(buttons(&page), [REASON]);
    let send = async |reason: &str| {
        form(&anyone, "/invite", &[("token", &asked.token), ("answer", "reason"), ("reason", reason)]).await
    };
    let novel = "x".repeat(501);
    let refused = send(&novel).await;
    assert_eq!(refused.status, 400);
    shows(&refused, &["it has more than 500 characters", &novel]);
    // Nothing written is nothing told.
    assert_eq!(send(" ").await.status, 303);
    assert_eq!(buttons(&asked.page(&anyone).await), [REASON]);
    // A browser counts a line break once and sends it as two characters.
    let reason = ["y"; 5].join(&"z".repeat(99)).replace('y', "\r\n");
    let told = send(&reason).await;
    assert_eq!(
        (told.status.as_u16(), told.header("location")),
        (303, &*format!("/invite?token={}", asked.token))
    );
    let page = asked.page(&anyone).await;
    shows(&page, &["Your reason was passed on."]);
    assert!(buttons(&page).is_empty(), "{}", page.text);
    let declined = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok();
    assert_eq!(declined["decline_reason"], json!(reason.replace("\r\n", "\n").trim()));
}

#[rstest]
#[tokio::test]
async fn a_call_that_has_changed_is_shown_beside_what_was_seen(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    let seen = hidden(&asked.page(&anyone).await, "seen");
    let moved = json!({
        "start_at": "2026-07-10T13:00:00Z", "end_at": "2026-07-10T18:30:00Z", "location": "Petite salle",
    });
    manager.patch(&format!("/missions/{}", asked.mission), moved).await.ok();
    let answer = async |answer: &str, seen: &str| {
        form(&anyone, "/invite", &[("token", &asked.token), ("answer", answer), ("seen", seen)]).await
    };
    for verb in ["accept", "decline"] {
        let page = led(&anyone, answer(verb, &seen).await).await;
        shows(
            &page,
            &[
                "This call has changed since you looked.",
                "Before: </span>Friday 10 July 2026, 14:00 – 18:00</del>",
                "15:00 – 20:30",
                "Before: </span>Grande salle</del> Petite salle",
            ],
        );
        assert!(!page.text.contains("Lumière</del>"), "the role is the same: {}", page.text);
        assert_eq!(buttons(&page), [ACCEPT, DECLINE]);
        assert_eq!(manager.status_of(&asked.assignment).await, "INVITED");
    }
    let unknown = led(&anyone, answer("accept", "nonsense").await).await;
    shows(&unknown, &["This call has changed since you looked."]);
    let again = hidden(&unknown, "seen");
    assert_eq!(answer("accept", &again).await.status, 303);
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");
}

#[rstest]
#[tokio::test]
async fn only_a_post_answers(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    for path in ["/invite", "/invite/"] {
        for method in [Method::GET, Method::HEAD] {
            let address = format!("{path}?token={}&answer=accept", asked.token);
            assert_eq!(anyone.send(method, &address, None).await.status, 200);
        }
    }
    assert_eq!(manager.status_of(&asked.assignment).await, "INVITED");
}

/// A link says what it answered itself, and nothing of it where a planner has decided otherwise.
#[rstest]
#[tokio::test]
async fn what_a_planner_has_decided_since_is_not_the_links_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    for (answer, then, said, not) in [
        ("accept", "DECLINED", "You are down as not available.", "reason"),
        ("decline", "ACCEPTED", "You are down as coming.", "Answered on"),
    ] {
        let asked = ask_someone(&manager).await;
        asked.click(&anyone, answer).await;
        let path = format!("/assignments/{}:status", asked.assignment);
        manager.post(&path, json!({ "status": then })).await.ok();
        let page = asked.page(&anyone).await;
        shows(&page, &[said]);
        assert!(!page.text.contains(not) && buttons(&page).is_empty(), "{}", page.text);
        // Nor can it answer when the mission moves: the mail of that brings another link.
        manager.patch(&format!("/missions/{}", asked.mission), json!({ "location": "Olympia" })).await.ok();
        assert!(buttons(&asked.page(&anyone).await).is_empty());
        test.pass_seconds(660);
        test.settle().await;
    }
}

#[rstest]
#[tokio::test]
async fn what_is_over_is_not_asked_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    asked.click(&anyone, "accept").await;
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "location": "Olympia" })).await.ok();
    assert_eq!(buttons(&asked.page(&anyone).await).len(), 2);
    test.pass_seconds(10 * 86_400);
    let page = asked.page(&anyone).await;
    assert!(buttons(&page).is_empty(), "{}", page.text);
    test.settle().await;
}

/// The file of a call that has none any more leads to the page that says why.
#[rstest]
#[tokio::test]
async fn the_file_of_a_call_that_is_off_leads_to_its_page(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    for path in ["/invite.ics", "/invite.ics/"] {
        assert_eq!(anyone.get(&format!("{path}?token={}", asked.token)).await.status, 200);
        assert_eq!(anyone.get(&format!("{path}?token=x")).await.status, 400);
    }
    asked.click(&anyone, "decline").await;
    let file = anyone.get(&format!("/invite.ics?token={}", asked.token)).await;
    assert_eq!(
        (file.status.as_u16(), file.header("location")),
        (303, &*format!("/invite?token={}", asked.token))
    );
}
