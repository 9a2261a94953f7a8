//! The board: what is carried over it, whichever way.

use super::{House, MANAGER, Visitor, hands::Way, week::Week};
use crate::support::Kind;
use fantoccini::key::Key;
use rstest::rstest;
use serde_json::{Value as Json, json};

/// Who is on a mission: name, status.
async fn crew(house: &House, mission: &str) -> Vec<(String, String)> {
    let manager = house.test.manager().await;
    let all =
        manager.get(&format!("/assignments?mission_id={mission}&status=INVITED&status=ACCEPTED")).await.ok();
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    all.as_array()
        .expect("a list")
        .iter()
        .map(|one| (text(&one["user_name"]), text(&one["status"])))
        .collect()
}

async fn times(house: &House, mission: &str) -> (String, String) {
    let found = house.test.manager().await.get(&format!("/missions/{mission}")).await.ok();
    let minute = |name: &str| found[name].as_str().expect("an instant")[11..16].to_owned();
    (minute("start_at"), minute("end_at"))
}

async fn assignment(house: &House, mission: &str, user: &str) -> String {
    let path = format!("/assignments?mission_id={mission}&user_id={user}&status=INVITED&status=ACCEPTED");
    let found = house.test.manager().await.get(&path).await.ok();
    found[0]["id"].as_str().expect("an assignment").to_owned()
}

async fn undo(planner: &Visitor) {
    planner.browser.press_with(&[Key::Control], 'z').await;
}

#[rstest]
#[tokio::test]
async fn a_call_is_put_on_somebody_given_on_moved_stretched_and_all_of_it_taken_back(
    #[values(Way::Pointer, Way::Clicks, Way::Keys)] way: Way,
) {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    let invited = |name: &str| vec![(name.to_owned(), "INVITED".to_owned())];

    planner.put(way, &format!("call:{}:son", week.setup), &week.bob).await;
    browser.until("Bob Bernard is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, invited("Bob Bernard"));
    let bobs = assignment(&house, &week.setup, &week.bob).await;
    let mailed = house.test.manager().await.get(&format!("/invitations?assignment_id={bobs}")).await.ok();
    assert_eq!(mailed[0]["status"], "pending", "{mailed}");

    planner.give(way, &bobs, &week.cleo).await;
    browser.until("“Montage” given to Cléo Chevalier").await;
    assert_eq!(crew(&house, &week.setup).await, invited("Cléo Chevalier"));

    let cleos = assignment(&house, &week.setup, &week.cleo).await;
    planner.shift(way, &cleos, 1).await;
    browser.until("“Montage” moved: Mon 6 Jul · 10:00 – 19:00").await;
    assert_eq!(times(&house, &week.setup).await, ("08:00".into(), "17:00".into()));

    planner.stretch(way, &cleos, 1).await;
    browser.until("“Montage” is longer: Mon 6 Jul · 10:00 – 20:00").await;
    assert_eq!(times(&house, &week.setup).await, ("08:00".into(), "18:00".into()));

    for told in [
        "“Montage” is longer: Mon 6 Jul · 10:00 – 20:00",
        "“Montage” moved: Mon 6 Jul · 10:00 – 19:00",
        "“Montage” given to Cléo",
        "Bob Bernard is asked",
    ] {
        undo(&planner).await;
        browser.until(&format!("Taken back: {told}")).await;
    }
    assert_eq!(times(&house, &week.setup).await, ("07:00".into(), "16:00".into()));
    assert_eq!(crew(&house, &week.setup).await, []);
    browser.press_with(&[Key::Control], 'y').await;
    browser.until("Done again: Bob Bernard is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, invited("Bob Bernard"));
    planner.nothing_wrong().await;
}

/// Whoever accepted something else is named before the drop, and planned all the same with a reason.
#[tokio::test]
async fn a_conflict_is_named_before_the_drop_and_overridden_with_a_reason() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    Week::meets(&house, &week.bob).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    planner.lift_by_click(&format!("call:{}:son", week.setup)).await;
    browser.until("taken: “Réunion”, Mon 6 Jul · 14:00 – 15:00").await;
    assert_eq!(browser.run("return document.querySelectorAll('.row.refused').length").await, 1);
    planner.drop_on(&week.bob).await;
    browser.until("Already taken at that time").await;
    assert_eq!(crew(&house, &week.setup).await, [], "nothing is done before the reason is given");
    browser.fill("dialog textarea", "La réunion est courte").await;
    browser.click("dialog button.main").await;
    browser.until("Bob Bernard planned for “Montage” all the same").await;
    planned_for(&house, &week, "La réunion est courte").await;
    planner.nothing_wrong().await;
}

/// Bob is planned for the setup although he is taken, for this reason.
async fn planned_for(house: &House, week: &Week, reason: &str) {
    let path = format!("/assignments/{}", assignment(house, &week.setup, &week.bob).await);
    let planned = house.test.manager().await.get(&path).await.ok();
    assert_eq!((&planned["status"], &planned["conflict_override"]), (&json!("ACCEPTED"), &json!(reason)));
}

/// The mission beside the board asks the same question; leaving it unanswered plans nobody.
#[tokio::test]
async fn whoever_is_taken_is_planned_from_the_panel_with_a_reason() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    Week::meets(&house, &week.bob).await;
    let planner = house.signed_in("en-GB", MANAGER).await;
    let browser = &planner.browser;
    planner.go(&format!("{}&mission={}", Week::DAY, week.setup)).await;
    let ask = format!("[data-candidate='{}'] .actions button", week.bob);
    browser.until_true(&format!("return document.querySelector(\"{ask}\") !== null")).await;
    browser.click(&ask).await;
    browser.until("Already taken at that time").await;
    browser.shows(&["“Réunion”, Mon 6 Jul · 14:00 – 15:00"]).await;
    browser.press(Key::Escape).await;
    browser.until_true("return document.querySelector('dialog') === null").await;
    assert_eq!(crew(&house, &week.setup).await, [], "nobody is planned without a reason");
    browser.click(&ask).await;
    browser.until("Already taken at that time").await;
    browser.fill("dialog textarea", "Bob est prévenu").await;
    browser.click("dialog button.main").await;
    browser.until("Bob Bernard planned for “Montage” all the same").await;
    planned_for(&house, &week, "Bob est prévenu").await;
    planner.nothing_wrong().await;
}

/// Who said no is warned of where they would be asked again; by keys alone, the list keeps the keyboard.
#[tokio::test]
async fn a_no_is_named_before_the_drop_and_the_keyboard_stays_in_the_list() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let declined = manager.assignment(&week.setup, &week.ada).await;
    let (link, token) = manager.invitation(&declined).await;
    let no = format!("/invitations/{link}/decline?token={token}");
    house.test.anonymous().post(&no, json!({ "reason": "En tournée" })).await.ok();
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    planner.tab_to(&format!(".tray [data-lift='call:{}:son']", week.setup)).await;
    browser.press(Key::Enter).await;
    browser.until("said no: “En tournée”").await;
    let warned = format!("return document.querySelector('[data-row=\"{}\"]').matches('.warn')", week.ada);
    assert_eq!(browser.run(&warned).await, true);
    // Bob is the first who is free.
    browser.press(Key::Enter).await;
    browser.until("Bob Bernard is asked for “Montage”").await;
    browser.until_true("return document.activeElement.matches('.tray .item')").await;
    assert_eq!(crew(&house, &week.setup).await, [("Bob Bernard".to_owned(), "INVITED".to_owned())]);
    planner.nothing_wrong().await;
}

/// Lets the browser miss what happens: its next reading of the plan fails, and says so.
async fn unseen<T>(planner: &Visitor, change: impl Future<Output = T>) {
    planner.browser.block(&["*/planning?*"]).await;
    change.await;
    planner.browser.until("The server does not answer.").await;
    planner.browser.block(&[]).await;
}

/// The dialog about what was changed meanwhile has both versions.
async fn shown_beside(planner: &Visitor, seen: &str, now: &str) {
    planner.browser.until("Somebody changed this meanwhile").await;
    let dialog = planner.browser.run("return document.querySelector('dialog').innerText").await;
    let dialog = dialog.as_str().expect("a text");
    let (before, after) = dialog.split_once("As it is now").expect("two versions");
    assert!(before.contains(seen) && after.contains(now), "{dialog}");
}

/// What is carried stays where it was picked up while somebody else moves it, and their move is not overwritten.
#[tokio::test]
async fn what_others_move_while_it_is_carried_is_shown_before_it_is_moved_again() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let bobs = manager.assignment(&week.setup, &week.bob).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    let (from, hour) = (planner.start_of(&bobs).await, planner.pixels(1).await);
    let bar = format!(".block[data-spot='{bobs}']");
    browser.click(&bar).await;
    planner.act("Move…").await;
    browser.until("choose where to drop it").await;
    let left = browser.run(&format!("return document.querySelector(\"{bar}\").style.left")).await;
    house.test.pass_seconds(1);
    let later = json!({ "start_at": "2026-07-06T12:00:00+02:00", "end_at": "2026-07-06T21:00:00+02:00" });
    manager.patch(&format!("/missions/{}", week.setup), later).await.ok();
    browser.until_true(&format!("return document.querySelector(\"{bar}\").style.left !== {left}")).await;
    browser.click_at((from.0 + hour, from.1)).await;
    shown_beside(&planner, "09:00 – 18:00", "12:00 – 21:00").await;
    assert_eq!(times(&house, &week.setup).await, ("10:00".into(), "19:00".into()));
    planner.nothing_wrong().await;
}

/// What somebody else changes meanwhile is not overwritten: both versions are shown.
#[tokio::test]
async fn what_was_changed_meanwhile_is_shown_beside_what_was_seen() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    let later = json!({ "start_at": "2026-07-06T10:00:00+02:00", "end_at": "2026-07-06T19:00:00+02:00" });
    house.test.pass_seconds(1);
    unseen(&planner, manager.patch(&format!("/missions/{}", week.setup), later)).await;
    planner.lift_by_click(&format!("call:{}:son", week.setup)).await;
    planner.drop_on(&week.bob).await;
    shown_beside(&planner, "09:00 – 18:00", "10:00 – 19:00").await;
    assert_eq!(crew(&house, &week.setup).await, []);
    browser.click("dialog .actions button:last-child").await;
    browser.until("Bob Bernard is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, [("Bob Bernard".to_owned(), "INVITED".to_owned())]);
}

/// Of two planners who give the last place of a post, the second is told who has it.
#[tokio::test]
async fn who_is_forestalled_is_told_by_whom() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let manager = house.test.manager().await;
    let on = |user: &str, status: &str| json!({ "mission_id": week.show, "user_id": user, "status": status });
    manager.post("/assignments", on(&week.cleo, "INVITED")).await.ok();
    let planner = house.signed_in("en-GB", MANAGER).await;
    let browser = &planner.browser;
    planner.go(Week::DAY).await;
    let cleos = assignment(&house, &week.show, &week.cleo).await;
    browser.until_true(&format!("return document.querySelector('[data-spot=\"{cleos}\"]') !== null")).await;
    unseen(&planner, manager.post("/assignments", on(&week.ada, "ACCEPTED"))).await;
    browser.click(&format!("[data-spot='{cleos}']")).await;
    planner.act("Record a yes").await;
    browser.until("The place has just been taken: Ada Arnaud.").await;
    let both = [("Ada Arnaud", "ACCEPTED"), ("Cléo Chevalier", "INVITED")];
    let mut crew = crew(&house, &week.show).await;
    crew.sort();
    assert_eq!(crew, both.map(|(name, status)| (name.to_owned(), status.to_owned())));
    planner.nothing_wrong().await;
}

/// A drop without an answer stays marked as not acknowledged, and is done once when it can be sent.
#[tokio::test]
async fn what_is_not_acknowledged_is_marked_and_sent_again_under_its_key() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    browser.block(&["*/planning:apply"]).await;
    planner.lift_by_click(&format!("call:{}:son", week.setup)).await;
    planner.drop_on(&week.bob).await;
    let pending = format!(
        "return document.querySelector('[data-row=\"{}\"] .block[aria-busy=true]') !== null",
        week.bob
    );
    browser.until_true(&pending).await;
    assert_eq!(
        browser.run("return document.querySelectorAll('.notice').length").await,
        0,
        "nothing is said to be done"
    );
    browser.until("Not acknowledged by the server yet").await;
    assert_eq!(browser.run(&pending).await, true);
    assert_eq!(crew(&house, &week.setup).await, []);
    browser.block(&[]).await;
    browser.click(".unsure button").await;
    browser.until("Bob Bernard is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, [("Bob Bernard".to_owned(), "INVITED".to_owned())]);
    browser.until_true(&format!("return !({})", pending.trim_start_matches("return "))).await;
}

/// What is put back by Escape stays back, however the mouse goes on.
#[tokio::test]
async fn a_drag_that_is_cancelled_drops_nothing() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    let (from, to) =
        (planner.call(&format!("call:{}:son", week.setup)).await, planner.on_row(&week.bob).await);
    browser.hold(&[from, (to.0 + 30.0, to.1)]).await;
    browser.until_true("return document.querySelector('.carried') !== null").await;
    browser.press(Key::Escape).await;
    browser.until_true("return document.querySelector('.carried') === null").await;
    browser.let_go(to).await;
    assert_eq!(browser.run("return document.querySelector('.carried') === null").await, true);
    // A change that comes after it has been told, and is alone.
    planner.put(Way::Pointer, &format!("call:{}:son", week.setup), &week.cleo).await;
    browser.until("Cléo Chevalier is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, [("Cléo Chevalier".to_owned(), "INVITED".to_owned())]);
}

/// Enter is the button's that has the focus, and Ctrl+Z the field's.
#[tokio::test]
async fn buttons_and_fields_keep_their_keys() {
    let house = House::open(Kind::Sqlite).await;
    let week = Week::of(&house).await;
    let planner = house.planner_at_the_board().await;
    let browser = &planner.browser;
    planner.tab_to(&format!(".tray [data-lift='call:{}:son']", week.setup)).await;
    browser.press_with(&[], ' ').await;
    browser.until("Put back").await;
    planner.tab_to(".carried button:last-child").await;
    browser.press(Key::Enter).await;
    browser.until_true("return document.querySelector('.carried') === null").await;
    planner.put(Way::Clicks, &format!("call:{}:son", week.setup), &week.bob).await;
    browser.until("Bob Bernard is asked for “Montage”").await;
    assert_eq!(crew(&house, &week.setup).await, [("Bob Bernard".to_owned(), "INVITED".to_owned())]);

    planner.put(Way::Clicks, &format!("call:{}:son", week.show), &week.cleo).await;
    browser.until("Cléo Chevalier is asked for “Concert”").await;
    browser.click(".filters summary").await;
    browser.fill(".filters input[type=search]", "Bob").await;
    undo(&planner).await;
    browser.run("document.activeElement.blur()").await;
    undo(&planner).await;
    browser.until("Taken back: Cléo Chevalier is asked").await;
    assert_eq!(
        crew(&house, &week.setup).await,
        [("Bob Bernard".to_owned(), "INVITED".to_owned())],
        "one undo"
    );
}
