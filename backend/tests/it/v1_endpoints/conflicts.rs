use super::NOBODY;
use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn overridden_overlaps_are_listed_with_their_reason(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    let accept = async |mission: &str, reason: Option<&str>| {
        let body = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED", "override_reason": reason });
        manager.post("/assignments", body).await.ok()["id"].clone()
    };
    let late = manager.mission("Balance", "11:00", "13:00").await;
    let early = manager.mission("Montage", "08:00", "12:00").await;
    let beside = manager.mission("Concert", "13:00", "15:00").await;
    let invited = manager.mission("Doublon", "08:00", "15:00").await;
    let second = accept(&late, None).await;
    let first = accept(&early, Some("renfort")).await;
    accept(&beside, None).await;
    manager.assignment(&invited, &user).await;
    let shown = |id: &str, title: &str, from: &str, to: &str| {
        let instant = |time: &str| format!("2026-07-10T{time}:00Z");
        json!({ "id": id, "title": title, "location": null, "start_at": instant(from), "end_at": instant(to) })
    };
    let wanted = json!({ "user_id": user, "conflicts": [{
        "a1": first, "a2": second,
        "mission1": shown(&early, "Montage", "08:00", "12:00"), "mission2": shown(&late, "Balance", "11:00", "13:00"),
        "overlap_start": "2026-07-10T11:00:00Z", "overlap_end": "2026-07-10T12:00:00Z", "override_reason": "renfort",
        "user_id": user, "user_name": "Théo Technicien",
    }] });
    let path = format!("/conflicts/user/{user}");
    assert_eq!(manager.get(&path).await.ok(), wanted);
    assert_eq!(tech.get(&path).await.ok(), wanted);
    assert_eq!(manager.get("/conflicts").await.ok(), wanted["conflicts"]);
    manager
        .post(&format!("/assignments/{}:status", first.as_str().unwrap()), json!({ "status": "DECLINED" }))
        .await
        .ok();
    assert_eq!(manager.get(&path).await.ok(), json!({ "user_id": user, "conflicts": [] }));
}

#[rstest]
#[tokio::test]
async fn the_conflicts_of_others_are_the_planners(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = format!("/conflicts/user/{user}");
    assert_eq!(manager.get(&path).await.ok(), json!({ "user_id": user, "conflicts": [] }));
    test.tech().await.get(&path).await.refused(404, "not_found");
    test.other_owner().await.get(&path).await.refused(404, "not_found");
    manager.get(&format!("/conflicts/user/{NOBODY}")).await.refused(404, "not_found");
}
