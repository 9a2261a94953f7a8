//! One org, on its way to a database that has others.

use super::{checksum, cli_of, export, lines, path, refusals::signed, rows};
use crate::{
    cli::Cli,
    support::{Kind, PASSWORD, Test},
};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// An org with a plan, a link that was sent and one of its members' links, a session and a stored answer.
async fn plan(test: &Test) -> String {
    let owner = test.owner().await;
    let user = owner.user("Nina Simone").await;
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    let assignment = owner.assignment(&mission, &user).await;
    owner.invitation(&assignment).await;
    owner.post("/orgs/members", json!({ "email": "new@rideau.example", "role": "tech" })).await.ok();
    let keyed = owner.clone().with_header("idempotency-key", "once");
    keyed.post("/projects", json!({ "name": "Tournée" })).await.ok();
    owner.post("/users", json!({ "name": "Zoé", "email": "zoe@people.example" })).await.ok();
    test.org.to_string()
}

fn export_org(cli: &Cli, org: &str) -> PathBuf {
    let file = cli.folder().join("org.jsonl");
    cli.run(&["export", "--force", "--org", org, "--out", path(&file)]).ok();
    file
}

#[rstest]
#[tokio::test]
async fn an_orgs_export_signs_nobody_in(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let org = plan(&test).await;
    let cli = cli_of(&test);
    let file = export_org(&cli, &org);
    let text = std::fs::read_to_string(&file).unwrap();
    let (whole, _) = export(&cli, "whole.jsonl");
    let whole = |table: &str, column: &str| {
        let values: Vec<_> = rows(&whole, table).iter().map(|row| row[column].clone()).collect();
        assert!(!values.is_empty(), "{table} has rows");
        values.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let secrets = [
        ("accounts", "password_hash"),
        ("sessions", "id"),
        ("membership_links", "token_hash"),
        ("invitations", "token_hash"),
        ("idempotency_keys", "answer"),
    ];
    for (table, column) in secrets {
        for secret in whole(table, column) {
            assert!(!secret.is_empty() && !text.contains(&secret), "{table}.{column} is in the export");
        }
    }
    assert!(!text.contains("$argon2") && !text.contains(PASSWORD));
    for table in ["sessions", "password_tokens", "membership_links", "idempotency_keys", "jobs"] {
        assert!(!text.contains(&format!("[\"{table}\",")), "{table}");
    }
    // Nor anything of the other org.
    assert!(!text.contains(&test.other_org.to_string()) && !text.contains("@other.example"));
    for table in
        ["orgs", "accounts", "users", "missions", "assignments", "invitations", "audit_log", "audit_details"]
    {
        assert!(!rows(&file, table).is_empty(), "{table}");
    }
    assert_eq!(rows(&file, "orgs").len(), 1);
    let unknown = cli.run(&["export", "--org", "01900000-0000-7000-8000-000000000000", "--out", "x.jsonl"]);
    assert!(unknown.failed().contains("there is no organisation"));
    assert!(cli.run(&["export", "--org", "Rideau", "--out", "x.jsonl"]).failed().contains("must be an id"));
}

/// The personas of both orgs have accounts in the other database already, with other ids.
#[rstest]
#[tokio::test]
async fn an_org_joins_others_and_its_members_are_who_they_are_there(
    #[values(Kind::Sqlite, Kind::Postgres)] from: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] to: Kind,
) {
    let home = Test::start(from).await;
    let org = plan(&home).await;
    let source = cli_of(&home);
    let file = export_org(&source, &org);
    let target = Test::start(to).await;
    // The same names and e-mails, made at another time by other dice.
    let cli = cli_of(&target);
    let before = checksum(&cli);
    let named = cli.run(&["import", "--in", path(&file)]);
    assert!(named.failed().contains("org rename") || named.failed().contains("is in the database already"));
    assert_eq!(checksum(&cli), before);
    let renumbered = renumbered(&file);
    let run = cli.run(&["import", "--in", path(&renumbered)]);
    assert!(run.failed().contains("org rename"), "{}", run.failed());
    cli.run(&["org", "rename", "--org", "Théâtre du Rideau", "--name", "Rideau d'avant"]).ok();
    cli.run(&["import", "--in", path(&renumbered)]).ok();
    let again = cli.run(&["import", "--in", path(&renumbered)]);
    assert!(again.failed().contains("is in the database already"), "{}", again.failed());

    // Nobody is there twice, and everybody is a member of both.
    let accounts = target.count("SELECT count(*) AS n FROM accounts").await;
    assert_eq!(accounts, 8 + 1, "eight personas, and the one who was new");
    let owner = "SELECT count(*) AS n FROM org_memberships m JOIN accounts a ON a.id = m.account_id
        WHERE a.email_key = 'owner@rideau.example'";
    assert_eq!(target.count(owner).await, 2);
    let stranger = "SELECT count(*) AS n FROM audit_log WHERE actor_kind = 'account' AND actor_id NOT IN (SELECT id FROM accounts)";
    assert_eq!(target.count(stranger).await, 0);
    // They sign in with the password that they have there, and see what was planned.
    let orgs = cli.run(&["org", "list"]);
    let orgs: Vec<_> = orgs.ok().iter().map(|line| (*line).to_owned()).collect();
    let line = orgs.iter().find(|line| line.contains("Théâtre du Rideau")).expect("the org");
    let id = line.split(' ').next().expect("its id");
    let login = json!({ "email": "owner@rideau.example", "password": PASSWORD, "org_id": id });
    let token = target.anonymous().post("/auth/login", login).await.ok();
    let owner = target.anonymous().with_token(token["access_token"].as_str().expect("a token"));
    assert_eq!(owner.get("/missions").await.ok()[0]["title"], "Montage");
    assert_eq!(owner.get("/projects").await.ok()[0]["name"], "Tournée");
}

/// With other ids for the org and its accounts, as if it came from elsewhere.
fn renumbered(file: &std::path::Path) -> PathBuf {
    let mut text = std::fs::read_to_string(file).unwrap();
    let ids = |table: &str| {
        rows(file, table).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for id in ["orgs", "accounts", "invitations", "audit_log"].iter().flat_map(|table| ids(table)) {
        // The last digits are random ones.
        let (start, end) = id.split_at(id.len() - 4);
        text = text.replace(&id, &format!("{start}{:04x}", u16::from_str_radix(end, 16).unwrap() ^ 0xffff));
    }
    let renumbered = file.with_extension("renumbered");
    super::write(&renumbered, &signed(text.lines().map(str::to_owned).collect()));
    renumbered
}

#[rstest]
#[tokio::test]
async fn an_orgs_export_fills_an_empty_database(#[values(Kind::Sqlite, Kind::Postgres)] to: Kind) {
    let home = Test::start(Kind::Sqlite).await;
    let org = plan(&home).await;
    let source = cli_of(&home);
    let file = export_org(&source, &org);
    let cli = Cli::with_database(to).await;
    let replaced = cli.run(&["import", "--replace", "--in", path(&file)]);
    assert!(replaced.failed().contains("one organisation only"));
    cli.run(&["import", "--in", path(&file)]).ok();
    let again = export_org(&cli, &org);
    assert_eq!(lines(&again)[1..], lines(&file)[1..]);
    cli.run(&["member", "link", "--org", "Théâtre du Rideau", "--email", "owner@rideau.example"]).ok();
}

/// A file may come from somebody else, who has changed it.
#[rstest]
#[tokio::test]
async fn a_file_of_one_org_is_nothing_to_any_other(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let home = Test::start(db).await;
    let org = plan(&home).await;
    let source = cli_of(&home);
    let whole = export(&source, "whole.jsonl").0;
    let file = renumbered(&export_org(&source, &org));
    let org = rows(&file, "orgs")[0]["id"].clone();
    let target = Test::start(db).await;
    // Where others are, and where nobody is yet.
    let (joined, fresh) = (cli_of(&target), Cli::with_database(db).await);
    fresh.run(&["migrate", "up"]).ok();
    joined.run(&["org", "rename", "--org", "Théâtre du Rideau", "--name", "Rideau d'avant"]).ok();
    let victim = target.rows("SELECT id FROM accounts WHERE email = 'owner@other.example'").await;
    let victim = victim[0]["id"].as_str().expect("an id").to_owned();
    let before = (checksum(&joined), checksum(&fresh));
    let other = json!(home.other_org);
    let session = rows(&whole, "sessions")[0].clone();
    type Forge<'a> = &'a dyn Fn(&mut Json);
    let forged: [(&str, &str, Forge); 9] = [
        ("orgs", "another organisation", &|row| row["id"] = other.clone()),
        ("org_memberships", "another organisation", &|row| row["org_id"] = other.clone()),
        ("audit_log", "another organisation", &|row| row["org_id"] = other.clone()),
        ("missions", "another organisation", &|row| row["org_id"] = Json::Null),
        ("org_memberships", "which the export does not have", &|row| row["account_id"] = json!(victim)),
        ("accounts", "found as another", &|row| row["email_key"] = json!("owner@other.example")),
        ("accounts", "an id that another row has", &|row| row["id"] = org.clone()),
        ("accounts", "has a password_hash", &|row| row["password_hash"] = json!("$argon2id$")),
        ("invitations", "has a token_hash", &|row| row["token_hash"] = json!("AAAA")),
    ];
    let refused = |what: &str, wanted: &str, lines: Vec<String>| {
        let forged = joined.folder().join("forged.jsonl");
        super::write(&forged, &signed(lines));
        for cli in [&joined, &fresh] {
            let run = cli.run(&["import", "--in", path(&forged)]);
            assert!(run.failed().contains(wanted), "{what}: {}", run.failed());
        }
    };
    for (table, wanted, forge) in forged {
        refused(table, wanted, altered(&file, table, forge));
    }
    let mut lines = lines(&file);
    let mut header: Json = serde_json::from_str(&lines[0]).expect("a header");
    let of_whole: Json = serde_json::from_str(&super::lines(&whole)[0]).expect("a header");
    let tables = of_whole["tables"].as_array().expect("tables");
    let sessions = tables.iter().find(|layout| layout["name"] == "sessions").expect("sessions").clone();
    let values: Vec<_> = sessions["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| session[column[0].as_str().expect("a name")].clone())
        .collect();
    header["tables"].as_array_mut().expect("tables").push(sessions);
    lines[0] = header.to_string();
    let end = lines.len() - 1;
    let mut footer: Json = serde_json::from_str(&lines[end]).expect("a footer");
    footer["rows"]["sessions"] = json!(1);
    lines[end] = footer.to_string();
    lines.insert(end, json!(["sessions", values]).to_string());
    refused("sessions", "of which an export of one organisation has none", lines);
    assert_eq!((checksum(&joined), checksum(&fresh)), before);
    joined.run(&["import", "--in", path(&file)]).ok();
}

/// The lines with the last row of a table changed.
fn altered(file: &std::path::Path, table: &str, forge: &dyn Fn(&mut Json)) -> Vec<String> {
    let mut lines = lines(file);
    let header: Json = serde_json::from_str(&lines[0]).expect("a header");
    let tables = header["tables"].as_array().expect("tables");
    let layout = tables.iter().find(|layout| layout["name"] == table).expect(table);
    let names = layout["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column[0].as_str().expect("a name"));
    let mut row = rows(file, table).pop().expect(table);
    forge(&mut row);
    let values: Vec<_> = names.map(|name| row[name].clone()).collect();
    let start = format!("[\"{table}\",");
    let place = lines.iter().rposition(|line| line.starts_with(&start)).expect(table);
    lines[place] = json!([table, values]).to_string();
    lines
}
