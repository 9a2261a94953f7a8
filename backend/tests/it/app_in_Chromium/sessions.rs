//! Signing in and out, and what must not remain.

use super::{House, MANAGER, week::Week};
use crate::support::{Kind, PASSWORD};
use serde_json::json;

#[tokio::test]
async fn a_session_survives_a_reload_and_ends_in_all_tabs() {
    let house = House::open(Kind::Sqlite).await;
    Week::of(&house).await;
    let visitor = house.visitor("en-GB").await;
    let browser = &visitor.browser;
    visitor.sign_in(MANAGER, "not the password").await;
    browser.until("Wrong e-mail address or password.").await;
    visitor.sign_in(MANAGER, PASSWORD).await;
    browser.until("Board").await;
    browser.reload().await;
    browser.until("Board").await;
    let kept = browser.run("return [...Object.keys(localStorage), ...Object.keys(sessionStorage)]").await;
    assert_eq!(kept, json!([]), "nothing is stored");
    assert_eq!(browser.run("return document.cookie").await, "", "no script reads the cookie");

    visitor.go(Week::DAY).await;
    browser.until("Montage").await;
    browser.open_tab().await;
    browser.open(&house.server.url("/app/")).await;
    visitor.go(Week::DAY).await;
    browser.until("Montage").await;
    sign_out(browser).await;
    for tab in [1, 0] {
        browser.look_at_tab(tab).await;
        browser.until("Sign in").await;
        let page = browser.run("return document.documentElement.outerHTML").await;
        let page = page.as_str().expect("a page");
        assert!(!page.contains("Montage") && !page.contains("Bernard"), "nothing remains: {page}");
    }
}

async fn sign_out(browser: &crate::support::Browser) {
    browser.click("header .tools > button:last-of-type").await;
    browser.click("[popover]:popover-open > button:last-child").await;
}

/// Too many guesses are told with how long to wait.
#[tokio::test]
async fn guesses_that_come_too_fast_are_told_to_wait() {
    let house = House::open(Kind::Sqlite).await;
    let visitor = house.visitor("en-GB").await;
    let guess = json!({ "email": MANAGER, "password": "not the password" });
    let url = house.server.url("/api/v1/auth/login");
    let client = reqwest::Client::builder().build().expect("a client");
    for _ in 0..8 {
        client.post(&url).json(&guess).send().await.expect("an answer");
    }
    visitor.sign_in(MANAGER, "not the password").await;
    visitor.browser.until("Too many tries: you can try again in").await;
    assert_eq!(visitor.browser.run("return document.querySelector('form button.main').disabled").await, true);
}

/// Whoever has several organisations sees one at a time, in all tabs.
#[tokio::test]
async fn nothing_of_an_org_is_left_after_another_was_chosen() {
    let house = House::open(Kind::Sqlite).await;
    Week::of(&house).await;
    let other = house.test.other_owner().await;
    other.post("/orgs/members", json!({ "email": MANAGER, "role": "manager" })).await.ok();
    house.test.prove(MANAGER).await;
    let visitor = house.visitor("en-GB").await;
    let browser = &visitor.browser;
    visitor.sign_in(MANAGER, PASSWORD).await;
    browser.until("In which organisation?").await;
    browser.click("main > button").await;
    for tab in 0..2 {
        if tab == 1 {
            browser.open_tab().await;
            browser.open(&house.server.url("/app/")).await;
        }
        visitor.go(Week::DAY).await;
        browser.until("Montage").await;
    }
    browser.click("header .tools > button:last-of-type").await;
    browser.click("[popover]:popover-open > button").await;
    for tab in [1, 0] {
        browser.look_at_tab(tab).await;
        browser
            .until_true("return document.querySelector('header')?.innerText.includes('Other House') ?? false")
            .await;
        visitor.go(Week::DAY).await;
        browser.until("No mission in this period.").await;
        let page = browser.run("return document.documentElement.outerHTML").await;
        let page = page.as_str().expect("a page");
        assert!(!page.contains("Montage") && !page.contains("Bernard"), "nothing remains: {page}");
    }
}
