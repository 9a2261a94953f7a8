//! A call that succeeds, of any operation: for tests that walk through the whole API and so fail when a new operation
//! forgets a rule.

use super::{House, Operation};
use crate::support::{Outcome, Persona};
use axum::http::Method;
use serde_json::Value as Json;

/// A call that succeeds.
#[derive(Clone)]
pub struct Sample<'t> {
    /// How.
    pub method: Method,
    /// Where.
    pub path: String,
    /// With what.
    pub body: Option<Json>,
    cookie: Option<String>,
    house: House<'t>,
}

impl<'t> Sample<'t> {
    /// Of an operation, on objects made for it alone. `owner` is the org's.
    pub async fn of(owner: &Persona<'t>, operation: &Operation) -> Self {
        let (address, body) = operation.sampled();
        let mut house = House::of_owner(owner);
        let (path, body) = (house.fill(address).await, filled(&mut house, body).await);
        let cookie = match operation.reads_cookie() {
            true => Some(owner.test().refresh_token("owner@rideau.example").await),
            false => None,
        };
        Self { method: operation.method.clone(), path, body, cookie, house }
    }

    /// Another call of the same object, which asks for something new.
    pub async fn again_as(&self, operation: &Operation) -> Self {
        let mut house = self.house.clone();
        house.renew();
        let body = filled(&mut house, operation.sampled().1).await;
        Self { method: operation.method.clone(), body, house, ..self.clone() }
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

async fn filled(house: &mut House<'_>, body: &str) -> Option<Json> {
    let body = house.fill(body).await;
    (!body.is_empty()).then(|| serde_json::from_str(&body).expect("a JSON body"))
}
