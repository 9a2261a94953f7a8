//! Whose login it is: who adds an e-mail gets no further than their own org by it, whatever happens in whichever order. The
//! attacker administers the other org; what they want is the victim's place in ours.

use super::{account_of, reset_token, system, until_waiting};
use crate::support::{Kind, Outcome, Persona, Test, together};
use coulisses::resources::accounts::record_refusals;
use coulisses::{
    auth::entity::LinkIssuer,
    ids::{AccountId, OrgId},
    resources::{
        accounts::links,
        orgs::{self, NewMember, OrgForm},
    },
    role::Role,
    text::{Email, Name, ZoneName},
};
use rstest::rstest;
use serde_json::{Value as Json, json};

const VICTIM: &str = "victim@corp.example";
/// What the attacker sets.
const THEIRS: &str = "le mot de passe du voleur";
/// What the victim sets.
const OWN: &str = "le mot de passe de sa victime";

/// The token of the link in the answer to an addition: for a new login, or for one that was there before.
fn token(added: &Json) -> String {
    let url = added["password_url"].as_str().or(added["membership_url"].as_str()).expect("a link");
    url.split("token=").nth(1).expect("a token").to_owned()
}

async fn add(who: &Persona<'_>, email: &str, role: &str) -> Json {
    who.post("/orgs/members", json!({ "email": email, "role": role })).await.ok()
}

async fn confirm(test: &Test, token: &str, current: Option<&str>, new: &str) -> Outcome {
    let mut body = json!({ "token": token, "new_password": new });
    if let Some(current) = current {
        body["current_password"] = json!(current);
    }
    test.anonymous().post("/auth/reset/confirm", body).await
}

async fn sign_in(test: &Test, email: &str, password: &str, org: Option<OrgId>) -> Outcome {
    test.pass_seconds(6);
    test.anonymous().post("/auth/login", json!({ "email": email, "password": password, "org_id": org })).await
}

/// Which of the two orgs a password opens: ours, theirs.
async fn opens(test: &Test, email: &str, password: &str) -> (bool, bool) {
    let mut opened = [false; 2];
    for (opened, org) in opened.iter_mut().zip([test.org, test.other_org]) {
        let answer = sign_in(test, email, password, Some(org)).await;
        *opened = answer.status == 200;
        if *opened {
            let token = answer.ok()["access_token"].as_str().expect("a token").to_owned();
            test.anonymous().with_token(&token).get("/orgs/current").await.ok();
        } else {
            answer.refused(401, "invalid_credentials");
        }
    }
    (opened[0], opened[1])
}

/// Everything that a session of the victim's account can try to get into our org.
async fn try_everything(test: &Test, session: &Persona<'_>) {
    session.post("/auth/switch", json!({ "org_id": test.org })).await.refused(404, "unknown_reference");
    let claims = test.app.tokens.read_access(session.token()).expect("claims");
    // A token that says otherwise, as one would that was made while they were a member before.
    let here = test.app.tokens.access(claims.sub, test.org, claims.sid, [7; 16]).expect("a token");
    let here = test.anonymous().with_token(&here);
    for path in ["/auth/me", "/orgs/current", "/orgs/members", "/projects", "/users", "/rbac_demo/any"] {
        here.get(path).await.refused(403, "not_a_member");
    }
    let new = json!({ "email": "complice@corp.example", "role": "tech" });
    here.post("/orgs/members", new).await.refused(403, "not_a_member");
}

/// What happens, and by whom: our owner, the attacker, or the operator.
const ORDERS: [&[&str]; 9] = [
    &["they add", "they set", "they sign in", "we add"],
    &["they add", "we add", "they set", "they sign in"],
    &["we add", "they add", "they set", "they sign in"],
    &["we add", "they add", "they set", "we remove", "we add", "they sign in"],
    &["they add", "they set", "we add", "we promote", "they sign in", "we demote"],
    &["they add", "they set", "they sign in", "we add", "we switch off", "we switch on"],
    &["they add", "they set", "they remove", "we add", "they add", "they sign in"],
    &["they add", "they set", "they sign in", "we add", "they change it"],
    &["they add", "we add", "they set", "they reset in vain", "they sign in"],
];

#[rstest]
#[tokio::test]
async fn a_password_that_another_orgs_link_set_opens_nothing_here_in_any_order(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    for (number, order) in ORDERS.into_iter().enumerate() {
        let victim = format!("victim-{number}@corp.example");
        let (mut account, mut link, mut password, mut session) = (String::new(), String::new(), THEIRS, None);
        for step in order {
            let path = format!("/orgs/members/{account}");
            match *step {
                "they add" => {
                    let added = add(&theirs, &victim, "owner").await;
                    account = added["account_id"].as_str().unwrap().to_owned();
                    link = token(&added);
                }
                "they set" => _ = confirm(&test, &link, None, THEIRS).await.ok(),
                "they sign in" => {
                    let signed_in = sign_in(&test, &victim, password, None).await;
                    if let "they remove" = order[2] {
                        // Added anew they are pending there as well.
                        signed_in.refused(401, "invalid_credentials");
                    } else {
                        assert_eq!(signed_in.ok()["org_id"], json!(test.other_org));
                        let token = signed_in.ok()["access_token"].as_str().unwrap().to_owned();
                        session = Some(test.anonymous().with_token(&token));
                    }
                }
                "they change it" => {
                    password = "un autre mot de passe du voleur";
                    let change = json!({ "current_password": THEIRS, "new_password": password });
                    session.as_ref().unwrap().post("/auth/password", change).await.ok();
                }
                "they reset in vain" => {
                    confirm(&test, &link, Some(THEIRS), "encore un autre")
                        .await
                        .refused(400, "invalid_token");
                }
                "they remove" => _ = theirs.delete(&path).await.ok(),
                "we add" => {
                    let added = add(&ours, &victim, "admin").await;
                    assert_eq!(added["pending"], true);
                    account = added["account_id"].as_str().unwrap().to_owned();
                }
                "we remove" => _ = ours.delete(&path).await.ok(),
                "we promote" => _ = ours.patch(&path, json!({ "role": "owner" })).await.ok(),
                "we demote" => _ = ours.patch(&path, json!({ "role": "tech" })).await.ok(),
                "we switch off" => _ = ours.patch(&path, json!({ "is_active": false })).await.ok(),
                "we switch on" => _ = ours.patch(&path, json!({ "is_active": true })).await.ok(),
                step => panic!("nobody knows how to {step}"),
            }
            assert!(!opens(&test, &victim, password).await.0, "{order:?} at {step}");
            if let Some(session) = &session {
                try_everything(&test, session).await;
            }
        }
        let listed = ours.get("/orgs/members").await.ok();
        let member = listed["members"].as_array().unwrap().iter().find(|one| one["email"] == victim);
        assert_eq!(member.expect("a member")["pending"], true, "{order:?}");
        if let Some(session) = &session {
            let me = session.get("/auth/me").await.ok();
            let pending = |membership: &Json| (membership["org_id"].clone(), membership["pending"].clone());
            let shown: Vec<_> = me["memberships"].as_array().unwrap().iter().map(pending).collect();
            assert!(shown.contains(&(json!(test.org), json!(true))), "{order:?}: {me}");
            assert!(shown.contains(&(json!(test.other_org), json!(false))), "{order:?}: {me}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn an_orgs_link_never_sets_the_password_of_a_login_that_opens_another(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    // The victim works for us, with a password of their own.
    let welcome = token(&add(&ours, VICTIM, "admin").await);
    confirm(&test, &welcome, None, OWN).await.ok();
    let lured = add(&theirs, VICTIM, "tech").await;
    assert_eq!(lured.get("password_url"), None);
    let lure = token(&lured);
    let without = confirm(&test, &lure, None, THEIRS).await;
    assert_eq!(without.wrong_members(), ["/current_password"]);
    assert_eq!(without.json()["errors"][0]["code"], "missing");
    let guessed = confirm(&test, &lure, Some("le mauvais mot de passe"), THEIRS).await;
    assert_eq!(guessed.wrong_members(), ["/current_password"]);
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, false));
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, false));

    // The operator has vouched for someone who has no password yet: their link waits for whoever gets the operator's.
    let tx = test.app.db.write(system()).await.unwrap();
    let new =
        NewMember { email: Email::parse("marc@corp.example").unwrap(), role: Role::Owner, user_id: None };
    let (member, given) =
        orgs::add_member(&tx, orgs::LinkBy::Hand(&test.app.random), test.org, new).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!member.pending);
    let lure = token(&add(&theirs, "marc@corp.example", "tech").await);
    for current in [None, Some(""), Some(THEIRS)] {
        let refused = confirm(&test, &lure, current, "la clef des champs").await;
        assert_eq!(refused.wrong_members(), ["/current_password"]);
        test.pass_seconds(60);
    }
    confirm(&test, &given.expect("a link").token, None, OWN).await.ok();
    assert_eq!(opens(&test, "marc@corp.example", OWN).await, (true, false));
}

#[rstest]
#[tokio::test]
async fn who_has_the_link_and_the_password_takes_up_that_membership_and_chooses_a_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    let third = found_org(&test).await;
    // Their first employer set a password for them, and told them; they are still signed in with it.
    confirm(&test, &token(&add(&theirs, VICTIM, "tech").await), None, THEIRS).await.ok();
    let session =
        sign_in(&test, VICTIM, THEIRS, None).await.ok()["access_token"].as_str().unwrap().to_owned();
    let session = test.anonymous().with_token(&session);
    let added = add(&ours, VICTIM, "admin").await;
    add_pending(&test, third, VICTIM).await;
    let link = token(&added);
    // The password that someone else knows is not good enough for us.
    let same = confirm(&test, &link, Some(THEIRS), THEIRS).await;
    assert_eq!(same.wrong_members(), ["/new_password"]);
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, true));
    confirm(&test, &format!(" {link}\n"), Some(THEIRS), OWN).await.ok();
    session.get("/auth/me").await.refused(401, "unauthenticated");
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, false));
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, true));
    sign_in(&test, VICTIM, OWN, Some(third)).await.refused(401, "invalid_credentials");
    // Once is enough.
    confirm(&test, &link, Some(OWN), "un troisième mot de passe").await.refused(400, "invalid_token");
    let entries = test.rows("SELECT org_id, object_id FROM audit_log WHERE action = 'member.prove'").await;
    assert_eq!(entries.len(), 2, "one for each org that was proven");
    let waiting = "SELECT count(*) AS n FROM org_memberships WHERE proven_at IS NULL";
    assert_eq!(test.count(waiting).await, 1, "that of the third org");
}

#[rstest]
#[tokio::test]
async fn a_link_to_the_address_takes_up_all_that_wait_and_shuts_everyone_else_out(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    let set = token(&add(&theirs, VICTIM, "owner").await);
    confirm(&test, &set, None, THEIRS).await.ok();
    let session =
        sign_in(&test, VICTIM, THEIRS, None).await.ok()["access_token"].as_str().unwrap().to_owned();
    let session = test.anonymous().with_token(&session);
    let link = token(&add(&ours, VICTIM, "admin").await);
    let mailed = reset_token(&test, VICTIM).await;
    // Whoever sets what there is would let in who set it.
    let same = confirm(&test, &mailed, None, THEIRS).await;
    assert_eq!(same.wrong_members(), ["/new_password"]);
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, true));
    confirm(&test, &mailed, None, OWN).await.ok();
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, true));
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, false));
    session.get("/auth/sessions").await.refused(401, "unauthenticated");
    // What is left of links has nothing left to do.
    for link in [&link, &set, &mailed] {
        confirm(&test, link, Some(OWN), THEIRS).await.refused(400, "invalid_token");
    }
    // Whoever adds them from now on waits for a proof of their own.
    let third = found_org(&test).await;
    add_pending(&test, third, VICTIM).await;
    sign_in(&test, VICTIM, OWN, Some(third)).await.refused(401, "invalid_credentials");
}

#[rstest]
#[tokio::test]
async fn the_operators_link_replaces_a_password_and_proves_the_org_it_names(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    confirm(&test, &token(&add(&theirs, VICTIM, "owner").await), None, THEIRS).await.ok();
    let added = add(&ours, VICTIM, "admin").await;
    let account: AccountId = added["account_id"].as_str().unwrap().parse().unwrap();
    let third = found_org(&test).await;
    add_pending(&test, third, VICTIM).await;
    let tx = test.app.db.write(system()).await.unwrap();
    let given = links::issue(&tx, &test.app.random, test.org, account, LinkIssuer::Operator).await.unwrap();
    tx.commit().await.unwrap();
    // Made, it opens nothing yet.
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, true));
    assert_eq!(confirm(&test, &given, None, THEIRS).await.wrong_members(), ["/new_password"]);
    confirm(&test, &given, None, OWN).await.ok();
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, true));
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, false));
    sign_in(&test, VICTIM, OWN, Some(third)).await.refused(401, "invalid_credentials");
    confirm(&test, &given, None, THEIRS).await.refused(400, "invalid_token");
}

#[rstest]
#[tokio::test]
async fn a_link_dies_with_its_membership_its_time_and_its_use(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let ours = test.owner().await;
    let added = add(&ours, VICTIM, "tech").await;
    let path = format!("/orgs/members/{}", added["account_id"].as_str().unwrap());
    let first = token(&added);
    ours.patch(&path, json!({ "is_active": false })).await.ok();
    confirm(&test, &first, None, OWN).await.refused(400, "invalid_token");
    ours.patch(&path, json!({ "is_active": true })).await.ok();
    assert_eq!(test.anonymous().get(&format!("/password?token={first}")).await.status, 200);
    ours.delete(&path).await.ok();
    confirm(&test, &first, None, OWN).await.refused(400, "invalid_token");
    let second = token(&add(&ours, VICTIM, "tech").await);
    confirm(&test, &first, None, OWN).await.refused(400, "invalid_token");
    test.pass_seconds(7 * 24 * 3600);
    confirm(&test, &second, None, OWN).await.refused(400, "invalid_token");
    assert_eq!(links::forget_old(&test.app.db).await.unwrap(), 0);
    test.pass_seconds(24 * 3600);
    assert!(links::forget_old(&test.app.db).await.unwrap() > 0);
    assert_eq!(test.count("SELECT count(*) AS n FROM membership_links").await, 0);
    // Removed and added again is the way to a new one.
    let ours = test.owner().await;
    ours.delete(&path).await.ok();
    let third = token(&add(&ours, VICTIM, "tech").await);
    confirm(&test, &third, None, OWN).await.ok();
    confirm(&test, &third, Some(OWN), THEIRS).await.refused(400, "invalid_token");
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, false));
}

#[rstest]
#[tokio::test]
async fn guesses_with_a_link_count_as_guesses_at_the_account(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let lure = token(&add(&test.other_owner().await, super::TECH, "tech").await);
    let mut counted = 0;
    let refused = loop {
        let guessed = confirm(&test, &lure, Some("le mauvais mot de passe"), THEIRS).await;
        if guessed.status == 429 {
            break guessed;
        }
        assert_eq!(guessed.wrong_members(), ["/current_password"]);
        counted += 1;
    };
    refused.refused(429, "too_many_tries");
    let login = json!({ "email": super::TECH, "password": "le mauvais mot de passe" });
    test.anonymous().post("/auth/login", login).await.refused(429, "too_many_tries");
    assert_eq!(counted, 5);
    // Wrong or too soon, they are on record; what was forgotten to be sent is no guess.
    confirm(&test, &lure, None, THEIRS).await.wrong_members();
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    let seen = test.audit("account.sign_in_refused").await;
    let refused: i64 = seen.iter().map(|entry| entry.after["refused"].as_i64().expect("a number")).sum();
    assert_eq!(refused, 7);
}

#[rstest]
#[tokio::test]
async fn the_page_of_an_orgs_link_asks_for_the_password_that_there_is(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let welcome = token(&add(&test.other_owner().await, VICTIM, "tech").await);
    let page = test.anonymous().get(&format!("/password?token={welcome}")).await;
    assert!(page.text.contains("Other House") && !page.text.contains("current_password"), "{}", page.text);
    confirm(&test, &welcome, None, THEIRS).await.ok();
    let link = token(&add(&test.owner().await, VICTIM, "tech").await);
    let page = test.anonymous().get(&format!("/password?token={link}")).await;
    assert!(
        page.text.contains("Théâtre du Rideau") && page.text.contains("current_password"),
        "{}",
        page.text
    );
    let send = async |current: &str, new: &str| {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", &link)
            .append_pair("current_password", current)
            .append_pair("new_password", new)
            .finish();
        let browser = test.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
        browser.send(axum::http::Method::POST, "/password", Some(form)).await
    };
    let wrong = send("le mauvais mot de passe", OWN).await;
    assert!(wrong.status == 400 && wrong.text.contains("That is not the current password"), "{}", wrong.text);
    let same = send(THEIRS, THEIRS).await;
    assert!(same.status == 400 && same.text.contains("the one you have now"), "{}", same.text);
    let done = send(THEIRS, OWN).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(opens(&test, VICTIM, OWN).await, (true, true));
    let used = send(OWN, THEIRS).await;
    assert!(used.status == 400 && used.text.contains("This link is not valid"), "{}", used.text);
}

/// Both orgs gave a link for the same login, which has no password yet.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_first_passwords_at_once_each_opens_its_own_org_or_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    test.open_all_connections().await;
    for round in 0..6 {
        let victim = format!("victim-{round}@corp.example");
        let (here, there) =
            (token(&add(&ours, &victim, "admin").await), token(&add(&theirs, &victim, "admin").await));
        let answers = together([(&here, OWN), (&there, THEIRS)].map(|(link, password)| {
            let test = &test;
            async move { confirm(test, link, None, password).await }
        }))
        .await;
        let done: Vec<_> = answers.iter().map(|answer| answer.status == 200).collect();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{answers:?}");
        assert_eq!(opens(&test, &victim, OWN).await, (done[0], false));
        assert_eq!(opens(&test, &victim, THEIRS).await, (false, done[1]));
        let late = answers.iter().find(|answer| answer.status != 200).expect("one came late");
        assert_eq!(late.wrong_members(), ["/current_password"]);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_removed_while_they_take_it_up_is_out(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let ours = test.owner().await;
    test.open_all_connections().await;
    for round in 0..8 {
        let victim = format!("victim-{round}@corp.example");
        let added = add(&ours, &victim, "admin").await;
        let path = format!("/orgs/members/{}", added["account_id"].as_str().unwrap());
        let link = token(&added);
        let (proof, removal) = tokio::join!(confirm(&test, &link, None, OWN), ours.delete(&path));
        removal.ok();
        assert!(matches!(proof.status.as_u16(), 200 | 400), "{}", proof.text);
        assert_eq!(opens(&test, &victim, OWN).await, (false, false));
        // Added again they begin anew.
        assert_eq!(add(&ours, &victim, "admin").await["pending"], true);
        assert_eq!(opens(&test, &victim, OWN).await, (false, false));
    }
}

/// The operator vouches for a login in the moment in which another org's link sets its first password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn who_is_vouched_for_meanwhile_keeps_others_links_out_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let lure = token(&add(&test.other_owner().await, VICTIM, "tech").await);
    let vouching = test.app.db.write(system()).await.unwrap();
    let new = NewMember { email: Email::parse(VICTIM).unwrap(), role: Role::Owner, user_id: None };
    orgs::add_member(&vouching, orgs::LinkBy::Hand(&test.app.random), test.org, new).await.unwrap();
    let commit = async {
        until_waiting(&test, 1).await;
        vouching.commit().await.unwrap();
    };
    let (set, ()) = tokio::join!(confirm(&test, &lure, None, THEIRS), commit);
    assert_eq!(set.wrong_members(), ["/current_password"]);
    assert_eq!(opens(&test, VICTIM, THEIRS).await, (false, false));
}

/// Another org.
async fn found_org(test: &Test) -> OrgId {
    let tx = test.app.db.write(system()).await.unwrap();
    let org = orgs::create(&tx, OrgForm::named(Name::stored("Troisième"), ZoneName::stored("Europe/Paris")))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    org
}

/// As an administrator of that org would add them.
async fn add_pending(test: &Test, org: OrgId, email: &str) {
    let actor = account_of(&test.owner().await).await.parse().unwrap();
    let origin = coulisses::db::Origin {
        actor: coulisses::db::Actor::Account(actor),
        ..coulisses::db::Origin::system()
    };
    let tx = test.app.db.write(origin).await.unwrap();
    let new = NewMember { email: Email::parse(email).unwrap(), role: Role::Owner, user_id: None };
    let (member, link) = orgs::add_member(&tx, orgs::LinkBy::Hand(&test.app.random), org, new).await.unwrap();
    tx.commit().await.unwrap();
    assert!(member.pending && !link.unwrap().login_is_new);
}

/// The cursor names an account, and where that one stands tells its e-mail to whoever puts members around it.
#[rstest]
#[tokio::test]
async fn a_cursor_of_the_members_tells_nothing_of_who_is_none(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (owner, other) = (test.owner().await, test.other_owner().await);
    let stranger = owner.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned();
    let added = other.post("/orgs/members", json!({ "email": "a@other.example", "role": "tech" })).await.ok();
    let cursor =
        async |account: &str| other.forged_cursor("/orgs/members", &format!("[0,\"{account}\"]")).await;
    for nobody in [stranger.as_str(), "0197f000-0000-7000-8000-000000000000"] {
        let refused = other.get(&format!("/orgs/members?cursor={}", cursor(nobody).await)).await;
        assert_eq!(refused.wrong_members(), ["/cursor"], "{nobody}");
    }
    // Who was removed between two pages does not end the list.
    let removed = added["account_id"].as_str().expect("an id");
    let cursor = cursor(removed).await;
    other.delete(&format!("/orgs/members/{removed}")).await.ok();
    let rest = other.get(&format!("/orgs/members?cursor={cursor}")).await.ok();
    assert_eq!(rest["members"].as_array().map(Vec::len), Some(1), "{rest}");
}
