//! What people may ask for about themselves: a copy, and to be forgotten; and how long is kept what nobody needs for ever.

use crate::{
    cli::Cli,
    security,
    support::{Kind, Persona, Test},
};
use coulisses::{
    config::Config,
    db::Origin,
    ids::UserId,
    outbox,
    resources::{
        audit, orgs,
        privacy::{self, EraseError, Erased},
        users,
    },
    text::{Email, Name, ZoneName},
};
use rstest::rstest;
use serde_json::{Value as Json, json};

const DAY: i64 = 24 * 3600;

/// What is typed about the person; none of it may be left.
const TYPED: [&str; 13] = [
    "Quetzal",
    "Ybarra",
    "quetzal@ybarra.example",
    "0699000001",
    "elsewhere@ybarra.example",
    "plays the theremin",
    "ladder licence",
    "brings own boots",
    "dentist that day",
    "sees the in-laws",
    "SSN-2-75",
    "late train",
    "passport.pdf",
];

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// Somebody with a past: missions that took place, answers with reasons, invitations that were mailed, an availability.
async fn somebody(test: &Test, manager: &Persona<'_>) -> UserId {
    let person = json!({
        "first_name": "Quetzal", "last_name": "Ybarra", "email": "quetzal@ybarra.example", "phone": "0699000001",
        "bio": "plays the theremin", "skills": [{ "skill": "ladder licence" }], "tags": ["ladder licence"],
        "legal_ids": { "ssn": "SSN-2-75" }, "documents": { "file": "passport.pdf" },
    });
    let user = id(&manager.post("/users", person).await.ok());
    let away = json!({
        "user_id": user, "start_at": "2026-07-20T08:00:00Z", "end_at": "2026-07-20T18:00:00Z", "note": "sees the in-laws",
    });
    manager.post("/availabilities", away).await.ok();
    for (title, from, to, status) in [
        ("Montage", "08:00", "10:00", "ACCEPTED"),
        ("Concert", "11:00", "12:00", "DECLINED"),
        ("Bal", "09:00", "09:30", "ACCEPTED"),
    ] {
        let mission = manager.mission(title, from, to).await;
        let body = json!({ "mission_id": mission, "user_id": user, "note": "brings own boots" });
        let assignment = id(&manager.post("/assignments", body).await.ok());
        let asked = json!({ "assignment_id": assignment, "email": "elsewhere@ybarra.example" });
        let asked = manager.post("/invitations", asked).await.ok();
        if status == "DECLINED" {
            let (id, token) = (id(&asked), asked["token"].as_str().expect("a token"));
            let path = format!("/invitations/{id}/decline?token={token}");
            test.anonymous().post(&path, json!({ "reason": "dentist that day" })).await.ok();
            continue;
        }
        let mut change = json!({ "status": status });
        if title == "Bal" {
            change["override_reason"] = json!("late train");
        }
        manager.post(&format!("/assignments/{assignment}:status"), change).await.ok();
    }
    user.parse().expect("an id")
}

async fn erase(test: &Test, user: UserId) -> Result<Erased, EraseError> {
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    let erased = privacy::erase(&tx, test.org, user).await?;
    tx.commit().await.expect("it is committed");
    Ok(erased)
}

/// Those of the typed texts that are somewhere in the database.
async fn left(test: &Test, kind: Kind) -> Vec<&'static str> {
    let rows = security::dump(test, kind).await;
    let is_there = |typed: &&&str| {
        let folded = typed.to_lowercase();
        rows.iter().any(|row| row.to_lowercase().contains(&folded))
    };
    TYPED.iter().filter(is_there).copied().collect()
}

#[rstest]
#[tokio::test]
async fn who_is_erased_leaves_what_happened_and_no_word_of_who_they_were(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = somebody(&test, &manager).await;
    let kept = async || {
        let counts = "SELECT count(*) AS n FROM assignments WHERE status = 'ACCEPTED' AND conflict_override IS NOT NULL";
        let entries = test.count("SELECT count(*) AS n FROM audit_log").await;
        (test.count("SELECT count(*) AS n FROM assignments").await, test.count(counts).await, entries)
    };
    assert_eq!(left(&test, db).await, TYPED);
    let before = kept().await;
    assert!(matches!(erase(&test, user).await, Err(EraseError::StillPlanned(2))));
    assert_eq!(left(&test, db).await, TYPED);

    test.pass_seconds(60 * DAY);
    assert_eq!(erase(&test, user).await.expect("they are erased"), Erased::WithoutLogin);
    assert_eq!(left(&test, db).await, Vec::<&str>::new());
    // One entry more: that they were erased.
    assert_eq!(kept().await, (before.0, before.1, before.2 + 1));
    let owner = test.owner().await;
    let shown = owner.get(&format!("/users/{user}")).await.ok();
    let last = user.to_string().replace('-', "")[26..].to_uppercase();
    assert_eq!((&shown["name"], &shown["active"]), (&json!(format!("Anonyme {last}")), &json!(false)));
    let log = owner.get(&format!("/audit?object_id={user}&limit=1")).await.ok();
    assert_eq!(log[0]["action"], "user.erase");
}

#[rstest]
#[tokio::test]
async fn a_login_is_erased_with_its_last_membership(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    let account = tech.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned();
    assert_eq!(erase(&test, test.tech_user).await.expect("they are erased"), Erased::WithLogin);
    tech.get("/auth/me").await.refused(401, "unauthenticated");
    let login = json!({ "email": "tech@rideau.example", "password": crate::support::PASSWORD });
    test.anonymous().post("/auth/login", login).await.refused(401, "invalid_credentials");
    let rows = security::dump(&test, db).await;
    assert!(!rows.iter().any(|row| row.contains("tech@rideau.example")));
    let emails = test.rows("SELECT email FROM accounts WHERE NOT is_active").await;
    assert_eq!(emails, [json!({ "email": format!("{}@erased.invalid", account.replace('-', "")) })]);
    // The other org's people are as they were.
    assert!(rows.iter().any(|row| row.contains("tech@other.example")));
}

#[rstest]
#[tokio::test]
async fn a_login_that_another_org_needs_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let member = json!({ "email": "tech@rideau.example", "role": "tech" });
    test.other_owner().await.post("/orgs/members", member).await.ok();
    test.prove("tech@rideau.example").await;
    assert_eq!(erase(&test, test.tech_user).await.expect("they are erased"), Erased::LoginElsewhere);
    let login = json!({ "email": "tech@rideau.example", "password": crate::support::PASSWORD });
    let signed_in = test.anonymous().post("/auth/login", login).await.ok();
    assert_eq!(signed_in["org_id"], json!(test.other_org));
}

#[rstest]
#[tokio::test]
async fn the_last_owner_is_not_erased(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let user = owner.user("Olga Owner").await;
    let account = owner.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned();
    owner.patch(&format!("/orgs/members/{account}"), json!({ "user_id": user })).await.ok();
    let refused = erase(&test, user.parse().expect("an id")).await;
    assert!(matches!(refused, Err(EraseError::LastOwner)));
    assert_eq!(owner.get(&format!("/users/{user}")).await.ok()["name"], "Olga Owner");
    // Of another org nobody is erased, whatever their id.
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    let elsewhere = privacy::erase(&tx, test.other_org, test.tech_user).await;
    let Err(EraseError::Failed(error)) = elsewhere else { panic!("not erased") };
    assert!(error.is::<coulisses::error::NotFound>());
}

#[rstest]
#[tokio::test]
async fn a_copy_has_all_that_is_known_of_a_person_and_nobody_else(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = somebody(&test, &manager).await;
    let other = manager.user("Nina Simone").await;
    manager.assignment(&manager.mission("Répétition", "14:00", "15:00").await, &other).await;
    let reader = test.app.db.reader(true).await.expect("a snapshot");
    let copy = privacy::export(&reader, test.org, user, test.clock.now()).await.expect("a copy");
    let text = serde_json::to_string(&copy).expect("JSON");
    let missing: Vec<_> = TYPED.iter().filter(|typed| !text.contains(**typed)).collect();
    assert!(missing.is_empty(), "{missing:?} of {text}");
    assert!(!text.contains("Nina") && !text.contains("token") && !text.contains("hash"));
    let copy: Json = serde_json::from_str(&text).expect("JSON");
    let many = |name: &str| copy[name].as_array().expect(name).len();
    assert_eq!((many("assignments"), many("invitations"), many("availabilities")), (3, 3, 1));
}

#[rstest]
#[tokio::test]
async fn what_is_older_than_the_operator_wants_is_forgotten(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let week = std::time::Duration::from_secs(7 * 24 * 3600);
    manager.project("Old").await;
    let mail = "INSERT INTO mails (org_id, id, kind, address, state, created_at, ended_at) SELECT id, id, 'calls', 'a@b.example',
        'sent', created_at, created_at FROM orgs";
    test.execute(mail).await;
    test.pass_seconds(7 * DAY);
    let manager = test.manager().await;
    manager.project("New").await;
    let details = async || {
        test.count("SELECT count(*) AS n FROM audit_details WHERE before IS NOT NULL OR after IS NOT NULL")
            .await
    };
    let (entries, all) = (test.count("SELECT count(*) AS n FROM audit_log").await, details().await);
    assert_eq!(outbox::delete_old(&test.app.db, test.org, week).await.expect("mails"), 0);
    assert_eq!(audit::empty_old_details(&test.app.db, test.org, week).await.expect("details"), 0);
    test.pass_seconds(1);
    assert_eq!(outbox::delete_old(&test.app.db, test.org, week).await.expect("mails"), 1);
    let emptied = audit::empty_old_details(&test.app.db, test.org, week).await.expect("details");
    assert!(emptied > 0);
    assert_eq!(details().await, all - i64::try_from(emptied).expect("a number"));
    assert_eq!(test.count("SELECT count(*) AS n FROM audit_log").await, entries);
    let text = security::dump(&test, db).await.join("\n");
    assert!(text.contains("\"New\"") && !text.contains("\"Old\""));
    assert_eq!(test.count("SELECT count(*) AS n FROM mails").await, 1, "the other org's is not touched");
}

#[test]
fn how_long_is_kept_is_for_the_operator_to_say() {
    let read = |name: &'static str, value: &'static str| {
        Config::from_lookup(&|asked| (asked == name).then(|| value.to_owned())).map(|config| config.retention)
    };
    assert_eq!(read("KEEP_MAILS_DAYS", "").expect("the default").mails, None);
    assert_eq!(read("KEEP_MAILS_DAYS", "0").expect("for ever").mails, None);
    let days = read("KEEP_AUDIT_DETAILS_DAYS", "400").expect("a number").audit_details;
    assert_eq!(days.map(|kept| kept.as_secs()), Some(400 * 24 * 3600));
    // The API promises a day.
    let message = read("KEEP_ANSWERS_HOURS", "23").expect_err("too short").to_string();
    assert!(message.contains("KEEP_ANSWERS_HOURS must be a whole number from 24"), "{message}");
}

#[rstest]
#[tokio::test]
async fn operators_do_it_on_the_command_line(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let app = cli.database().open().await;
    let tx = app.write(Origin::system()).await.expect("a transaction");
    let new = orgs::OrgForm::named(Name::stored("Rideau"), ZoneName::stored("Europe/Paris"));
    let org = orgs::create(&tx, new).await.expect("an org");
    let person = |email: &str, name: &str| {
        let named = users::NewUser::named(Name::parse(name).expect("a name"));
        users::NewUser { email: Some(Email::parse(email).expect("an e-mail")), ..named }
    };
    for (email, name) in
        [("q@ybarra.example", "Quetzal Ybarra"), ("two@b.example", "A B"), ("TWO@b.example", "C D")]
    {
        users::create(&tx, org, person(email, name), None).await.expect("a person");
    }
    tx.commit().await.expect("they are stored");
    let who = ["--org", "rideau", "--user", "Q@Ybarra.example"];
    let file = cli.folder().join("copy.json");
    let out = file.to_str().expect("a path");
    cli.run(&[&["user", "export"], &who[..], &["--out", out]].concat()).ok();
    let copy: Json = serde_json::from_slice(&std::fs::read(&file).expect("the copy")).expect("JSON");
    assert_eq!(copy["user"]["last_name"], "Ybarra");
    let again = cli.run(&[&["user", "export"], &who[..], &["--out", out]].concat());
    assert!(again.failed().contains("is there already"), "{}", again.failed());
    for (user, what) in [
        ("nobody@b.example", "no person"),
        ("two@b.example", "several people"),
        ("019f0000-0000-7000-8000-000000000000", "no person"),
    ] {
        let refused = cli.run(&["user", "erase", "--org", "Rideau", "--user", user, "--yes"]);
        assert!(refused.failed().contains(what), "{}", refused.failed());
    }
    let name = async || {
        let found =
            users::by_email(&app, org, &Email::stored("q@ybarra.example").key()).await.expect("people");
        found.len()
    };
    let unsure = cli.run(&[&["user", "erase"], &who[..]].concat());
    assert!(unsure.failed().contains("add --yes"), "{}", unsure.failed());
    assert_eq!(name().await, 1);
    let done = cli.run(&[&["user", "erase"], &who[..], &["--yes"]].concat());
    assert_eq!(done.ok()[0], "erased");
    assert_eq!(name().await, 0);
}
