//! Signing in, and what belongs to an account.

use super::WORDS;
use super::declaration::{Bound, Declaration, delete, each_at_most, get, patch, post};
use crate::replay::script::Who::Tech;
use serde_json::json;

const TOKEN: Bound = ("2 KiB", "an access token");
/// A session is its account's alone, whatever their role.
const OTHERS: [&str; 5] = ["manager", "admin", "owner", "other org's owner", "removed member"];

pub fn declared() -> Vec<Declaration> {
    each_at_most(WORDS, vec![
        post("/auth/login")
            .body(r#"{"email":"<own-email>","password":"quatre saisons au théâtre","org_id":"<org>"}"#)
            // They are no members of the org that they ask for.
            .gets(401, &["other org's owner", "removed member"])
            .at_most(TOKEN.0, TOKEN.1)
            .tested_by("auth_flow::signing_in_answers_an_access_token_and_a_refresh_cookie"),
        post("/auth/refresh")
            // Without the cookie.
            .gets(401, &["anonymous"])
            .at_most(TOKEN.0, TOKEN.1)
            .tested_by("auth_flow::each_refresh_gives_the_next_token"),
        post("/auth/logout")
            .tested_by("auth_flow::signing_out_ends_the_session_at_once_and_deletes_the_cookie"),
        get("/auth/me")
            .at_most("1 MiB", "the first 1000 orgs; only the operator makes orgs")
            .statements(3)
            .tested_by("auth_flow::me_tells_who_is_signed_in_and_where_else_they_may_act"),
        patch("/auth/me")
            .body(r#"{"locale":"en"}"#)
            .at_most("1 MiB", "the first 1000 orgs; only the operator makes orgs")
            .drawn(3, Tech)
            .with(|s| json!({ "locale": s.pick(&["fr", "en", "en-US"]), "notify": s.pick(&["none", "declines", "all"]) }))
            .tested_by("own_account::an_account_sets_its_language_everywhere_and_its_mails_here"),
        post("/auth/switch")
            .body(r#"{"org_id":"<org>"}"#)
            .gets(404, &["removed member"])
            .at_most(TOKEN.0, TOKEN.1)
            .tested_by("own_account::a_session_that_switches_stays_there"),
        post("/auth/password")
            .body(r#"{"current_password":"quatre saisons au théâtre","new_password":"quatre saisons au théâtre"}"#)
            .tested_by("own_account::a_new_password_ends_the_other_sessions"),
        get("/auth/sessions")
            .at_most("1 MiB", "1000 sessions; 200 characters of each user agent")
            .tested_by("own_account::sessions_are_listed_newest_first"),
        get("/auth/sessions/<session>")
            .gets(404, &OTHERS)
            .at_most("2 KiB", "200 characters of its user agent")
            .tested_by("own_account::a_session_is_read_by_its_account"),
        delete("/auth/sessions/<session>")
            .gets(404, &OTHERS)
            .tested_by("own_account::a_session_that_is_ended_ends_at_once"),
        post("/auth/reset/request")
            .body(r#"{"email":"tech@rideau.example"}"#)
            .tested_by("password_reset_flow::in_dev_the_answer_carries_the_token_of_a_known_e_mail_only"),
        post("/auth/reset/confirm")
            .body(r#"{"token":"<reset-token>","new_password":"quatre saisons au théâtre"}"#)
            .tested_by("password_reset_flow::a_reset_sets_the_password_and_ends_every_session"),
    ])
}
