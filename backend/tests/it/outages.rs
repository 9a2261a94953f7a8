//! What a broken connection must not break.

use crate::support::{Kind, Test};
use tokio::task::JoinSet;

/// Every connection of the pool is dead after a restart of the server; nobody notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn dead_connections_are_replaced_unseen_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let mut busy = JoinSet::new();
    for _ in 0..10 {
        let db = test.app.db.clone();
        busy.spawn(async move { db.read().await.map(drop) });
    }
    busy.join_all().await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let kill = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(test.count(kill).await >= 2, "the pool had several connections");
    for i in 0..5 {
        manager.get("/projects").await.ok();
        manager.project(&format!("After the restart {i}")).await;
    }
}
