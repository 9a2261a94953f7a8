use super::{NOBODY, each, id, members, walk};
use crate::support::{Kind, NOW, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

#[rstest]
#[tokio::test]
async fn a_project_has_the_documented_members(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/projects", json!({ "name": "  Le Rideau Rouge " })).await.ok();
    let wanted = json!({
        "id": id(&created), "name": "Le Rideau Rouge", "status": "DRAFT", "starts_at": null, "ends_at": null, "note": null,
        "created_at": NOW, "updated_at": NOW,
    });
    assert_eq!(created, wanted);
    assert_eq!(manager.get(&format!("/projects/{}", id(&created))).await.ok(), wanted);
    let whole = json!({
        "name": "Été", "status": "ACTIVE", "starts_at": "2026-07-01T00:00:00+02:00", "ends_at": "2026-08-01T00:00:00Z",
        "note": "deux\nlignes",
    });
    let created = manager.post("/projects", whole).await.ok();
    assert_eq!(
        (&created["status"], &created["starts_at"]),
        (&json!("ACTIVE"), &json!("2026-06-30T22:00:00Z"))
    );
    assert_eq!(created["note"], "deux\nlignes");
    let entries = test.audit("project.create").await;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|entry| entry.after == created && entry.before == Json::Null));
}

#[rstest]
#[tokio::test]
async fn a_wrong_project_is_refused_and_leaves_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let before = test.audit_count().await;
    for (body, wrong) in [
        (json!({}), vec!["/name"]),
        (json!({ "name": " " }), vec!["/name"]),
        (json!({ "name": "x".repeat(201) }), vec!["/name"]),
        (json!({ "name": "x", "status": "OPEN" }), vec!["/status"]),
        (json!({ "name": "x", "colour": "red" }), vec!["/colour"]),
        (json!({ "name": "x", "note": "a\u{0}b" }), vec!["/note"]),
        (
            json!({ "name": "x", "starts_at": "2026-07-02T00:00:00Z", "ends_at": "2026-07-02T00:00:00Z" }),
            vec!["/ends_at"],
        ),
        (json!({ "name": 7, "starts_at": "2026-07-02T00:00:00" }), vec!["/name", "/starts_at"]),
    ] {
        let mut found = manager.post("/projects", body.clone()).await.wrong_members();
        found.sort();
        assert_eq!(found, wrong, "{body}");
    }
    test.tech().await.post("/projects", json!({ "name": "x" })).await.refused(403, "forbidden");
    test.anonymous().post("/projects", json!({ "name": "x" })).await.refused(401, "unauthenticated");
    assert_eq!(test.audit_count().await, before);
    assert_eq!(manager.get("/projects").await.ok(), json!([]));
}

#[rstest]
#[tokio::test]
async fn projects_are_listed_newest_first_and_filtered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    for (name, status) in [("Été 100%", "DRAFT"), ("HIVER_1", "ACTIVE"), ("Hiver 21", "ARCHIVED")] {
        test.pass_seconds(1);
        manager.post("/projects", json!({ "name": name, "status": status })).await.ok();
    }
    test.other_owner().await.project("Été ailleurs").await;
    for (query, names) in [
        ("", vec!["Hiver 21", "HIVER_1", "Été 100%"]),
        ("?status=DRAFT", vec!["Été 100%"]),
        ("?status=DRAFT&status=ARCHIVED", vec!["Hiver 21", "Été 100%"]),
        ("?q=hiver", vec!["Hiver 21", "HIVER_1"]),
        ("?q=ETE", vec!["Été 100%"]),
        ("?q=%C3%A9t%C3%A9", vec!["Été 100%"]),
        ("?q=%25", vec!["Été 100%"]),
        ("?q=r_", vec!["HIVER_1"]),
        ("?q=hiver&status=ACTIVE", vec!["HIVER_1"]),
        ("?q=nulle+part", vec![]),
    ] {
        assert_eq!(each(&tech.get(&format!("/projects{query}")).await.ok(), "name"), names, "{query}");
    }
    for (query, wrong) in [
        ("?statut=DRAFT", "/statut"),
        ("?status=draft", "/status"),
        ("?limit=0", "/limit"),
        ("?limit=1001", "/limit"),
        ("?limit=x", "/limit"),
        ("?cursor=x", "/cursor"),
    ] {
        assert_eq!(tech.get(&format!("/projects{query}")).await.wrong_members(), [wrong], "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn pages_give_every_project_once_while_others_come(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut wanted = Vec::new();
    for i in 0..7 {
        // Two of each instant: the id decides between them.
        test.pass_seconds(i % 2);
        wanted.push(manager.project(&format!("Projet {i}")).await);
    }
    let mut late = 0;
    let mut seen = walk(&manager, "/projects?limit=3&q=projet", async || {
        late += 1;
        test.pass_seconds(1);
        manager.project(&format!("Projet tardif {late}")).await;
    })
    .await;
    assert_eq!(late, 3);
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
    let last = manager.get("/projects?limit=10").await;
    assert_eq!((last.ok().as_array().unwrap().len(), last.next_page()), (10, None));
    let first = manager.get("/projects?limit=9&q=projet").await;
    assert!(
        first.next_page().unwrap().starts_with("/api/v1/projects?limit=9&q=projet&cursor="),
        "{:?}",
        first.next_page()
    );
}

#[rstest]
#[tokio::test]
async fn another_orgs_project_does_not_exist(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let project = test.manager().await.project("Le Rideau Rouge").await;
    let other = test.other_owner().await;
    let theirs = other.get(&format!("/projects/{project}")).await.refused(404, "not_found");
    let nothing = other.get(&format!("/projects/{NOBODY}")).await.refused(404, "not_found");
    assert_eq!((members(&theirs), &theirs["detail"]), (members(&nothing), &nothing["detail"]));
    other.get("/projects/1").await.refused(404, "not_found");
    other.project("Le Rideau Rouge").await;
    let bulk =
        json!([{ "role": "son", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" }]);
    other.post(&format!("/projects/{project}/missions:bulk_create"), bulk).await.refused(404, "not_found");
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 0);
}

#[rstest]
#[tokio::test]
async fn members_are_listed_by_role_highest_first(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let answer = test.manager().await.get("/orgs/members").await.ok();
    assert_eq!(members(&answer), ["members"]);
    assert_eq!(each(&answer["members"], "role"), ["owner", "admin", "manager", "tech"]);
    let tech = &answer["members"][3];
    let shown = ["account_id", "delivery", "email", "is_active", "notify", "pending", "role", "user_id"];
    assert_eq!(members(tech), shown);
    assert_eq!((&tech["email"], &tech["is_active"]), (&json!("tech@rideau.example"), &json!(true)));
    assert_eq!(tech["user_id"], test.tech_user.to_string());
    let seen = test.tech().await.get("/orgs/members").await.ok();
    assert!(seen["members"].as_array().unwrap().iter().all(|member| member.get("email").is_none()), "{seen}");
}
