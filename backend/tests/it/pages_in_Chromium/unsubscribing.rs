//! Stopping the mails of an org.

use super::House;
use crate::{
    pages::unsubscribing::{MANAGER, unsubscribe_token},
    support::{Kind, Scripts},
};
use serde_json::json;

#[tokio::test]
async fn mails_are_stopped_by_one_button() {
    let house = House::open(Kind::Sqlite, "en-GB", Scripts::Off).await;
    let (browser, test) = (&house.browser, &house.test);
    let token = unsubscribe_token(test, MANAGER).await;
    browser.open(&house.server.url(&format!("/unsubscribe?token={token}"))).await;
    browser.shows(&["Théâtre du Rideau", "Stop these mails?"]).await;
    browser.click(".languages a[lang=fr]").await;
    browser.until("Ne plus recevoir ces messages").await;
    browser.click("form button").await;
    browser.until("Vous ne recevez plus ces messages.").await;
    assert_eq!(browser.status().await, 200);
    let left = "return document.querySelectorAll('main a, main button').length";
    assert_eq!(browser.run(left).await, json!(0), "it leads nowhere");
    browser.reload().await;
    browser.until("Vous ne recevez plus ces messages.").await;
    let own = test.manager().await.get("/orgs/current/membership").await.ok();
    assert_eq!(own["notify"], "none");
}
