//! Setting a password.

use super::House;
use crate::support::{Kind, PASSWORD, Scripts};
use serde_json::json;

const TECH: &str = "tech@rideau.example";
const NEW: &str = "cinq actes et un prologue";
const SAVE: &str = "form button";

async fn open_a_link(house: &House) {
    let token = house.test.reset_token(TECH).await;
    house.browser.open(&house.server.url(&format!("/password?token={token}"))).await;
}

#[tokio::test]
async fn a_password_is_set_by_a_link() {
    let house = House::open(Kind::Sqlite, "en-GB", Scripts::Off).await;
    let (browser, test) = (&house.browser, &house.test);
    open_a_link(&house).await;
    let account =
        browser.run("const it = document.querySelector('[autocomplete=username]'); return it.value").await;
    assert_eq!(account, json!(TECH), "a password manager is told whose it is");
    // Held back by the browser.
    browser.fill("#new_password", "court").await;
    browser.click(SAVE).await;
    assert_eq!(
        browser.run("return document.querySelector('#new_password').validity.tooShort").await,
        json!(true)
    );
    let long = "é".repeat(129);
    for (new, broken) in [
        (&*long, "The new password is too long: at most 128 characters."),
        ("azertyuiop", "is among the first that anyone would guess"),
        ("TECH@rideau.example", "The new password is your e-mail."),
    ] {
        browser.fill("#new_password", new).await;
        browser.click(SAVE).await;
        browser.until(broken).await;
        assert_eq!(browser.status().await, 400);
        let field = "const it = document.querySelector('#new_password'); return [it.value, it.ariaInvalid]";
        assert_eq!(browser.run(field).await, json!(["", "true"]));
    }
    open_a_link(&house).await;
    browser.fill("#new_password", NEW).await;
    browser.click(SAVE).await;
    browser.until("Your password is set.").await;
    assert!(
        !browser.url().await.as_str().contains("token"),
        "the link is used up, and gone from the address"
    );
    browser.reload().await;
    browser.until("Your password is set.").await;
    let login = json!({ "email": TECH, "password": NEW });
    test.anonymous().post("/auth/login", login).await.ok();
    browser.back().await;
    // Browsers may keep the form as it was. Sent again, it changes nothing.
    if browser.text().await.contains("Set your password") {
        browser.fill("#new_password", "un autre prologue").await;
        browser.click(SAVE).await;
    }
    browser.until("This link is not valid.").await;
}

#[tokio::test]
async fn whoever_has_a_password_is_asked_for_it() {
    let house = House::open(Kind::Sqlite, "fr", Scripts::Off).await;
    let (browser, test) = (&house.browser, &house.test);
    let member = json!({ "email": TECH, "role": "tech" });
    let joining = test.other_owner().await.post("/orgs/members", member).await.ok();
    let link = joining["password_url"].as_str().or(joining["membership_url"].as_str()).expect("a link");
    browser.open(link).await;
    browser.until("Vous rejoignez").await;
    for (current, new, broken) in [
        ("un autre", NEW, "Ce n’est pas le mot de passe actuel."),
        (PASSWORD, PASSWORD, "Le nouveau mot de passe est celui que vous avez déjà."),
    ] {
        browser.fill("#current_password", current).await;
        browser.fill("#new_password", new).await;
        browser.click(SAVE).await;
        browser.until(broken).await;
    }
    // A browser that checks nothing.
    browser.run("document.forms[0].noValidate = true").await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", "court").await;
    browser.click(SAVE).await;
    browser.until("Le nouveau mot de passe est trop court").await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", NEW).await;
    browser.click(SAVE).await;
    browser.until("Votre mot de passe est enregistré.").await;
}
