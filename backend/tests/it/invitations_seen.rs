//! What a link says, and answers to what was seen.

use crate::support::{Kind, NOW, Persona, Test, at};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// A call with an open link.
struct Asked {
    mission: String,
    assignment: String,
    invitation: String,
    token: String,
}

/// Someone is asked for the sound on 1 July 2026, from 12 to 16 h UTC.
async fn ask(manager: &Persona<'_>, user: &str) -> Asked {
    let mission = manager
        .post(
            "/missions",
            json!({
                "roles": [{ "role_name": "son", "quota": 1 }], "title": "Concert", "location": "Bobino",
                "start_at": "2026-07-01T12:00:00Z", "end_at": "2026-07-01T16:00:00Z",
            }),
        )
        .await
        .ok()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let assignment = manager.assignment(&mission, user).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    Asked { mission, assignment, invitation, token }
}

impl Asked {
    async fn opened(&self, test: &Test) -> Json {
        test.anonymous().get(&format!("/invitations/verify?token={}", self.token)).await.ok()
    }

    async fn link_status(&self, test: &Test) -> String {
        self.opened(test).await["invitation_status"].as_str().expect("a status").to_owned()
    }

    async fn obstacle(&self, test: &Test) -> Json {
        self.opened(test).await["obstacle"].clone()
    }
}

/// All that is shown, and that an answer is an answer to.
const CHANGES: [(&str, &str); 5] = [
    ("a later start", r#"{"start_at":"2026-07-01T13:00:00Z"}"#),
    ("a later end", r#"{"end_at":"2026-07-01T17:00:00Z"}"#),
    ("another zone", r#"{"timezone":"Europe/London"}"#),
    ("another place", r#"{"location":"Olympia"}"#),
    ("another role", r#"{"roles":[{"role_name":"son"},{"role_name":"lumière"}]}"#),
];

#[rstest]
#[tokio::test]
async fn an_answer_is_to_what_was_seen(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let anyone = test.anonymous();
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    let Asked { mission, assignment, invitation, token } = &asked;
    for (what, change) in CHANGES {
        let seen = asked.opened(&test).await["seen"].clone();
        let change: Json = serde_json::from_str(change).expect("JSON");
        manager.patch(&format!("/missions/{mission}"), change).await.ok();
        if what == "another role" {
            let other = json!({ "role_name": "lumière" });
            manager.patch(&format!("/assignments/{assignment}"), other).await.ok();
        }
        for verb in ["accept", "decline"] {
            for path in
                [format!("/invitations/{invitation}/{verb}"), format!("/assignments/{assignment}/{verb}")]
            {
                let body = json!({ "token": token, "seen": seen });
                anyone.post(&path, body).await.refused(409, "changed_since_seen");
            }
        }
        assert_eq!(manager.status_of(assignment).await, "INVITED", "{what}");
    }
    let accept = format!("/invitations/{invitation}/accept");
    anyone.post(&accept, json!({ "token": token, "seen": "x" })).await.refused(409, "changed_since_seen");
    let seen = asked.opened(&test).await["seen"].clone();
    anyone.post(&accept, json!({ "token": token, "seen": seen })).await.ok();
    // What is not shown may change.
    manager.patch(&format!("/missions/{mission}"), json!({ "note": "Badge à l'accueil" })).await.ok();
    anyone.post(&accept, json!({ "token": token, "seen": seen })).await.ok();
    manager.patch(&format!("/missions/{mission}"), json!({ "location": "Zénith" })).await.ok();
    anyone.post(&accept, json!({ "token": token, "seen": seen })).await.refused(409, "changed_since_seen");
    // Programs that do not say what they saw are not asked.
    anyone.post(&accept, json!({ "token": token })).await.ok();
}

#[rstest]
#[tokio::test]
async fn an_answer_by_session_is_to_what_was_seen_as_well(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let tech = test.tech().await;
    let user = tech.get("/auth/me").await.ok()["user_id"].as_str().expect("a user").to_owned();
    let asked = ask(&manager, &user).await;
    let seen = asked.opened(&test).await["seen"].clone();
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "location": "Olympia" })).await.ok();
    let path = format!("/assignments/{}/accept", asked.assignment);
    tech.post(&path, json!({ "seen": seen })).await.refused(409, "changed_since_seen");
    let seen = asked.opened(&test).await["seen"].clone();
    tech.post(&path, json!({ "seen": seen })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_link_closes_when_an_answer_is_wanted_by(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    let assignment = asked.assignment.clone();
    let new = |by: Json| json!({ "assignment_id": assignment, "answer_by": by });
    let past = manager.post("/invitations", new(json!(at(NOW)))).await;
    assert_eq!(past.wrong_members(), ["/answer_by"]);
    let by = at(NOW).plus_seconds(3600);
    let created = manager.post("/invitations", new(json!(by))).await.ok();
    assert_eq!(created["answer_by"], json!(by));
    let (id, token) = (created["id"].as_str().expect("an id"), created["token"].as_str().expect("a token"));
    let asked = Asked { invitation: id.into(), token: token.into(), ..asked };
    assert_eq!(asked.opened(&test).await["closes_at"], json!(by));
    let listed = async |status: &str| {
        let manager = test.manager().await;
        let list =
            manager.get(&format!("/invitations?status={status}&assignment_id={}", asked.assignment)).await;
        list.ok().as_array().expect("a list").iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    test.pass_seconds(3599);
    assert_eq!(asked.link_status(&test).await, "pending");
    assert_eq!((listed("pending").await, listed("expired").await), (vec![json!(id)], vec![]));
    test.pass_seconds(1);
    assert_eq!(asked.link_status(&test).await, "expired");
    assert_eq!((listed("pending").await, listed("expired").await), (vec![], vec![json!(id)]));
    let accept = format!("/invitations/{id}/accept");
    test.anonymous().post(&accept, json!({ "token": token })).await.refused(400, "invalid_token");
    // Wanted after the start is wanted by the start, wherever that is.
    let by = at("2026-07-02T08:00:00Z");
    let created = test.manager().await.post("/invitations", new(json!(by))).await.ok();
    let asked = Asked { token: created["token"].as_str().expect("a token").into(), ..asked };
    assert_eq!(asked.opened(&test).await["closes_at"], "2026-07-01T12:00:00Z");
    let earlier = json!({ "start_at": "2026-07-01T11:00:00Z" });
    test.manager().await.patch(&format!("/missions/{}", asked.mission), earlier).await.ok();
    assert_eq!(asked.opened(&test).await["closes_at"], "2026-07-01T11:00:00Z");
}

#[rstest]
#[tokio::test]
async fn a_dead_link_says_why(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    let (_, newer) = manager.invitation(&asked.assignment).await;
    assert_eq!(asked.link_status(&test).await, "superseded");
    let asked = Asked { token: newer, ..asked };
    assert_eq!(asked.link_status(&test).await, "pending");
    let other = ask(&manager, &manager.user("Ella Fitzgerald").await).await;
    manager_cancels(&test, &other).await;
    assert_eq!(other.link_status(&test).await, "called_off");
    test.pass_seconds(8 * 3600);
    assert_eq!(asked.link_status(&test).await, "over", "the mission has ended");
    let manager = test.manager().await;
    let body = json!({ "assignment_id": asked.assignment });
    manager.post("/invitations", body.clone()).await.refused(409, "mission_over");
    manager.post("/invitations:bulk_create", json!([body])).await.refused(409, "mission_over");
}

async fn manager_cancels(test: &Test, asked: &Asked) {
    let path = format!("/assignments/{}:status", asked.assignment);
    test.manager().await.post(&path, json!({ "status": "CANCELLED" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn what_would_keep_a_yes_from_being_taken_is_said_before(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, ella) = (manager.user("Nina Simone").await, manager.user("Ella Fitzgerald").await);
    let asked = ask(&manager, &nina).await;
    assert_eq!(asked.obstacle(&test).await, Json::Null);
    // Another mission of hers at the same time.
    let other = ask(&manager, &nina).await;
    let accept = format!("/invitations/{}/accept", other.invitation);
    test.anonymous().post(&accept, json!({ "token": other.token })).await.ok();
    let opened = asked.opened(&test).await;
    assert_eq!(opened["obstacle"], "schedule_conflict");
    assert_eq!(opened["conflicts"][0]["mission_title"], "Concert");
    assert_eq!(opened["conflicts"][0]["assignment_id"], other.assignment.as_str());
    manager
        .post(&format!("/assignments/{}:status", other.assignment), json!({ "status": "DECLINED" }))
        .await
        .ok();
    assert_eq!(asked.obstacle(&test).await, Json::Null);
    // Somebody else took the only place.
    let taken = manager.assignment(&asked.mission, &ella).await;
    let accepted = json!({ "status": "ACCEPTED" });
    manager.post(&format!("/assignments/{taken}:status"), accepted).await.ok();
    assert_eq!(asked.obstacle(&test).await, "quota_reached");
    manager.post(&format!("/assignments/{taken}:status"), json!({ "status": "CANCELLED" })).await.ok();
    manager.patch(&format!("/users/{nina}"), json!({ "active": false })).await.ok();
    assert_eq!(asked.obstacle(&test).await, "user_inactive");
    manager.patch(&format!("/users/{nina}"), json!({ "active": true })).await.ok();
    let project = manager.project("Tournée").await;
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "project_id": project })).await.ok();
    manager.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
    assert_eq!(asked.obstacle(&test).await, "project_archived");
}

#[rstest]
#[tokio::test]
async fn the_reason_for_a_no_may_come_after_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let asked = ask(&manager, &manager.user("Nina Simone").await).await;
    let decline = format!("/invitations/{}/decline", asked.invitation);
    let anyone = test.anonymous();
    anyone.post(&decline, json!({ "token": asked.token })).await.ok();
    let reason = async || {
        manager.get(&format!("/assignments/{}", asked.assignment)).await.ok()["decline_reason"].clone()
    };
    assert_eq!(reason().await, Json::Null);
    let entries = test.audit_count().await;
    for given in ["Tournage à Lyon", "Autre chose"] {
        anyone.post(&decline, json!({ "token": asked.token, "reason": given })).await.ok();
        assert_eq!(reason().await, "Tournage à Lyon", "the first one stays");
    }
    assert_eq!(test.audit_count().await, entries + 1);
}

#[rstest]
#[tokio::test]
async fn role_and_notes_are_shown(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let asked = ask(&manager, &manager.user("Nina Simone").await).await;
    manager.patch(&format!("/missions/{}", asked.mission), json!({ "note": "Badge à l'accueil" })).await.ok();
    let own = json!({ "role_name": "son", "note": "Avec ton casque" });
    manager.patch(&format!("/assignments/{}", asked.assignment), own).await.ok();
    let opened = asked.opened(&test).await;
    assert_eq!(
        (&opened["role_name"], &opened["note"]),
        (&json!("son"), &json!("Badge à l'accueil\n\nAvec ton casque"))
    );
}
