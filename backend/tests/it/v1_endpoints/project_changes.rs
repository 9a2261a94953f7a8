//! Changing and deleting projects.

use super::{NOBODY, id, with};
use crate::support::{Kind, NOW, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const LATER: &str = "2026-07-01T08:01:00Z";

/// A project in which every member is set.
fn whole() -> Json {
    json!({
        "name": "Le Rideau Rouge", "status": "ACTIVE", "starts_at": "2026-07-01T00:00:00Z",
        "ends_at": "2026-08-01T00:00:00Z", "note": "deux\nlignes",
    })
}

#[rstest]
#[tokio::test]
async fn put_replaces_a_project_and_what_is_missing_is_the_default(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/projects", whole()).await.ok();
    let path = format!("/projects/{}", id(&created));
    test.pass_seconds(60);
    let wanted = json!({
        "id": id(&created), "name": "Été", "status": "DRAFT", "starts_at": null, "ends_at": null, "note": null,
        "created_at": NOW, "updated_at": LATER,
    });
    assert_eq!(manager.put(&path, json!({ "name": "Été" })).await.ok(), wanted);
    assert_eq!(manager.get(&path).await.ok(), wanted);
    let found = manager.get("/projects?q=ete").await.ok();
    assert_eq!(found, json!([wanted]), "it is found by its new name");
    assert_eq!(manager.get("/projects?q=rideau").await.ok(), json!([]));
    let back = manager.put(&path, whole()).await.ok();
    assert_eq!(back, with(&created, json!({ "updated_at": LATER })));
    let entries = test.audit("project.update").await;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|entry| (&entry.before, &entry.after) == (&created, &wanted)));
    assert!(entries.iter().any(|entry| (&entry.before, &entry.after) == (&wanted, &back)));
}

#[rstest]
#[tokio::test]
async fn patch_changes_the_named_members_of_a_project_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut now = manager.post("/projects", whole()).await.ok();
    let path = format!("/projects/{}", id(&now));
    test.pass_seconds(60);
    for (patch, change) in [
        (json!({ "name": " Été " }), json!({ "name": "Été", "updated_at": LATER })),
        (json!({ "name": "ÉTÉ" }), json!({ "name": "ÉTÉ" })),
        (json!({ "status": "ARCHIVED" }), json!({ "status": "ARCHIVED" })),
        (json!({ "ends_at": null, "note": "vu" }), json!({ "ends_at": null, "note": "vu" })),
        (json!({ "starts_at": "2027-01-01T00:00:00+01:00" }), json!({ "starts_at": "2026-12-31T23:00:00Z" })),
        (json!({ "status": null, "note": null }), json!({ "status": "DRAFT", "note": null })),
    ] {
        now = with(&now, change);
        assert_eq!(manager.patch(&path, patch.clone()).await.ok(), now, "{patch}");
        assert_eq!(manager.get(&path).await.ok(), now, "{patch}");
    }
    assert_eq!(test.audit("project.update").await.len(), 6);
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_project_to_what_it_is_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/projects", whole()).await.ok();
    let path = format!("/projects/{}", id(&created));
    let before = test.audit_count().await;
    test.pass_seconds(60);
    for same in [json!({}), json!({ "name": "Le Rideau Rouge" }), whole()] {
        assert_eq!(manager.patch(&path, same.clone()).await.ok(), created, "{same}");
    }
    assert_eq!(manager.put(&path, whole()).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn a_wrong_change_of_a_project_is_refused_and_leaves_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    manager.project("Été").await;
    test.other_owner().await.project("Automne").await;
    let created = manager.post("/projects", whole()).await.ok();
    let path = format!("/projects/{}", id(&created));
    let before = test.audit_count().await;
    for taken in ["Été", "été", "ÉTÉ", "E\u{301}te\u{301}"] {
        for outcome in [
            manager.patch(&path, json!({ "name": taken })).await,
            manager.put(&path, json!({ "name": taken })).await,
        ] {
            assert_eq!(outcome.refused(409, "duplicate")["errors"][0]["pointer"], "/name", "{taken}");
        }
    }
    for (patch, wrong) in [
        (json!({ "name": null }), "/name"),
        (json!({ "name": "" }), "/name"),
        (json!({ "status": "OPEN" }), "/status"),
        (json!({ "colour": "red" }), "/colour"),
        (json!({ "colour": null }), "/colour"),
        (json!({ "id": "0197f000-0000-7000-8000-000000000000" }), "/id"),
        (json!({ "created_at": null }), "/created_at"),
        (json!({ "ends_at": "2026-07-01T00:00:00Z" }), "/ends_at"),
        (json!({ "starts_at": "2026-09-01T00:00:00Z" }), "/ends_at"),
        (json!({ "note": "a\u{0}b" }), "/note"),
        (json!(["name"]), ""),
    ] {
        assert_eq!(manager.patch(&path, patch.clone()).await.wrong_members(), [wrong], "{patch}");
    }
    for (body, wrong) in [
        (json!({}), "/name"),
        (json!({ "name": null }), "/name"),
        (json!({ "name": "x", "status": null }), "/status"),
        (json!({ "name": "x", "id": NOBODY }), "/id"),
    ] {
        assert_eq!(manager.put(&path, body.clone()).await.wrong_members(), [wrong], "{body}");
    }
    for method in [
        manager.put(&format!("/projects/{NOBODY}"), whole()).await,
        manager.delete(&format!("/projects/{NOBODY}")).await,
    ] {
        method.refused(404, "not_found");
    }
    let other = test.other_owner().await;
    other.patch(&path, json!({ "name": "x" })).await.refused(404, "not_found");
    other.delete(&path).await.refused(404, "not_found");
    let tech = test.tech().await;
    tech.patch(&path, json!({ "name": "x" })).await.refused(403, "forbidden");
    tech.delete(&path).await.refused(403, "forbidden");
    assert_eq!(manager.get(&path).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
    manager.patch(&path, json!({ "name": "Automne" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_project_goes_when_it_has_no_missions(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.post("/projects", whole()).await.ok();
    let path = format!("/projects/{}", id(&project));
    let body = json!({ "project_id": id(&project), "role": "son", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" });
    let mission = manager.post("/missions", body).await.ok();
    manager.post_empty(&format!("/missions/{}:cancel", id(&mission))).await.ok();
    manager.delete(&path).await.refused(409, "project_not_empty");
    assert_eq!(manager.get(&path).await.ok(), project);
    assert!(test.audit("project.delete").await.is_empty());
    manager.patch(&format!("/missions/{}", id(&mission)), json!({ "project_id": null })).await.ok();
    assert_eq!(manager.delete(&path).await.ok(), json!({ "status": "ok" }));
    let entries = test.audit("project.delete").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&project, &Json::Null));
    manager.get(&path).await.refused(404, "not_found");
    manager.delete(&path).await.refused(404, "not_found");
    manager.patch(&path, json!({})).await.refused(404, "not_found");
    manager.post("/projects", whole()).await.ok();
}
