//! Refresh tokens: one use each, forgiven to whoever lost the answer, fatal to whoever copied one. Two instances
//! always, because a browser does not choose which one answers.

use super::{Session, browser, system, until_waiting};
use crate::support::{Kind, Outcome, Test, together};
use axum::Router;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

async fn refresh(test: &Test, at: &Router, token: &str) -> Outcome {
    browser(test, token).at(at).post_empty("/auth/refresh").await
}

async fn assert_family_ended(test: &Test, instances: &[Router], family: &[&Session]) {
    for instance in instances {
        for session in family {
            refresh(test, instance, &session.refresh).await.refused(401, "unauthenticated");
            let holder = test.anonymous().with_token(&session.access).at(instance);
            holder.get("/auth/me").await.refused(401, "unauthenticated");
        }
    }
    assert_eq!(test.audit("session.reuse").await.len(), 1, "it is on record, once");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_refreshes_at_once_over_two_instances_sign_nobody_out(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let instances = [test.router.clone(), test.second_instance().await];
    test.open_all_connections().await;
    let mut token = Session::start(&test).await.refresh;
    for round in 0..5 {
        let tabs = (0..20).map(|tab| refresh(&test, &instances[tab % 2], &token));
        let tabs: Vec<_> = together(tabs).await.iter().map(Session::of).collect();
        let successors: BTreeSet<_> = tabs.iter().map(|tab| tab.refresh.clone()).collect();
        assert_eq!(successors.len(), 1, "round {round}: they share one successor");
        for (tab, session) in tabs.iter().enumerate() {
            let holder = test.anonymous().with_token(&session.access).at(&instances[(tab + 1) % 2]);
            holder.get("/auth/me").await.ok();
        }
        // Whichever tab goes on, its cookie works: all twenty at once, in the next round.
        token = successors.into_iter().next().expect("a successor");
        test.pass_seconds(60);
    }
    assert_eq!(test.audit("session.reuse").await.len(), 0);
}

/// A refresh that meets a sign-out waits for it and does not bring the session back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_refresh_does_not_bring_back_what_ends_in_that_instant_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let session = Session::start(&test).await;
    let ending = test.app.db.write(system()).await.expect("a transaction");
    let now = test.clock.now().as_micros();
    ending.execute_unprepared(&format!("UPDATE sessions SET revoked_at = {now}")).await.expect("it ends");
    let end = async {
        until_waiting(&test, 1).await;
        ending.commit().await.expect("it has ended");
    };
    let ((), renewal) = tokio::join!(end, refresh(&test, &test.router, &session.refresh));
    renewal.refused(401, "unauthenticated");
    assert_eq!(test.count("SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_used_one_gets_the_same_successor_for_thirty_seconds_wherever_it_comes_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (here, there) = (test.router.clone(), test.second_instance().await);
    let first = Session::start(&test).await;
    let lost = Session::of(&refresh(&test, &here, &first.refresh).await);
    for seconds in [0, 15, 15] {
        test.pass_seconds(seconds);
        for instance in [&there, &here] {
            let again = Session::of(&refresh(&test, instance, &first.refresh).await);
            assert_eq!(again.refresh, lost.refresh);
            test.anonymous().with_token(&again.access).at(&here).get("/auth/me").await.ok();
        }
    }
    Session::of(&refresh(&test, &there, &lost.refresh).await);
}

#[rstest]
#[tokio::test]
async fn a_used_one_whose_successor_was_used_ends_the_family_on_every_instance(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let instances = [test.router.clone(), test.second_instance().await];
    let bystander = Session::start(&test).await;
    let first = Session::start(&test).await;
    let second = Session::of(&refresh(&test, &instances[0], &first.refresh).await);
    let third = Session::of(&refresh(&test, &instances[1], &second.refresh).await);
    // In the same instant: the thirty seconds are for a successor that was not used.
    refresh(&test, &instances[0], &first.refresh).await.refused(401, "unauthenticated");
    assert_family_ended(&test, &instances, &[&first, &second, &third]).await;
    Session::of(&refresh(&test, &instances[1], &bystander.refresh).await);
}

#[rstest]
#[tokio::test]
async fn a_used_one_after_thirty_seconds_ends_the_family_on_every_instance(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let instances = [test.router.clone(), test.second_instance().await];
    let bystander = Session::start(&test).await;
    let first = Session::start(&test).await;
    let second = Session::of(&refresh(&test, &instances[0], &first.refresh).await);
    test.pass_seconds(31);
    refresh(&test, &instances[1], &first.refresh).await.refused(401, "unauthenticated");
    assert_family_ended(&test, &instances, &[&first, &second]).await;
    Session::of(&refresh(&test, &instances[0], &bystander.refresh).await);
}
