//! At most one active assignment of a person on a mission.

use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn a_second_active_assignment_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let first = manager.assignment(&mission, &user).await;
    let again = json!({ "mission_id": mission, "user_id": user });
    manager.post("/assignments", again.clone()).await.refused(409, "already_assigned");
    manager.post(&format!("/assignments/{first}:status"), json!({ "status": "DECLINED" })).await.ok();
    manager.post("/assignments", again).await.ok();
    // The declined one cannot become active beside the new one.
    let back = manager.post(&format!("/assignments/{first}:status"), json!({ "status": "INVITED" })).await;
    back.refused(409, "already_assigned");
    assert_eq!(manager.status_of(&first).await, "DECLINED");
}
