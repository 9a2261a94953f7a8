//! Roles, memberships, and what of an org's things its technicians see. Who may call what is in `access/`.

use crate::support::{Kind, Persona, Test};
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
                "notify": "declines", "pending": false,
            });
            if role != "tech" {
                expected["email"] = json!(email);
                expected["delivery"] = json!("none");
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
            "user_id": null, "is_active": true, "notify": "declines", "pending": true, "delivery": "none",
            "password_url": added["password_url"],
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
async fn an_existing_account_gets_a_link_that_takes_up_the_membership(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let added =
        admin.post("/orgs/members", json!({ "email": "tech@other.example", "role": "tech" })).await.ok();
    assert_eq!((added.get("password_url"), &added["pending"]), (None, &json!(true)), "{added}");
    let login =
        |password: &str| json!({ "email": "tech@other.example", "password": password, "org_id": test.org });
    let anonymous = test.anonymous();
    anonymous.post("/auth/login", login(crate::support::PASSWORD)).await.refused(401, "invalid_credentials");
    let url = added["membership_url"].as_str().expect("a link");
    let token = url.strip_prefix("http://127.0.0.1:8000/password?token=").expect("a token");
    let take_up = json!({
        "token": token, "current_password": crate::support::PASSWORD, "new_password": PASSWORD_OF_NEWCOMER,
    });
    anonymous.post("/auth/reset/confirm", take_up).await.ok();
    anonymous.post("/auth/login", login(PASSWORD_OF_NEWCOMER)).await.ok();
    let listed = admin.get("/orgs/members").await.ok();
    let member =
        listed["members"].as_array().unwrap().iter().find(|one| one["email"] == "tech@other.example");
    assert_eq!(member.expect("a member")["pending"], false);
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
async fn a_technicians_lists_hold_their_own_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
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
async fn a_technician_answers_yes_or_no_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (tech, calls) = (test.tech().await, calls(&test).await);
    let change = format!("/assignments/{}:status", calls.own);
    for status in ["CANCELLED", "INVITED"] {
        tech.post(&change, json!({ "status": status })).await.refused(403, "forbidden");
    }
    assert_eq!(test.manager().await.status_of(&calls.own).await, "INVITED");
    for status in ["ACCEPTED", "DECLINED"] {
        assert_eq!(tech.post(&change, json!({ "status": status })).await.ok()["status"], status);
    }
}
