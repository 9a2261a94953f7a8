//! Who may do what is read for many requests at once; each gets its own answer, and none an older one.

use crate::support::{Kind, Test, together};
use rstest::rstest;
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

#[rstest]
#[tokio::test]
async fn many_at_once_each_get_their_own(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(false, true)] distributed: bool,
) {
    let test = Test::start(db).await;
    test.app.db.note_distributed(distributed);
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
}

/// On one thread as many ask as have a turn before the first is answered, so how many statements that takes does not depend on
/// the machine. An org that others ask beside has few turns.
#[rstest]
#[tokio::test]
async fn those_of_one_org_ask_together(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let cast = [test.owner().await, test.manager().await, test.tech().await];
    let before = test.app.db.statements();
    let rounds = 40;
    for answer in together((0..rounds).flat_map(|_| &cast).map(async |who| who.get("/auth/me").await)).await {
        answer.ok();
    }
    // Each /auth/me takes statements of its own besides.
    let statements = test.app.db.statements() - before;
    let alone = test.app.db.statements();
    cast[0].get("/auth/me").await.ok();
    let alone = (test.app.db.statements() - alone) * rounds * 3;
    assert!(statements < alone * 3 / 4, "{statements} statements, one by one {alone}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_forgotten(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(false, true)] distributed: bool,
) {
    let test = Test::start(db).await;
    test.app.db.note_distributed(distributed);
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
    let over = AtomicBool::new(false);
    // At any moment some are asked for.
    let crowd = together((0..20).map(async |_| {
        while !over.load(Ordering::SeqCst) {
            manager.get("/rbac_demo/any").await.ok();
        }
    }));
    let changes = async {
        for round in 0..20 {
            let (role, status) = if round % 2 == 0 { ("tech", 403) } else { ("manager", 200) };
            owner.patch(&member, json!({ "role": role })).await.ok();
            assert_eq!(manager.get("/rbac_demo/manager").await.status, status, "round {round}");
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(crowd, changes);
}

#[rstest]
#[tokio::test]
async fn nobody_waits_longer_than_for_one_connection(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("DB_ACQUIRE_TIMEOUT_MS", "1000")]).await;
    let tech = test.tech().await;
    let all = test.app.config.pool.max_connections;
    let held = together((0..all).map(|_| test.app.db.read())).await;
    assert!(held.iter().all(Result::is_ok));
    let started = Instant::now();
    let refused = together((0..200).map(|_| tech.get("/rbac_demo/any"))).await;
    assert!(refused.iter().all(|answer| answer.status == 503));
    // One after the other, the statements of two readers would take 6 s to fail.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    drop(held);
    tech.get("/rbac_demo/any").await.ok();
}
