//! Every operation of the OpenAPI document, with a call of each that succeeds: for tests that walk through the whole API
//! and so fail when a new operation forgets a rule.

use super::{Outcome, PASSWORD, Persona};
use axum::http::Method;
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// An operation as the document describes it.
pub struct Operation {
    /// GET, PUT, POST, PATCH or DELETE.
    pub method: Method,
    /// Its path, with names in braces.
    pub template: String,
    /// What the document says of it.
    pub json: Json,
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let document = coulisses::app::routes().1;
    let paths = document["paths"].as_object().expect("paths").iter();
    let all: Vec<_> = paths
        .flat_map(|(template, item)| {
            item.as_object().expect("an item").iter().map(|(method, json)| Operation {
                method: method.to_uppercase().parse().expect("a method"),
                template: template.clone(),
                json: json.clone(),
            })
        })
        .collect();
    assert!(all.len() > 60, "{} operations", all.len());
    all
}

impl Operation {
    /// Whether one of its parameters has this name.
    pub fn takes(&self, parameter: &str) -> bool {
        self.json["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == parameter))
    }

    /// Whether it may answer with this status.
    pub fn may_answer(&self, status: &str) -> bool {
        !self.json["responses"][status].is_null()
    }

    /// Whether it answers with an array, page by page.
    pub fn lists(&self) -> bool {
        self.takes("limit")
    }
}

/// A call that succeeds.
#[derive(Clone)]
pub struct Sample {
    /// How.
    pub method: Method,
    /// Where.
    pub path: String,
    /// With what.
    pub body: Option<Json>,
    cookie: Option<String>,
}

impl Sample {
    /// Of an operation, on objects made for it alone. `owner` is the org's.
    pub async fn of(owner: &Persona<'_>, operation: &Operation) -> Self {
        let (method, template) = (operation.method.clone(), operation.template.as_str());
        let template = template.strip_prefix("/api/v1").unwrap_or(template);
        let answers = template.ends_with("/accept") || template.ends_with("/decline");
        let with =
            |path: String, body: Option<Json>| Self { method: method.clone(), path, body, cookie: None };
        if answers || template == "/invitations/verify" {
            let assignment = assignment(owner).await;
            let (invitation, token) = owner.invitation(&assignment).await;
            let id = if template.starts_with("/assignments") { assignment } else { invitation };
            return match answers {
                true => with(template.replace("{id}", &id), Some(json!({ "token": token }))),
                false => with(format!("{template}?token={token}"), None),
            };
        }
        let cookie = match template {
            "/auth/refresh" | "/auth/logout" => Some(sign_in(owner).await),
            _ => None,
        };
        let body = body(owner, &method, template).await;
        Self { cookie, ..with(path(owner, template).await, body) }
    }

    /// Another call of the same object.
    pub async fn again_as(&self, owner: &Persona<'_>, operation: &Operation) -> Self {
        let template = operation.template.strip_prefix("/api/v1").unwrap_or(&operation.template);
        let body = body(owner, &operation.method, template).await;
        Self { method: operation.method.clone(), body, ..self.clone() }
    }

    /// The same call with another body.
    pub fn with_body(&self, body: Json) -> Self {
        Self { body: Some(body), ..self.clone() }
    }

    /// Sends it.
    pub async fn send(&self, persona: &Persona<'_>) -> Outcome {
        let mut persona = persona.clone();
        if let Some(token) = &self.cookie {
            persona = persona.with_header("cookie", &format!("refresh_token={token}"));
        }
        let body = self.body.as_ref().map(Json::to_string);
        persona.send(self.method.clone(), &self.path, body).await
    }
}

fn number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

fn named(what: &str) -> String {
    format!("{what} {}", number())
}

fn id(json: &Json) -> String {
    json["id"].as_str().expect("an id").to_owned()
}

async fn assignment(owner: &Persona<'_>) -> String {
    let mission = owner.mission(&named("Montage"), "08:00", "12:00").await;
    let user = owner.user(&named("Nina")).await;
    owner.assignment(&mission, &user).await
}

/// A new session of the owner's: its refresh token.
async fn sign_in(owner: &Persona<'_>) -> String {
    let email = owner.get("/auth/me").await.ok()["email"].clone();
    let signed_in = owner.post("/auth/login", json!({ "email": email, "password": PASSWORD })).await;
    signed_in.refresh_cookie().expect("a session")
}

/// The template with the id of a new object in it.
async fn path(owner: &Persona<'_>, template: &str) -> String {
    let Some((object, rest)) = template.split_once('{') else { return template.to_owned() };
    let (_, verb) = rest.split_once('}').expect("a closing brace");
    let id = match object {
        "/projects/" => owner.project(&named("Projet")).await,
        "/missions/" => owner.mission(&named("Montage"), "08:00", "12:00").await,
        "/users/" | "/rates/user/" | "/conflicts/user/" => owner.user(&named("Nina")).await,
        "/assignments/" => assignment(owner).await,
        "/invitations/" => owner.invitation(&assignment(owner).await).await.0,
        "/availabilities/" | "/availability/" => {
            let body = period(json!({ "user_id": owner.user(&named("Nina")).await }));
            id(&owner.post("/availabilities", body).await.ok())
        }
        "/orgs/members/" => {
            let body = json!({ "email": format!("m{}@rideau.example", number()), "role": "tech" });
            let added = owner.post("/orgs/members", body).await.ok();
            added["account_id"].as_str().expect("an id").to_owned()
        }
        "/auth/sessions/" => {
            sign_in(owner).await;
            let all = owner.get("/auth/sessions").await.ok();
            let mut others = all.as_array().expect("sessions").iter().filter(|one| one["current"] == false);
            id(others.next().expect("another session"))
        }
        "/rbac_demo/scoped/" => id(&owner.get("/orgs/current").await.ok()),
        other => panic!("say what the id in {other} is of"),
    };
    format!("{object}{id}{verb}")
}

fn period(mut body: Json) -> Json {
    body["start_at"] = json!("2026-07-10T08:00:00Z");
    body["end_at"] = json!("2026-07-10T12:00:00Z");
    body
}

/// A body that the operation accepts and that asks for something new each time.
async fn body(owner: &Persona<'_>, method: &Method, template: &str) -> Option<Json> {
    let text = named("Nouveau");
    let body = match (method.as_str(), template) {
        ("GET" | "DELETE", _) | (_, "/auth/refresh" | "/auth/logout") => return None,
        (_, path) if [":approve", ":reject", ":cancel", ":duplicate"].iter().any(|v| path.ends_with(v)) => {
            return None;
        }
        ("POST", "/auth/login") => {
            json!({ "email": owner.get("/auth/me").await.ok()["email"], "password": PASSWORD })
        }
        ("POST", "/auth/switch") => json!({ "org_id": owner.get("/auth/me").await.ok()["org_id"] }),
        ("POST", "/auth/password") => json!({ "current_password": PASSWORD, "new_password": PASSWORD }),
        ("POST", "/auth/reset/request") => json!({ "email": "tech@rideau.example" }),
        ("POST", "/auth/reset/confirm") => {
            let asked =
                owner.post("/auth/reset/request", json!({ "email": "tech@rideau.example" })).await.ok();
            json!({ "token": asked["reset_token"], "new_password": "cinq actes et un prologue" })
        }
        ("POST", "/orgs/members") => {
            json!({ "email": format!("m{}@rideau.example", number()), "role": "tech" })
        }
        ("PATCH", "/orgs/members/{account_id}") => {
            json!({ "role": "manager", "user_id": owner.user(&text).await })
        }
        ("PATCH", "/orgs/current") | ("POST" | "PUT", "/projects" | "/projects/{id}") => {
            json!({ "name": text })
        }
        ("POST", "/users") | ("PUT", "/users/{id}") => json!({ "name": text }),
        ("PATCH", "/users/{id}") => json!({ "phone": text }),
        ("PUT", "/users/{id}/profile") => json!({ "bio": text }),
        ("POST", "/projects/{id}/missions:bulk_create") => json!([period(json!({ "title": text }))]),
        ("POST" | "PUT", "/missions" | "/missions/{id}") => period(json!({ "title": text })),
        ("PATCH", "/projects/{id}" | "/missions/{id}" | "/assignments/{id}") => json!({ "note": text }),
        ("POST", "/assignments" | "/assignments:bulk_create") => {
            let (mission, user) = (owner.mission(&text, "08:00", "12:00").await, owner.user(&text).await);
            let one = json!({ "mission_id": mission, "user_id": user });
            if template == "/assignments" { one } else { json!([one]) }
        }
        ("POST", "/assignments/{id}:status") => json!({ "status": "DECLINED" }),
        ("POST", "/invitations") => json!({ "assignment_id": assignment(owner).await }),
        ("POST", "/invitations:bulk_create") => json!([{ "assignment_id": assignment(owner).await }]),
        ("POST", "/availabilities" | "/availability") => {
            period(json!({ "user_id": owner.user(&text).await, "note": text }))
        }
        ("PUT", "/availabilities/{id}" | "/availability/{id}") => period(json!({ "note": text })),
        ("PATCH", "/availabilities/{id}" | "/availability/{id}") => json!({ "note": text }),
        ("PUT" | "POST", "/rates/user/{uid}") => json!({ "rate_profile": { "jour": number() } }),
        other => panic!("say which body {other:?} accepts"),
    };
    Some(body)
}
