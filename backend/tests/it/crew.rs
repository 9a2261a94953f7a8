//! Those on a mission see who else is on it, where their org wants it: names and posts only.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::json;

const ROLES: [&str; 2] = ["lumiere", "son"];

async fn mission(manager: &Persona<'_>) -> String {
    let roles = ROLES.map(|name| json!({ "role_name": name }));
    let body = json!({
        "title": "Concert", "roles": roles, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
    });
    manager.post("/missions", body).await.ok()["id"].as_str().expect("an id").to_owned()
}

async fn on(manager: &Persona<'_>, mission: &str, user: &str, role: &str, status: &str) -> String {
    let body = json!({ "mission_id": mission, "user_id": user, "role_name": role, "status": status });
    manager.post("/assignments", body).await.ok()["id"].as_str().expect("an id").to_owned()
}

/// With e-mail, telephone number and a rate.
async fn person(manager: &Persona<'_>, name: &str) -> String {
    let body =
        json!({ "name": name, "email": format!("zq-{}@secret.example", name.len()), "phone": "zq 06 11" });
    let user = manager.post("/users", body).await.ok()["id"].as_str().expect("an id").to_owned();
    manager.put(&format!("/rates/user/{user}"), json!({ "rate_profile": { "jour": 4321.09 } })).await.ok();
    user
}

#[rstest]
#[tokio::test]
async fn those_on_a_mission_see_who_said_yes_to_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let concert = mission(&manager).await;
    let path = format!("/missions/{concert}");
    let crew = async || tech.get(&path).await.ok().get("crew").cloned();
    let zoe = person(&manager, "Zoé Abel").await;
    on(&manager, &concert, &zoe, ROLES[1], "ACCEPTED").await;
    // Whoever is not on it does not see it.
    assert_eq!(crew().await, None);
    let own = on(&manager, &concert, &test.tech_user.to_string(), ROLES[0], "INVITED").await;
    let zoe_shown = json!({ "name": "Zoé Abel", "role_name": "son" });
    assert_eq!(crew().await, Some(json!([zoe_shown])));
    // Asked is not agreed: nobody else has to know.
    let asked = person(&manager, "Ada Zimmer").await;
    let asked = on(&manager, &concert, &asked, ROLES[0], "INVITED").await;
    for status in ["DECLINED", "CANCELLED"] {
        let other = person(&manager, &format!("Bob {status}")).await;
        let other = on(&manager, &concert, &other, ROLES[0], "INVITED").await;
        manager.post(&format!("/assignments/{other}:status"), json!({ "status": status })).await.ok();
    }
    assert_eq!(crew().await, Some(json!([zoe_shown])));
    let set = async |assignment: &str, status: &str| {
        manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await.ok();
    };
    set(&own, "ACCEPTED").await;
    let before = tech.get(&path).await;
    let knows = tech.clone().with_header("if-none-match", before.header("etag"));
    assert_eq!(knows.get(&path).await.status, 304);
    // By last name; a yes changes the tag.
    set(&asked, "ACCEPTED").await;
    assert_eq!(knows.get(&path).await.status, 200);
    assert_eq!(crew().await, Some(json!([zoe_shown, { "name": "Ada Zimmer", "role_name": "lumiere" }])));
    // So does a name alone, of which the counts know nothing.
    let tag = tech.get(&path).await.header("etag").to_owned();
    let renamed = json!({ "first_name": "Zoé", "last_name": "Abélard" });
    manager.patch(&format!("/users/{zoe}"), renamed).await.ok();
    let answer = tech.get(&path).await;
    assert_ne!(answer.header("etag"), tag);
    assert_eq!(answer.ok()["crew"][0]["name"], "Zoé Abélard");
    assert!(!answer.text.contains("zq") && !answer.text.contains("4321"), "{}", answer.text);
    // Lists are kept for everybody alike.
    assert!(tech.get("/missions").await.ok()[0].get("crew").is_none());
    // A no ends it.
    set(&own, "DECLINED").await;
    assert_eq!(crew().await, None);
}

#[rstest]
#[tokio::test]
async fn an_org_may_not_want_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, manager, tech) = (test.owner().await, test.manager().await, test.tech().await);
    let concert = mission(&manager).await;
    let path = format!("/missions/{concert}");
    on(&manager, &concert, &test.tech_user.to_string(), ROLES[0], "ACCEPTED").await;
    assert_eq!(tech.get(&path).await.ok()["crew"], json!([]));
    assert_eq!(owner.get("/orgs/current").await.ok()["crew_sees_crew"], true);
    for lower in [&tech, &manager, &test.admin().await] {
        lower.patch("/orgs/current", json!({ "crew_sees_crew": false })).await.refused(403, "forbidden");
    }
    let changed = owner.patch("/orgs/current", json!({ "crew_sees_crew": false })).await.ok();
    assert_eq!(changed["crew_sees_crew"], false);
    assert_eq!(test.audit("org.update").await[0].after["crew_sees_crew"], false);
    assert_eq!(tech.get(&path).await.ok().get("crew"), None);
    // What a merge takes away is the default.
    assert_eq!(
        owner.patch("/orgs/current", json!({ "crew_sees_crew": null })).await.ok()["crew_sees_crew"],
        true
    );
    assert_eq!(tech.get(&path).await.ok()["crew"], json!([]));
}

/// Planners have the list of assignments, and the tag of what they change.
#[rstest]
#[tokio::test]
async fn planners_see_the_mission_that_they_change(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let concert = mission(&manager).await;
    let path = format!("/missions/{concert}");
    let nina = person(&manager, "Nina Simone").await;
    on(&manager, &concert, &nina, ROLES[0], "ACCEPTED").await;
    let shown = manager.get(&path).await;
    assert_eq!(shown.ok().get("crew"), None);
    let changes = manager.clone().with_header("if-match", shown.header("etag"));
    let changed = changes.patch(&path, json!({ "note": "x" })).await;
    assert_eq!(changed.ok(), manager.get(&path).await.ok());
    assert_eq!(changed.header("etag"), manager.get(&path).await.header("etag"));
}
