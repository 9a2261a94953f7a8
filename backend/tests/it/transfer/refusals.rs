//! What is not whole, too new or not wanted changes nothing.

use super::{Season, checksum, cli_of, export, filled, lines, path, write};
use crate::{
    cli::Cli,
    support::{Kind, Test},
};
use coulisses::{
    clock::Clock,
    db::{DatabaseUrl, Pool, migrations::Migrator},
    random::Random,
    transfer,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value as Json, json};
use std::time::Duration;

#[rstest]
#[tokio::test]
async fn a_database_with_rows_is_replaced_only_on_demand(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let season = Season::get();
    let cli = filled(db).await;
    let before = checksum(&cli);
    let refused = cli.run(&["import", "--in", path(&season.export)]);
    assert!(refused.failed().contains("--replace"), "{}", refused.failed());
    assert_eq!(checksum(&cli), before);
    cli.run(&["import", "--replace", "--in", path(&season.export)]).ok();
    assert_eq!(checksum(&cli), season.checksum);
}

/// The whole file is read before anything is changed.
#[rstest]
#[tokio::test]
async fn what_was_cut_off_or_changed_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let whole = lines(&Season::get().export);
    let cli = filled(db).await;
    let before = checksum(&cli);
    let file = cli.folder().join("changed.jsonl");
    let refused = |what: &str, wanted: &str| {
        let run = cli.run(&["import", "--replace", "--in", path(&file)]);
        assert!(run.failed().contains(wanted), "{what}: {}", run.failed());
        assert_eq!(checksum(&cli), before, "{what}");
    };
    let last = whole.len() - 1;
    // Cut off between lines, and within one.
    for (kept, wanted) in [(0, "no export"), (1, "line 2 "), (whole.len() / 2, "cut off"), (last, "cut off")]
    {
        std::fs::write(&file, whole[..kept].iter().map(|line| line.clone() + "\n").collect::<String>())
            .unwrap();
        refused(&format!("the first {kept} lines"), wanted);
    }
    let text = whole.join("\n") + "\n";
    for kept in [10, whole[0].len() + 20, text.len() / 2, text.len() - 1] {
        let kept = (kept..).find(|at| text.is_char_boundary(*at)).unwrap();
        std::fs::write(&file, &text[..kept]).unwrap();
        refused(&format!("the first {kept} bytes"), if kept == 10 { "no export" } else { "cut off" });
    }
    let altered = |what: &str, wanted: &str, alter: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        alter(&mut lines);
        assert_ne!(lines, whole, "{what}");
        write(&file, &lines);
        refused(what, wanted);
    };
    let swapped = |line: &str, from: &str, to: &str| line.replacen(from, to, 1);
    altered("one letter", "checksum", &|lines| lines[1] = swapped(&lines[1], "@", "%"));
    altered("a row less", "counts other rows", &|lines| drop(lines.remove(last / 2)));
    altered("a row twice", "counts other rows", &|lines| lines.insert(2, lines[1].clone()));
    altered("two rows in turn", "checksum", &|lines| lines.swap(1, 2));
    altered("the last line", "counts other rows", &|lines| {
        lines[last] = swapped(&lines[last], "\"orgs\":", "\"orgs\":1")
    });
    altered("the checksum", "checksum", &|lines| {
        lines[last] = swapped(&lines[last], "\"sha256\":\"", "\"sha256\":\"0");
    });
    altered("a line more", "comes after the last one", &|lines| lines.push(lines[1].clone()));
    altered("another table's row", "not at this place", &|lines| lines.swap(1, last - 1));
    altered("a value less", "values", &|lines| {
        let mut row: Json = serde_json::from_str(&lines[1]).unwrap();
        row[1].as_array_mut().unwrap().pop();
        lines[1] = row.to_string();
    });
    altered("a table's columns", "was changed", &|lines| {
        lines[0] = swapped(&lines[0], "\"created_at\"", "\"made_at\"")
    });
    altered("other values", "must be", &|lines| {
        let mut row: Json = serde_json::from_str(&lines[1]).unwrap();
        row[1].as_array_mut().unwrap().iter_mut().for_each(|value| *value = json!("x"));
        lines[1] = row.to_string();
    });
}

/// The database itself checks what a consistent file says.
#[rstest]
#[tokio::test]
async fn what_the_guards_refuse_changes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina").await;
    let mut missions = Vec::new();
    for (from, to) in [("08:00", "12:00"), ("13:00", "17:00")] {
        let mission = manager.mission("Montage", from, to).await;
        let accepted = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
        manager.post("/assignments", accepted).await.ok();
        missions.push(mission);
    }
    let source = cli_of(&test);
    let (file, _) = export(&source, "guarded.jsonl");
    // Both at once: the instants of the second mission, and of who is on it, become those of the first.
    let text = std::fs::read_to_string(&file).unwrap();
    let micros = |time: &str| crate::support::at(&format!("2026-07-10T{time}:00Z")).as_micros().to_string();
    let text = text.replace(&micros("13:00"), &micros("08:00")).replace(&micros("17:00"), &micros("12:00"));
    let lines = signed(text.lines().map(str::to_owned).collect());
    let cli = Cli::with_database(db).await;
    let forged = cli.folder().join("forged.jsonl");
    write(&forged, &lines);
    let run = cli.run(&["import", "--in", path(&forged)]);
    assert!(run.failed().contains("does not go into assignments"), "{}", run.failed());
    assert!(run.failed().contains("assignments_no_double_booking"), "{}", run.failed());
    cli.run(&["import", "--in", path(&file)]).ok();
}

/// With the checksum that its lines have.
pub(super) fn signed(mut lines: Vec<String>) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let last = lines.len() - 1;
    let rows =
        lines[1..last].iter().fold(Sha256::new(), |sum, line| sum.chain_update(line).chain_update("\n"));
    let mut footer: Json = serde_json::from_str(&lines[last]).unwrap();
    footer["sha256"] = rows.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    lines[last] = footer.to_string();
    lines
}

#[rstest]
#[tokio::test]
async fn what_is_newer_waits_for_a_newer_program(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let whole = lines(&Season::get().export);
    let cli = Cli::with_database(db).await;
    let file = cli.folder().join("newer.jsonl");
    let step = Migrator::migrations().last().expect("a step").name().to_owned();
    for (from, to) in [
        ("\"version\":1", "\"version\":2".to_owned()),
        (&*format!("\"{step}\""), format!("\"{step}\",\"m29990101_000001_later\"")),
    ] {
        let mut lines = whole.clone();
        lines[0] = lines[0].replacen(from, &to, 1);
        write(&file, &lines);
        let run = cli.run(&["import", "--in", path(&file)]);
        assert!(run.failed().contains("upgrade this program first"), "{}", run.failed());
    }
    write(&file, &[lines(&Season::get().export)[0].replacen("m20261123_000001_accounts\",\"", "", 1)]);
    assert!(cli.run(&["import", "--in", path(&file)]).failed().contains("migrate up"));
    // And a database that is newer than the program.
    cli.run(&["migrate", "up"]).ok();
    let later = "INSERT INTO seaql_migrations VALUES ('m29990101_000001_later', 0)";
    cli.database().open().await.execute_unprepared(later).await.expect("a step of a newer program");
    for command in [&["import", "--in"][..], &["export", "--out"]] {
        let season = Season::get();
        let out = cli.folder().join("out.jsonl");
        let file = if command[0] == "import" { &season.export } else { &out };
        let run = cli.run(&[command, &[path(file)]].concat());
        assert!(run.failed().contains("newer coulisses"), "{}", run.failed());
        assert!(!out.exists());
    }
}

#[tokio::test]
async fn what_is_no_export_and_what_is_in_the_way_is_said() {
    let season = Season::get();
    let cli = Cli::with_database(Kind::Sqlite).await;
    for other in [&season.file, &season.cli.folder().join("missing.jsonl")] {
        let run = cli.run(&["import", "--in", path(other)]);
        assert!(
            run.failed().contains("no export") || run.failed().contains("cannot read"),
            "{}",
            run.failed()
        );
    }
    let out = cli.folder().join("there.jsonl");
    std::fs::write(&out, "mine").unwrap();
    assert!(season.cli.run(&["export", "--out", path(&out)]).failed().contains("--force"));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    let nowhere = cli.folder().join("no-folder/x.jsonl");
    assert!(season.cli.run(&["export", "--out", path(&nowhere)]).failed().contains("cannot write"));
    let empty = Cli::with_database(Kind::Sqlite).await;
    empty.run(&["migrate", "up"]).ok();
    empty.run(&["migrate", "down", "--all"]).ok();
    assert!(empty.run(&["export", "--out", "x.jsonl"]).failed().contains("no schema"));
}

/// It holds password hashes.
#[cfg(unix)]
#[test]
fn an_export_is_for_its_owner_only_and_complete_or_not_there() {
    use std::os::unix::fs::PermissionsExt;
    let season = Season::get();
    let mode = season.export.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The disk is full before it is complete.
    let cli = Cli::new(&[("DATABASE_URL", &format!("sqlite:///{}", season.file.display()))])
        .limited("ulimit -f 100");
    let out = cli.folder().join("full.jsonl");
    cli.command(&["export", "--out", path(&out)]).output().expect("the program starts");
    assert!(!out.exists());
    let cli = cli.unlimited();
    // What was left beside it is in nobody's way.
    cli.run(&["export", "--out", path(&out)]).ok();
    assert_eq!(lines(&out)[1..], lines(&season.export)[1..]);
    let files = std::fs::read_dir(cli.folder()).unwrap().count();
    assert_eq!(files, 1, "only the export is left");
}

#[test]
fn an_export_goes_to_standard_output_too() {
    let season = Season::get();
    let output = season.cli.command(&["export", "--out", "-"]).output().expect("the program starts");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().skip(1).eq(lines(&season.export).iter().skip(1)));
    assert!(String::from_utf8(output.stderr).unwrap().contains(&season.checksum));
}

/// The lock on a SQLite file's schema, and what is done once it is given back.
struct Held {
    lock: Option<std::fs::File>,
    command: std::process::Command,
}

static HELD: std::sync::Mutex<Option<Held>> = std::sync::Mutex::new(None);

/// What came while the file was read is not lost: the database is asked once more when nobody else can write.
#[rstest]
#[tokio::test]
async fn what_comes_between_the_question_and_the_import_is_not_lost(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let season = Season::get();
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let once = std::sync::Once::new();
    let create = || {
        let arguments = ["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"];
        once.call_once(|| drop(cli.run(&arguments).ok()));
    };
    let url = &cli.database().url.parse().expect("a URL");
    let import = || transfer::Import {
        url,
        pool: Pool { max_connections: 2, acquire_timeout: Duration::from_secs(20), statement_timeout: None },
        clock: Clock::system(),
        random: Random::seeded(1),
        file: &season.export,
        replace: false,
        waits: || {
            let mut command = HELD.lock().expect("no panic").take().expect("it is held");
            command.lock = None;
            assert!(command.command.status().expect("the program starts").success());
        },
    };
    #[cfg(unix)]
    if db == Kind::Sqlite {
        // Its file is made for its owner only, from the beginning.
        let fresh = cli.folder().join("fresh.db");
        let fresh_url = DatabaseUrl::Sqlite(fresh.clone());
        let modes = std::sync::Mutex::new(std::collections::BTreeSet::new());
        let look = |_, of: Option<u64>| {
            if of.is_some() {
                use std::os::unix::fs::PermissionsExt;
                let new = std::fs::metadata(fresh.with_extension("db.new")).expect("the new file");
                modes.lock().expect("no panic").insert(new.permissions().mode() & 0o777);
            }
        };
        transfer::import(transfer::Import { url: &fresh_url, ..import() }, &look)
            .await
            .expect("it is imported");
        assert_eq!(modes.into_inner().expect("no panic"), [0o600].into());
        // Until its place is claimed somebody else may write.
        let DatabaseUrl::Sqlite(file) = url else { unreachable!("it is a file") };
        let lock = std::fs::File::create(format!("{}-migrating", file.display())).expect("the lock's file");
        lock.lock().expect("the lock");
        let arguments = ["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"];
        let mut command = cli.command(&arguments);
        command.stdout(std::process::Stdio::null());
        *HELD.lock().expect("no panic") = Some(Held { lock: Some(lock), command });
        let refused = transfer::import(import(), &|_, _| {}).await.expect_err("it has rows");
        assert!(refused.to_string().contains("has rows already"), "{refused}");
        return;
    }
    let refused = transfer::import(import(), &|_, _| create()).await.expect_err("it has rows");
    assert!(refused.to_string().contains("has rows already"), "{refused}");
    assert!(cli.run(&["org", "list"]).ok()[0].contains("Rideau"));
}
