//! What is closed: an archived project takes no new work, and a mission that is over is answered by planners only.

#![allow(non_snake_case, reason = "a test's name tells which database it needs")]

use crate::support::{Kind, NOW, Outcome, Persona, Test};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;

const DAY: (&str, &str) = ("2026-07-10T08:00:00Z", "2026-07-10T18:00:00Z");

async fn plan(manager: &Persona<'_>, title: &str, (start, end): (&str, &str)) -> String {
    let body = json!({ "title": title, "start_at": start, "end_at": end });
    manager.post("/missions", body).await.ok()["id"].as_str().expect("an id").to_owned()
}

async fn archive(manager: &Persona<'_>, project: &str, status: &str) {
    manager.patch(&format!("/projects/{project}"), json!({ "status": status })).await.ok();
}

/// An invitation to a mission of the project.
async fn invited(manager: &Persona<'_>, project: &str, user: &str) -> (String, String, (String, String)) {
    let mission = plan(manager, "Montage", DAY).await;
    manager.patch(&format!("/missions/{mission}"), json!({ "project_id": project })).await.ok();
    let assignment = manager.assignment(&mission, user).await;
    let link = manager.invitation(&assignment).await;
    (mission, assignment, link)
}

#[rstest]
#[tokio::test]
async fn an_archived_project_takes_no_new_work(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let project = manager.project("Saison 2025").await;
    let (user, other) = (test.tech_user.to_string(), manager.user("Zoé").await);
    let (mission, assignment, (invitation, token)) = invited(&manager, &project, &user).await;
    let declined = manager.assignment(&mission, &other).await;
    manager.post(&format!("/assignments/{declined}:status"), json!({ "status": "DECLINED" })).await.ok();
    let apart = plan(&manager, "Ailleurs", DAY).await;
    archive(&manager, &project, "ARCHIVED").await;
    let audited = test.audit_count().await;
    let item = json!({ "title": "Nouvelle", "start_at": DAY.0, "end_at": DAY.1 });
    let mut named = item.clone();
    named["project_id"] = json!(project);
    let third = manager.user("Ali").await;
    let new = json!({ "mission_id": mission, "user_id": third });
    for (path, body) in [
        ("/missions".into(), named),
        (format!("/projects/{project}/missions:bulk_create"), json!([item])),
        (format!("/missions/{mission}:duplicate"), json!({ "shift_days": 1 })),
        ("/assignments".into(), new.clone()),
        ("/assignments:bulk_create".into(), json!([new])),
        ("/invitations".into(), json!({ "assignment_id": assignment })),
        ("/invitations:bulk_create".into(), json!([{ "assignment_id": assignment }])),
        (format!("/assignments/{assignment}:status"), json!({ "status": "ACCEPTED" })),
        (format!("/assignments/{declined}:status"), json!({ "status": "INVITED" })),
    ] {
        manager.post(&path, body).await.refused(409, "project_archived");
    }
    manager
        .patch(&format!("/missions/{apart}"), json!({ "project_id": project }))
        .await
        .refused(409, "project_archived");
    test.tech()
        .await
        .post_empty(&format!("/assignments/{assignment}/accept"))
        .await
        .refused(409, "project_archived");
    let answer = |verb: &str| format!("/invitations/{invitation}/{verb}?token={token}");
    anyone.post_empty(&answer("accept")).await.refused(409, "project_archived");
    let page = anyone.get(&format!("/invite?token={token}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(test.audit_count().await, audited + 1, "only Ali came");

    // The rest stays, and so does the way back.
    assert_eq!(manager.get(&format!("/missions/{mission}")).await.ok()["title"], "Montage");
    manager.patch(&format!("/missions/{mission}"), json!({ "note": "rangé" })).await.ok();
    anyone.post_empty(&answer("decline")).await.ok();
    archive(&manager, &project, "ACTIVE").await;
    manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    archive(&manager, &project, "ARCHIVED").await;
    manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": "CANCELLED" })).await.ok();
    manager.patch(&format!("/missions/{mission}"), json!({ "project_id": null })).await.ok();
}

/// Whoever says yes while the project is being archived is told so.
#[rstest]
#[case::an_acceptance("/assignments/{assignment}:status", json!({ "status": "ACCEPTED" }))]
#[case::a_new_mission("/projects/{project}/missions:bulk_create", json!([{ "title": "Nouvelle", "start_at": DAY.0, "end_at": DAY.1 }]))]
#[case::a_link("/invitations", json!({ "assignment_id": "{assignment}" }))]
#[tokio::test]
async fn what_waits_for_a_project_that_is_being_archived_is_refused_on_Postgres(
    #[case] path: &str,
    #[case] body: serde_json::Value,
) {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    let project = manager.project("Saison 2025").await;
    let (_, assignment, _) = invited(&manager, &project, &test.tech_user.to_string()).await;
    let fill = |text: String| text.replace("{project}", &project).replace("{assignment}", &assignment);
    let body = serde_json::from_str(&fill(body.to_string())).expect("JSON");
    let path = fill(path.to_owned());
    let archiving = test.app.db.write(coulisses::db::Origin::system()).await.expect("a transaction");
    archiving.execute_unprepared("UPDATE projects SET status = 'ARCHIVED'").await.expect("the change");
    let request = manager.post(&path, body);
    let until_it_waits = async {
        test.until_a_lock_is_waited_for().await;
        archiving.commit().await.expect("it is archived");
    };
    let (answer, ()): (Outcome, ()) = tokio::join!(request, until_it_waits);
    answer.refused(409, "project_archived");
}

#[rstest]
#[tokio::test]
async fn a_mission_is_answered_until_it_ends_and_planned_after_that(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let start = (now - jiff::ToSpan::hours(1)).to_string();
    let end = (now + jiff::ToSpan::seconds(2)).to_string();
    let period = (start.as_str(), end.as_str());
    let mut calls = Vec::new();
    for title in ["par le lien", "par la session", "après"] {
        let mission = plan(&manager, title, period).await;
        let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
        let (invitation, token) = manager.invitation(&assignment).await;
        calls.push((assignment, format!("/invitations/{invitation}/decline?token={token}")));
    }
    test.pass_seconds(1);
    // While it runs it can still be answered.
    anyone.post_empty(&calls[0].1).await.ok();
    test.tech().await.post_empty(&format!("/assignments/{}/decline", calls[1].0)).await.ok();
    test.pass_seconds(1);
    let audited = test.audit_count().await;
    // An answer that stands is no new one.
    anyone.post_empty(&calls[0].1).await.ok();
    let tech = test.tech().await;
    tech.post_empty(&format!("/assignments/{}/decline", calls[1].0)).await.ok();
    let (assignment, decline) = &calls[2];
    let (_, token) = decline.split_once("token=").expect("a token");
    let page = anyone.get(&format!("/invite?token={token}")).await.text;
    assert!(page.contains("This call is over") && !page.contains("<button"), "{page}");
    anyone.post_empty(decline).await.refused(409, "mission_over");
    anyone.post_empty(&decline.replace("/decline", "/accept")).await.refused(409, "mission_over");
    for verb in ["accept", "decline"] {
        tech.post_empty(&format!("/assignments/{assignment}/{verb}")).await.refused(409, "mission_over");
    }
    let status = format!("/assignments/{assignment}:status");
    tech.post(&status, json!({ "status": "ACCEPTED" })).await.refused(409, "mission_over");
    assert_eq!(test.audit_count().await, audited);
    // Planners note down who came.
    manager.post(&status, json!({ "status": "ACCEPTED" })).await.ok();
    let late = plan(&manager, "Oubliée", period).await;
    let late = json!({ "mission_id": late, "user_id": manager.user("Zoé").await, "status": "ACCEPTED" });
    manager.post("/assignments", late).await.ok();
}
