//! Who may do what, and what an org never learns of another.

use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const PASSWORD_OF_NEWCOMER: &str = "un mot de passe tout neuf";
const UNKNOWN_ID: &str = "019f0000-0000-7000-8000-000000000000";

async fn members(test: &Test) -> Vec<(&'static str, Persona<'_>)> {
    vec![
        ("tech", test.tech().await),
        ("manager", test.manager().await),
        ("admin", test.admin().await),
        ("owner", test.owner().await),
    ]
}

#[rstest]
#[tokio::test]
async fn each_role_passes_where_it_suffices(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let members = members(&test).await;
    let stranger = test.other_owner().await;
    let scoped = format!("/rbac_demo/scoped/{}", test.org);
    for (path, lowest, body) in [
        ("/rbac_demo/any", 0, json!({ "ok": true, "need": "tech" })),
        ("/rbac_demo/manager", 1, json!({ "ok": true, "need": "manager+" })),
        ("/rbac_demo/admin", 2, json!({ "ok": true, "need": "admin+" })),
        ("/rbac_demo/owner", 3, json!({ "ok": true, "need": "owner" })),
        (&scoped, 0, json!({ "ok": true, "scope": "org" })),
    ] {
        let nobody = test.anonymous().get(path).await;
        nobody.refused(401, "unauthenticated");
        assert_eq!(nobody.header("www-authenticate"), "Bearer");
        for (rank, (role, persona)) in members.iter().enumerate() {
            let answer = persona.get(path).await;
            if rank >= lowest {
                assert_eq!(answer.ok(), body, "{role} at {path}");
            } else {
                let problem = answer.refused(403, "forbidden");
                let needed =
                    format!("This needs the role {} or higher in this organisation.", members[lowest].0);
                assert_eq!(problem["detail"], needed, "{role} at {path}");
            }
        }
        let answer = stranger.get(path).await;
        if path == scoped {
            answer.refused(403, "org_mismatch");
        } else {
            assert_eq!(answer.ok(), body, "an owner in their own org at {path}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_scope_is_the_org_of_the_token(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for (role, persona) in members(&test).await {
        for org in [test.other_org.to_string(), UNKNOWN_ID.into()] {
            let answer = persona.get(&format!("/rbac_demo/scoped/{org}")).await;
            assert_eq!(answer.refused(403, "org_mismatch")["status"], 403, "{role}");
        }
    }
    test.owner().await.get("/rbac_demo/scoped/not-an-id").await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn members_are_listed_highest_role_first(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.anonymous().get("/orgs/members").await.refused(401, "unauthenticated");
    for (role, persona) in members(&test).await {
        let answer = persona.get("/orgs/members").await.ok();
        assert_eq!(answer.as_object().expect("an object").len(), 1);
        let listed = answer["members"].as_array().expect("members");
        let roles: Vec<_> = listed.iter().map(|member| &member["role"]).collect();
        assert_eq!(roles, ["owner", "admin", "manager", "tech"], "as {role}");
        for member in listed {
            let email = format!("{}@rideau.example", member["role"].as_str().expect("a role"));
            let user = (member["role"] == "tech").then_some(test.tech_user);
            let mut expected = json!({
                "account_id": member["account_id"], "role": member["role"], "user_id": user, "is_active": true,
            });
            if role != "tech" {
                expected["email"] = json!(email);
            }
            assert_eq!(*member, expected, "as {role}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn only_admins_and_above_add_members(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let body = |role: &str| json!({ "email": format!("new-of-{role}@rideau.example"), "role": "tech" });
    test.anonymous().post("/orgs/members", body("nobody")).await.refused(401, "unauthenticated");
    for (role, persona) in members(&test).await {
        let answer = persona.post("/orgs/members", body(role)).await;
        if matches!(role, "admin" | "owner") {
            answer.ok();
        } else {
            answer.refused(403, "forbidden");
        }
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM accounts WHERE email_key LIKE 'new-of-%'").await, 2);
}

#[rstest]
#[tokio::test]
async fn nobody_grants_above_their_own_rank(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let new =
        |role: &str, by: &str| json!({ "email": format!("{role}-of-{by}@rideau.example"), "role": role });
    let (admin, owner) = (test.admin().await, test.owner().await);
    admin.post("/orgs/members", new("owner", "admin")).await.refused(403, "rank_too_low");
    assert_eq!(test.count("SELECT count(*) AS n FROM accounts WHERE email_key LIKE '%-of-%'").await, 0);
    for role in ["tech", "manager", "admin"] {
        assert_eq!(admin.post("/orgs/members", new(role, "admin")).await.ok()["role"], role);
    }
    assert_eq!(owner.post("/orgs/members", new("owner", "owner")).await.ok()["role"], "owner");
}

#[rstest]
#[tokio::test]
async fn a_new_account_gets_a_link_that_really_sets_its_password(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let added =
        admin.post("/orgs/members", json!({ "email": "lea@rideau.example", "role": "manager" })).await.ok();
    assert_eq!(
        added,
        json!({
            "account_id": added["account_id"], "email": "lea@rideau.example", "role": "manager",
            "user_id": null, "is_active": true, "password_url": added["password_url"],
        })
    );
    let url = added["password_url"].as_str().expect("a link");
    let path = url.strip_prefix("http://127.0.0.1:8000").expect("the public address");
    let token = path.strip_prefix("/password?token=").expect("a token");

    test.pass_seconds(6 * 24 * 3600);
    assert_eq!(test.anonymous().get(path).await.status, 200);
    let new = json!({ "token": token, "new_password": PASSWORD_OF_NEWCOMER });
    test.anonymous().post("/auth/reset/confirm", new.clone()).await.ok();
    test.anonymous().post("/auth/reset/confirm", new).await.refused(400, "invalid_token");
    let login = json!({ "email": "lea@rideau.example", "password": PASSWORD_OF_NEWCOMER });
    let signed_in = test.anonymous().post("/auth/login", login).await.ok();
    assert_eq!(signed_in["org_id"], json!(test.org));
    let token = signed_in["access_token"].as_str().expect("an access token");
    let lea = test.anonymous().with_token(token);
    lea.get("/rbac_demo/manager").await.ok();
    lea.get("/rbac_demo/admin").await.refused(403, "forbidden");
}

#[rstest]
#[tokio::test]
async fn an_existing_account_gets_no_link(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let tokens = "SELECT count(*) AS n FROM password_tokens";
    let before = test.count(tokens).await;
    let added =
        admin.post("/orgs/members", json!({ "email": "tech@other.example", "role": "tech" })).await.ok();
    assert!(added.get("password_url").is_none(), "{added}");
    assert_eq!(test.count(tokens).await, before);
    let both = json!({
        "email": "tech@other.example", "password": crate::support::PASSWORD, "org_id": test.org,
    });
    test.anonymous().post("/auth/login", both).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_member_is_added_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    for email in ["tech@rideau.example", "Tech@Rideau.Example"] {
        let again = admin.post("/orgs/members", json!({ "email": email, "role": "manager" })).await;
        assert_eq!(again.refused(409, "duplicate")["errors"][0]["pointer"], "/email");
    }
    let tech = test.tech().await;
    assert_eq!(tech.get("/auth/me").await.ok()["role"], "tech");
}

#[rstest]
#[tokio::test]
async fn what_a_caller_may_not_set_is_an_unknown_member(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    for (member, value) in
        [("org_id", json!(test.other_org)), ("is_active", json!(true)), ("password", json!("x"))]
    {
        let mut body = json!({ "email": "lea@rideau.example", "role": "tech" });
        body[member] = value;
        assert_eq!(admin.post("/orgs/members", body).await.wrong_members(), [format!("/{member}")]);
    }
    let wrong = admin.post("/orgs/members", json!({ "email": "lea", "role": "boss" })).await;
    assert_eq!(wrong.wrong_members(), ["/email", "/role"]);
}

#[rstest]
#[tokio::test]
async fn a_new_member_can_be_one_of_the_orgs_people_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let foreign = test.other_owner().await.user("Ailleurs Personne").await;
    for user in [foreign.as_str(), UNKNOWN_ID] {
        let body = json!({ "email": "lea@rideau.example", "role": "tech", "user_id": user });
        let refused = admin.post("/orgs/members", body).await.refused(404, "unknown_reference");
        assert_eq!(refused["errors"][0]["pointer"], "/user_id");
    }
    let taken = json!({ "email": "lea@rideau.example", "role": "tech", "user_id": test.tech_user });
    admin.post("/orgs/members", taken).await.refused(409, "duplicate");
    assert_eq!(
        test.count("SELECT count(*) AS n FROM accounts WHERE email_key = 'lea@rideau.example'").await,
        0
    );
    let own = admin.user("Léa Lumière").await;
    let added = json!({ "email": "lea@rideau.example", "role": "tech", "user_id": own });
    assert_eq!(admin.post("/orgs/members", added).await.ok()["user_id"], own);
}

struct Calls {
    own: String,
    colleagues: String,
    colleague: String,
}

/// The technician and a colleague are both on one mission.
async fn calls(test: &Test) -> Calls {
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let colleague = manager.user("Camille Collègue").await;
    let own = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let colleagues = manager.assignment(&mission, &colleague).await;
    Calls { own, colleagues, colleague }
}

#[rstest]
#[tokio::test]
async fn a_technician_sees_and_answers_own_calls_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let calls = calls(&test).await;
    let (tech, manager) = (test.tech().await, test.manager().await);
    let listed = |answer: Json| -> BTreeSet<String> {
        let rows = answer.as_array().expect("an array");
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let both: BTreeSet<_> = [calls.own.clone(), calls.colleagues.clone()].into();
    assert_eq!(listed(manager.get("/assignments").await.ok()), both);
    assert_eq!(listed(tech.get("/assignments").await.ok()), [calls.own.clone()].into());
    let of_colleague = format!("/assignments?user_id={}", calls.colleague);
    assert_eq!(listed(tech.get(&of_colleague).await.ok()), [].into());

    tech.get(&format!("/assignments/{}", calls.own)).await.ok();
    let own_conflicts = tech.get(&format!("/conflicts/user/{}", test.tech_user)).await.ok();
    assert_eq!(own_conflicts["conflicts"], json!([]));
    manager.get(&format!("/conflicts/user/{}", calls.colleague)).await.ok();

    let accepted = json!({ "status": "ACCEPTED" });
    let skills = json!({ "skills": ["son"] });
    for (colleagues, unknown) in [
        (
            tech.get(&format!("/assignments/{}", calls.colleagues)).await,
            tech.get(&format!("/assignments/{UNKNOWN_ID}")).await,
        ),
        (
            tech.get(&format!("/conflicts/user/{}", calls.colleague)).await,
            tech.get(&format!("/conflicts/user/{UNKNOWN_ID}")).await,
        ),
        (
            tech.post(&format!("/assignments/{}:status", calls.colleagues), accepted.clone()).await,
            tech.post(&format!("/assignments/{UNKNOWN_ID}:status"), accepted.clone()).await,
        ),
        (
            tech.post_empty(&format!("/assignments/{}/accept", calls.colleagues)).await,
            tech.post_empty(&format!("/assignments/{UNKNOWN_ID}/accept")).await,
        ),
        (
            tech.post_empty(&format!("/assignments/{}/decline", calls.colleagues)).await,
            tech.post_empty(&format!("/assignments/{UNKNOWN_ID}/decline")).await,
        ),
        (
            tech.get(&format!("/users/{}/profile", calls.colleague)).await,
            tech.get(&format!("/users/{UNKNOWN_ID}/profile")).await,
        ),
        (
            tech.put(&format!("/users/{}/profile", calls.colleague), skills.clone()).await,
            tech.put(&format!("/users/{UNKNOWN_ID}/profile"), skills.clone()).await,
        ),
    ] {
        colleagues.refused(404, "not_found");
        assert_eq!(colleagues.without_request_id(), unknown.without_request_id());
    }
    assert_eq!(manager.status_of(&calls.colleagues).await, "INVITED");
    tech.post(&format!("/assignments/{}:status", calls.own), accepted).await.ok();
    assert_eq!(manager.status_of(&calls.own).await, "ACCEPTED");
}

#[rstest]
#[tokio::test]
async fn a_member_without_a_person_has_no_calls(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let calls = calls(&test).await;
    let become_tech = "UPDATE org_memberships SET role = 'tech' \
                       WHERE account_id = (SELECT id FROM accounts WHERE email_key = 'manager@rideau.example')";
    let manager = test.manager().await;
    test.execute(become_tech).await;
    assert_eq!(manager.get("/assignments").await.ok(), json!([]));
    manager.get(&format!("/assignments/{}", calls.own)).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn technicians_do_not_plan(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let calls = calls(&test).await;
    let tech = test.tech().await;
    let (invitation, _) = test.manager().await.invitation(&calls.own).await;
    let mission = test.manager().await.mission("Démontage", "14:00", "18:00").await;
    let start_end = json!({ "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z" });
    let mut titled = start_end.clone();
    titled["title"] = json!("Mission");
    for answer in [
        tech.post("/projects", json!({ "name": "Tempête" })).await,
        tech.post("/users", json!({ "name": "Nina Simone" })).await,
        tech.post("/missions", titled).await,
        tech.post_empty(&format!("/missions/{mission}:duplicate")).await,
        tech.post("/assignments", json!({ "mission_id": mission, "user_id": test.tech_user })).await,
        tech.post("/invitations", json!({ "assignment_id": calls.own })).await,
        tech.delete(&format!("/invitations/{invitation}")).await,
        tech.post_empty(&format!("/availabilities/{UNKNOWN_ID}:approve")).await,
    ] {
        answer.refused(403, "forbidden");
    }
    let cancelled = json!({ "status": "CANCELLED" });
    tech.post(&format!("/assignments/{}:status", calls.own), cancelled).await.refused(403, "forbidden");
}

/// Every route with an id in its path that a session opens, and what the id is of.
const BY_ID: [(&str, &str, &str); 13] = [
    ("get", "/projects/{id}", "project"),
    ("post", "/projects/{id}/missions:bulk_create", "project"),
    ("get", "/missions/{id}", "mission"),
    ("post", "/missions/{id}:duplicate", "mission"),
    ("get", "/users/{id}", "user"),
    ("get", "/users/{id}/profile", "user"),
    ("put", "/users/{id}/profile", "user"),
    ("get", "/conflicts/user/{uid}", "user"),
    ("get", "/assignments/{id}", "assignment"),
    ("post", "/assignments/{id}:status", "assignment"),
    ("post", "/assignments/{id}/accept", "assignment"),
    ("post", "/assignments/{id}/decline", "assignment"),
    ("delete", "/invitations/{id}", "invitation"),
];
/// The same, tested apart because the id has another name or no session opens it.
const BY_ID_APART: [(&str, &str); 4] = [
    ("post", "/availabilities/{id}:approve"),
    ("get", "/rbac_demo/scoped/{org_id}"),
    ("post", "/invitations/{id}/accept"),
    ("post", "/invitations/{id}/decline"),
];

fn body_for(path: &str) -> Option<Json> {
    let mission =
        json!({ "title": "Mission", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z" });
    match path {
        "/projects/{id}/missions:bulk_create" => Some(json!([mission])),
        "/users/{id}/profile" => Some(json!({ "skills": ["son"] })),
        "/assignments/{id}:status" => Some(json!({ "status": "DECLINED" })),
        _ => None,
    }
}

async fn call(persona: &Persona<'_>, method: &str, path: &str, id: &str) -> Outcome {
    let method: Method = method.to_uppercase().parse().expect("a method");
    let body = body_for(path).filter(|_| method != Method::GET).map(|body| body.to_string());
    persona.send(method, &path.replace("{id}", id).replace("{uid}", id), body).await
}

#[rstest]
#[tokio::test]
async fn another_orgs_ids_answer_exactly_like_unknown_ones(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, stranger) = (test.owner().await, test.other_owner().await);
    let project = stranger.project("Leur spectacle").await;
    let user = stranger.user("Leur Personne").await;
    let mission = stranger.mission("Leur montage", "08:00", "12:00").await;
    let assignment = stranger.assignment(&mission, &user).await;
    let (invitation, _) = stranger.invitation(&assignment).await;
    let theirs = |kind: &str| match kind {
        "project" => &project,
        "user" => &user,
        "mission" => &mission,
        "assignment" => &assignment,
        _ => &invitation,
    };
    for (method, path, kind) in BY_ID {
        let foreign = call(&owner, method, path, theirs(kind)).await;
        let unknown = call(&owner, method, path, UNKNOWN_ID).await;
        foreign.refused(404, "not_found");
        assert_eq!(foreign.without_request_id(), unknown.without_request_id(), "{method} {path}");
    }
    assert_eq!(stranger.status_of(&assignment).await, "INVITED");

    let hours =
        json!({ "user_id": user, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z" });
    let availability =
        stranger.post("/availabilities", hours).await.ok()["id"].as_str().expect("an id").to_owned();
    let approve = async |id: &str| owner.post_empty(&format!("/availabilities/{id}:approve")).await;
    let (foreign, unknown) = (approve(&availability).await, approve(UNKNOWN_ID).await);
    foreign.refused(404, "not_found");
    assert_eq!(foreign.without_request_id(), unknown.without_request_id());
    stranger.post_empty(&format!("/availabilities/{availability}:approve")).await.ok();

    for (method, path, kind) in BY_ID {
        let own = call(&stranger, method, path, theirs(kind)).await;
        let accept_for_others = path.ends_with("/accept") || path.ends_with("/decline");
        assert_eq!(own.status, if accept_for_others { 403 } else { 200 }, "{method} {path}: {}", own.text);
    }
}

#[rstest]
#[tokio::test]
async fn no_route_with_an_id_is_left_out_above(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let document = test.anonymous().get("/openapi.json").await.ok();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| path.contains('{')) else {
            continue;
        };
        for method in ["get", "put", "post", "patch", "delete"] {
            if item.get(method).is_some() {
                found.insert(format!("{method} {path}"));
            }
        }
    }
    let session = BY_ID.iter().map(|(method, path, _)| format!("{method} {path}"));
    let apart = BY_ID_APART.iter().map(|(method, path)| format!("{method} {path}"));
    assert_eq!(found, session.chain(apart).collect());
}

#[rstest]
#[tokio::test]
async fn a_reference_to_another_orgs_object_is_a_reference_to_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (owner, stranger) = (test.owner().await, test.other_owner().await);
    let own_mission = owner.mission("Montage", "08:00", "12:00").await;
    let own_user = owner.user("Nina Simone").await;
    let project = stranger.project("Leur spectacle").await;
    let user = stranger.user("Leur Personne").await;
    let mission = stranger.mission("Leur montage", "08:00", "12:00").await;
    let assignment = stranger.assignment(&mission, &user).await;
    let hours = |member: &str, id: &str| json!({ member: id, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z" });
    let titled = |id: &str| {
        let mut body = hours("project_id", id);
        body["title"] = json!("Mission");
        body
    };
    let of_mission = |id: &str| json!({ "mission_id": id, "user_id": own_user });
    let of_user = |id: &str| json!({ "mission_id": own_mission, "user_id": id });
    let of_assignment = |id: &str| json!({ "assignment_id": id });
    for (path, pointer, foreign, unknown) in [
        ("/missions", "/project_id", titled(&project), titled(UNKNOWN_ID)),
        ("/assignments", "/mission_id", of_mission(&mission), of_mission(UNKNOWN_ID)),
        ("/assignments", "/user_id", of_user(&user), of_user(UNKNOWN_ID)),
        ("/invitations", "/assignment_id", of_assignment(&assignment), of_assignment(UNKNOWN_ID)),
        ("/availabilities", "/user_id", hours("user_id", &user), hours("user_id", UNKNOWN_ID)),
    ] {
        let (foreign, unknown) = (owner.post(path, foreign).await, owner.post(path, unknown).await);
        assert_eq!(foreign.refused(404, "unknown_reference")["errors"][0]["pointer"], pointer, "{path}");
        assert_eq!(foreign.without_request_id(), unknown.without_request_id(), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn lists_show_the_own_org_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, stranger) = (test.owner().await, test.other_owner().await);
    let project = stranger.project("Leur spectacle").await;
    let user = stranger.user("Leur Personne").await;
    let mission = stranger.mission("Leur montage", "08:00", "12:00").await;
    stranger.assignment(&mission, &user).await;
    for path in [
        "/projects".to_owned(),
        "/missions".into(),
        "/assignments".into(),
        format!("/missions?project_id={project}"),
        format!("/assignments?mission_id={mission}"),
        format!("/assignments?user_id={user}"),
        "/users?q=Leur".into(),
    ] {
        assert_eq!(owner.get(&path).await.ok(), json!([]), "{path}");
    }
    let emails = owner.get("/orgs/members").await.text;
    assert!(emails.contains("@rideau.example") && !emails.contains("@other.example"), "{emails}");
}
