//! The audit log: every write is in it, once, and those who may read it find what they look for.

use crate::support::{Kind, Operation, Persona, Sample, Test, operations};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};

/// Renewing a session is no event: it happens every half hour in every open tab, and the session itself tells when.
const UNRECORDED: [&str; 2] = ["/api/v1/auth/refresh", "/api/v1/planning:check"];

fn writes() -> Vec<Operation> {
    operations().into_iter().filter(|operation| operation.method != Method::GET).collect()
}

#[rstest]
#[tokio::test]
async fn every_write_leaves_an_entry(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    for write in writes() {
        let sample = Sample::of(&owner, &write).await;
        let before = test.audit_count().await;
        sample.send(&owner).await.ok();
        let recorded = test.audit_count().await > before;
        assert_eq!(recorded, !UNRECORDED.contains(&&*write.template), "{} {}", sample.method, sample.path);
    }
}

/// Whether the second of two equal calls asks for nothing new, rather than for another object.
fn repeats(write: &Operation) -> bool {
    let verbs = [
        ":approve",
        ":reject",
        ":cancel",
        ":status",
        "/accept",
        "/decline",
        "/auth/logout",
        "/rates/user/{uid}",
    ];
    let ends = write.method == Method::DELETE
        && ["/invitations/{id}", "/auth/sessions/{id}"].iter().any(|path| write.template.ends_with(path));
    ends || matches!(write.method, Method::PUT | Method::PATCH)
        || verbs.iter().any(|verb| write.template.ends_with(verb))
}

#[rstest]
#[tokio::test]
async fn what_changes_nothing_leaves_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let repeated: Vec<_> = writes().into_iter().filter(repeats).collect();
    assert!(repeated.len() >= 25, "{}", repeated.len());
    for write in repeated {
        let sample = Sample::of(&owner, &write).await;
        let first = sample.send(&owner).await;
        first.ok();
        let entries = test.audit_count().await;
        test.pass_seconds(1);
        let second = sample.send(&owner).await;
        assert_eq!(second.ok(), first.json(), "{} {}", sample.method, sample.path);
        assert_eq!(test.audit_count().await, entries, "{} {}", sample.method, sample.path);
    }
}

#[rstest]
#[tokio::test]
async fn the_order_of_words_is_no_change(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/users/{}", owner.user("Nina Simone").await);
    let words = json!({ "skills": ["son", "lumiere", "Éclair"], "tags": ["vivier", "Alpha"] });
    let mut whole = words.clone();
    whole["name"] = json!("Nina Simone");
    whole["legal_ids"] = json!({ "z": 1, "a": { "y": [2, 1], "b": null } });
    owner.put(&path, whole.clone()).await.ok();
    owner.put(&format!("{path}/profile"), words.clone()).await.ok();
    let (before, entries) = (owner.get(&path).await.text, test.audit_count().await);
    test.pass_seconds(60);
    owner.put(&path, whole).await.ok();
    owner.patch(&path, words.clone()).await.ok();
    owner.put(&format!("{path}/profile"), words).await.ok();
    assert_eq!((owner.get(&path).await.text, test.audit_count().await), (before, entries));
}

#[rstest]
#[tokio::test]
async fn a_refused_write_leaves_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, tech) = (test.owner().await, test.tech().await);
    // What every member may do to everybody's things is not refused.
    let for_all = |write: &Operation| {
        !write.is_public() && write.status("tech") == Some(200) && write.status("colleague").is_none()
    };
    for write in writes().iter().filter(|write| !write.template.contains("/auth/") && !for_all(write)) {
        let sample = Sample::of(&owner, write).await;
        let before = test.audit_count().await;
        // With the token of an invitation anyone may answer.
        let mut refused = sample.clone();
        if refused.body.as_ref().is_some_and(|body| body.get("token").is_some()) {
            refused.body = None;
        }
        let answer = refused.send(&tech).await;
        assert!(answer.status.is_client_error(), "{} {}: {}", sample.method, sample.path, answer.text);
        assert_eq!(test.audit_count().await, before, "{} {}", sample.method, sample.path);
    }
}

async fn entries(who: &Persona<'_>, query: &str) -> Vec<Json> {
    who.get(&format!("/audit{query}")).await.ok().as_array().unwrap().clone()
}

fn actions(entries: &[Json]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn an_entry_tells_who_did_what_when(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let account = manager.get("/auth/me").await.ok()["id"].clone();
    test.pass_seconds(60);
    let sender = manager.clone().with_header("x-request-id", "req-1");
    let created = sender.post("/projects", json!({ "name": "Festival" })).await.ok();
    let id = created["id"].as_str().unwrap();
    test.pass_seconds(60);
    let changed = manager.patch(&format!("/projects/{id}"), json!({ "note": "x" })).await.ok();
    test.pass_seconds(60);
    manager.delete(&format!("/projects/{id}")).await.ok();
    let found = entries(&admin, &format!("?object_id={id}")).await;
    assert_eq!(actions(&found), ["project.delete", "project.update", "project.create"]);
    let entry = json!({
        "id": found[2]["id"], "actor_kind": "account", "actor_id": account, "actor_email": "manager@rideau.example",
        "action": "project.create", "object_type": "project", "object_id": id, "request_id": "req-1",
        "created_at": "2026-07-01T08:01:00Z", "before": null, "after": created,
    });
    assert_eq!(found[2], entry);
    assert_eq!((&found[1]["before"], &found[1]["after"]), (&created, &changed));
    assert_eq!((&found[0]["before"], &found[0]["after"]), (&changed, &json!(null)));
}

#[rstest]
#[tokio::test]
async fn an_answer_by_link_is_the_invitations_and_the_beginning_the_systems(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    test.anonymous().post(&format!("/invitations/{invitation}/accept"), json!({ "token": token })).await.ok();
    let by_link = entries(&admin, &format!("?actor_id={invitation}")).await;
    assert!(!by_link.is_empty());
    for entry in &by_link {
        assert_eq!((&entry["actor_kind"], &entry["actor_email"]), (&json!("invitation"), &json!(null)));
        assert!(!entry.to_string().contains(&token), "{entry}");
    }
    let first = entries(&admin, "?object_type=org").await;
    assert_eq!(actions(&first), ["org.create"]);
    let system =
        (&first[0]["actor_kind"], &first[0]["actor_id"], &first[0]["actor_email"], &first[0]["request_id"]);
    assert_eq!(system, (&json!("system"), &json!(null), &json!(null), &json!(null)));
}

#[rstest]
#[tokio::test]
async fn admins_and_owners_read_their_own_orgs(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.anonymous().get("/audit").await.refused(401, "unauthenticated");
    for lower in [test.tech().await, test.manager().await] {
        lower.get("/audit").await.refused(403, "forbidden");
    }
    let stranger = test.other_owner().await;
    let theirs = stranger.project("Leur spectacle").await;
    let account = stranger.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    test.owner().await.project("Festival").await;
    for reader in [test.admin().await, test.owner().await] {
        let all = entries(&reader, "?limit=1000").await;
        assert!(all.iter().any(|entry| entry["action"] == "project.create"));
        let text = json!(all).to_string();
        assert!(
            !text.contains("Leur spectacle") && !text.contains("other.example") && !text.contains(&theirs),
            "{text}"
        );
        for query in [format!("?object_id={theirs}"), format!("?actor_id={account}")] {
            assert_eq!(entries(&reader, &query).await, [] as [Json; 0], "{query}");
        }
    }
    assert_eq!(entries(&stranger, &format!("?object_id={theirs}")).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn every_filter_narrows(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager, owner) = (test.admin().await, test.manager().await, test.owner().await);
    let account = async |who: &Persona<'_>| who.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    let (of_manager, of_owner) = (account(&manager).await, account(&owner).await);
    test.pass_seconds(60);
    let one = manager.project("Un").await;
    test.pass_seconds(60);
    let two = owner.project("Deux").await;
    test.pass_seconds(60);
    let user = owner.user("Nina Simone").await;
    let objects = async |query: String| -> Vec<String> {
        let found = entries(&admin, &query).await;
        found.iter().map(|entry| entry["object_id"].as_str().unwrap().to_owned()).collect()
    };
    let (one_minute, two_minutes, later) =
        ("2026-07-01T08:01:00Z", "2026-07-01T08:02:00Z", "2026-07-01T08:03:00.000001Z");
    let since = format!("from={one_minute}");
    for (query, wanted) in [
        (format!("?{since}"), vec![&user, &two, &one]),
        (format!("?{since}&object_type=project"), vec![&two, &one]),
        (format!("?{since}&object_type=project&object_type=user"), vec![&user, &two, &one]),
        (format!("?{since}&object_type=mission"), vec![]),
        (format!("?object_id={one}"), vec![&one]),
        (format!("?object_id={one}&object_id={user}"), vec![&user, &one]),
        (format!("?{since}&actor_id={of_manager}"), vec![&one]),
        (format!("?{since}&actor_id={of_manager}&actor_id={of_owner}"), vec![&user, &two, &one]),
        (format!("?{since}&actor_id={of_owner}&object_type=project"), vec![&two]),
        // From the instant on, until before the other.
        (format!("?{since}&to={two_minutes}"), vec![&one]),
        (format!("?from={two_minutes}&to={later}"), vec![&user, &two]),
        (format!("?from={later}"), vec![]),
        ("?object_id=019f0000-0000-7000-8000-000000000000".into(), vec![]),
    ] {
        assert_eq!(objects(query.clone()).await, wanted.into_iter().cloned().collect::<Vec<_>>(), "{query}");
    }
    for (query, pointer) in [
        ("?object_id=1", "/object_id"),
        ("?actor_id=x", "/actor_id"),
        ("?from=yesterday", "/from"),
        ("?to=2026-07-01T08:00:00", "/to"),
        ("?action=project.create", "/action"),
    ] {
        assert_eq!(admin.get(&format!("/audit{query}")).await.wrong_members(), [pointer]);
    }
}

/// A hundred entries of one transaction have one instant: they still come in one order, newest first, page by page.
#[rstest]
#[tokio::test]
async fn pages_are_stable_inside_one_transaction(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (admin, manager) = (test.admin().await, test.manager().await);
    let project = manager.project("Festival").await;
    let items: Vec<_> = (0..100)
        .map(|i| json!({ "title": format!("{i}"), "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" }))
        .collect();
    let created = manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(items)).await.ok();
    let mut wanted: Vec<_> = created["ids"].as_array().unwrap().clone();
    wanted.reverse();
    for limit in [1, 7, 99, 100, 101] {
        let (mut found, mut path) = (Vec::new(), Some(format!("/audit?object_type=mission&limit={limit}")));
        while let Some(here) = path {
            let page = admin.get(&here).await;
            found.extend(page.ok().as_array().unwrap().iter().map(|entry| entry["object_id"].clone()));
            path = page.next_page();
            // What is written meanwhile is newer, and moves no page.
            test.pass_seconds(1);
            manager.mission("Plus tard", "08:00", "12:00").await;
        }
        // Those that were there before the first page.
        let newer = found.len() - wanted.len();
        assert_eq!(found[newer..], wanted[..], "limit {limit}");
        let distinct: std::collections::BTreeSet<_> = found.iter().map(Json::to_string).collect();
        assert_eq!(distinct.len(), found.len(), "limit {limit}");
    }
}
