//! How each operation is called so that it succeeds for whoever may. `<name>` stands for something of [`House`].
//!
//! [`House`]: super::house::House

use axum::http::Method;

/// One operation, ready to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method and the path, as the document has them.
    pub operation: String,
    /// The path and the query.
    pub address: String,
    /// The body; empty for none.
    pub body: &'static str,
}

/// The names that stand for ids.
pub const IDS: [&str; 12] = [
    "org",
    "planner",
    "account",
    "session",
    "project",
    "mission",
    "role",
    "user",
    "newcomer",
    "assignment",
    "invitation",
    "availability",
];

const PERIOD: &str = r#"{"start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z","note":"Matin"}"#;
const MISSION: &str = r#"{"title":"Montage","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z",
    "project_id":"<project>","roles":[{"id":"<role>","role_name":"lumiere","quota":2}]}"#;
const LOGIN: &str = r#"{"email":"<own-email>","password":"quatre saisons au théâtre","org_id":"<org>"}"#;
const PASSWORD: &str =
    r#"{"current_password":"quatre saisons au théâtre","new_password":"quatre saisons au théâtre"}"#;
const NEW_MISSION: &str = r#"{"title":"Montage","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z",
    "project_id":"<project>"}"#;
const NEW_PERIOD: &str =
    r#"{"user_id":"<user>","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z"}"#;
const RESET: &str = r#"{"token":"<reset-token>","new_password":"quatre saisons au théâtre"}"#;
const MEMBER: &str = r#"{"role":"tech","is_active":true,"user_id":"<user>"}"#;
const NEW_MEMBER: &str =
    r#"{"email":"nouvelle-<number>@rideau.example","role":"tech","user_id":"<newcomer>"}"#;
const PERSON: &str = r#"{"name":"Camille Nouvelle","skills":["son"]}"#;
const PROFILE: &str = r#"{"skills":["son"],"bio":"Nuits de préférence"}"#;
const RATES: &str = r#"{"rate_profile":{"jour":250}}"#;
const PAIR: &str = r#"{"mission_id":"<mission>","user_id":"<user>"}"#;
const PAIRS: &str = r#"[{"mission_id":"<mission>","user_id":"<user>"}]"#;

/// Operation, address (under the API's base path, or the program's own), body.
#[rustfmt::skip]
const CALLS: [(&str, &str, &str); 83] = [
    ("GET /healthz", "/healthz", ""),
    ("GET /livez", "/livez", ""),
    ("GET /readyz", "/readyz", ""),
    ("GET /metrics", "/metrics", ""),
    ("GET /api/v1/ping", "/ping", ""),
    ("POST /api/v1/auth/login", "/auth/login", LOGIN),
    ("POST /api/v1/auth/refresh", "/auth/refresh", ""),
    ("POST /api/v1/auth/logout", "/auth/logout", ""),
    ("GET /api/v1/auth/me", "/auth/me", ""),
    ("POST /api/v1/auth/switch", "/auth/switch", r#"{"org_id":"<org>"}"#),
    ("POST /api/v1/auth/password", "/auth/password", PASSWORD),
    ("GET /api/v1/auth/sessions", "/auth/sessions", ""),
    ("GET /api/v1/auth/sessions/{id}", "/auth/sessions/<session>", ""),
    ("DELETE /api/v1/auth/sessions/{id}", "/auth/sessions/<session>", ""),
    ("POST /api/v1/auth/reset/request", "/auth/reset/request", r#"{"email":"oubli@rideau.example"}"#),
    ("POST /api/v1/auth/reset/confirm", "/auth/reset/confirm", RESET),
    ("GET /api/v1/rbac_demo/any", "/rbac_demo/any", ""),
    ("GET /api/v1/rbac_demo/manager", "/rbac_demo/manager", ""),
    ("GET /api/v1/rbac_demo/admin", "/rbac_demo/admin", ""),
    ("GET /api/v1/rbac_demo/owner", "/rbac_demo/owner", ""),
    ("GET /api/v1/rbac_demo/scoped/{org_id}", "/rbac_demo/scoped/<org>", ""),
    ("GET /api/v1/orgs/current", "/orgs/current", ""),
    ("PATCH /api/v1/orgs/current", "/orgs/current", r#"{"timezone":"Europe/Brussels"}"#),
    ("GET /api/v1/orgs/members", "/orgs/members", ""),
    ("POST /api/v1/orgs/members", "/orgs/members", NEW_MEMBER),
    ("GET /api/v1/orgs/members/{account_id}", "/orgs/members/<account>", ""),
    ("PATCH /api/v1/orgs/members/{account_id}", "/orgs/members/<account>", MEMBER),
    ("DELETE /api/v1/orgs/members/{account_id}", "/orgs/members/<account>", ""),
    ("GET /api/v1/projects", "/projects?q=o", ""),
    ("POST /api/v1/projects", "/projects", r#"{"name":"Création <number>"}"#),
    ("GET /api/v1/projects/{id}", "/projects/<project>", ""),
    ("PUT /api/v1/projects/{id}", "/projects/<project>", r#"{"name":"Reprise <number>"}"#),
    ("PATCH /api/v1/projects/{id}", "/projects/<project>", r#"{"status":"ACTIVE"}"#),
    ("DELETE /api/v1/projects/{id}", "/projects/<project>", ""),
    ("POST /api/v1/projects/{id}/missions:bulk_create", "/projects/<project>/missions:bulk_create",
        r#"[{"title":"Montage","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z"}]"#),
    ("GET /api/v1/missions", "/missions?project_id=<project>", ""),
    ("POST /api/v1/missions", "/missions", NEW_MISSION),
    ("GET /api/v1/missions/{id}", "/missions/<mission>", ""),
    ("PUT /api/v1/missions/{id}", "/missions/<mission>", MISSION),
    ("PATCH /api/v1/missions/{id}", "/missions/<mission>",
        r#"{"project_id":"<project>","note":"Décor","roles":[{"id":"<role>","role_name":"son"}]}"#),
    ("DELETE /api/v1/missions/{id}", "/missions/<mission>", ""),
    ("POST /api/v1/missions/{id}:duplicate", "/missions/<mission>:duplicate", ""),
    ("POST /api/v1/missions/{id}:cancel", "/missions/<mission>:cancel", ""),
    ("GET /api/v1/users", "/users?q=o", ""),
    ("POST /api/v1/users", "/users", PERSON),
    ("GET /api/v1/users/{id}", "/users/<user>", ""),
    ("PUT /api/v1/users/{id}", "/users/<user>", PERSON),
    ("PATCH /api/v1/users/{id}", "/users/<user>", r#"{"phone":"06 00 00 00 00"}"#),
    ("DELETE /api/v1/users/{id}", "/users/<newcomer>", ""),
    ("GET /api/v1/users/{id}/profile", "/users/<user>/profile", ""),
    ("PUT /api/v1/users/{id}/profile", "/users/<user>/profile", PROFILE),
    ("GET /api/v1/users/{id}/calendar", "/users/<user>/calendar?include=missions", ""),
    ("GET /api/v1/rates/user/{uid}", "/rates/user/<user>", ""),
    ("PUT /api/v1/rates/user/{uid}", "/rates/user/<user>", RATES),
    ("POST /api/v1/rates/user/{uid}", "/rates/user/<user>?daily_eur=250", ""),
    ("GET /api/v1/conflicts", "/conflicts", ""),
    ("GET /api/v1/conflicts/user/{uid}", "/conflicts/user/<user>", ""),
    ("GET /api/v1/assignments", "/assignments?user_id=<user>&mission_id=<mission>&project_id=<project>", ""),
    ("POST /api/v1/assignments", "/assignments", PAIR),
    ("POST /api/v1/assignments:bulk_create", "/assignments:bulk_create", PAIRS),
    ("GET /api/v1/assignments/{id}", "/assignments/<assignment>", ""),
    ("PATCH /api/v1/assignments/{id}", "/assignments/<assignment>", r#"{"note":"Avec le camion"}"#),
    ("DELETE /api/v1/assignments/{id}", "/assignments/<assignment>", ""),
    ("POST /api/v1/assignments/{id}:status", "/assignments/<assignment>:status", r#"{"status":"ACCEPTED"}"#),
    ("POST /api/v1/assignments/{id}/accept", "/assignments/<assignment>/accept", ""),
    ("POST /api/v1/assignments/{id}/decline", "/assignments/<assignment>/decline", r#"{"reason":"Malade"}"#),
    ("GET /api/v1/invitations", "/invitations?assignment_id=<assignment>", ""),
    ("POST /api/v1/invitations", "/invitations", r#"{"assignment_id":"<assignment>"}"#),
    ("POST /api/v1/invitations:bulk_create", "/invitations:bulk_create", r#"[{"assignment_id":"<assignment>"}]"#),
    ("GET /api/v1/invitations/{id}", "/invitations/<invitation>", ""),
    ("DELETE /api/v1/invitations/{id}", "/invitations/<invitation>", ""),
    ("GET /api/v1/invitations/verify", "/invitations/verify?token=<token>", ""),
    ("POST /api/v1/invitations/{id}/accept", "/invitations/<invitation>/accept?token=<token>", ""),
    ("POST /api/v1/invitations/{id}/decline", "/invitations/<invitation>/decline", r#"{"token":"<token>"}"#),
    ("GET /api/v1/availabilities", "/availabilities?user_id=<user>", ""),
    ("POST /api/v1/availabilities", "/availabilities", NEW_PERIOD),
    ("GET /api/v1/availabilities/{id}", "/availabilities/<availability>", ""),
    ("PUT /api/v1/availabilities/{id}", "/availabilities/<availability>", PERIOD),
    ("PATCH /api/v1/availabilities/{id}", "/availabilities/<availability>", r#"{"note":"Sauf le soir"}"#),
    ("DELETE /api/v1/availabilities/{id}", "/availabilities/<availability>", ""),
    ("POST /api/v1/availabilities/{id}:approve", "/availabilities/<availability>:approve", ""),
    ("POST /api/v1/availabilities/{id}:reject", "/availabilities/<availability>:reject", ""),
    ("GET /api/v1/audit", "/audit?object_id=<mission>&actor_id=<planner>", ""),
];

/// Every call. What has a first name is called under it, too.
pub fn calls() -> Vec<Call> {
    let call = |(operation, address, body): (&str, &str, &'static str)| Call {
        operation: operation.into(),
        address: address.into(),
        body,
    };
    let mut calls: Vec<_> = CALLS.into_iter().map(call).collect();
    for (first, today) in coulisses::app::FIRST_NAMES.0 {
        let (first, today) = (first.trim_start_matches("/api/v1"), today.trim_start_matches("/api/v1"));
        let named: Vec<_> = calls.iter().filter(|call| call.address.starts_with(today)).cloned().collect();
        calls.extend(named.into_iter().map(|call| Call {
            operation: call.operation.replace(today, first),
            address: call.address.replace(today, first),
            ..call
        }));
    }
    calls
}

impl Call {
    /// The method.
    pub fn method(&self) -> Method {
        let (method, _) = self.operation.split_once(' ').expect("a method and a path");
        method.parse().expect("a method")
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        self.method() != Method::GET
    }

    /// Whether the refresh cookie goes with it.
    pub fn reads_cookie(&self) -> bool {
        self.operation.ends_with("/auth/refresh") || self.operation.ends_with("/auth/logout")
    }

    /// Whether it lists what ids choose.
    pub fn filters_by_id(&self) -> bool {
        self.address.split_once('?').is_some_and(|(_, query)| query.contains('<') && !query.contains("token"))
    }

    /// The names of the ids that it sends, each once.
    pub fn ids(&self) -> Vec<&'static str> {
        let named = |id: &&str| {
            let hole = format!("<{id}>");
            self.address.contains(&hole) || self.body.contains(&hole)
        };
        IDS.into_iter().filter(named).collect()
    }
}
