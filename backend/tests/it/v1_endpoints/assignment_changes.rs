//! Changing and deleting assignments, and finding them.

use super::{NOBODY, each, id, walk, with};
use crate::support::{Kind, NOW, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const LATER: &str = "2026-07-01T08:01:00Z";

async fn with_roles(manager: &Persona<'_>, roles: Json) -> Json {
    let body = json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": roles });
    manager.post("/missions", body).await.ok()
}

async fn join(manager: &Persona<'_>, mission: &Json, role: Json, status: &str) -> Json {
    let user = manager.user("Nina").await;
    let body = json!({ "mission_id": id(mission), "user_id": user, "role_name": role, "status": status });
    made(manager, body).await
}

async fn made(manager: &Persona<'_>, body: Json) -> Json {
    let mut created = manager.post("/assignments", body).await.ok();
    // No part of the object, but of what there is to know of the write.
    assert_eq!(created.as_object_mut().expect("an object").remove("warnings"), Some(json!([])));
    created
}

#[rstest]
#[tokio::test]
async fn the_note_and_the_role_of_an_assignment_change(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission =
        with_roles(&manager, json!([{ "role_name": "son" }, { "role_name": "plateau", "quota": 1 }])).await;
    let (sound, stage) = (&mission["roles"][0]["id"], &mission["roles"][1]["id"]);
    let created = join(&manager, &mission, Json::Null, "ACCEPTED").await;
    let path = format!("/assignments/{}", id(&created));
    let before = test.audit_count().await;
    test.pass_seconds(60);
    for same in [json!({}), json!({ "note": null }), json!({ "role_name": null })] {
        assert_eq!(manager.patch(&path, same).await.ok(), created);
    }
    assert_eq!(test.audit_count().await, before);
    let mut now = created.clone();
    for (patch, change) in [
        (json!({ "note": "à confirmer" }), json!({ "note": "à confirmer", "updated_at": LATER })),
        (json!({ "role_name": "SON" }), json!({ "mission_role_id": sound, "role_name": "son" })),
        (
            json!({ "role_name": "plateau", "note": null }),
            json!({ "mission_role_id": stage, "role_name": "plateau", "note": null }),
        ),
        (json!({ "note": "vu" }), json!({ "note": "vu" })),
        (json!({ "role_name": null }), json!({ "mission_role_id": null, "role_name": null })),
    ] {
        let was = now.clone();
        now = with(&now, change);
        assert_eq!(manager.patch(&path, patch.clone()).await.ok(), now, "{patch}");
        assert_eq!(manager.get(&path).await.ok(), now);
        let entries = test.audit("assignment.update").await;
        assert!(entries.iter().any(|entry| (&entry.before, &entry.after) == (&was, &now)), "{patch}");
    }
    assert_eq!(test.audit_count().await, before + 5);
}

#[rstest]
#[tokio::test]
async fn a_wrong_change_of_an_assignment_is_refused_and_leaves_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let mission =
        with_roles(&manager, json!([{ "role_name": "son" }, { "role_name": "plateau", "quota": 1 }])).await;
    let body = json!({ "mission_id": id(&mission), "user_id": test.tech_user.to_string(), "role_name": "son", "status": "ACCEPTED" });
    let created = made(&manager, body).await;
    join(&manager, &mission, json!("plateau"), "ACCEPTED").await;
    let path = format!("/assignments/{}", id(&created));
    let before = test.audit_count().await;
    for (patch, wrong) in [
        (json!({ "status": "DECLINED" }), "/status"),
        (json!({ "status": null }), "/status"),
        (json!({ "mission_id": "0197f000-0000-7000-8000-000000000000" }), "/mission_id"),
        (json!({ "user_id": null }), "/user_id"),
        (json!({ "conflict_override": "x" }), "/conflict_override"),
        (json!({ "role_name": "" }), "/role_name"),
        (json!({ "note": 7 }), "/note"),
    ] {
        assert_eq!(manager.patch(&path, patch.clone()).await.wrong_members(), [wrong], "{patch}");
    }
    let unknown =
        manager.patch(&path, json!({ "role_name": "lumiere" })).await.refused(404, "unknown_reference");
    assert_eq!(unknown["errors"][0]["pointer"], "/role_name");
    // An accepted one takes a place; one that is only asked does not.
    manager.patch(&path, json!({ "role_name": "plateau" })).await.refused(409, "quota_reached");
    tech.patch(&path, json!({ "note": "x" })).await.refused(403, "forbidden");
    tech.delete(&path).await.refused(403, "forbidden");
    let other = test.other_owner().await;
    other.patch(&path, json!({ "note": "x" })).await.refused(404, "not_found");
    other.delete(&path).await.refused(404, "not_found");
    manager.patch(&format!("/assignments/{NOBODY}"), json!({})).await.refused(404, "not_found");
    assert_eq!(manager.get(&path).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
    let invited = join(&manager, &mission, json!("son"), "INVITED").await;
    let invited = format!("/assignments/{}", id(&invited));
    manager.patch(&invited, json!({ "role_name": "plateau" })).await.ok();
    manager
        .post(&format!("{invited}:status"), json!({ "status": "ACCEPTED" }))
        .await
        .refused(409, "quota_reached");
    manager.patch(&invited, json!({ "role_name": "son" })).await.ok();
    manager.post(&format!("{invited}:status"), json!({ "status": "ACCEPTED" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_deleted_assignment_takes_its_links_along_and_the_log_keeps_both(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let user = manager.user("Nina").await;
    let kept = manager.assignment(&mission, &manager.user("Ella").await).await;
    let (kept_link, kept_token) = manager.invitation(&kept).await;
    let assignment = manager.assignment(&mission, &user).await;
    let (first, _) = manager.invitation(&assignment).await;
    let (second, token) = manager.invitation(&assignment).await;
    let path = format!("/assignments/{assignment}");
    let was = manager.get(&path).await.ok();
    let links = manager.get(&format!("/invitations?assignment_id={assignment}")).await.ok();

    assert_eq!(manager.delete(&path).await.ok(), json!({ "status": "ok" }));
    let entries = test.audit("assignment.delete").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&was, &Json::Null));
    let mut gone: Vec<_> =
        test.audit("invitation.delete").await.into_iter().map(|entry| entry.before).collect();
    gone.sort_by_key(|link| std::cmp::Reverse(id(link).to_owned()));
    assert_eq!(json!(gone), links);
    manager.get(&path).await.refused(404, "not_found");
    manager.delete(&path).await.refused(404, "not_found");
    anyone.get(&format!("/invitations/verify?token={token}")).await.refused(400, "invalid_token");
    for (id, code) in [(&first, 404), (&second, 400)] {
        let answer = anyone.post_empty(&format!("/invitations/{id}/accept?token={token}")).await;
        // The token is genuine, its invitation is no more; of the other nothing is left at all.
        answer.refused(code, if code == 404 { "not_found" } else { "invalid_token" });
    }
    anyone.post_empty(&format!("{path}/accept?token={token}")).await.refused(400, "invalid_token");
    assert_eq!(test.count("SELECT count(*) AS n FROM invitations").await, 1);
    anyone.post_empty(&format!("/invitations/{kept_link}/accept?token={kept_token}")).await.ok();
    manager.assignment(&mission, &user).await;
}

#[rstest]
#[tokio::test]
async fn every_filter_of_assignments_narrows_and_repeating_one_widens(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let (summer, winter) = (manager.project("Été").await, manager.project("Hiver").await);
    let (own, other) = (test.tech_user.to_string(), manager.user("Nina").await);
    let mut missions = Vec::new();
    for (day, project) in [(10, json!(summer)), (11, json!(winter)), (12, Json::Null)] {
        let body = json!({ "project_id": project, "title": "x", "start_at": format!("2026-07-{day}T08:00:00Z"), "end_at": format!("2026-07-{day}T12:00:00Z") });
        missions.push(id(&manager.post("/missions", body).await.ok()).to_owned());
    }
    let mut asked = Vec::new();
    for (mission, user, status) in
        [(0, &own, "ACCEPTED"), (1, &own, "DECLINED"), (1, &other, "INVITED"), (2, &other, "CANCELLED")]
    {
        let assignment = manager.assignment(&missions[mission], user).await;
        manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await.ok();
        asked.push(assignment);
    }
    let (m0, m1, m2) = (&missions[0], &missions[1], &missions[2]);
    for (query, wanted) in [
        (String::new(), vec![0, 1, 2, 3]),
        (format!("mission_id={m1}"), vec![1, 2]),
        (format!("mission_id={m0}&mission_id={m2}"), vec![0, 3]),
        (format!("user_id={own}"), vec![0, 1]),
        (format!("user_id={own}&user_id={other}"), vec![0, 1, 2, 3]),
        (format!("project_id={summer}"), vec![0]),
        (format!("project_id={summer}&project_id={winter}"), vec![0, 1, 2]),
        ("status=DECLINED".into(), vec![1]),
        ("status=DECLINED&status=CANCELLED".into(), vec![1, 3]),
        ("from=2026-07-11T12:00:00Z".into(), vec![3]),
        ("from=2026-07-11T11:59:59.999999Z".into(), vec![1, 2, 3]),
        ("to=2026-07-11T08:00:00Z".into(), vec![0]),
        ("from=2026-07-10T12:00:00Z&to=2026-07-12T08:00:00Z".into(), vec![1, 2]),
        (format!("project_id={winter}&user_id={other}"), vec![2]),
        (format!("mission_id={m1}&status=INVITED&status=ACCEPTED&to=2026-07-12T00:00:00Z"), vec![2]),
        (format!("mission_id={m1}&project_id={summer}"), vec![]),
        (format!("mission_id={NOBODY}"), vec![]),
        ("me=1".into(), vec![]),
        ("me=0".into(), vec![0, 1, 2, 3]),
    ] {
        let listed = manager.get(&format!("/assignments?{query}")).await.ok();
        let starts = each(&listed, "start_at");
        assert!(starts.is_sorted(), "{query}");
        let mut found = each(&listed, "id");
        let mut wanted: Vec<_> = wanted.into_iter().map(|i: usize| asked[i].as_str()).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{query}");
    }
    for (query, wanted) in
        [("", 2), ("me=1", 2), ("me=0", 2), ("status=DECLINED", 1), (&format!("user_id={other}"), 0)]
    {
        let listed = tech.get(&format!("/assignments?{query}")).await.ok();
        assert_eq!(listed.as_array().unwrap().len(), wanted, "{query}");
        assert!(each(&listed, "user_id").iter().all(|user| *user == own));
    }
    for query in ["me=2", "status=accepted", "from=2026-07-11", "mission=x", "me=1&me=1"] {
        manager.get(&format!("/assignments?{query}")).await.refused(400, "validation_failed");
    }
    let strangers = test.other_owner().await.get(&format!("/assignments?mission_id={m0}")).await.ok();
    assert_eq!(strangers, json!([]));
}

#[rstest]
#[tokio::test]
async fn pages_give_every_assignment_once_while_others_come_and_go(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let later = manager.mission("Concert", "12:00", "13:00").await;
    let mut wanted = Vec::new();
    for i in 0..7 {
        let user = manager.user("Nina").await;
        wanted.push(manager.assignment(if i % 2 == 0 { &mission } else { &later }, &user).await);
    }
    // By start, then by id: what the first page begins with, and what the last one ends with.
    let first = wanted.iter().step_by(2).min().expect("some on the mission").clone();
    let last = wanted.iter().skip(1).step_by(2).max().expect("some on the later one").clone();
    let before = manager.mission("Réveil", "06:00", "07:00").await;
    let mut rounds = 0;
    let seen = walk(&manager, "/assignments?limit=3", async || {
        rounds += 1;
        match rounds {
            // What was seen already may go, and others may come before and after it.
            1 => {
                manager.delete(&format!("/assignments/{first}")).await.ok();
                manager.assignment(&before, &manager.user("Ella").await).await;
            }
            _ => {
                manager.patch(&format!("/assignments/{last}"), json!({ "note": NOW })).await.ok();
            }
        }
    })
    .await;
    let mut sorted = seen.clone();
    sorted.sort();
    wanted.sort();
    assert_eq!(sorted, wanted);
}
