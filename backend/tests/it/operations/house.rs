//! The things that calls are about, made when a call first names them.

use super::{VALUES, declared, ids};
use crate::support::{NOW, Persona, Test, at};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

const DAY: i64 = 86_400;

/// An org's things, of one of its technicians or of nobody.
#[derive(Clone)]
pub struct House<'t> {
    test: &'t Test,
    /// Who makes everything here.
    pub owner: Persona<'t>,
    /// The technician's login.
    email: String,
    /// The technician; none for a new one.
    user: Option<String>,
    /// Whose sessions are meant.
    signs_in: String,
    org: String,
    /// In every text here.
    mark: &'static str,
    made: HashMap<String, String>,
}

/// The text with what stands for its holes.
pub async fn fill(text: &str, mut value: impl AsyncFnMut(&str) -> String) -> String {
    let mut parts = text.split('<');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('>').expect("a name ends with >");
        filled += &value(name).await;
        filled += rest;
    }
    filled
}

fn text(object: &Json, member: &str) -> String {
    object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}")).to_owned()
}

impl<'t> House<'t> {
    /// Of the technician of all tests.
    pub fn of_tech(test: &'t Test, owner: &Persona<'t>) -> Self {
        Self::new(test, owner, ("tech@rideau.example", Some(test.tech_user.to_string())))
    }

    /// Of a person with this login.
    pub fn of_user(test: &'t Test, owner: &Persona<'t>, email: &str, user: &str) -> Self {
        Self::new(test, owner, (email, Some(user.to_owned())))
    }

    /// Of another technician, with a login as well.
    pub async fn of_colleague(test: &'t Test, owner: &Persona<'t>) -> Self {
        let user = owner.user("Camille Collègue").await;
        let mut house = Self::new(test, owner, ("camille@rideau.example", Some(user)));
        house.id("account").await;
        house
    }

    /// Of another org, whose every text says so.
    pub async fn of_other_org(test: &'t Test, owner: &Persona<'t>) -> Self {
        let person = json!({
            "name": "Zoé Zanzibar", "email": "zoe@zanzibar.example", "phone": "06 zanzibar", "bio": "zanzibar",
            "skills": ["zanzibar-son"], "tags": ["zanzibar-nuit"], "legal_ids": { "secu": "zanzibar-1" },
            "documents": { "permis": "zanzibar-2" },
        });
        let user = text(&owner.post("/users", person).await.ok(), "id");
        let rates = json!({ "rate_profile": { "zanzibar": 999.99 } });
        owner.put(&format!("/rates/user/{user}"), rates).await.ok();
        let mut house = Self::new(test, owner, ("zoe-zanzibar@other.example", Some(user)));
        house.org = test.other_org.to_string();
        house.mark = "Zanzibar";
        house
    }

    /// Of someone new, for one call of the org's owner.
    pub fn of_owner(owner: &Persona<'t>) -> Self {
        let test = owner.test();
        let email = format!("neuve-{}@rideau.example", test.number());
        Self { signs_in: "owner@rideau.example".into(), ..Self::new(test, owner, (&email, None)) }
    }

    fn new(test: &'t Test, owner: &Persona<'t>, (email, user): (&str, Option<String>)) -> Self {
        let (org, email, owner) = (test.org.to_string(), email.to_owned(), owner.clone());
        Self { test, owner, signs_in: email.clone(), email, user, org, mark: "Maison", made: HashMap::new() }
    }

    /// A text with what is here.
    pub async fn fill(&mut self, text: &str) -> String {
        fill(text, async |name| self.id(name).await).await
    }

    /// What a name stands for here.
    pub async fn id(&mut self, name: &str) -> String {
        if !self.made.contains_key(name) {
            self.make(name).await;
        }
        self.made.get(name).unwrap_or_else(|| panic!("nothing is called <{name}>")).clone()
    }

    /// Makes one of everything.
    pub async fn furnish(&mut self) {
        for name in ids() {
            self.id(&name).await;
        }
        self.id("token").await;
    }

    /// A call changed something: the next one gets things of its own.
    pub fn forget(&mut self) {
        self.made.clear();
    }

    /// The next call of the same things asks for something new.
    pub fn renew(&mut self) {
        self.made.retain(|name, _| !matches!(&**name, "number" | "newcomer" | "notify" | "moved"));
    }

    /// All ids that were made and not forgotten.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.made.iter().filter(|(name, _)| !VALUES.contains(&name.as_str())).map(|(_, id)| id.as_str())
    }

    fn keep(&mut self, name: &str, value: impl Into<String>) {
        self.made.insert(name.into(), value.into());
    }

    /// Eight hours of a day on which nothing else is.
    fn hours(&self) -> (String, String) {
        let start = at(NOW).plus_seconds(i64::from(self.test.number() % 5_000) * DAY);
        (start.to_string(), start.plus_seconds(DAY / 3).to_string())
    }

    async fn make(&mut self, name: &str) {
        match name {
            "org" => self.keep("org", self.org.clone()),
            "own-email" => self.keep("own-email", self.signs_in.clone()),
            "number" => self.keep("number", self.test.number().to_string()),
            "user" if self.user.is_some() => self.keep("user", self.user.clone().unwrap_or_default()),
            "newcomer" => {
                let id = self.owner.user(&format!("{} {}", self.mark, self.test.number())).await;
                self.keep("newcomer", id);
            }
            "planner" => {
                let id = text(&self.owner.get("/auth/me").await.ok(), "id");
                self.keep("planner", id);
            }
            "notify" => {
                let own = self.owner.get("/orgs/current/membership").await.ok();
                self.keep("notify", if own["notify"] == "all" { "declines" } else { "all" });
            }
            "account" => self.make_account().await,
            "session" => {
                if self.signs_in == self.email {
                    Box::pin(self.id("account")).await;
                }
                let signed_in = self.test.signed_in(&self.signs_in).await;
                let claims = self.test.app.tokens.read_access(signed_in.token()).expect("claims");
                self.keep("session", claims.sid.to_string());
            }
            "project" => {
                let name = format!("{} {}", self.mark, self.test.number());
                let body = json!({ "name": name, "note": self.mark });
                let id = text(&self.owner.post("/projects", body).await.ok(), "id");
                self.keep("project", id);
            }
            "mission" | "role" => self.make_mission().await,
            "assignment" => {
                let (mission, user) = (Box::pin(self.id("mission")).await, Box::pin(self.id("user")).await);
                let body = json!({ "mission_id": mission, "user_id": user, "note": self.mark });
                let id = text(&self.owner.post("/assignments", body).await.ok(), "id");
                self.keep("assignment", id);
            }
            // Accepted, and elsewhere since; years after all others, because it would be in the way.
            "moved" => {
                let user = Box::pin(self.id("user")).await;
                let start = at(NOW).plus_seconds((6_000 + i64::from(self.test.number() % 5_000)) * DAY);
                let end = start.plus_seconds(DAY / 3);
                let mission = json!({ "title": self.mark, "start_at": start, "end_at": end });
                let mission = text(&self.owner.post("/missions", mission).await.ok(), "id");
                let body = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
                let id = text(&self.owner.post("/assignments", body).await.ok(), "id");
                let place = json!({ "location": self.mark });
                self.owner.patch(&format!("/missions/{mission}"), place).await.ok();
                self.keep("moved", id);
            }
            "moved-mission" => {
                let (project, (start, end)) = (Box::pin(self.id("project")).await, self.hours());
                let mission =
                    json!({ "title": self.mark, "project_id": project, "start_at": start, "end_at": end });
                let mission = text(&self.owner.post("/missions", mission).await.ok(), "id");
                let place = json!({ "location": self.mark });
                self.owner.patch(&format!("/missions/{mission}"), place).await.ok();
                self.keep("moved-mission", mission);
            }
            "invitation" | "token" => {
                let assignment = Box::pin(self.id("assignment")).await;
                let email = format!("{}@{}.example", self.mark, self.mark).to_lowercase();
                let body = json!({ "assignment_id": assignment, "email": email });
                let created = self.owner.post("/invitations", body).await.ok();
                self.keep("invitation", text(&created, "id"));
                self.keep("token", text(&created, "token"));
            }
            "availability" => {
                let ((start, end), user) = (self.hours(), Box::pin(self.id("user")).await);
                let body = json!({ "user_id": user, "start_at": start, "end_at": end, "note": self.mark });
                let id = text(&self.owner.post("/availabilities", body).await.ok(), "id");
                self.keep("availability", id);
            }
            "mail" => {
                let (invitation, user) =
                    (Box::pin(self.id("invitation")).await, Box::pin(self.id("user")).await);
                let address = format!("{}@{}.example", self.mark, self.mark).to_lowercase();
                self.test.queue_mail(&self.org, &invitation, &user, &address).await;
                let newest = self.owner.get("/mails?limit=1").await.ok();
                self.keep("mail", text(&newest[0], "id"));
            }
            "undo" => {
                let (mission, user) =
                    (Box::pin(self.id("mission")).await, Box::pin(self.id("newcomer")).await);
                let command = json!({ "type": "assign", "mission_id": mission, "user_id": user });
                let applied = self.owner.post("/planning:apply", json!({ "commands": [command] })).await.ok();
                self.keep("undo", text(&applied, "undo"));
            }
            // The keys of feeds.
            "user-key" | "project-key" => {
                let thing = name.trim_end_matches("-key");
                let path = format!("/{thing}s/{}/calendar_key", Box::pin(self.id(thing)).await);
                let key = text(&self.owner.post_empty(&path).await.ok(), "key");
                self.keep(name, key);
            }
            "unproven" => {
                let email = format!("invitee-{}@rideau.example", self.test.number());
                let added = self.owner.post("/orgs/members", json!({ "email": email, "role": "tech" })).await;
                self.keep("unproven", text(&added.ok(), "account_id"));
            }
            "reset-token" => {
                let email = "oubli@rideau.example";
                // Refused the second time: the account is there already.
                self.owner.post("/orgs/members", json!({ "email": email, "role": "tech" })).await;
                self.keep("reset-token", self.test.reset_token(email).await);
            }
            _ => self.make_as_declared(name).await,
        }
    }

    /// By the first operation that is declared to make it.
    async fn make_as_declared(&mut self, name: &str) {
        let makes = declared().iter().find(|operation| operation.declared.makes == Some(name));
        let Some(call) = makes.map(|operation| &operation.declared) else { return };
        // The number of the call that names the thing is another one.
        let mut value = async |hole: &str| match hole {
            "number" => self.test.number().to_string(),
            hole => Box::pin(self.id(hole)).await,
        };
        let (address, body) = (fill(&call.address, &mut value).await, fill(call.body, &mut value).await);
        let body = serde_json::from_str(&body).expect("a body");
        let id = text(&self.owner.post(&address, body).await.ok(), "id");
        self.keep(name, id);
    }

    /// The technician's login, a member again if it was removed.
    async fn make_account(&mut self) {
        let user = Box::pin(self.id("user")).await;
        let body = json!({ "email": self.email, "role": "tech", "user_id": user });
        self.owner.post("/orgs/members", body).await;
        self.test.prove(&self.email).await;
        let members = self.owner.get("/orgs/members").await.ok();
        let mut listed = members["members"].as_array().expect("members").iter();
        let account = listed.find(|member| member["email"] == self.email).expect("a member");
        let id = text(account, "account_id");
        self.keep("account", id);
    }

    async fn make_mission(&mut self) {
        let project = Box::pin(self.id("project")).await;
        let (start, end) = self.hours();
        let body = json!({
            "title": self.mark, "location": self.mark, "note": self.mark, "project_id": project, "start_at": start,
            "end_at": end, "roles": [{ "role_name": format!("{}-lumiere", self.mark) }],
        });
        let mission = self.owner.post("/missions", body).await.ok();
        self.keep("mission", text(&mission, "id"));
        self.keep("role", text(&mission["roles"][0], "id"));
    }

    /// Two accepted missions at the same time, with a reason, and all that shows only once someone answered.
    pub async fn make_conflict(&mut self) {
        let ((start, end), user) = (self.hours(), self.id("user").await);
        for title in ["A", "B"] {
            let title = format!("{} {title}", self.mark);
            let mission = json!({ "title": title, "location": self.mark, "start_at": start, "end_at": end });
            let mission = text(&self.owner.post("/missions", mission).await.ok(), "id");
            let body = json!({
                "mission_id": mission, "user_id": user, "status": "ACCEPTED", "override_reason": self.mark,
            });
            self.owner.post("/assignments", body).await.ok();
        }
        let body = json!({ "user_id": user, "start_at": start, "end_at": end, "note": self.mark });
        let availability = text(&self.owner.post("/availabilities", body).await.ok(), "id");
        self.owner.post_empty(&format!("/availabilities/{availability}:approve")).await.ok();
    }
}
