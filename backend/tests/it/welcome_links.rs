//! The link that an org hands out for the first password of a new login.

use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::json;

fn token(url: &str) -> String {
    url.split("token=").nth(1).unwrap().to_owned()
}

#[rstest]
#[tokio::test]
async fn asking_for_a_reset_leaves_the_welcome_link_alone(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let new = json!({ "email": "nina@example.org", "role": "tech" });
    let welcome = test.admin().await.post("/orgs/members", new).await.ok();
    let link = token(welcome["password_url"].as_str().unwrap());
    let anonymous = test.anonymous();
    let reset = anonymous.post("/auth/reset/request", json!({ "email": "nina@example.org" })).await.ok();
    let set = json!({ "token": link, "new_password": "quatre saisons" });
    anonymous.post("/auth/reset/confirm", set).await.ok();
    // Once a password is set, every other link is used up.
    let again = json!({ "token": reset["reset_token"], "new_password": "cinq saisons" });
    anonymous.post("/auth/reset/confirm", again).await.refused(400, "invalid_token");
}

#[rstest]
#[tokio::test]
async fn who_comes_back_is_the_same_person(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let members = owner.get("/orgs/members").await.ok();
    let tech = members["members"].as_array().unwrap().iter().find(|m| m["role"] == "tech").unwrap().clone();
    test.execute("DELETE FROM org_memberships WHERE role = 'tech'").await;
    let back = owner.post("/orgs/members", json!({ "email": tech["email"], "role": "tech" })).await.ok();
    assert_eq!(back["user_id"], tech["user_id"]);
}
