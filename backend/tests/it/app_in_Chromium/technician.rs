//! A technician's own calls, on a phone.

use super::{House, PHONE, TECH, week::Week};
use crate::support::Kind;
use serde_json::json;

#[tokio::test]
async fn a_technician_answers_changes_their_mind_and_confirms_after_a_move() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let me = house.test.tech_user.to_string();
    let (show, setup) = (manager.assignment(&week.show, &me).await, {
        let body = json!({ "mission_id": week.setup, "user_id": me, "role_name": "lumiere" });
        manager.post("/assignments", body).await.ok()["id"].as_str().expect("an id").to_owned()
    });
    let technician = house.signed_in("en-GB", TECH).await;
    let browser = &technician.browser;
    browser.resize(PHONE).await;
    browser.until("Concert").await;
    browser.shows(&["Montage", "Théâtre du Rideau", "lumiere"]).await;

    technician.press_button("Concert", "Accept").await;
    browser.until("Thank you").await;
    assert_eq!(manager.status_of(&show).await, "ACCEPTED");

    technician.press_button("Montage", "Decline").await;
    browser.until_true("return document.querySelector('textarea') !== null").await;
    browser.fill("textarea", "En tournée").await;
    technician.press_button("Montage", "Decline").await;
    while manager.status_of(&setup).await != "DECLINED" {}
    let declined = manager.get(&format!("/assignments/{setup}")).await.ok();
    assert_eq!(declined["decline_reason"], "En tournée");

    // What moves is seen by itself, and asked again.
    let later = json!({ "start_at": "2026-07-06T21:00:00+02:00", "end_at": "2026-07-07T00:00:00+02:00" });
    manager.patch(&format!("/missions/{}", week.show), later).await.ok();
    browser.until("21:00").await;
    technician.press_button("Concert", "I’m coming").await;
    while manager.get(&format!("/assignments/{show}")).await.ok()["needs_confirmation"] != json!(false) {}
    technician.nothing_wrong().await;
}

/// A yes is to what was seen: what moved unseen is shown, and asked again.
#[tokio::test]
async fn a_yes_is_to_what_was_seen() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let show = manager.assignment(&week.show, &house.test.tech_user.to_string()).await;
    let technician = house.signed_in("en-GB", TECH).await;
    let browser = &technician.browser;
    browser.resize(PHONE).await;
    browser.until("20:00").await;
    browser.block(&["*/assignments?*", "*/missions/*"]).await;
    let later = json!({ "start_at": "2026-07-06T21:00:00+02:00", "end_at": "2026-07-07T00:00:00+02:00" });
    manager.patch(&format!("/missions/{}", week.show), later).await.ok();
    browser.block(&["*/assignments?*"]).await;
    technician.press_button("Concert", "Accept").await;
    browser.until("21:00").await;
    assert_eq!(manager.status_of(&show).await, "INVITED");
}

/// What somebody else was faster to accept waits for nobody's answer.
#[tokio::test]
async fn a_post_that_was_filled_meanwhile_says_so_and_is_not_counted() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let asked = |user: &str| json!({ "mission_id": week.show, "user_id": user, "role_name": "son" });
    let mine = manager.post("/assignments", asked(&house.test.tech_user.to_string())).await.ok();
    let theirs = manager.post("/assignments", asked(&week.bob)).await.ok();
    let technician = house.signed_in("en-GB", TECH).await;
    let browser = &technician.browser;
    browser.resize(PHONE).await;
    browser.until("Concert").await;
    // This page does not hear of it: the answer tells.
    browser.block(&["*/events*", "*/assignments?*", "*/missions/*"]).await;
    let path = format!("/assignments/{}:status", theirs["id"].as_str().expect("an id"));
    manager.post(&path, json!({ "status": "ACCEPTED" })).await.ok();
    technician.press_button("Concert", "Accept").await;
    browser.until("This post was filled meanwhile").await;
    browser.block(&[]).await;
    browser.reload().await;
    browser.until("Calls without you").await;
    browser.click("details:has(summary) summary").await;
    browser.until("Filled").await;
    let accepts = "return [...document.querySelectorAll('button')].filter(it => it.innerText.startsWith('Accept')).length";
    assert_eq!(browser.run(accepts).await, 0);
    assert_eq!(manager.status_of(mine["id"].as_str().expect("an id")).await, "INVITED");
}

impl super::Visitor {
    /// Presses the button of this name on the card that says this.
    async fn press_button(&self, card: &str, name: &str) {
        let script = format!(
            "const cards = [...document.querySelectorAll('article, main li, main section')].filter(it => it.innerText.includes({}));
            const card = cards.sort((one, other) => one.innerText.length - other.innerText.length)
                .find(it => [...it.querySelectorAll('button')].some(button => button.innerText.startsWith({})));
            const button = card && [...card.querySelectorAll('button')].find(it => it.innerText.startsWith({}) && !it.disabled);
            if (button) button.click();
            return button !== undefined && button !== null;",
            json!(card),
            json!(name),
            json!(name)
        );
        self.browser.until_true(&script).await;
    }
}
