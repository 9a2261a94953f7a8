//! Every screen against WCAG 2.2, levels A and AA, in both languages, themes and widths; and as a picture, to look at.

use super::{DESK, House, MANAGER, PHONE, TECH, Visitor, week::Week};
use crate::support::Kind;
use serde_json::json;
use std::path::PathBuf;

/// Where the pictures of a run are kept.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../app");

/// What is wider than the screen.
const WIDE: &str = "
    const width = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth > width ? document.documentElement.scrollWidth : 0;";

impl Visitor {
    /// Looks at what is shown, in both themes and widths.
    async fn look(&self, language: &str, name: &str) {
        for (screen, size) in [("wide", DESK), ("narrow", PHONE)] {
            self.browser.resize_window(size).await;
            for dark in [false, true] {
                self.browser.prefer_dark(dark).await;
                let theme = if dark { "dark" } else { "light" };
                let what = format!("{name}-{language}-{screen}-{theme}");
                let found = self.browser.violations().await;
                assert!(found.is_empty(), "{what}: {found:#?}");
                assert_eq!(self.browser.run(WIDE).await, json!(0), "{what} is not wider than the screen");
                let file = PathBuf::from(FOLDER).join(format!("{what}.png"));
                std::fs::write(file, self.browser.picture().await).expect("the picture is kept");
            }
        }
        self.browser.resize_window(DESK).await;
        self.browser.prefer_dark(false).await;
    }
}

/// A week in which every state is to be seen.
async fn eventful(house: &House) -> Week {
    let week = Week::of(house).await;
    let manager = house.test.manager().await;
    let on = |mission: &str, user: &str, status: &str| json!({ "mission_id": mission, "user_id": user, "status": status, "role_name": "son" });
    let asked = manager.post("/assignments", on(&week.setup, &week.bob, "INVITED")).await.ok();
    manager.invitation(asked["id"].as_str().expect("an id")).await;
    manager.post("/assignments", on(&week.setup, &week.cleo, "ACCEPTED")).await.ok();
    manager.post("/assignments", on(&week.show, &week.ada, "INVITED")).await.ok();
    let meeting = json!({ "title": "Réunion", "start_at": "2026-07-06T14:00:00+02:00", "end_at": "2026-07-06T15:00:00+02:00" });
    let meeting = manager.post("/missions", meeting).await.ok();
    let twice = json!({ "mission_id": meeting["id"], "user_id": week.cleo, "status": "ACCEPTED", "override_reason": "La réunion est courte" });
    manager.post("/assignments", twice).await.ok();
    let away = json!({ "user_id": week.bob, "kind": "unavailable", "start_at": "2026-07-07T00:00:00+02:00", "end_at": "2026-07-08T00:00:00+02:00" });
    manager.post("/availabilities", away).await.ok();
    house.test.pass_seconds(60 * 60 * 30);
    week
}

async fn planner_looks(language: &str) {
    std::fs::create_dir_all(FOLDER).expect("a folder");
    let house = House::open(Kind::Sqlite).await;
    let week = eventful(&house).await;
    let visitor = house.visitor(language).await;
    let browser = &visitor.browser;
    browser.until_true("return document.querySelector('form') !== null").await;
    visitor.look(language, "sign-in").await;
    visitor.sign_in(MANAGER, crate::support::PASSWORD).await;
    browser.until("Montage").await;
    visitor.look(language, "today").await;
    for (name, hash) in [
        ("board-person", "#/board?from=2026-07-06".to_owned()),
        ("board-day", Week::DAY.to_owned()),
        ("board-mission", "#/board?from=2026-07-06&by=mission".to_owned()),
        ("board-filtered", "#/board?from=2026-07-06&skill=lumiere".to_owned()),
        ("board-empty", "#/board?from=2026-08-03&by=mission".to_owned()),
        ("board-beside-mission", format!("#/board?from=2026-07-06&mission={}", week.setup)),
        ("mission", format!("#/mission/{}", week.setup)),
    ] {
        visitor.go(&hash).await;
        let shown = if name == "board-empty" { ".timeline .empty" } else { "[data-row], section h2" };
        browser.until_true(&format!("return document.querySelector({}) !== null", json!(shown))).await;
        browser.until_true("return document.querySelector('.skeleton') === null").await;
        visitor.look(language, name).await;
    }
    visitor.go(Week::DAY).await;
    browser.until_true("return document.querySelector('.tray [data-lift]') !== null").await;
    visitor.lift_by_click(&format!("call:{}:son", week.show)).await;
    visitor.look(language, "board-carrying").await;
    browser.press(fantoccini::key::Key::Escape).await;
    browser.press_with(&[], '?').await;
    browser.until_true("return document.querySelector('dialog[open]') !== null").await;
    visitor.look(language, "help").await;
    browser.press(fantoccini::key::Key::Escape).await;
    browser.press_with(&[fantoccini::key::Key::Control], 'k').await;
    browser.until_true("return document.querySelector('dialog [role=combobox]') !== null").await;
    visitor.look(language, "go-to").await;
    visitor.nothing_wrong().await;
}

#[tokio::test]
async fn every_screen_of_a_planner_in_french() {
    planner_looks("fr").await;
}

#[tokio::test]
async fn every_screen_of_a_planner_in_english() {
    planner_looks("en-GB").await;
}

async fn technician_looks(language: &str) {
    std::fs::create_dir_all(FOLDER).expect("a folder");
    let house = House::open(Kind::Sqlite).await;
    let week = eventful(&house).await;
    let manager = house.test.manager().await;
    let me = house.test.tech_user.to_string();
    let call = manager.assignment(&week.show, &me).await;
    let away = json!({ "user_id": me, "start_at": "2026-07-14T00:00:00+02:00", "end_at": "2026-07-15T00:00:00+02:00" });
    manager.post("/availabilities", away).await.ok();
    let visitor = house.signed_in(language, TECH).await;
    let browser = &visitor.browser;
    for (name, hash, shown) in [
        ("my-calls", "#/".to_owned(), "Concert"),
        ("call", format!("#/call/{call}"), "Concert"),
        ("availability", "#/availability".to_owned(), "14"),
        ("me", "#/me".to_owned(), "Théo"),
    ] {
        visitor.go(&hash).await;
        browser.until(shown).await;
        browser.until_true("return document.querySelector('.skeleton') === null").await;
        visitor.look(language, name).await;
    }
    visitor.nothing_wrong().await;
}

#[tokio::test]
async fn every_screen_of_a_technician_in_french() {
    technician_looks("fr").await;
}

#[tokio::test]
async fn every_screen_of_a_technician_in_english() {
    technician_looks("en-GB").await;
}
