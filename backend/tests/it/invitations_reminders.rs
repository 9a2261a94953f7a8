//! Reminding people who have not answered.

use crate::support::{Kind, NOW, Persona, Test, at};
use rstest::rstest;
use serde_json::{Value as Json, json};

async fn asked(manager: &Persona<'_>, name: &str) -> (String, String, String) {
    let user = manager.user(name).await;
    let mission = manager.mission("Montage", "12:00", "16:00").await;
    let assignment = manager.assignment(&mission, &user).await;
    let created = manager.post("/invitations", json!({ "assignment_id": assignment })).await.ok();
    let text = |name: &str| created[name].as_str().expect("a text").to_owned();
    (text("id"), text("url"), mission)
}

#[rstest]
#[tokio::test]
async fn a_reminder_is_the_same_link_and_works_as_long_as_a_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("INVITES_TTL_SECONDS", "7200")]).await;
    let manager = test.manager().await;
    let (id, url, _) = asked(&manager, "Nina Simone").await;
    let remind = format!("/invitations/{id}:remind");
    // The first mail does not count.
    let reminded = manager.post_empty(&remind).await.ok();
    assert_eq!((&reminded["url"], &reminded["delivery"]), (&json!(url), &json!("none")));
    let early = manager.post_empty(&remind).await;
    early.refused(429, "reminded_recently");
    assert_eq!(early.header("retry-after"), "3601");
    test.pass_seconds(3600);
    let manager = test.manager().await;
    let events = test.audit_count().await;
    manager.post_empty(&remind).await.ok();
    assert_eq!(test.audit_count().await, events + 1);
    // An expired one works again.
    test.pass_seconds(7200);
    let verify = format!("/invitations/verify?token={}", url.rsplit('=').next().expect("a token"));
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "expired");
    let manager = test.manager().await;
    let reminded = manager.post_empty(&remind).await.ok();
    assert_eq!(reminded["expires_at"], json!(at(NOW).plus_seconds(3600 + 7200 + 7200)));
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "pending");
}

#[rstest]
#[tokio::test]
async fn nobody_is_reminded_in_vain(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let (answered, url, _) = asked(&manager, "Nina Simone").await;
    let token = url.rsplit('=').next().expect("a token");
    anyone.post(&format!("/invitations/{answered}/decline"), json!({ "token": token })).await.ok();
    let (revoked, ..) = asked(&manager, "Ella Fitzgerald").await;
    manager.delete(&format!("/invitations/{revoked}")).await.ok();
    let (called_off, _, mission) = asked(&manager, "Billie Holiday").await;
    manager.post_empty(&format!("/missions/{mission}:cancel")).await.ok();
    let (archived, _, mission) = asked(&manager, "Nina Hagen").await;
    let project = manager.project("Last season").await;
    manager.patch(&format!("/missions/{mission}"), json!({ "project_id": project })).await.ok();
    manager.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
    let user = manager.user("Bessie Smith").await;
    let assignment = manager.assignment(&manager.mission("Montage", "12:00", "16:00").await, &user).await;
    let (inactive, _) = manager.invitation(&assignment).await;
    manager.patch(&format!("/users/{user}"), json!({ "active": false })).await.ok();
    for (id, status, code) in [
        (&*inactive, 409, "user_inactive"),
        (&*answered, 409, "already_answered"),
        (&*revoked, 409, "invitation_revoked"),
        (&*called_off, 409, "mission_cancelled"),
        (&*archived, 409, "project_archived"),
        ("01900000-0000-7000-8000-000000000000", 404, "not_found"),
    ] {
        manager.post_empty(&format!("/invitations/{id}:remind")).await.refused(status, code);
    }
    let (over, ..) = asked(&manager, "Sarah Vaughan").await;
    test.pass_seconds(10 * 86_400);
    let manager = test.manager().await;
    manager.post_empty(&format!("/invitations/{over}:remind")).await.refused(409, "mission_over");
}

#[rstest]
#[tokio::test]
async fn many_are_reminded_and_who_is_not_is_said(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (first, _, mission) = asked(&manager, "Nina Simone").await;
    test.pass_seconds(3 * 3600);
    let manager = test.manager().await;
    let (second, ..) = asked(&manager, "Ella Fitzgerald").await;
    let (third, ..) = asked(&manager, "Billie Holiday").await;
    manager.post_empty(&format!("/invitations/{second}:remind")).await.ok();
    let remind = async |body: Json| manager.post("/invitations:remind", body).await;
    let ids = |all: &Json| {
        all.as_array()
            .expect("a list")
            .iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let unknown = "01900000-0000-7000-8000-000000000000";
    let outcome = remind(json!({ "ids": [third, second, third] })).await.ok();
    assert_eq!((ids(&outcome["reminded"]), &outcome["more"]), (vec![third.clone()], &json!(false)));
    assert_eq!(outcome["skipped"], json!([{ "id": second, "code": "reminded_recently" }]));
    let outcome = remind(json!({ "unanswered_hours": 3 })).await.ok();
    assert_eq!((ids(&outcome["reminded"]), &outcome["skipped"]), (vec![first.clone()], &json!([])));
    let outcome = remind(json!({ "mission_id": mission })).await.ok();
    assert_eq!(ids(&outcome["skipped"]), std::slice::from_ref(&first));
    let outcome = remind(json!({ "ids": [first, third], "mission_id": mission })).await.ok();
    assert_eq!(ids(&outcome["skipped"]), std::slice::from_ref(&first));
    let refused = remind(json!({ "ids": [first, unknown] })).await.refused(404, "unknown_reference");
    assert_eq!(refused["errors"][0]["pointer"], "/ids/1");
    for name in ["mission_id", "project_id"] {
        remind(json!({ name: unknown })).await.refused(404, "unknown_reference");
    }
    for (body, pointer) in [
        (json!({}), "/ids"),
        (json!({ "ids": [] }), "/ids"),
        (json!({ "unanswered_hours": -1 }), "/unanswered_hours"),
    ] {
        assert_eq!(remind(body.clone()).await.wrong_members(), [pointer], "{body}");
    }
}

#[rstest]
#[tokio::test]
async fn of_twenty_reminders_at_once_one_is_sent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.open_all_connections().await;
    let manager = test.manager().await;
    let (id, ..) = asked(&manager, "Nina Simone").await;
    let path = format!("/invitations/{id}:remind");
    let outcomes = crate::support::together((0..20).map(|_| manager.post_empty(&path))).await;
    let done = outcomes.iter().filter(|outcome| outcome.status == 200).count();
    assert_eq!(done, 1);
    outcomes.iter().filter(|outcome| outcome.status != 200).for_each(|outcome| {
        outcome.refused(429, "reminded_recently");
    });
}

#[rstest]
#[tokio::test]
async fn whoever_is_reminded_of_a_mission_that_has_begun_can_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let mission = json!({
        "title": "Montage", "start_at": at(NOW).plus_seconds(3600), "end_at": at(NOW).plus_seconds(8 * 3600),
    });
    let mission = manager.post("/missions", mission).await.ok();
    let assignment = manager.assignment(mission["id"].as_str().expect("an id"), &user).await;
    let body = json!({ "assignment_id": assignment, "answer_by": at(NOW).plus_seconds(5 * 3600) });
    let created = manager.post("/invitations", body).await.ok();
    let verify = format!("/invitations/verify?token={}", created["token"].as_str().expect("a token"));
    test.pass_seconds(2 * 3600);
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "expired");
    let remind = format!("/invitations/{}:remind", created["id"].as_str().expect("an id"));
    let reminded = test.manager().await.post_empty(&remind).await.ok();
    assert_eq!(reminded["answer_by"], Json::Null);
    assert_eq!(test.anonymous().get(&verify).await.ok()["invitation_status"], "pending");
}

#[rstest]
#[tokio::test]
async fn nobody_is_reminded_of_a_full_role(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = json!({
        "title": "Poursuite", "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-11T12:00:00Z",
        "roles": [{ "role_name": "son", "quota": 1 }],
    });
    let mission = manager.post("/missions", mission).await.ok()["id"].as_str().expect("an id").to_owned();
    let first = manager.assignment(&mission, &manager.user("Nina Simone").await).await;
    let second = manager.assignment(&mission, &manager.user("Ella Fitzgerald").await).await;
    let (late, _) = manager.invitation(&second).await;
    manager.post(&format!("/assignments/{first}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    manager.post_empty(&format!("/invitations/{late}:remind")).await.refused(409, "quota_reached");
    let outcome = manager.post("/invitations:remind", json!({ "mission_id": mission })).await.ok();
    assert_eq!(outcome["skipped"], json!([{ "id": late, "code": "quota_reached" }]));
}

#[rstest]
#[tokio::test]
async fn a_link_lives_until_its_answer_is_wanted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("INVITES_TTL_SECONDS", "7200")]).await;
    let manager = test.manager().await;
    let mission = json!({
        "title": "Montage", "start_at": "2026-07-20T08:00:00Z", "end_at": "2026-07-20T12:00:00Z",
    });
    let mission = manager.post("/missions", mission).await.ok()["id"].as_str().expect("an id").to_owned();
    let assignment = manager.assignment(&mission, &manager.user("Nina Simone").await).await;
    let by = "2026-07-15T12:00:00Z";
    let created =
        manager.post("/invitations", json!({ "assignment_id": assignment, "answer_by": by })).await.ok();
    assert_eq!(created["expires_at"], json!(by));
    let verify = format!("/invitations/verify?token={}", created["token"].as_str().expect("a token"));
    let opened = test.anonymous().get(&verify).await.ok();
    assert_eq!((&opened["closes_at"], &opened["invitation_status"]), (&json!(by), &json!("pending")));
}
