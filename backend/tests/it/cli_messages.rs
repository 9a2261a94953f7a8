//! What the program says to whoever starts it with a mistake, and the commands that look around.

use crate::{
    cli::{Cli, Serving, all_steps},
    support::Kind,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

/// The lines of a refused configuration.
#[track_caller]
fn mistakes(environment: &[(&str, &str)]) -> String {
    let cli = Cli::new(environment);
    let output = cli.command(&["serve"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("a text")
}

#[test]
fn no_part_of_a_password_is_shown_wherever_it_seems_to_end() {
    for url in [
        "postgresql://crew:se@cr/et@db.example/crew",
        "postgresql://crew:se@cret@db.example/crew",
        "postgresql://crew:se#cret@db.example/crew",
        "postgresql://crew:se/cret@db.example/crew",
        "postgresql://crew:se?cret@db.example/crew",
        "postgresql://crew:12/cret@db.example/crew",
        "postgresql://crew:12#cret@db.example/crew",
    ] {
        let said = mistakes(&[("DATABASE_URL", url)]);
        assert!(said.contains("%40") && !said.contains("cr/et") && !said.contains("cret"), "{url}: {said}");
    }
    for password in ["se@cr/et", "12/cr/et", "12#cr/et", "12?cr/et"] {
        let said = mistakes(&[("REDIS_URL", &format!("redis://crew:{password}@cache.example"))]);
        assert!(said.contains("REDIS_URL has an @ too many") && !said.contains("cr/et"), "{said}");
    }
    let said = Cli::new(&[("REDIS_URL", "redis://crew@cache.example?password=cr/et")])
        .run(&["config"])
        .ok()
        .join("");
    assert!(!said.contains("cr/et"), "{said}");
    for line in [
        "DATABASE_URL=\"postgresql://u:cr/et@h/d",
        "SECRET_KEY=p@ss\"cr/et",
        "SECRET_KEY=cr/et and more",
        "cr/et",
    ] {
        let cli = Cli::new(&[]);
        std::fs::write(cli.folder().join(".env"), format!("ENV=dev\n{line}\n")).expect("a file");
        let run = cli.run(&["config"]);
        let said = run.failed();
        assert!(said.contains("in the file .env is not NAME=value") && !said.contains("cr/et"), "{said}");
    }
}

#[test]
fn a_database_that_was_not_named_is_said_loudly_and_an_empty_name_is_a_mistake() {
    let (a, b) = ("a".repeat(32), "b".repeat(32));
    let prod = [("ENV", "prod"), ("SECRET_KEY", &*a), ("INVITES_SECRET", &*b)];
    let named =
        |more: &[(&str, &str)]| Cli::new(&[&prod[..], more].concat()).run(&["config"]).ok().join("\n");
    let said = named(&[]);
    assert!(
        said.contains("# DATABASE_URL is not set") && said.contains("# links in invitations work on this"),
        "{said}"
    );
    let said = named(&[("DATABASE_URL", "sqlite:///./x.db"), ("PUBLIC_URL", "http://crew.example.org")]);
    assert!(
        !said.contains("DATABASE_URL is not set") && said.contains("# PUBLIC_URL begins with http://"),
        "{said}"
    );
    let rest = [("DATABASE_URL", "sqlite:///./x.db"), ("PUBLIC_URL", "https://crew.example.org")];
    let said = named(&rest);
    assert!(said.matches('#').count() == 1 && said.contains("# SMTP_URL is not set: no mail"), "{said}");
    let mail = [("SMTP_URL", "smtps://crew:cr%2Fet@mail.example"), ("MAIL_FROM", "crew@example.org")];
    let said = named(&[&rest[..], &mail].concat());
    assert!(
        !said.contains('#') && !said.contains("et@") && said.contains("crew:***@mail.example:465"),
        "{said}"
    );
    assert!(
        !Cli::new(&[]).run(&["config"]).ok().join("").contains('#'),
        "on a developer's machine it is as it should be"
    );
    for name in ["DATABASE_URL", "DB_URL"] {
        for empty in ["", " "] {
            assert!(mistakes(&[(name, empty)]).contains(&format!("  {name} is empty")), "{name}");
        }
    }
    for (named, empty) in [("DATABASE_URL", "DB_URL"), ("DB_URL", "DATABASE_URL")] {
        let said = Cli::new(&[(named, "sqlite:///./x.db"), (empty, "")]).run(&["config"]).ok().join("");
        assert!(said.contains("DATABASE_URL=sqlite:///./x.db"), "{said}");
    }
}

#[test]
fn only_the_default_database_gets_a_folder_and_no_command_that_looks_makes_a_file() {
    let cli = Cli::new(&[("DATABASE_URL", "sqlite:///./nowhere/crew.db")]);
    for command in [
        &["serve"][..],
        &["migrate", "up"],
        &["org", "create", "--name", "x", "--owner-email", "a@b.example"],
    ] {
        assert!(cli.run(command).failed().contains("there is no folder ./nowhere"), "{command:?}");
    }
    assert!(!cli.folder().join("nowhere").exists());
    let cli = Cli::new(&[("DATABASE_URL", "sqlite:///./mistyped.db")]);
    for command in [
        &["migrate", "status"][..],
        &["migrate", "down"],
        &["org", "list"],
        &["org", "rename", "--org", "x", "--name", "y"],
        &["org", "set", "--org", "x", "--locale", "en"],
        &["member", "role", "--org", "x", "--email", "a@b.example", "--role", "tech"],
    ] {
        assert!(cli.run(command).failed().contains("there is no database file ./mistyped.db"), "{command:?}");
    }
    assert!(!cli.folder().join("mistyped.db").exists());
    let cli = Cli::new(&[]);
    assert_eq!(cli.run(&["migrate", "up"]).ok().len(), all_steps() + 1);
    assert!(cli.folder().join("backend/dev.db").exists());
}

#[test]
fn what_is_no_database_or_damaged_is_said_so() {
    let cli = Cli::new(&[("DATABASE_URL", "sqlite:///./letter.txt")]);
    std::fs::write(cli.folder().join("letter.txt"), "Dear planner, this is a letter. ".repeat(40))
        .expect("a file");
    assert!(cli.run(&["serve"]).failed().contains("it is not a SQLite database"));
    std::fs::create_dir(cli.folder().join("folder.db")).expect("a folder");
    let cli = cli.set("DATABASE_URL", "sqlite:///./folder.db");
    assert!(cli.run(&["serve"]).failed().contains("it is a folder"));
    let cli = Cli::new(&[("DATABASE_URL", "sqlite:///./older.db")]);
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["migrate", "down"]).ok();
    for command in [&["org", "list"][..], &["member", "list", "--org", "x"]] {
        assert!(cli.run(command).failed().contains("`coulisses migrate up`"), "a look changes nothing");
    }
}

#[rstest]
#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    let applied = cli.run(&["migrate", "up"]);
    let applied = applied.ok();
    assert_eq!(applied.len(), all_steps() + 1);
    assert!(applied[0].starts_with("applied  m20261123_000001_accounts"), "{applied:?}");
    let connection = cli.database().open().await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_future', 0)";
    connection.execute_unprepared(newer).await.expect("a step");
    connection.close().await.expect("it closes");
    for command in [
        &["serve"][..],
        &["serve", "--migrate"],
        &["migrate", "up"],
        &["migrate", "down", "--yes"],
        &["org", "list"],
    ] {
        let run = cli.run(command);
        let said = run.failed();
        assert!(
            said.contains("newer coulisses") && said.contains("m20990101_000001_future"),
            "{command:?}: {said}"
        );
        assert!(said.contains("upgrade the program"), "{said}");
    }
    let run = cli.run(&["migrate", "status"]);
    assert_eq!(run.ok().last(), Some(&"of a newer program  m20990101_000001_future"));
    let full = std::fs::File::create("/dev/full");
    if let Ok(full) = full {
        let output = cli.command(&["migrate", "status"]).stdout(full).output().expect("it starts");
        assert_eq!(output.status.code(), Some(1), "a list that is cut short is not taken for the whole");
    }
}

#[rstest]
#[tokio::test]
async fn settings_of_an_org_are_changed_one_by_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let found = ["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example", "--locale", "en"];
    cli.run(&found).ok();
    let set = |more: &[&str]| cli.run(&[&["org", "set", "--org", "rideau"], more].concat());
    let shown = || {
        let run = cli.run(&["org", "list", "--json"]);
        let org = serde_json::from_str::<Json>(&run.ok().join("\n")).expect("JSON")[0].take();
        let hours = json!([org["reminder_hours"], org["digest_hours"]]);
        json!([org["timezone"], org["locale"], org["contact"], org["reply_to"], hours])
    };
    let contact =
        |name: Json, phone: Json, email: Json| json!({ "name": name, "phone": phone, "email": email });
    let nobody = contact(Json::Null, Json::Null, Json::Null);
    assert_eq!(shown(), json!(["Europe/Paris", "en", nobody, null, [48, 24]]));
    let all = [
        &["--timezone", "europe/brussels", "--locale", "en-US", "--contact-name", "Karim Haddad"][..],
        &["--contact-phone", "01 99 00 12 34", "--contact-email", "karim@rideau.example"],
        &["--reply-to", "planning@rideau.example", "--reminder-hours", "0", "--digest-hours", "12"],
    ]
    .concat();
    let (first, again) = (set(&all), set(&all));
    assert!(first.ok()[0].ends_with(" changed") && again.ok()[0].ends_with(" was so already"));
    let karim = contact(json!("Karim Haddad"), json!("01 99 00 12 34"), json!("karim@rideau.example"));
    let whole = json!(["Europe/Brussels", "en-US", karim, "planning@rideau.example", [0, 12]]);
    assert_eq!(shown(), whole);
    for (option, bad) in [
        ("--timezone", "Mars/Olympus"),
        ("--timezone", ""),
        ("--locale", "de"),
        ("--locale", ""),
        ("--contact-name", " "),
        ("--contact-phone", "1\n2"),
        ("--contact-email", "karim"),
        ("--reply-to", "planning"),
        ("--reminder-hours", "721"),
        ("--reminder-hours", "soon"),
        ("--digest-hours", "0"),
        ("--digest-hours", ""),
    ] {
        let refused = set(&[option, bad]);
        assert!(refused.failed().starts_with(&format!("{option} must ")), "{}", refused.failed());
    }
    set(&["--locale", "fr", "--contact-name", "Other", "--reply-to", "x"]).failed();
    assert_eq!(shown(), whole);
    set(&["--contact-email", "", "--reply-to", ""]).ok();
    let karim = contact(json!("Karim Haddad"), json!("01 99 00 12 34"), Json::Null);
    assert_eq!(shown(), json!(["Europe/Brussels", "en-US", karim, null, [0, 12]]));
    set(&["--contact-name", "", "--contact-phone", ""]).ok();
    assert_eq!(shown(), json!(["Europe/Brussels", "en-US", nobody, null, [0, 12]]));
    let nothing = cli.command(&["org", "set", "--org", "rideau"]).output().expect("it starts");
    assert_eq!(nothing.status.code(), Some(2), "something is to be set");
}

#[rstest]
#[tokio::test]
async fn orgs_and_roles_are_managed_at_the_command_line(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    for (name, owner) in [("Rideau", "first@rideau.example"), ("Bobino", "first@bobino.example")] {
        cli.run(&["org", "create", "--name", name, "--owner-email", owner]).ok();
    }
    let json = |command: &[&str]| {
        let run = cli.run(command);
        serde_json::from_str::<Json>(&run.ok().join("\n")).expect("JSON")
    };
    let run = cli.run(&["org", "list"]);
    let orgs = run.ok();
    assert!(
        orgs[0].ends_with("Bobino  (Europe/Paris)") && orgs[1].ends_with("Rideau  (Europe/Paris)"),
        "{orgs:?}"
    );
    let listed = json(&["org", "list", "--json"]);
    assert_eq!(listed[0]["name"], "Bobino");

    let id = listed[1]["id"].as_str().expect("an id");
    assert_eq!(
        cli.run(&["org", "rename", "--org", "rideau", "--name", "Le Rideau"]).ok(),
        [format!("organisation {id} is Le Rideau now")]
    );
    let taken = cli.run(&["org", "rename", "--org", id, "--name", "BOBINO"]);
    assert!(taken.failed().contains("exists already"), "{}", taken.failed());
    assert_eq!(json(&["org", "list", "--json"])[1]["name"], "Le Rideau");

    cli.run(&["member", "add", "--org", "Le Rideau", "--email", "theo@rideau.example", "--role", "tech"])
        .ok();
    let role = |email: &str, role: &str| {
        cli.run(&["member", "role", "--org", "Le Rideau", "--email", email, "--role", role])
    };
    assert_eq!(role("Theo@rideau.example", "manager").ok(), ["theo@rideau.example is manager now"]);
    assert!(role("first@rideau.example", "tech").failed().contains("always keeps an owner"));
    assert!(role("nobody@rideau.example", "tech").failed().contains("is not a member"));
    assert!(role("theo@rideau.example", "boss").failed().contains("--role must be one of"));
    let members = json(&["member", "list", "--org", id, "--json"]);
    assert_eq!(
        (&members[1]["email"], &members[1]["role"]),
        (&json!("theo@rideau.example"), &json!("manager"))
    );
    assert_eq!(
        json(&["migrate", "status", "--json"])[0],
        json!({ "name": "m20261123_000001_accounts", "state": "applied" })
    );
    assert_eq!(json(&["config", "--json"])[0], json!({ "name": "ENV", "value": "dev" }));
}

#[cfg(unix)]
#[test]
fn the_first_line_names_the_version_and_a_second_interruption_stops_at_once() {
    let cli = Cli::new(&[("SHUTDOWN_DELAY_SECONDS", "300"), ("REDIS_URL", "redis://127.0.0.1:1")]);
    let (first, mut serving) = Serving::start_logging(&cli, &["serve"]);
    assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
    serving.logs("the cache is out of reach");
    serving.interrupt();
    serving.logs("stopping");
    serving.interrupt();
    assert_eq!(serving.ended(), Some(130));
}

/// Others on the network get in by what was made for this demonstration, and by nothing that is in the source.
#[cfg(unix)]
#[tokio::test]
async fn a_demonstration_that_is_open_has_secrets_of_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
    let cli = Cli::new(&[
        ("BACKEND_PORT", &port.to_string()),
        ("ENV", "prod"),
        ("DATABASE_URL", "sqlite:///./other.db"),
        ("BACKEND_HOST", "127.0.0.1"),
        ("PUBLIC_URL", &format!("http://crew.lan:{port}")),
    ]);
    let demo = ["demo", "--open-to-network"];
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let (said, mut serving) = Serving::start_talking(&cli, &demo);
        let (_, password) = said.split_once("with the password \"").expect(&said);
        let password = password.split('"').next().expect("a password").to_owned();
        assert!(
            said.contains(&format!("http://crew.lan:{port}/invite?token="))
                && said.contains("no\n  encryption"),
            "{said}"
        );
        assert!(said.contains(&format!("Plan in a browser: http://crew.lan:{port}/app/\n")), "{said}");
        assert!(said.contains("\u{2588}"), "no code to scan: {said}");
        let login = format!("http://127.0.0.1:{port}/api/v1/auth/login");
        for (password, status) in [(password.as_str(), 200), ("entree-des-artistes", 401)] {
            let body = json!({ "email": "marion@rideau-rouge.example", "password": password });
            let answer = reqwest::Client::new().post(&login).json(&body).send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{password}");
        }
        passwords.push(password);
        serving.interrupt();
        assert_eq!(serving.ended(), Some(0));
    }
    assert_eq!(passwords[0], passwords[1]);
    let file = cli.folder().join("backend/demo-open.env");
    let mode = file.metadata().expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("the mode");
    assert!(cli.run(&demo).failed().contains("chmod 600"));
    assert!(!cli.folder().join("other.db").exists(), "it has a database of its own");
    let known = Cli::new(&[
        ("BACKEND_HOST", "0.0.0.0"),
        ("SECRET_KEY", &"a".repeat(32)),
        ("INVITES_SECRET", &"b".repeat(32)),
    ]);
    assert!(known.run(&["demo"]).failed().contains("--open-to-network"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_demonstration_has_a_contact_and_somebody_who_reads_english() {
    let cli = Cli::new(&[]);
    let serving = Serving::start(&cli, &["demo"]);
    let client = reqwest::Client::new();
    let address = |path: &str| format!("http://127.0.0.1:{}/api/v1{path}", serving.port);
    let login = json!({ "email": "karim@rideau-rouge.example", "password": "entree-des-artistes" });
    let signed_in = client.post(address("/auth/login")).json(&login).send().await.expect("an answer");
    let signed_in: Json = signed_in.json().await.expect("JSON");
    let token = signed_in["access_token"].as_str().expect("a token");
    let read = async |path: &str| {
        let answer = client.get(address(path)).bearer_auth(token).send().await.expect("an answer");
        answer.json::<Json>().await.expect("JSON")
    };
    let org = read("/orgs/current").await;
    let karim =
        json!({ "name": "Karim Haddad", "phone": "01 99 00 12 34", "email": "karim@rideau-rouge.example" });
    assert_eq!((&org["locale"], &org["contact"]), (&json!("fr"), &karim));
    assert_eq!(org["reply_to"], "planning@rideau-rouge.example");
    let users = read("/users").await;
    let locales: Vec<_> = users.as_array().expect("users").iter().map(|user| &user["locale"]).collect();
    assert_eq!(locales.iter().filter(|locale| ***locale == json!("en")).count(), 1, "{locales:?}");
    assert_eq!(locales.iter().filter(|locale| locale.is_null()).count(), locales.len() - 1);
}
