//! Each state of each page: readable, reachable and within the screen, whatever the screen.

use super::{DESK, House, PHONE, SMALLEST};
use crate::{
    pages::{
        ask, ask_someone,
        states::{STATES, bring_about},
        unsubscribing::unsubscribe_pages,
    },
    support::{Browser, Kind, Scripts},
};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// What is wider than the screen, and what is too small for a thumb. A browser on a phone tells the width of the page as its own
/// where the page is wider, so that of the screen is passed in.
const FAULTS: &str = "
    const page = document.documentElement, width = SCREEN;
    const wide = page.scrollWidth > width || document.body.scrollWidth > width
        ? [...document.querySelectorAll('body *')].filter(it => it.getBoundingClientRect().right > width) : [];
    const touched = document.querySelectorAll('button, .button, nav a, .contact a, footer a, input:not([type=hidden]), textarea');
    const small = [...touched].filter(it => it.getBoundingClientRect().height < 44 && !it.matches('.contact a'));
    const named = it => it.outerHTML.slice(0, 120);
    return [page.scrollWidth > width || wide.length ? wide.map(named).concat('wide') : [], small.map(named)];";

pub async fn fits(browser: &Browser, what: &str) {
    for screen in [SMALLEST, PHONE, DESK] {
        browser.resize(screen).await;
        assert_eq!(
            browser.run(&FAULTS.replace("SCREEN", &screen.0.to_string())).await,
            json!([[], []]),
            "{what} at {}",
            screen.0
        );
    }
    browser.resize(PHONE).await;
}

pub async fn is_accessible(browser: &Browser, what: &str) {
    for dark in [false, true] {
        browser.prefer_dark(dark).await;
        let found = browser.violations().await;
        assert!(found.is_empty(), "{what}, dark: {dark}: {found:#?}");
    }
}

#[tokio::test]
async fn every_state_of_a_call_fits_and_is_accessible() {
    let house = House::open(Kind::Sqlite, "en-GB", Scripts::On).await;
    let browser = &house.browser;
    for (state, word, sentence, left) in STATES {
        let asked = bring_about(&house.test, state).await;
        house.look(&asked).await;
        browser.shows(&[word, sentence, "Montage lumière", "Karim Haddad"]).await;
        if state == "conflict" {
            browser.shows(&["Répétition générale", "16:00 – 19:30"]).await;
        }
        let buttons =
            browser.run("return [...document.querySelectorAll('button')].map(it => it.value)").await;
        let left: Vec<_> = left.iter().filter_map(|button| button.split('"').nth(1)).collect();
        assert_eq!(buttons, json!(left), "{state}");
        is_accessible(browser, state).await;
        fits(browser, state).await;
        // French says the same in more letters.
        browser.click(".languages a[lang=fr]").await;
        browser.until("Lieu").await;
        fits(browser, &format!("{state} in French")).await;
    }
}

#[tokio::test]
async fn every_other_page_fits_and_is_accessible() {
    let house = House::open(Kind::Sqlite, "fr", Scripts::On).await;
    let (browser, test) = (&house.browser, &house.test);
    let reset = test.reset_token("tech@rideau.example").await;
    let (stop, stopped) = unsubscribe_pages(test).await;
    let pages = [
        ("/", "Les équipes du spectacle vivant."),
        ("/nothing", "Il n’y a rien à cette adresse."),
        ("/invite?token=x", "Ce lien n’est pas valable."),
        ("/password?token=x", "Ce lien n’est pas valable."),
        ("/password?done=1", "Votre mot de passe est enregistré."),
        ("/unsubscribe?token=x", "Ce lien n’est pas valable."),
        (&*stop, "Ne plus recevoir ces messages ?"),
        (&*stopped, "Vous ne recevez plus ces messages."),
        (&*format!("/password?token={reset}"), "Choisir votre mot de passe"),
    ];
    for (path, said) in pages {
        browser.open(&house.server.url(path)).await;
        browser.shows(&[said]).await;
        is_accessible(browser, path).await;
        fits(browser, path).await;
    }
    browser.fill("#new_password", "azertyuiop").await;
    browser.click("form button").await;
    browser.until("Pas encore enregistré :").await;
    is_accessible(browser, "a mistake").await;
    fits(browser, "a mistake").await;
}

/// Names as long as they may be, without a space, and a night on which the clocks change.
#[tokio::test]
async fn a_call_with_long_words_fits() {
    let house = House::open(Kind::Sqlite, "fr", Scripts::On).await;
    let (browser, manager) = (&house.browser, house.test.manager().await);
    let asked = ask_someone(&manager).await;
    let long = "Donaudampfschifffahrtsgesellschaft".repeat(3);
    let change = json!({
        "title": long, "location": long, "note": format!("{long}\n\n{long}"), "timezone": "America/New_York",
        "start_at": "2026-11-01T02:00:00Z", "end_at": "2026-11-01T09:00:00Z",
    });
    manager.patch(&format!("/missions/{}", asked.mission), change).await.ok();
    house.look(&asked).await;
    is_accessible(browser, "long words").await;
    fits(browser, "long words").await;
}

/// Of a usual call, what decides and the buttons are on the first screen.
#[rstest]
#[case("fr")]
#[case("en-GB")]
#[tokio::test]
async fn a_usual_call_is_answered_without_scrolling(#[case] language: &str) {
    let house = House::open(Kind::Sqlite, language, Scripts::Off).await;
    let manager = house.test.manager().await;
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    let project = manager.project("Le Songe d’une nuit d’été").await;
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "project_id": project })).await.ok();
    house.look(&asked).await;
    let below = "const seen = 'h1 .role .day .times dd [value=accept] [value=decline]'.split(' ');
        const bottom = it => document.querySelector(it).getBoundingClientRect().bottom;
        return seen.map(it => [it, bottom(it)]).filter(([, bottom]) => bottom > innerHeight)";
    assert_eq!(house.browser.run(below).await, Json::Array(Vec::new()), "below the first screen");
}
