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

/// When the cookie has become somebody else's without the page being told, what it does next is not done in their name.
#[tokio::test]
async fn nothing_is_sent_in_the_name_of_whoever_has_signed_in_meanwhile() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    let owner = json!({ "email": "owner@rideau.example", "password": PASSWORD });
    house.test.prove("owner@rideau.example").await;
    let sign_in = format!(
        "fetch('/api/v1/auth/login', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({owner}) }})
            .then(answer => {{ window.signedIn = answer.status; }})"
    );
    browser.run(&sign_in).await;
    browser.until_true("return window.signedIn === 200").await;
    browser.run("window.before = true").await;
    // The token that the page holds is over: the cookie gives it another, of the owner.
    house.test.pass_seconds(3600);
    planner.lift_by_click(&format!("call:{}:son", week.setup)).await;
    planner.drop_on(&week.bob).await;
    browser.until_true("return window.before === undefined && document.querySelector('nav') !== null").await;
    let crew = house.test.owner().await.get(&format!("/assignments?mission_id={}", week.setup)).await.ok();
    assert_eq!(crew, json!([]), "the drop was the manager's");
}

/// A session that was ended elsewhere ends here with a word about what was not sent, and about that once.
#[tokio::test]
async fn whoever_was_signed_out_elsewhere_is_told_what_became_of_it() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    browser
        .run("fetch('/api/v1/auth/logout', { method: 'POST' }).then(() => { window.ended = true; })")
        .await;
    browser.until_true("return window.ended === true").await;
    house.test.pass_seconds(3600);
    planner.lift_by_click(&format!("call:{}:son", week.setup)).await;
    planner.drop_on(&week.bob).await;
    browser.until("Your session has ended. What you were just doing was not sent.").await;
    let crew = house.test.owner().await.get(&format!("/assignments?mission_id={}", week.setup)).await.ok();
    assert_eq!(crew, json!([]));
    browser.reload().await;
    browser.until_true("return document.querySelector('input[name=email]') !== null").await;
    assert!(!browser.text().await.contains("Your session has ended"), "it is said once");
}

/// A part that is gone after an update, or did not arrive, is asked for again with the page.
#[tokio::test]
async fn a_part_that_does_not_arrive_can_be_asked_for_again() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let visitor = house.visitor("en-GB").await;
    let browser = &visitor.browser;
    browser.block(&["*/assets/MissionPanel-*"]).await;
    visitor.sign_in(MANAGER, PASSWORD).await;
    browser.until_true("return document.querySelector('nav') !== null").await;
    visitor.go(&format!("{}&mission={}", Week::DAY, week.setup)).await;
    browser.until("The server does not answer.").await;
    browser.block(&[]).await;
    browser.click("aside button").await;
    browser.until_true("return document.querySelector('aside [data-candidate]') !== null").await;
    visitor.nothing_wrong().await;
}
