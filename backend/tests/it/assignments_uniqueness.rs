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
    let second = manager.post("/assignments", again).await.ok()["id"].as_str().expect("an id").to_owned();
    // The declined one cannot become active beside the new one, whatever that one is.
    for status in ["INVITED", "ACCEPTED"] {
        manager.post(&format!("/assignments/{second}:status"), json!({ "status": status })).await.ok();
        for back in ["INVITED", "ACCEPTED"] {
            let back = json!({ "status": back });
            let refused = manager.post(&format!("/assignments/{first}:status"), back).await;
            refused.refused(409, "already_assigned");
        }
    }
    assert_eq!(manager.status_of(&first).await, "DECLINED");
}
