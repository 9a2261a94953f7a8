//! With the keyboard alone.

use super::House;
use crate::{
    pages::ask_someone,
    support::{Browser, Kind, Scripts},
};
use fantoccini::key::Key;
use serde_json::json;

/// What has the focus, and whether anyone can see that.
const FOCUS: &str = "
    const it = document.activeElement, style = getComputedStyle(it), place = it.getBoundingClientRect();
    const seen = it.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const inside = place.top > -1 && place.bottom < innerHeight + 1;
    return [it.value || it.innerText.trim() || it.tagName, seen && inside];";

/// Presses Tab and says where that leads.
async fn tab(browser: &Browser) -> String {
    browser.press(Key::Tab).await;
    let focus = browser.run(FOCUS).await;
    assert_eq!(focus[1], true, "the focus on {} is visible", focus[0]);
    focus[0].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn the_keyboard_reaches_and_answers_everything() {
    let house = House::open(Kind::Sqlite, "en-GB", Scripts::Off).await;
    let (browser, manager) = (&house.browser, house.test.manager().await);
    let asked = ask_someone(&manager).await;
    house.look(&asked).await;
    let in_order = [
        "Français",
        "English",
        "+33 (0)1 99 00 12 34",
        "karim@rideau.example",
        "accept",
        "decline",
        "Coulisses",
    ];
    for wanted in in_order {
        assert_eq!(tab(browser).await, wanted);
    }

    house.look(&asked).await;
    while tab(browser).await != "accept" {}
    browser.press(Key::Enter).await;
    browser.until("Thank you, you are expected.").await;
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");

    let asked = ask_someone(&manager).await;
    house.look(&asked).await;
    tab(browser).await;
    browser.press(Key::Enter).await;
    browser.until("Êtes-vous disponible ?").await;
    while tab(browser).await != "decline" {}
    browser.press(Key::Enter).await;
    browser.until("C’est noté : vous ne venez pas.").await;
    while tab(browser).await != "TEXTAREA" {}
    browser.type_text("Déjà pris").await;
    assert_eq!(tab(browser).await, "reason");
    browser.press(Key::Enter).await;
    browser.until("Votre motif a été transmis.").await;
    let declined = manager.get(&format!("/assignments/{}", asked.assignment)).await.ok();
    assert_eq!(declined["decline_reason"], json!("Déjà pris"));
}
