//! The pages as a browser gets them: what they say in each state, where their forms lead, and errors.

mod answers;
pub mod calls;
mod frame;
mod passwords;
pub mod states;
mod tickets;
pub mod unsubscribing;

use crate::support::{Outcome, Persona};
use axum::http::Method;
use serde_json::json;

/// A call with an open link, on 10 July 2026 from 12 to 16 h UTC.
pub struct Asked {
    pub mission: String,
    pub assignment: String,
    pub invitation: String,
    pub token: String,
}

/// Asks for the light, of which there is one place.
pub async fn ask(manager: &Persona<'_>, user: &str) -> Asked {
    let body = json!({
        "title": "Montage lumière", "location": "Grande salle", "note": "Chaussures de sécurité",
        "start_at": "2026-07-10T12:00:00Z", "end_at": "2026-07-10T16:00:00Z",
        "roles": [{ "role_name": "Lumière", "quota": 1 }],
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().expect("an id").to_owned();
    let body = json!({ "mission_id": mission, "user_id": user, "role_name": "Lumière" });
    let assignment = manager.post("/assignments", body).await.ok()["id"].as_str().expect("an id").to_owned();
    let (invitation, token) = manager.invitation(&assignment).await;
    Asked { mission, assignment, invitation, token }
}

pub async fn ask_someone(manager: &Persona<'_>) -> Asked {
    let user = manager.user("Nina Simone").await;
    ask(manager, &user).await
}

impl Asked {
    pub async fn page(&self, who: &Persona<'_>) -> Outcome {
        who.get(&format!("/invite?token={}", self.token)).await
    }

    pub async fn click(&self, who: &Persona<'_>, answer: &str) -> Outcome {
        form(who, "/invite", &[("token", &self.token), ("answer", answer)]).await
    }

    pub async fn set(&self, manager: &Persona<'_>, status: &str) {
        let path = format!("/assignments/{}:status", self.assignment);
        manager.post(&path, json!({ "status": status })).await.ok();
    }
}

/// Sends a form as a browser does.
pub async fn form(who: &Persona<'_>, path: &str, fields: &[(&str, &str)]) -> Outcome {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let browser = browser(who).with_header("content-type", "application/x-www-form-urlencoded");
    browser.send(Method::POST, path, Some(body)).await
}

/// A program that shows what it gets.
pub fn browser<'t>(who: &Persona<'t>) -> Persona<'t> {
    who.clone().with_header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

/// The value of a hidden field.
pub fn hidden(page: &Outcome, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.text.split_once(&field).unwrap_or_else(|| panic!("no {name} in {}", page.text));
    rest.split('"').next().expect("a value").to_owned()
}

/// Whether all of these are in it, once no-break spaces are taken for spaces.
#[track_caller]
pub fn shows(page: &Outcome, wanted: &[&str]) {
    let text = page.text.replace('\u{a0}', " ");
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} is not in {text}");
    }
}

pub const ACCEPT: &str = "value=\"accept\"";
pub const DECLINE: &str = "value=\"decline\"";
pub const REASON: &str = "value=\"reason\"";

/// Which buttons there are.
pub fn buttons(page: &Outcome) -> Vec<&'static str> {
    [ACCEPT, DECLINE, REASON].into_iter().filter(|button| page.text.contains(button)).collect()
}
