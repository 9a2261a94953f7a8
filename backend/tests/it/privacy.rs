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
        accounts, audit, orgs,
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
    let forgotten = privacy::erase(&tx, test.org, user).await?;
    tx.commit().await.expect("it is committed");
    Ok(forgotten.login)
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
    let owner = test.owner().await;
    let day = json!({ "user_id": test.tech_user, "start_at": "2026-07-20T08:00:00Z", "end_at": "2026-07-20T18:00:00Z" });
    test.tech().await.post("/availabilities", day).await.ok();
    let log = async || owner.get("/audit?limit=200").await.ok().to_string();
    assert!(log().await.contains("tech@rideau.example"));
    assert_eq!(erase(&test, test.tech_user).await.expect("they are erased"), Erased::LoginElsewhere);
    assert!(!log().await.contains("tech@rideau.example"), "{}", log().await);
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

fn cli_over(test: &Test) -> Cli {
    Cli::new(&[("DATABASE_URL", &test.app.config.database_url.to_string())])
}

#[rstest]
#[tokio::test]
async fn a_login_without_a_person_is_erased_too(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let account = |made: &Json| made["account_id"].as_str().expect("an id").to_owned();
    let member = async |email: &str| {
        account(&owner.post("/orgs/members", json!({ "email": email, "role": "tech" })).await.ok())
    };
    member("office@rideau.example").await;
    let left = member("left@rideau.example").await;
    owner.delete(&format!("/orgs/members/{left}")).await.ok();
    let cli = cli_over(&test);
    let org = test.org.to_string();
    let erase = |email: &str| cli.run(&["user", "erase", "--org", &org, "--user", email, "--yes"]);
    for email in ["office@rideau.example", "left@rideau.example"] {
        assert_eq!(erase(email).ok()[0], "erased their login");
        let rows = security::dump(&test, db).await;
        let left: Vec<_> = rows.iter().filter(|row| row.contains(email)).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // The last owner stays, and so does whoever is another org's alone.
    assert!(erase("owner@rideau.example").failed().contains("last owner"));
    assert!(erase("tech@other.example").failed().contains("no person"));
    let rows = security::dump(&test, db).await.join("\n");
    for email in ["owner@rideau.example", "tech@other.example"] {
        assert!(rows.contains(email), "{email}");
    }
}

#[rstest]
#[tokio::test]
async fn an_org_whose_contact_is_forgotten_has_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let user = somebody(&test, &test.manager().await).await;
    let contact =
        json!({ "name": "quetzal ybarra", "phone": "06 99 00 00 01", "email": "Quetzal@ybarra.example" });
    let set = json!({ "contact": contact, "reply_to": "quetzal@ybarra.example" });
    owner.patch("/orgs/current", set).await.ok();
    test.pass_seconds(60 * DAY);
    erase(&test, user).await.expect("they are erased");
    let org = test.owner().await.get("/orgs/current").await.ok();
    assert_eq!(
        (&org["contact"], &org["reply_to"]),
        (&json!({ "name": null, "phone": null, "email": null }), &Json::Null)
    );
    assert_eq!(left(&test, db).await, Vec::<&str>::new());
    let office = json!({ "contact": { "name": "The office", "phone": "0102030405", "email": "office@rideau.example" } });
    let owner = test.owner().await;
    owner.patch("/orgs/current", office.clone()).await.ok();
    erase(&test, test.tech_user).await.expect("they are erased");
    assert_eq!(owner.get("/orgs/current").await.ok()["contact"], office["contact"], "somebody else's");
}

#[rstest]
#[tokio::test]
async fn a_copy_for_a_planner_tells_nothing_of_whom_they_planned(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let own = manager.user("Mona Planner").await;
    let account = manager.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned();
    test.owner().await.patch(&format!("/orgs/members/{account}"), json!({ "user_id": own })).await.ok();
    somebody(&test, &manager).await;
    let reader = test.app.db.reader(true).await.expect("a snapshot");
    let copy = privacy::export(&reader, test.org, own.parse().expect("an id"), test.clock.now())
        .await
        .expect("a copy");
    let text = serde_json::to_string(&copy).expect("JSON");
    let told: Vec<_> = TYPED.iter().filter(|typed| text.contains(**typed)).collect();
    assert!(told.is_empty(), "{told:?} of {text}");
    // That they did it is theirs, and so are the words about themselves.
    assert!(text.contains("user.create") && text.contains("invitation.create"), "{text}");
    assert!(text.contains("Mona"), "{text}");
}

#[cfg(target_os = "linux")]
#[rstest]
#[tokio::test]
async fn a_copy_that_cannot_be_printed_is_a_failure(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let cli = cli_over(&test);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let (org, user) = (test.org.to_string(), test.tech_user.to_string());
    let arguments = ["user", "export", "--org", &org, "--user", &user, "--out", "-"];
    let output = cli.command(&arguments).stdout(full).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Who only asks waits for no writer, and none waits for them.
#[rstest]
#[tokio::test]
async fn who_is_not_sure_holds_nobody_up(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let cli = cli_over(&test).set("DB_ACQUIRE_TIMEOUT_MS", "500").set("DB_STATEMENT_TIMEOUT_MS", "500");
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    orgs::lock_for_no_key_update(&tx, test.org).await.expect("the org");
    let (org, user) = (test.org.to_string(), test.tech_user.to_string());
    let unsure = cli.run(&["user", "erase", "--org", &org, "--user", &user]);
    assert!(unsure.failed().contains("add --yes"), "{}", unsure.failed());
    let kept = std::time::Duration::from_secs(DAY.unsigned_abs());
    let nothing = async {
        assert_eq!(audit::empty_old_details(&test.app.db, test.org, kept).await.expect("details"), 0);
        assert_eq!(outbox::delete_old(&test.app.db, test.org, kept).await.expect("mails"), 0);
    };
    tokio::time::timeout(std::time::Duration::from_secs(3), nothing).await.expect("it waits for nobody");
    drop(tx);
}

/// A mail that was on its way when its person was forgotten ends without a word of theirs.
#[rstest]
#[tokio::test]
async fn a_mail_in_flight_brings_no_address_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let user = somebody(&test, &test.manager().await).await;
    let invitation =
        test.rows("SELECT CAST(id AS text) AS id FROM invitations ORDER BY id").await[0]["id"].clone();
    test.queue_mail(
        &test.org.to_string(),
        invitation.as_str().expect("an id"),
        &user.to_string(),
        "elsewhere@ybarra.example",
    )
    .await;
    let job = test.rows("SELECT CAST(id AS text) AS id FROM mails WHERE state = 'queued'").await;
    let mail = job[0]["id"].as_str().expect("an id").parse().expect("an id");
    let claimed =
        outbox::claim(&test.app.db, outbox::SendMail { org: test.org, mail }).await.expect("a mail");
    let carried = claimed.expect("it is claimed").carried;
    test.pass_seconds(60 * DAY);
    erase(&test, user).await.expect("they are erased");
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    let said = Some("550 no such user elsewhere@ybarra.example".to_owned());
    let was_queued = outbox::ended(&tx, (test.org, mail), outbox::MailState::Failed, said, &carried)
        .await
        .expect("it ends");
    assert!(!was_queued);
    tx.commit().await.expect("it is committed");
    assert_eq!(left(&test, db).await, Vec::<&str>::new());
    test.execute("DELETE FROM jobs").await;
}

/// Whoever adds a member while that login is erased adds somebody new.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn nobody_is_added_to_an_org_as_somebody_who_was_erased_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    let login =
        test.rows("SELECT CAST(id AS text) AS id FROM accounts WHERE email = 'tech@rideau.example'").await;
    let login = login[0]["id"].as_str().expect("an id").parse().expect("an id");
    accounts::lock_for_no_key_update(&tx, login).await.expect("the account");
    let other = test.other_owner().await;
    let body = json!({ "email": "tech@rideau.example", "role": "tech" });
    let add = async { other.post("/orgs/members", body).await.ok() };
    let commit = async {
        test.until_a_lock_is_waited_for().await;
        privacy::erase(&tx, test.org, test.tech_user).await.expect("they are erased");
        tx.commit().await.expect("it is committed");
    };
    let (added, ()) = tokio::join!(add, commit);
    assert_eq!(added["email"], "tech@rideau.example");
    let members = "SELECT count(*) AS n FROM org_memberships m JOIN accounts a ON a.id = m.account_id
        WHERE a.email LIKE '%@erased.invalid'";
    assert_eq!(test.count(members).await, 0);
}

#[rstest]
#[tokio::test]
async fn nobody_is_added_to_an_org_that_was_deleted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    privacy::delete_org(&tx, test.org).await.expect("it is deleted");
    tx.commit().await.expect("it is committed");
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    let new = orgs::NewMember {
        email: Email::parse("late@rideau.example").expect("an e-mail"),
        role: coulisses::role::Role::Owner,
        user_id: None,
    };
    let late = orgs::add_member(&tx, orgs::LinkBy::Hand(&test.app.random), test.org, new).await;
    assert!(late.expect_err("it is gone").is::<coulisses::error::NotFound>());
}
