//! The people of the table's columns, and how they send a call.

use crate::operations::Operation;
use crate::support::{Outcome, PASSWORD, Persona, Test};
use serde_json::json;

/// Someone of the table.
pub struct Someone<'t> {
    /// Their column.
    pub column: &'static str,
    /// What they sign in with; anonymous as the technician would.
    pub email: &'static str,
    /// What they send requests as.
    pub persona: Persona<'t>,
}

/// In the order of the columns.
pub async fn everyone(test: &Test) -> Vec<Someone<'_>> {
    let removed = "partie@rideau.example";
    let owner = test.owner().await;
    let member = owner.post("/orgs/members", json!({ "email": removed, "role": "owner" })).await.ok();
    // They set their password like everyone, then are removed while signed in.
    let text = |name: &str| member[name].as_str().expect("a text").to_owned();
    let link = text("password_url");
    let (_, token) = link.split_once("token=").expect("a token");
    let password = json!({ "token": token, "new_password": PASSWORD });
    test.anonymous().post("/auth/reset/confirm", password).await.ok();
    let (tech, signed_in) = (test.tech().await, test.signed_in(removed).await);
    signed_in.get("/rbac_demo/owner").await.ok();
    owner.delete(&format!("/orgs/members/{}", text("account_id"))).await.ok();

    // Who has not taken their membership up gets what a removed one gets.
    let pending = "attend@rideau.example";
    owner.post("/orgs/members", json!({ "email": pending, "role": "owner" })).await.ok();
    let password = "(SELECT password_hash FROM accounts WHERE email_key = 'tech@rideau.example')";
    let set = format!("UPDATE accounts SET password_hash = {password} WHERE email_key = '{pending}'");
    test.execute(&set).await;
    let waiting = test.pending(pending).await;

    let someone = |column, email, persona| Someone { column, email, persona };
    vec![
        someone("anonymous", "tech@rideau.example", test.anonymous()),
        someone("tech", "tech@rideau.example", tech.clone()),
        someone("colleague", "tech@rideau.example", tech),
        someone("manager", "manager@rideau.example", test.manager().await),
        someone("admin", "admin@rideau.example", test.admin().await),
        someone("owner", "owner@rideau.example", owner),
        someone("other org's owner", "owner@other.example", test.other_owner().await),
        someone("removed member", removed, signed_in),
        someone("removed member", pending, waiting),
    ]
}

impl Someone<'_> {
    /// Sends a call whose holes are filled.
    pub async fn send(&self, test: &Test, call: &Operation, address: &str, body: &str) -> Outcome {
        let mut persona = self.persona.clone();
        if call.method == "PATCH" {
            persona = persona.with_header("content-type", "application/merge-patch+json");
        }
        if call.reads_cookie() && self.column != "anonymous" {
            // Of a session of its own: theirs goes on.
            let cookie = test.refresh_token(self.email).await;
            persona = persona.with_header("cookie", &format!("refresh_token={cookie}"));
        }
        let body = (!body.is_empty()).then(|| body.to_owned());
        persona.send(call.method.clone(), address, body).await
    }
}
