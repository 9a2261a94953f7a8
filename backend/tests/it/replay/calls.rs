//! What can be asked for, how often, and with what body: few words, few days and few people, so that they get in each
//! other's way.

use super::script::{Script, Who};
use serde_json::{Value as Json, json};

/// One operation of the document.
pub struct Call {
    /// How often, beside the others.
    pub weight: usize,
    /// Who sends it unless chance decides otherwise.
    pub who: Who,
    /// The method.
    pub method: &'static str,
    /// The path as the document has it, without its base.
    pub path: &'static str,
    /// Makes the body.
    pub body: Option<Make>,
    /// Makes the query.
    pub query: Option<fn(&mut Script) -> String>,
}

type Make = fn(&mut Script) -> Json;

const fn call(weight: usize, who: Who, method: &'static str, path: &'static str) -> Call {
    Call { weight, who, method, path, body: None, query: None }
}

impl Call {
    const fn with(self, body: Make) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn asking(self, query: fn(&mut Script) -> String) -> Self {
        Self { query: Some(query), ..self }
    }
}

use Who::{Admin, Anonymous, Manager, Owner, Tech};

/// Every operation outside sign-in and the probes.
pub const CALLS: &[Call] = &[
    call(1, Tech, "get", "/rbac_demo/any"),
    call(1, Manager, "get", "/rbac_demo/manager"),
    call(1, Admin, "get", "/rbac_demo/admin"),
    call(1, Owner, "get", "/rbac_demo/owner"),
    call(3, Owner, "get", "/rbac_demo/scoped/{org_id}"),
    call(2, Tech, "get", "/orgs/current"),
    call(3, Owner, "patch", "/orgs/current").with(org),
    call(2, Manager, "get", "/orgs/members"),
    call(6, Admin, "post", "/orgs/members").with(new_member),
    call(2, Tech, "get", "/orgs/members/{account_id}"),
    call(6, Owner, "patch", "/orgs/members/{account_id}").with(member),
    call(3, Owner, "delete", "/orgs/members/{account_id}"),
    call(7, Manager, "post", "/projects").with(project),
    call(6, Tech, "get", "/projects")
        .asking(|s| s.query(&["status=DRAFT", "status=ACTIVE&status=DRAFT", "q=ET%C3%89", "q=_"])),
    call(3, Manager, "get", "/projects/{id}"),
    call(4, Manager, "put", "/projects/{id}").with(project),
    call(5, Manager, "patch", "/projects/{id}").with(project_patch),
    call(4, Manager, "delete", "/projects/{id}"),
    call(6, Manager, "post", "/projects/{id}/missions:bulk_create").with(|s| s.some(mission_of_project)),
    call(20, Manager, "post", "/missions").with(mission),
    call(5, Tech, "get", "/missions").asking(|s| {
        s.query(&[
            "status=open",
            "status=cancelled",
            "q=son",
            "from=2026-07-10T12:00:00Z",
            "to=2026-07-11T00:00:00Z",
        ])
    }),
    call(5, Manager, "get", "/missions/{id}"),
    call(10, Manager, "put", "/missions/{id}").with(mission_form),
    call(18, Manager, "patch", "/missions/{id}").with(mission_patch),
    call(4, Manager, "delete", "/missions/{id}"),
    call(5, Manager, "post", "/missions/{id}:duplicate").with(duplication),
    call(3, Manager, "post", "/missions/{id}:cancel"),
    call(10, Manager, "post", "/users").with(user),
    call(6, Tech, "get", "/users").asking(|s| {
        s.query(&["q=boeuf", "q=%25", "skill=son", "tag=nuit&tag=jour", "active=true", "active=false"])
    }),
    call(4, Tech, "get", "/users/{id}"),
    call(4, Manager, "put", "/users/{id}").with(user),
    call(6, Manager, "patch", "/users/{id}").with(user_patch),
    call(8, Manager, "delete", "/users/{id}"),
    call(3, Manager, "get", "/users/{id}/profile"),
    call(4, Manager, "put", "/users/{id}/profile").with(profile),
    call(5, Manager, "get", "/users/{id}/calendar")
        .asking(|s| s.query(&["include=missions", "from=2026-07-10T12:00:00Z"])),
    call(45, Manager, "post", "/assignments").with(assignment),
    call(5, Manager, "get", "/assignments").asking(|s| {
        s.query(&["me=1", "status=ACCEPTED", "status=INVITED&status=DECLINED", "from=2026-07-10T12:00:00Z"])
    }),
    call(8, Manager, "post", "/assignments:bulk_create").with(|s| s.some(bulk_assignment)),
    call(4, Tech, "get", "/assignments/{id}"),
    call(6, Manager, "patch", "/assignments/{id}").with(assignment_form),
    call(3, Manager, "delete", "/assignments/{id}"),
    call(30, Manager, "post", "/assignments/{id}:status").with(status),
    call(8, Tech, "post", "/assignments/{id}/accept").with(accept),
    call(3, Manager, "post", "/assignments/{id}/accept"),
    call(6, Tech, "post", "/assignments/{id}/decline").with(decline),
    call(14, Manager, "post", "/invitations").with(invitation),
    call(5, Manager, "get", "/invitations")
        .asking(|s| s.query(&["status=pending", "status=answered&status=revoked", "status=expired"])),
    call(10, Manager, "post", "/invitations:bulk_create").with(|s| s.some(invitation)),
    call(3, Manager, "get", "/invitations/{id}"),
    call(3, Manager, "delete", "/invitations/{id}"),
    call(5, Anonymous, "get", "/invitations/verify").asking(|s| format!("token={}", s.token())),
    call(14, Anonymous, "post", "/invitations/{id}/accept").with(accept),
    call(10, Anonymous, "post", "/invitations/{id}/decline").with(decline),
    call(12, Manager, "post", "/availabilities").with(availability),
    call(4, Tech, "get", "/availabilities").asking(|s| {
        s.query(&["status=APPROVED", "status=PENDING&status=REJECTED", "to=2026-07-11T00:00:00Z"])
    }),
    call(2, Tech, "get", "/availabilities/{id}"),
    call(4, Manager, "put", "/availabilities/{id}").with(period),
    call(4, Manager, "patch", "/availabilities/{id}").with(period),
    call(2, Manager, "delete", "/availabilities/{id}"),
    call(12, Manager, "post", "/availabilities/{id}:approve"),
    call(2, Manager, "post", "/availabilities/{id}:reject"),
    call(6, Manager, "post", "/availability").with(availability),
    call(2, Manager, "get", "/availability").asking(|s| s.query(&["status=APPROVED"])),
    call(2, Manager, "get", "/availability/{id}"),
    call(2, Manager, "put", "/availability/{id}").with(period),
    call(2, Manager, "patch", "/availability/{id}").with(period),
    call(2, Manager, "delete", "/availability/{id}"),
    call(3, Manager, "post", "/availability/{id}:approve"),
    call(2, Manager, "post", "/availability/{id}:reject"),
    call(6, Manager, "get", "/conflicts")
        .asking(|s| s.query(&["from=2026-07-10T12:00:00Z", "to=2026-07-11T00:00:00Z"])),
    call(4, Manager, "get", "/conflicts/user/{uid}"),
    call(3, Manager, "get", "/rates/user/{uid}"),
    call(4, Manager, "put", "/rates/user/{uid}").with(rates),
    call(3, Manager, "post", "/rates/user/{uid}").with(rates),
    call(4, Admin, "get", "/audit").asking(|s| {
        s.query(&[
            "object_type=mission",
            "object_type=assignment&object_type=invitation",
            "from=2026-07-01T09:00:00Z",
        ])
    }),
];

const PROJECTS: &[&str] = &["Été", "ÉTÉ", "Hiver", "100 %_x", "Tournée", "Ét\u{e9} 2", "Gala", "Bal"];
const FIRST: &[&str] = &["Élodie", "Nina", "Łukasz", "zoé", "Øyvind", "Anne-Marie"];
const LAST: &[&str] = &["Bœuf", "Simone", "Weiß", "Éclair", "100%", "de la Tour"];
const ROLES: &[&str] = &["son", "son", "Son", "lumière"];
const TITLES: &[&str] = &["Montage son", "Concert", "Démontage", "Balances"];
const NOTES: &[&str] = &["", "Venir tôt", "deux\nlignes", "  espaces  "];
const ZONES: &[&str] = &["Europe/Paris", "america/new_york", "Australia/Lord_Howe", "Mars/Olympus"];
const STATUSES: &[&str] = &["INVITED", "ACCEPTED", "ACCEPTED", "DECLINED", "CANCELLED"];

fn org(s: &mut Script) -> Json {
    let names = ["Théâtre du Rideau", "Other House", "Théâtre de la Butte", "OTHER HOUSE"];
    match s.below(2) {
        0 => json!({ "name": s.pick(&names) }),
        _ => json!({ "timezone": s.pick(ZONES) }),
    }
}

fn new_member(s: &mut Script) -> Json {
    let emails = [
        "ada@crew.example",
        "ADA@crew.example",
        "ben@crew.example",
        "manager@rideau.example",
        "cid@crew.example",
    ];
    let mut body =
        json!({ "email": s.pick(&emails), "role": s.pick(&["tech", "tech", "manager", "admin", "owner"]) });
    if s.chance(30) {
        body["user_id"] = s.id("user");
    }
    body
}

fn member(s: &mut Script) -> Json {
    match s.below(4) {
        0 => json!({ "is_active": s.chance(50) }),
        1 => json!({ "user_id": s.id("user") }),
        2 => json!({ "user_id": null }),
        _ => json!({ "role": s.pick(&["tech", "manager", "admin", "owner"]) }),
    }
}

fn project(s: &mut Script) -> Json {
    let mut body = json!({ "name": s.pick(PROJECTS) });
    if s.chance(40) {
        body["status"] = json!(s.pick(&["DRAFT", "ACTIVE", "ARCHIVED"]));
        body["note"] = json!(s.pick(NOTES));
    }
    if s.chance(30) {
        body["starts_at"] = s.instant();
        body["ends_at"] = s.instant();
    }
    body
}

fn project_patch(s: &mut Script) -> Json {
    match s.below(4) {
        0 => json!({ "status": s.pick(&["DRAFT", "ACTIVE", "ARCHIVED"]) }),
        1 => json!({ "note": null }),
        2 => json!({}),
        _ => json!({ "name": s.pick(PROJECTS) }),
    }
}

/// A period, most often of some hours of the same day.
pub fn period(s: &mut Script) -> Json {
    let (start, length) = (s.below(18), *s.pick(&[2, 2, 4, 4, 6, 12, 0, 800]));
    let at = |hours: usize| {
        format!("2026-{:02}-{:02}T{:02}:00:00Z", 7 + hours / 24 / 22, 10 + hours / 24 % 22, hours % 24)
    };
    let mut body = json!({ "start_at": at(start), "end_at": at(start + length) });
    if s.chance(10) {
        body["end_at"] = json!("2026-07-12T01:30:00.123456+02:00");
    }
    if s.chance(20) {
        body["note"] = json!(s.pick(NOTES));
    }
    body
}

fn mission_of_project(s: &mut Script) -> Json {
    let mut body = period(s);
    if s.chance(90) {
        body["title"] = json!(s.pick(TITLES));
    }
    match s.below(5) {
        0 => body["role"] = json!(s.pick(ROLES)),
        1 => {
            let role = |s: &mut Script| json!({ "role_name": s.pick(ROLES), "quota": s.pick(&[1, 1, 2]) });
            body["roles"] = if s.chance(60) { json!([role(s)]) } else { json!([role(s), role(s)]) };
        }
        2 | 3 => body["roles"] = json!([{ "role_name": s.pick(ROLES), "quota": 1 }]),
        _ => {}
    }
    if s.chance(15) {
        body["timezone"] = json!(s.pick(ZONES));
    }
    body
}

fn mission(s: &mut Script) -> Json {
    let mut body = mission_of_project(s);
    if s.chance(60) {
        body["project_id"] = s.id("project");
    }
    body
}

fn mission_form(s: &mut Script) -> Json {
    let mut body = mission(s);
    if s.chance(30) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn mission_patch(s: &mut Script) -> Json {
    let mut body = match s.below(8) {
        0 => json!({ "title": s.pick(TITLES) }),
        1..=3 => json!({ "roles": [{ "role_name": s.pick(ROLES), "quota": s.pick(&[1, 1, 2, 3]) }] }),
        4 => json!({ "roles": [] }),
        5 => json!({ "project_id": null, "location": "Grande salle" }),
        _ => period(s),
    };
    if s.chance(30) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn duplication(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({}),
        1 => json!({ "start_at": s.instant() }),
        _ => json!({ "shift_days": s.pick(&[1, -1, 107, 4000, 0]) }),
    }
}

fn user(s: &mut Script) -> Json {
    let mut body = json!({ "first_name": s.pick(FIRST), "last_name": s.pick(LAST) });
    if s.chance(30) {
        body = json!({ "name": format!("{} {}", s.pick(FIRST), s.pick(LAST)) });
    }
    if s.chance(50) {
        body["email"] = json!(s.pick(&["nina@crew.example", "ÉLO@crew.example"]));
        body["skills"] = json!([s.pick(ROLES), { "skill": s.pick(ROLES), "level": s.pick(&[1, 5, 6]) }]);
        body["tags"] = json!([s.pick(&["nuit", "jour"])]);
    }
    body
}

fn user_patch(s: &mut Script) -> Json {
    match s.below(6) {
        0 | 1 => json!({ "active": false }),
        2 | 3 => json!({ "active": true }),
        4 => {
            json!({ "legal_ids": { "b": [1, -0.0, 5e-324, 1e16], "a": { "z": [1.5, null], "é": true }, "c": f64::MAX } })
        }
        _ => json!({ "name": s.pick(LAST), "employment_type": s.pick(&["CDI", "INTERMITTENT", "x"]) }),
    }
}

fn profile(s: &mut Script) -> Json {
    json!({ "skills": [s.pick(ROLES)], "tags": [s.pick(&["nuit", "jour"])], "rate_profile": { "jour": s.pick(&[250.5, 0.0, 0.01]) } })
}

fn rates(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({ "rate_profile": null }),
        1 => json!({ "rate_profile": { "jour": 250, "heure": 19.99, "été": 1_000_000 } }),
        _ => json!({ "rate_profile": { "jour": s.pick(&[1.0, 2.5, -1.0]) } }),
    }
}

fn bulk_assignment(s: &mut Script) -> Json {
    let mut body = json!({ "mission_id": s.id("mission"), "user_id": s.id("user") });
    if s.chance(25) {
        body["role_name"] = json!(s.pick(ROLES));
    }
    body
}

fn assignment(s: &mut Script) -> Json {
    let mut body = bulk_assignment(s);
    if s.chance(60) {
        body["status"] = json!(s.pick(STATUSES));
    }
    if s.chance(if body["status"] == "ACCEPTED" { 40 } else { 5 }) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn assignment_form(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({ "role_name": s.pick(ROLES) }),
        1 => json!({ "role_name": null }),
        _ => json!({ "note": s.pick(NOTES) }),
    }
}

fn status(s: &mut Script) -> Json {
    let mut body = json!({ "status": s.pick(STATUSES) });
    if s.chance(if body["status"] == "ACCEPTED" { 40 } else { 5 }) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn invitation(s: &mut Script) -> Json {
    let mut body = json!({ "assignment_id": s.id("assignment") });
    if s.chance(20) {
        body["email"] = json!(s.pick(&["nina@crew.example", "not an address"]));
    }
    body
}

fn accept(s: &mut Script) -> Json {
    s.answer_body()
}

fn decline(s: &mut Script) -> Json {
    let mut body = s.answer_body();
    if s.chance(40) {
        body["reason"] = json!("déjà pris");
    }
    body
}

fn availability(s: &mut Script) -> Json {
    let mut body = period(s);
    body["user_id"] = s.id("user");
    body
}
