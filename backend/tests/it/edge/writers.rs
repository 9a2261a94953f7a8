//! Writes take turns by org. One org's do not hold up those of others, and what waits for its turn without a client, or
//! without the role any more, is not done.

#![allow(
    non_snake_case,
    reason = "a name tells which database it needs, also of the module that rstest makes of it"
)]

use crate::support::{Kind, Persona, Test, together};
use coulisses::db::{Origin, Tx};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Transactions that take all the turns that the org may have: SQLite's one, half of PostgreSQL's ten connections.
async fn take_the_orgs_turns(test: &Test, db: Kind) -> Vec<Tx> {
    let mut taken = Vec::new();
    for _ in 0..if db == Kind::Sqlite { 1 } else { 5 } {
        let origin = Origin { tenant: Some(test.org), ..Origin::system() };
        taken.push(test.app.db.write(origin).await.expect("a turn"));
    }
    taken
}

async fn until_so_many_wait(test: &Test, number: i64) {
    until(|| test.app.db.connections().waiting == number).await;
}

async fn until(is_so: impl Fn() -> bool) {
    let until = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until).await.expect("it comes to that");
}

/// Polls what is under way until `others` are done, before which it must not be.
async fn meanwhile<T>(waits: &mut (impl Future + Unpin), others: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        _ = waits => panic!("it is done before its turn"),
        done = others => done,
    }
}

async fn create(who: &Persona<'_>, name: &str) -> u16 {
    who.post("/users", json!({ "name": name })).await.status.as_u16()
}

#[rstest]
#[tokio::test]
async fn others_write_before_an_org_that_has_much_to_write(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    const MUCH: i64 = 40;
    let test = Test::start(db).await;
    let (busy, other) = (test.manager().await, test.other_owner().await);
    let taken = take_the_orgs_turns(&test, db).await;
    let done = AtomicUsize::new(0);
    let write = async |i: i64| {
        assert_eq!(create(&busy, &format!("Busy {i}")).await, 200);
        done.fetch_add(1, Ordering::SeqCst);
    };
    let mut writes = Box::pin(together((0..MUCH).map(write)));
    meanwhile(&mut writes, until_so_many_wait(&test, MUCH)).await;
    let others = async {
        assert_eq!(create(&other, "Ailleurs").await, 200);
        done.load(Ordering::SeqCst)
    };
    if db == Kind::Sqlite {
        let release = async {
            until_so_many_wait(&test, MUCH + 1).await;
            drop(taken);
        };
        let (before, _, ()) = tokio::join!(others, writes, release);
        // The one whose turn it is, and those that are done until the answer is seen.
        assert!(before <= 5, "{before} came before");
    } else {
        // The other half of the connections is theirs.
        assert_eq!(meanwhile(&mut writes, others).await, 0);
        drop(taken);
        writes.await;
    }
}

#[rstest]
#[tokio::test]
async fn a_write_whose_client_hangs_up_before_its_turn_is_not_done(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let taken = take_the_orgs_turns(&test, db).await;
    let requests = test.app.requests.free();
    let mut client = Box::pin(create(&manager, "Nobody waits"));
    // It keeps nobody from reading.
    let waits = || test.app.db.connections().waiting == 1 && test.app.requests.free() == requests;
    meanwhile(&mut client, until(waits)).await;
    drop(client);
    until_so_many_wait(&test, 0).await;
    drop(taken);
    test.settle().await;
    assert_eq!(create(&manager, "Somebody waits").await, 200);
    assert_eq!(test.count("SELECT count(*) AS n FROM users WHERE name_search LIKE '% waits'").await, 1);
}

/// What waits for the lock of a row has had its turn.
#[rstest]
#[case::who_is_demoted("UPDATE org_memberships SET role = 'tech' WHERE role = 'manager'", 403)]
#[case::who_has_signed_out("UPDATE sessions SET revoked_at = 1", 401)]
#[case::who_plans_all_the_same("UPDATE org_memberships SET role = 'admin' WHERE role = 'manager'", 200)]
#[tokio::test]
async fn a_write_that_waited_for_a_lock_is_done_as_what_its_caller_is_by_then_on_Postgres(
    #[case] change: &str,
    #[case] status: u16,
) {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let path = format!("/projects/{}", manager.project("Festival").await);
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    tx.execute_unprepared("SELECT 1 FROM projects FOR UPDATE").await.expect("the lock");
    let mut client = Box::pin(manager.patch(&path, json!({ "note": "waits" })));
    meanwhile(&mut client, test.until_a_lock_is_waited_for()).await;
    test.execute(change).await;
    test.pass_seconds(1);
    tx.commit().await.expect("the lock is gone");
    let answer = client.await;
    assert_eq!(answer.status, status, "{}", answer.text);
    let written = test.count("SELECT count(*) AS n FROM audit_log WHERE action = 'project.update'").await;
    assert_eq!(written, i64::from(status == 200));
}

#[rstest]
#[case::who_is_removed("DELETE FROM org_memberships WHERE role = 'manager'", 403)]
#[case::who_is_demoted("UPDATE org_memberships SET role = 'tech' WHERE role = 'manager'", 403)]
#[case::who_has_signed_out("UPDATE sessions SET revoked_at = 1", 401)]
#[case::who_plans_all_the_same("UPDATE org_memberships SET role = 'admin' WHERE role = 'manager'", 200)]
#[tokio::test]
async fn a_write_that_waited_is_done_as_what_its_caller_is_by_then(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[case] change: &str,
    #[case] status: u16,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut taken = take_the_orgs_turns(&test, db).await;
    let mut client = Box::pin(create(&manager, "Nina"));
    meanwhile(&mut client, until_so_many_wait(&test, 1)).await;
    let tx = taken.pop().expect("a transaction");
    tx.execute_unprepared(change).await.expect(change);
    test.pass_seconds(1);
    let (answer, ()) = tokio::join!(client, async {
        tx.commit().await.expect("the change is committed");
        drop(taken);
    });
    assert_eq!(answer, status);
    let created = test.count("SELECT count(*) AS n FROM users WHERE name_search = 'nina'").await;
    assert_eq!(created, i64::from(status == 200));
}
