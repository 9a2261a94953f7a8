//! What changes after the first mail, from a phone.

use super::{
    ACCEPT, DECLINE, House,
    layout::{fits, is_accessible},
};
use crate::{
    pages::{ask, calls::Mailed},
    support::{Kind, Scripts},
};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case::confirmed(ACCEPT, "Thank you, you are expected.", "ACCEPTED")]
#[case::withdrawn(DECLINE, "You are not expected.", "DECLINED")]
#[tokio::test]
async fn a_mission_that_moved_is_confirmed_or_withdrawn(
    #[case] button: &str,
    #[case] told: &str,
    #[case] status: &str,
) {
    let house = House::open(Kind::Postgres, "en-GB", Scripts::On).await;
    let (browser, manager) = (&house.browser, house.test.manager().await);
    let asked = ask(&manager, &manager.user("Nina Simone").await).await;
    house.look(&asked).await;
    browser.click(ACCEPT).await;
    browser.until("Thank you, you are expected.").await;
    let moved = json!({
        "start_at": "2026-07-10T14:00:00Z", "end_at": "2026-07-10T18:00:00Z", "location": "Petite salle",
    });
    manager.patch(&format!("/missions/{}", asked.mission), moved).await.ok();
    house.look(&asked).await;
    browser.shows(&["Moved", "You said yes, but it is at another time or place now."]).await;
    browser
        .shows(&["14:00 – 18:00", "16:00 – 20:00", "Grande salle", "Petite salle", "Are you still coming?"])
        .await;
    is_accessible(browser, "moved").await;
    fits(browser, "moved").await;
    browser.click(button).await;
    browser.until(told).await;
    let now = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok();
    assert_eq!((&now["status"], &now["needs_confirmation"]), (&json!(status), &json!(false)));
    browser.reload().await;
    browser.until(told).await;
    is_accessible(browser, status).await;
}

#[tokio::test]
async fn all_that_fit_are_accepted_with_one_click() {
    let house = House::open(Kind::Sqlite, "fr", Scripts::On).await;
    let browser = &house.browser;
    let mailed = Mailed::to(&house.test).await;
    browser.open(&house.server.url(&mailed.path())).await;
    browser.shows(&["3 missions pour vous", "Montage", "Réglages", "Concert"]).await;
    is_accessible(browser, "calls").await;
    fits(browser, "calls").await;
    browser.click("button[value=all]").await;
    browser.until("Les missions compatibles sont acceptées").await;
    assert_eq!(mailed.statuses(&house.test).await, ["ACCEPTED", "INVITED", "ACCEPTED"]);
    is_accessible(browser, "calls with a conflict").await;
    fits(browser, "calls with a conflict").await;
    browser.reload().await;
    browser.until("Les missions compatibles sont acceptées").await;
    browser.click(DECLINE).await;
    browser.until("Refusée").await;
    assert_eq!(mailed.statuses(&house.test).await, ["ACCEPTED", "DECLINED", "ACCEPTED"]);
}
