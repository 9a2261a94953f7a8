//! Setting a password: whose it is, and which rules are not met.

use super::{form, shows};
use crate::support::{Kind, PASSWORD, Test};
use rstest::rstest;
use serde_json::json;

const TECH: &str = "tech@rideau.example";
const NEW: &str = "cinq actes et un prologue";
const SHORT: &str = "The new password is too short: at least 8 characters.";
const LONG: &str = "The new password is too long: at most 128 characters.";
const COMMON: &str = "is among the first that anyone would guess";
const EMAIL: &str = "The new password is your e-mail.";
const SAME: &str = "The new password is the one you have now.";
const WRONG: &str = "That is not the current password.";
const RULES: [&str; 6] = [SHORT, LONG, COMMON, EMAIL, SAME, WRONG];

#[rstest]
#[tokio::test]
async fn the_page_names_the_account_and_the_org(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = test.reset_token(TECH).await;
    let page = test.anonymous().get(&format!("/password?token={token}")).await;
    shows(&page, &["value=\"tech@rideau.example\" autocomplete=\"username\" readonly"]);
    shows(&page, &["autocomplete=\"new-password\"", "<title>Set your password · Coulisses</title>"]);
    let member = json!({ "email": "lea@rideau.example", "role": "tech" });
    let welcome = test.owner().await.post("/orgs/members", member).await.ok();
    let (_, token) = welcome["password_url"].as_str().expect("a link").split_once("token=").expect("a token");
    let page = test.anonymous().get(&format!("/password?token={token}")).await;
    shows(&page, &["Théâtre du Rideau", "lea@rideau.example"]);
}

#[rstest]
#[tokio::test]
async fn each_rule_that_is_not_met_is_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let member = json!({ "email": TECH, "role": "tech" });
    let joining = test.other_owner().await.post("/orgs/members", member).await.ok();
    let link = joining["password_url"].as_str().or(joining["membership_url"].as_str()).expect("a link");
    let (_, token) = link.split_once("token=").expect("a token");
    let long = "é".repeat(129);
    for (current, new, broken) in [
        (PASSWORD, "court", &[SHORT][..]),
        (PASSWORD, &long, &[LONG]),
        (PASSWORD, "azertyuiop", &[COMMON]),
        (PASSWORD, "TECH@rideau.example", &[EMAIL]),
        (PASSWORD, PASSWORD, &[SAME]),
        ("un autre", NEW, &[WRONG]),
        ("un autre", "azertyuiop", &[COMMON, WRONG]),
        ("", NEW, &[WRONG]),
    ] {
        let fields = [("token", token), ("current_password", current), ("new_password", new)];
        let page = form(&test.anonymous(), "/password", &fields).await;
        assert_eq!(page.status, 400, "{new}: {}", page.text);
        let named: Vec<_> = RULES.into_iter().filter(|rule| page.text.contains(rule)).collect();
        assert_eq!(named, broken, "{current} {new}");
        shows(&page, &["role=\"alert\"", "aria-invalid=\"true\""]);
        assert!(!page.text.contains(new), "what was typed is not sent back");
    }
    let fields = [("token", token), ("current_password", PASSWORD), ("new_password", NEW)];
    let saved = form(&test.anonymous(), "/password", &fields).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/password?done=1"));
    let page = test.anonymous().get("/password?done=1").await;
    shows(&page, &["Your password is set.", "href=\"/\""]);
    // Going back, or pressing it again.
    assert_eq!(form(&test.anonymous(), "/password", &fields).await.status, 400);
}
