//! Changing, calling off and deleting missions.

use super::{NOBODY, id, with};
use crate::support::{Kind, NOW, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const LATER: &str = "2026-07-01T08:01:00Z";

/// A mission in which every member is set.
fn whole(project: &str) -> Json {
    json!({
        "project_id": project, "title": "Montage", "location": "Grande salle", "start_at": "2026-07-10T08:00:00Z",
        "end_at": "2026-07-10T12:00:00Z", "timezone": "Europe/London", "note": "échelle",
        "roles": [{ "role_name": "lumiere", "quota": 2 }, { "role_name": "son" }],
    })
}

#[rstest]
#[tokio::test]
async fn put_replaces_a_mission_and_what_is_missing_is_the_default(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Été").await;
    let created = manager.post("/missions", whole(&project)).await.ok();
    let path = format!("/missions/{}", id(&created));
    test.pass_seconds(60);
    let least =
        json!({ "role": "Son", "start_at": "2026-07-11T10:00:00+02:00", "end_at": "2026-07-12T00:00:00Z" });
    let replaced = manager.put(&path, least).await.ok();
    let wanted = json!({
        "id": id(&created), "project_id": null, "title": "Son", "role": "Son", "location": null,
        "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-12T00:00:00Z", "timezone": "Europe/Paris", "note": null,
        "cancelled_at": null, "created_at": NOW, "updated_at": LATER,
        "roles": [{ "id": created["roles"][1]["id"], "role_name": "Son", "quota": null, "invited": 0, "accepted": 0 }],
    });
    assert_eq!(replaced, wanted, "a role of the same name is the same role");
    assert_eq!(manager.get(&path).await.ok(), wanted);
    let entries = test.audit("mission.update").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&created, &wanted));
    assert_eq!(manager.get("/missions?q=montage").await.ok(), json!([]));
    assert_eq!(manager.get("/missions?q=SON").await.ok(), json!([wanted]));
}

#[rstest]
#[tokio::test]
async fn patch_changes_the_named_members_of_a_mission_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (project, next) = (manager.project("Été").await, manager.project("Hiver").await);
    let mut now = manager.post("/missions", whole(&project)).await.ok();
    let path = format!("/missions/{}", id(&now));
    test.pass_seconds(60);
    for (patch, change) in [
        (json!({ "title": "Balance" }), json!({ "title": "Balance", "updated_at": LATER })),
        (json!({ "project_id": next }), json!({ "project_id": next })),
        (json!({ "project_id": null }), json!({ "project_id": null })),
        (json!({ "location": "Dehors" }), json!({ "location": "Dehors" })),
        (json!({ "location": null, "note": null }), json!({ "location": null, "note": null })),
        (json!({ "note": "vu" }), json!({ "note": "vu" })),
        (json!({ "timezone": "America/Montreal" }), json!({ "timezone": "America/Montreal" })),
        (json!({ "timezone": null }), json!({ "timezone": "Europe/Paris" })),
        (json!({ "end_at": "2026-07-10T13:00:00+01:00" }), json!({ "end_at": "2026-07-10T12:00:00Z" })),
        (json!({ "end_at": "2026-07-10T13:00:00Z" }), json!({ "end_at": "2026-07-10T13:00:00Z" })),
        (json!({ "start_at": "2026-07-10T07:00:00Z" }), json!({ "start_at": "2026-07-10T07:00:00Z" })),
        (json!({ "title": null, "role": "son" }), json!({ "title": "son" })),
    ] {
        now = with(&now, change);
        assert_eq!(manager.patch(&path, patch.clone()).await.ok(), now, "{patch}");
        assert_eq!(manager.get(&path).await.ok(), now, "{patch}");
    }
    assert_eq!(test.audit("mission.update").await.len(), 11, "one of them changed nothing");
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_mission_to_what_it_is_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Été").await;
    let created = manager.post("/missions", whole(&project)).await.ok();
    let path = format!("/missions/{}", id(&created));
    let before = test.audit_count().await;
    test.pass_seconds(60);
    for same in [json!({}), json!({ "role": "lumiere" }), json!({ "role": null }), whole(&project)] {
        assert_eq!(manager.patch(&path, same.clone()).await.ok(), created, "{same}");
    }
    assert_eq!(manager.put(&path, whole(&project)).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn a_wrong_change_of_a_mission_is_refused_and_leaves_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let project = manager.project("Été").await;
    let elsewhere = other.project("Ailleurs").await;
    let created = manager.post("/missions", whole(&project)).await.ok();
    let path = format!("/missions/{}", id(&created));
    let before = test.audit_count().await;
    for (patch, wrong) in [
        (json!({ "title": null }), "/title"),
        (json!({ "title": " " }), "/title"),
        (json!({ "start_at": null }), "/start_at"),
        (json!({ "end_at": null }), "/end_at"),
        (json!({ "start_at": "2026-07-10T12:00:00Z" }), "/end_at"),
        (json!({ "end_at": "2026-08-10T08:00:01Z" }), "/end_at"),
        (json!({ "end_at": "2026-07-10T12:00:00" }), "/end_at"),
        (json!({ "timezone": "Mars/Olympus" }), "/timezone"),
        (json!({ "cancelled_at": NOW }), "/cancelled_at"),
        (json!({ "override_reason": "renfort" }), "/override_reason"),
        (json!({ "override_reason": "renfort", "title": "Balance" }), "/override_reason"),
        (json!({ "override_reason": " ", "end_at": "2026-07-10T13:00:00Z" }), "/override_reason"),
        (json!({ "roles": null, "role": 7 }), "/role"),
    ] {
        assert_eq!(manager.patch(&path, patch.clone()).await.wrong_members(), [wrong], "{patch}");
    }
    for absent in [NOBODY, elsewhere.as_str()] {
        for outcome in [
            manager.patch(&path, json!({ "project_id": absent })).await,
            manager.put(&path, whole(absent)).await,
        ] {
            assert_eq!(outcome.refused(404, "unknown_reference")["errors"][0]["pointer"], "/project_id");
        }
    }
    other.patch(&path, json!({ "title": "x" })).await.refused(404, "not_found");
    other.delete(&path).await.refused(404, "not_found");
    other.post_empty(&format!("{path}:cancel")).await.refused(404, "not_found");
    let tech = test.tech().await;
    tech.patch(&path, json!({ "title": "x" })).await.refused(403, "forbidden");
    tech.delete(&path).await.refused(403, "forbidden");
    tech.post_empty(&format!("{path}:cancel")).await.refused(403, "forbidden");
    assert_eq!(manager.get(&path).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
}

async fn set(manager: &Persona<'_>, assignment: &str, status: &str) -> crate::support::Outcome {
    manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await
}

#[rstest]
#[tokio::test]
async fn calling_a_mission_off_ends_its_assignments_and_links(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let path = format!("/missions/{mission}");
    let (mut asked, mut links) = (Vec::new(), Vec::new());
    for name in ["Nina", "Ella", "Billie"] {
        let assignment = manager.assignment(&mission, &manager.user(name).await).await;
        links.push(manager.invitation(&assignment).await);
        asked.push(assignment);
    }
    set(&manager, &asked[1], "ACCEPTED").await.ok();
    let no = format!("/invitations/{}/decline?token={}", links[2].0, links[2].1);
    anyone.post_empty(&no).await.ok();
    test.pass_seconds(60);

    let cancelled = manager.post_empty(&format!("{path}:cancel")).await.ok();
    assert_eq!((&cancelled["cancelled_at"], &cancelled["updated_at"]), (&json!(LATER), &json!(LATER)));
    let statuses = [&asked[0], &asked[1], &asked[2]].map(|id| manager.status_of(id));
    let statuses = crate::support::together(statuses).await;
    assert_eq!(statuses, ["CANCELLED", "CANCELLED", "DECLINED"], "a no stays a no");
    for (i, (invitation, token)) in links.iter().enumerate() {
        let opened = anyone.get(&format!("/invitations/verify?token={token}")).await.ok();
        let state = if i == 2 { "answered" } else { "called_off" };
        assert_eq!(opened["invitation_status"], state);
        let accept = anyone.post_empty(&format!("/invitations/{invitation}/accept?token={token}")).await;
        accept.refused(
            if i == 2 { 409 } else { 400 },
            if i == 2 { "already_answered" } else { "invalid_token" },
        );
    }
    assert_eq!(test.audit("mission.cancel").await[0].after, cancelled);
    assert_eq!(test.audit("invitation.revoke").await.len(), 2);
    let ended = test.audit("assignment.status").await;
    let ended: Vec<_> = ended.iter().filter(|entry| entry.after["status"] == "CANCELLED").collect();
    assert_eq!(ended.len(), 2);
    for entry in ended {
        let path = format!("/assignments/{}", entry.after["id"].as_str().unwrap());
        assert_eq!(manager.get(&path).await.ok(), entry.after, "the log tells what is");
    }

    let before = test.audit_count().await;
    test.pass_seconds(60);
    assert_eq!(manager.post_empty(&format!("{path}:cancel")).await.ok(), cancelled, "again is harmless");
    assert_eq!(manager.post(&format!("{path}:cancel"), json!({})).await.ok(), cancelled);
    assert_eq!(
        manager.post(&format!("{path}:cancel"), json!({ "why": "pluie" })).await.wrong_members(),
        ["/why"]
    );
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn nobody_enters_a_mission_that_was_called_off_on_any_path(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let own = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let called_off = manager.assignment(&mission, &manager.user("Nina").await).await;
    set(&manager, &own, "DECLINED").await.ok();
    manager.post_empty(&format!("/missions/{mission}:cancel")).await.ok();
    let (before, late) = (test.audit_count().await, manager.user("Ella").await);
    let writes = test.audit_count().await;
    assert_eq!(writes, before + 1);
    for status in ["INVITED", "ACCEPTED"] {
        let body = json!({ "mission_id": mission, "user_id": late, "status": status });
        manager.post("/assignments", body).await.refused(409, "mission_cancelled");
        set(&manager, &own, status).await.refused(409, "mission_cancelled");
    }
    set(&tech, &own, "ACCEPTED").await.refused(409, "mission_cancelled");
    tech.post_empty(&format!("/assignments/{own}/accept")).await.refused(409, "mission_cancelled");
    set(&manager, &called_off, "INVITED").await.refused(409, "mission_cancelled");
    let bulk = json!([{ "mission_id": mission, "user_id": late }]);
    let refused = manager.post("/assignments:bulk_create", bulk).await.refused(409, "mission_cancelled");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/0"), &json!("mission_cancelled"))
    );
    let link = json!({ "assignment_id": called_off });
    manager.post("/invitations", link.clone()).await.refused(409, "mission_cancelled");
    manager.post("/invitations:bulk_create", json!([link])).await.refused(409, "mission_cancelled");
    assert_eq!(test.audit_count().await, writes);

    let copy = manager.post_empty(&format!("/missions/{mission}:duplicate")).await.ok();
    assert_eq!(copy["cancelled_at"], Json::Null);
    manager.assignment(id(&copy), &late).await;
    for (filter, wanted) in [("cancelled", json!([mission])), ("open", json!([copy["id"]]))] {
        let listed = manager.get(&format!("/missions?status={filter}")).await.ok();
        let ids: Vec<_> = listed.as_array().unwrap().iter().map(|mission| mission["id"].clone()).collect();
        assert_eq!(json!(ids), wanted);
    }
    let all = manager.get("/missions?status=open&status=cancelled").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_mission_goes_only_while_it_has_no_assignment(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Été").await;
    let mission = manager.post("/missions", whole(&project)).await.ok();
    let path = format!("/missions/{}", id(&mission));
    let assignment = manager.assignment(id(&mission), &manager.user("Nina").await).await;
    for status in ["INVITED", "ACCEPTED", "DECLINED"] {
        set(&manager, &assignment, status).await.ok();
        manager.delete(&path).await.refused(409, "mission_not_empty");
    }
    manager.post_empty(&format!("{path}:cancel")).await.ok();
    manager.delete(&path).await.refused(409, "mission_not_empty");
    manager.delete(&format!("/assignments/{assignment}")).await.ok();
    let last = manager.get(&path).await.ok();
    assert_eq!(manager.delete(&path).await.ok(), json!({ "status": "ok" }));
    let entries = test.audit("mission.delete").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&last, &Json::Null));
    assert_eq!(test.count("SELECT count(*) AS n FROM mission_roles").await, 0);
    manager.get(&path).await.refused(404, "not_found");
    manager.delete(&path).await.refused(404, "not_found");
    manager.post_empty(&format!("{path}:cancel")).await.refused(404, "not_found");
    manager.delete(&format!("/projects/{project}")).await.ok();
}
