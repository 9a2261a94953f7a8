//! Who may do what is read for many requests at once; each gets its own answer, and none an older one.

use crate::support::{Kind, Test, together};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_each_get_their_own(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let cast = [
        test.owner().await,
        test.manager().await,
        test.tech().await,
        test.other_owner().await,
        test.signed_in("tech@other.example").await,
    ];
    let gone = test.signed_in("admin@rideau.example").await;
    let sessions = gone.get("/auth/sessions").await.ok();
    let own = sessions.as_array().expect("sessions").iter().find(|one| one["current"] == true).expect("one");
    gone.delete(&format!("/auth/sessions/{}", own["id"].as_str().expect("an id"))).await.ok();

    let before = test.app.db.statements();
    let rounds = 40;
    let asked = together((0..rounds).flat_map(|_| &cast).map(async |who| who.get("/auth/me").await));
    let refused = together((0..rounds).map(async |_| gone.get("/rbac_demo/any").await.status));
    let (answers, refused) = tokio::join!(asked, refused);
    assert!(refused.iter().all(|status| *status == 401));
    for (i, answer) in answers.iter().enumerate() {
        let me = answer.ok();
        let org = if i % cast.len() < 3 { test.org } else { test.other_org };
        let role = ["owner", "manager", "tech", "owner", "tech"][i % cast.len()];
        assert_eq!((&me["org_id"], &me["role"]), (&json!(org.to_string()), &json!(role)));
    }
    let techs = answers.iter().skip(2).step_by(cast.len());
    assert!(techs.map(|answer| answer.ok()).all(|me| me["user_id"] == test.tech_user.to_string()));
    // Each /auth/me takes statements of its own besides.
    let statements = test.app.db.statements() - before;
    let alone = test.app.db.statements();
    cast[0].get("/auth/me").await.ok();
    let alone = (test.app.db.statements() - alone) * u64::from(rounds as u32) * 5 + rounds as u64;
    assert!(statements < alone * 3 / 4, "{statements} statements, one by one {alone}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_forgotten(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    // Alone, in pairs, and in crowds that come while the ones before are answered.
    for crowd in (1..=40).chain([200]) {
        let answers = together((0..crowd).map(|_| tech.get("/rbac_demo/any"))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{crowd} at once");
    }
}

#[rstest]
#[tokio::test]
async fn a_demotion_is_seen_by_whoever_asks_after_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, manager) = (test.owner().await, test.manager().await);
    let me = manager.get("/auth/me").await.ok();
    let member = format!("/orgs/members/{}", me["id"].as_str().expect("an id"));
    for role in ["tech", "manager", "tech"] {
        let crowd = together((0..30).map(|_| manager.get("/rbac_demo/any")));
        let change = async {
            owner.patch(&member, json!({ "role": role })).await.ok();
            manager.get("/rbac_demo/manager").await.status
        };
        let (_, after) = tokio::join!(crowd, change);
        assert_eq!(after, if role == "tech" { 403 } else { 200 });
    }
}
