//! `PATCH` is JSON Merge Patch (RFC 7396), read as strictly as a whole body. (That it merges exactly as the RFC says is
//! proved beside the code, in `http/change.rs`.)

use crate::support::{Kind, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn objects_are_merged_member_by_member(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/users/{}", owner.user("Nina Simone").await);
    let given =
        json!({ "guso": "1", "address": { "street": "rue A", "city": "Paris" }, "list": [1, { "a": 1 }] });
    owner.patch(&path, json!({ "legal_ids": given, "phone": "0123" })).await.ok();
    let patch = json!({ "legal_ids": {
        "guso": null, "absent": null, "address": { "city": "Lyon", "zip": null }, "list": [{ "b": null }], "new": { "x": null, "y": 1 },
    } });
    let changed = owner.patch(&path, patch).await.ok();
    // Inside a new object null removes too; inside an array it is a value like any other.
    let wanted = json!({ "address": { "street": "rue A", "city": "Lyon" }, "list": [{ "b": null }], "new": { "y": 1 } });
    assert_eq!((&changed["legal_ids"], &changed["phone"]), (&wanted, &json!("0123")));
    let over = owner
        .patch(&path, json!({ "legal_ids": { "address": "none", "new": { "y": { "z": 1 } } } }))
        .await
        .ok();
    assert_eq!(over["legal_ids"]["address"], "none");
    assert_eq!(over["legal_ids"]["new"], json!({ "y": { "z": 1 } }));
    assert_eq!(owner.patch(&path, json!({ "legal_ids": null })).await.ok()["legal_ids"], json!(null));
    // From nothing, as from an empty object.
    let filled = owner.patch(&path, json!({ "legal_ids": { "guso": "2", "absent": null } })).await.ok();
    assert_eq!(filled["legal_ids"], json!({ "guso": "2" }));
}

#[rstest]
#[tokio::test]
async fn null_removes_what_may_be_absent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let body =
        json!({ "name": "Festival", "status": "ACTIVE", "note": "x", "starts_at": "2026-07-10T08:00:00Z" });
    let path = format!("/projects/{}", owner.post("/projects", body).await.ok()["id"].as_str().unwrap());
    let patch = json!({ "note": null, "starts_at": null, "ends_at": null });
    let changed = owner.patch(&path, patch).await.ok();
    assert_eq!((&changed["note"], &changed["starts_at"]), (&json!(null), &json!(null)));
    assert_eq!((&changed["name"], &changed["status"]), (&json!("Festival"), &json!("ACTIVE")));
    // What has a default goes back to it; what is required cannot go.
    assert_eq!(owner.patch(&path, json!({ "status": null })).await.ok()["status"], "DRAFT");
    let refused = owner.patch(&path, json!({ "name": null })).await;
    assert_eq!(refused.wrong_members(), ["/name"]);
    assert_eq!(refused.json()["errors"][0]["code"], "missing");
}

#[rstest]
#[tokio::test]
async fn an_unknown_member_is_refused_even_to_remove_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let project = format!("/projects/{}", owner.project("Festival").await);
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    let user = owner.user("Nina Simone").await;
    let assignment = format!("/assignments/{}", owner.assignment(&mission, &user).await);
    let (mission, user) = (format!("/missions/{mission}"), format!("/users/{user}"));
    for path in [project.as_str(), &mission, &user, &assignment, "/orgs/current"] {
        let before = owner.get(path).await.text;
        for (member, code) in
            [("nonsense", "unknown"), ("id", "read_only"), ("created_at", "read_only"), ("a/b~c", "unknown")]
        {
            for value in [json!(null), json!("x"), json!({ "y": null })] {
                let refused = owner.patch(path, json!({ member: value })).await;
                let pointer = format!("/{}", member.replace('~', "~0").replace('/', "~1"));
                assert_eq!(refused.wrong_members(), [pointer], "{path}");
                assert_eq!(refused.json()["errors"][0]["code"], code, "{path}");
            }
        }
        assert_eq!(owner.get(path).await.text, before);
    }
    let several = owner.patch(&project, json!({ "y": null, "note": "ok", "x": null })).await.wrong_members();
    assert_eq!(several.len(), 2, "{several:?}");
}

#[rstest]
#[tokio::test]
async fn arrays_are_replaced_whole(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let body = json!({ "name": "Nina Simone", "skills": ["son", "plateau"], "tags": ["a", "b"] });
    let path = format!("/users/{}", owner.post("/users", body).await.ok()["id"].as_str().unwrap());
    let changed = owner.patch(&path, json!({ "skills": [{ "skill": "lumiere", "level": 5 }] })).await.ok();
    assert_eq!(changed["skill_levels"], json!({ "lumiere": 5 }));
    assert_eq!(changed["tags"], json!(["a", "b"]));
    assert_eq!(owner.patch(&path, json!({ "tags": [] })).await.ok()["tags"], json!([]));
    assert_eq!(owner.patch(&path, json!({ "skills": null })).await.ok()["skills"], json!([]));
    // An object where an array belongs is no way to change one item.
    assert_eq!(owner.patch(&path, json!({ "tags": { "0": "x" } })).await.wrong_members(), ["/tags"]);

    let mission = json!({
        "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        "roles": [{ "role_name": "son", "quota": 2 }, { "role_name": "plateau" }],
    });
    let path = format!("/missions/{}", owner.post("/missions", mission).await.ok()["id"].as_str().unwrap());
    let changed = owner.patch(&path, json!({ "roles": [{ "role_name": "son" }] })).await.ok();
    assert_eq!(
        (changed["roles"].as_array().unwrap().len(), &changed["roles"][0]["quota"]),
        (1, &json!(null))
    );
    let stray = json!({ "roles": [{ "role_name": "son", "nonsense": null }] });
    assert_eq!(owner.patch(&path, stray).await.wrong_members(), ["/roles/0/nonsense"]);
}

#[rstest]
#[tokio::test]
async fn a_patch_is_an_object(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/projects/{}", owner.project("Festival").await);
    let before = owner.get(&path).await.text;
    let json_patch = json!([{ "op": "replace", "path": "/name", "value": "x" }]);
    for body in [json_patch, json!([]), json!("x"), json!(7), json!(true)] {
        assert_eq!(owner.patch(&path, body.clone()).await.wrong_members(), [""], "{body}");
    }
    for text in ["{", "{'name': 1}", r#"{"name":"a","name":"b"}"#] {
        let answer = owner.send(Method::PATCH, &path, Some(text.into())).await;
        answer.refused(400, "malformed_json");
    }
    let nul = owner.patch(&path, json!({ "note": "a\0b" })).await;
    assert_eq!(nul.wrong_members(), ["/note"]);
    assert_eq!(owner.get(&path).await.text, before);
}

#[rstest]
#[tokio::test]
async fn a_patch_of_nothing_changes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/projects/{}", owner.project("Festival").await);
    let before = owner.get(&path).await;
    let entries = test.audit_count().await;
    test.pass_seconds(60);
    // `null` as a merge patch would take the whole project away.
    owner.send(Method::PATCH, &path, Some("null".into())).await.refused(400, "validation_failed");
    for body in [None, Some("{}".to_owned()), Some(r#"{"name":"Festival","note":null}"#.into())] {
        let answer = owner.send(Method::PATCH, &path, body).await;
        assert_eq!((answer.ok(), answer.header("etag")), (before.json(), before.header("etag")));
    }
    assert_eq!(test.audit_count().await, entries);
}

#[rstest]
#[tokio::test]
async fn of_two_forms_of_a_name_a_patch_chooses_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/users/{}", owner.user("Nina Simone").await);
    let first = owner.patch(&path, json!({ "first_name": "Eunice" })).await.ok();
    assert_eq!(first["name"], "Eunice Simone");
    let last = owner.patch(&path, json!({ "last_name": "Waymon" })).await.ok();
    assert_eq!(last["name"], "Eunice Waymon");
    let whole = owner.patch(&path, json!({ "name": "Barbara" })).await.ok();
    assert_eq!((&whole["first_name"], &whole["last_name"]), (&json!(""), &json!("Barbara")));
    // Someone of one name gets a second one.
    let both = owner.patch(&path, json!({ "first_name": "Monique", "last_name": "Serf" })).await.ok();
    assert_eq!(both["name"], "Monique Serf");
    owner.patch(&path, json!({ "name": "Barbara" })).await.ok();
    let only_first = owner.patch(&path, json!({ "first_name": "Monique" })).await.ok();
    assert_eq!(only_first["name"], "Monique Barbara");
}
