//! What a broken connection must not break.

use crate::support::{Kind, Test};

/// Every connection of the pool is dead after a restart of the server; nobody notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn dead_connections_are_replaced_unseen_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    test.open_all_connections().await;
    let kill = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    assert_eq!(test.count(kill).await, 9, "all of the pool's ten but the one that ends them");
    for i in 0..5 {
        manager.get("/projects").await.ok();
        manager.project(&format!("After the restart {i}")).await;
    }
}
