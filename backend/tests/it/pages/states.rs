//! The states that a call can be in, and how it gets there.

use super::{ACCEPT, Asked, DECLINE, REASON, ask};
use crate::support::Test;
use serde_json::json;

/// Whom to ask.
pub const CONTACT: &str = "UPDATE orgs SET contact_name = 'Karim Haddad', contact_phone = '+33 (0)1 99 00 12 34', \
    contact_email = 'karim@rideau.example'";

/// What leads to each state, the word and the sentence that say it, and the buttons that are left.
pub const STATES: [(&str, &str, &str, &[&str]); 15] = [
    ("pending", "Answer wanted", "Can you come?", &[ACCEPT, DECLINE]),
    ("accepted", "Accepted", "Thank you, you are expected.", &[]),
    ("declined", "Declined", "You are not expected.", &[REASON]),
    ("accepted by a manager", "Accepted", "You are down as coming.", &[ACCEPT, DECLINE]),
    ("declined by a manager", "Declined", "You are down as not available.", &[]),
    ("asked again", "Replaced", "were asked again since.", &[]),
    ("full", "Filled", "This role has been filled.", &[]),
    ("conflict", "Already taken", "You are already taken at that time.", &[DECLINE]),
    ("inactive", "On hold", "You are not on the planning", &[]),
    ("archived", "Closed", "This project is closed.", &[]),
    ("revoked", "Taken back", "This request was taken back.", &[]),
    ("superseded", "Replaced", "There is a newer message", &[]),
    ("called off", "Called off", "This call was called off.", &[]),
    ("expired", "Closed", "The time to answer is over.", &[]),
    ("over", "Over", "This call is over.", &[]),
];

/// A call in that state.
pub async fn bring_about(test: &Test, state: &str) -> Asked {
    let manager = test.manager().await;
    let anyone = test.anonymous();
    let user = manager.user("Nina Simone").await;
    let asked = ask(&manager, &user).await;
    match state {
        "accepted" => drop(asked.click(&anyone, "accept").await),
        "declined" => drop(asked.click(&anyone, "decline").await),
        "accepted by a manager" => asked.set(&manager, "ACCEPTED").await,
        "declined by a manager" => asked.set(&manager, "DECLINED").await,
        "asked again" => {
            asked.click(&anyone, "decline").await;
            asked.set(&manager, "INVITED").await;
        }
        "full" => {
            let body = json!({
                "mission_id": asked.mission, "user_id": manager.user("Ella").await, "role_name": "Lumière", "status": "ACCEPTED",
            });
            manager.post("/assignments", body).await.ok();
        }
        "conflict" => {
            let own = manager.mission("Répétition générale", "14:00", "17:30").await;
            let own = manager.assignment(&own, &user).await;
            manager.post(&format!("/assignments/{own}:status"), json!({ "status": "ACCEPTED" })).await.ok();
        }
        "inactive" => {
            manager.patch(&format!("/users/{user}"), json!({ "active": false })).await.ok();
        }
        "archived" => {
            let project = manager.project("Le Songe").await;
            let path = format!("/missions/{}", asked.mission);
            manager.patch(&path, json!({ "project_id": project })).await.ok();
            manager.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
        }
        "revoked" => drop(manager.delete(&format!("/invitations/{}", asked.invitation)).await.ok()),
        "superseded" => drop(manager.invitation(&asked.assignment).await),
        "called off" => {
            manager.post_empty(&format!("/missions/{}:cancel", asked.mission)).await.ok();
        }
        "expired" => test.pass_seconds(7 * 24 * 3600),
        "over" => test.pass_seconds(10 * 24 * 3600),
        _ => {}
    }
    asked
}
