//! What waits for a planner, and the next thing to do about it.

use super::{House, MANAGER, week::Week};
use crate::support::Kind;
use fantoccini::key::Key;
use serde_json::json;

/// A yes to a new time that was noted for somebody is a change like any other.
#[tokio::test]
async fn a_yes_that_was_noted_is_taken_back() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let on = json!({ "mission_id": week.show, "user_id": week.cleo, "status": "ACCEPTED" });
    let on = manager.post("/assignments", on).await.ok()["id"].as_str().expect("an id").to_owned();
    let later = json!({ "start_at": "2026-07-06T21:00:00+02:00", "end_at": "2026-07-07T00:00:00+02:00" });
    manager.patch(&format!("/missions/{}", week.show), later).await.ok();
    let waits = async || manager.get(&format!("/assignments/{on}")).await.ok()["needs_confirmation"].clone();
    assert_eq!(waits().await, true);
    let planner = house.signed_in("en-GB", MANAGER).await;
    let browser = &planner.browser;
    let record = "[aria-label^='Record a yes']";
    browser.until_true(&format!("return document.querySelector(\"{record}\") !== null")).await;
    browser.click(record).await;
    browser.until("The yes of Cléo Chevalier is recorded").await;
    assert_eq!(waits().await, false);
    browser.press_with(&[Key::Control], 'z').await;
    browser.until("Taken back: The yes of Cléo Chevalier is recorded").await;
    assert_eq!(waits().await, true);
    planner.nothing_wrong().await;
}
