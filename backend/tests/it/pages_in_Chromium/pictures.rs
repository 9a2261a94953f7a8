//! Pictures of all pages, for people to look at: `cargo xtask pages`.

use super::{ACCEPT, DESK, House, PHONE};
use crate::{
    pages::{
        ask_someone,
        calls::Mailed,
        states::{STATES, bring_about},
        unsubscribing::unsubscribe_pages,
    },
    support::{Kind, Scripts},
};
use serde_json::json;
use std::{fmt::Write as _, path::Path};

const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../pages");

/// Takes the page that is shown, for a phone in both colours and for a desk.
async fn take(house: &House, name: &str) -> String {
    let mut shown = String::new();
    for (screen, dark, kind) in [(PHONE, false, "light"), (PHONE, true, "dark"), (DESK, false, "desk")] {
        house.browser.resize(screen).await;
        house.browser.prefer_dark(dark).await;
        let file = format!("{name}-{kind}.png");
        std::fs::write(Path::new(FOLDER).join(&file), house.browser.picture().await).expect("it is written");
        if kind != "desk" {
            write!(shown, "<img src=\"{file}\" alt=\"\">").expect("a text grows");
        }
    }
    house.browser.resize(PHONE).await;
    house.browser.prefer_dark(false).await;
    format!("<figure><figcaption>{name}</figcaption>{shown}</figure>")
}

#[tokio::test]
#[ignore = "for people to look at: cargo xtask pages"]
async fn every_page_as_a_picture() {
    std::fs::create_dir_all(FOLDER).expect("a folder");
    let mut sheet = String::from(
        "<!doctype html><meta charset=utf-8><title>Pages</title><style>body { font: 16px sans-serif; display: flex; flex-wrap: wrap; \
         gap: 24px; align-items: start } figure { margin: 0 } img { margin-right: 8px }</style>",
    );
    for language in ["fr", "en-GB"] {
        let house = House::open(Kind::Sqlite, language, Scripts::On).await;
        let (browser, test) = (&house.browser, &house.test);
        for (state, ..) in STATES {
            let asked = bring_about(test, state).await;
            house.look(&asked).await;
            sheet += &take(&house, &format!("{language} {state}")).await;
        }
        test.clock.set(crate::support::NOW.parse().expect("an instant"));
        let manager = test.manager().await;
        let asked = ask_someone(&manager).await;
        house.look(&asked).await;
        let moved = json!({
            "start_at": "2026-10-24T20:00:00Z", "end_at": "2026-10-25T04:30:00Z", "location": "Petite salle",
        });
        manager.patch(&format!("/missions/{}", asked.mission), moved).await.ok();
        browser.click(ACCEPT).await;
        sheet += &take(&house, &format!("{language} changed")).await;
        let moved = ask_someone(&manager).await;
        moved.click(&test.anonymous(), "accept").await;
        house.look(&moved).await;
        sheet += &take(&house, &format!("{language} accepted")).await;
        let later = json!({ "start_at": "2026-07-11T14:00:00Z", "end_at": "2026-07-11T18:00:00Z" });
        manager.patch(&format!("/missions/{}", moved.mission), later).await.ok();
        house.look(&moved).await;
        sheet += &take(&house, &format!("{language} moved")).await;
        let mailed = Mailed::to(test).await;
        browser.open(&house.server.url(&mailed.path())).await;
        sheet += &take(&house, &format!("{language} calls")).await;
        browser.click("button[value=all]").await;
        sheet += &take(&house, &format!("{language} calls accepted")).await;
        let reset = test.reset_token("tech@rideau.example").await;
        let password = format!("/password?token={reset}");
        let (stop, stopped) = unsubscribe_pages(test).await;
        for (name, path) in [
            ("start", "/"),
            ("not found", "/nothing"),
            ("invalid", "/invite?token=x"),
            ("saved", "/password?done=1"),
            ("unsubscribe", &stop),
            ("unsubscribed", &stopped),
            ("password", &password),
        ] {
            browser.open(&house.server.url(path)).await;
            sheet += &take(&house, &format!("{language} {name}")).await;
        }
        browser.fill("#new_password", "azertyuiop").await;
        browser.click("form button").await;
        sheet += &take(&house, &format!("{language} mistake")).await;
    }
    std::fs::write(Path::new(FOLDER).join("index.html"), sheet).expect("it is written");
}
