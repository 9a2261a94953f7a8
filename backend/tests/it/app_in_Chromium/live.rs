//! What others change is seen, and says by itself that it is.

use super::{House, MANAGER, hands::Way, week::Week};
use crate::support::Kind;
use std::time::{Duration, Instant};

/// From the answer to one planner until the other sees it.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn what_one_planner_changes_another_sees_in_two_seconds() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let (one, other) = (house.signed_in("en-GB", MANAGER).await, house.signed_in("fr", MANAGER).await);
    for planner in [&one, &other] {
        planner.go(Week::DAY).await;
        planner.browser.until_true("return document.querySelectorAll('.tray .item').length === 3").await;
    }
    one.put(Way::Clicks, &format!("call:{}:son", week.setup), &week.bob).await;
    one.browser.until("Bob Bernard is asked").await;
    let begin = Instant::now();
    let seen = format!("return document.querySelector('[data-row=\"{}\"] .block') !== null", week.bob);
    other.browser.until_true(&seen).await;
    let took = begin.elapsed();
    assert!(took < SEEN_WITHIN, "{took:?}");
    other.nothing_wrong().await;
}

/// A second tab listens through the first one.
#[tokio::test]
async fn tabs_of_one_browser_share_one_stream() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    browser.open_tab().await;
    browser.open(&house.server.url("/app/")).await;
    planner.go(Week::DAY).await;
    browser.until("To fill").await;
    let streams =
        "return performance.getEntriesByType('resource').filter(it => it.name.includes('/events')).length";
    let assigned = serde_json::json!({ "mission_id": week.setup, "user_id": week.bob, "role_name": "son" });
    house.test.manager().await.post("/assignments", assigned).await.ok();
    let seen = format!("return document.querySelector('[data-row=\"{}\"] .block') !== null", week.bob);
    browser.until_true(&seen).await;
    assert_eq!(browser.run("return navigator.locks.query().then(it => it.held.length)").await, 1);
    assert_eq!(browser.run(streams).await, 0, "the second tab has no stream of its own");
}
