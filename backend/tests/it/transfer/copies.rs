//! Copies of a SQLite file, made while it is in use, and put back.

use super::{Season, checksum, cli_of, path};
use crate::{
    cli::{Cli, Serving},
    support::{Kind, Test, TestDatabase},
};
use coulisses::{
    db::{DatabaseUrl, migrations},
    transfer,
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

async fn names(cli: &Cli) -> BTreeSet<String> {
    let db = TestDatabase::at(cli.folder().join("restored.db")).open().await;
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), "SELECT name FROM projects"))
        .await;
    rows.expect("rows").iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

fn restored() -> Cli {
    Cli::new(&[("DATABASE_URL", "sqlite:///./restored.db")])
}

/// Whatever was acknowledged before it began is in it, and what it has is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_everybody_writes_has_all_that_was_acknowledged_before() {
    let test = Test::start(Kind::Sqlite).await;
    let manager = test.manager().await;
    let (done, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let write = async |writer: u32| {
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let name = format!("Projet {writer}-{number}");
            manager.post("/projects", json!({ "name": name })).await.ok();
            done.lock().unwrap().push(name);
        }
    };
    let cli = restored();
    let copy = async || {
        while done.lock().unwrap().len() < 20 {
            tokio::task::yield_now().await;
        }
        let before: BTreeSet<_> = done.lock().unwrap().iter().cloned().collect();
        let out = cli.folder().join("copy.db");
        let database = test.app.config.database_url.to_string();
        let database = Path::new(database.strip_prefix("sqlite:///").expect("a file")).to_owned();
        let copied = transfer::backup(&database, &out, false).await;
        stop.store(true, Ordering::Relaxed);
        copied.expect("a copy");
        (before, out)
    };
    let ((before, out), ..) = tokio::join!(copy(), write(0), write(1), write(2));
    cli.run(&["restore", "--in", path(&out)]).ok();
    let (there, all) = (names(&cli).await, done.into_inner().unwrap().into_iter().collect());
    assert!(before.len() >= 20 && before.is_subset(&there), "lost: {:?}", before.difference(&there));
    assert!(there.is_subset(&all), "nobody was told of: {:?}", there.difference(&all));
}

#[tokio::test]
async fn a_copy_comes_back_the_same() {
    let season = Season::get();
    let cli = restored();
    let out = cli.folder().join("copy.db");
    let run = season.cli.run(&["backup", "--out", path(&out)]);
    assert!(run.ok()[0].contains("checked the copy"));
    cli.run(&["restore", "--in", path(&out)]).ok();
    assert_eq!(checksum(&cli), season.checksum);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(season.cli.run(&["backup", "--out", path(&out)]).failed().contains("--force"));
    season.cli.run(&["backup", "--force", "--out", path(&out)]).ok();
    // Over a database only on demand.
    assert!(cli.run(&["restore", "--in", path(&out)]).failed().contains("--replace"));
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
    assert_ne!(checksum(&cli), season.checksum);
    cli.run(&["restore", "--replace", "--in", path(&out)]).ok();
    assert_eq!(checksum(&cli), season.checksum);
    let left: BTreeSet<_> =
        std::fs::read_dir(cli.folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
    let expected = ["checked.jsonl", "copy.db", "restored.db", "restored.db-migrating"].map(Into::into);
    assert_eq!(left, expected.into());
}

/// The versions under which lists are cached do not come again.
#[tokio::test]
async fn no_cached_list_of_another_history_is_found_after_a_restore() {
    let test = Test::start(Kind::Sqlite).await;
    test.manager().await.project("Tournée").await;
    let cli = restored();
    let out = cli.folder().join("copy.db");
    cli_of(&test).run(&["backup", "--out", path(&out)]).ok();
    cli.run(&["restore", "--in", path(&out)]).ok();
    let sql = "SELECT projects AS n FROM list_versions UNION ALL SELECT missions FROM list_versions";
    let before: Vec<_> = test.rows(sql).await.iter().map(|row| row["n"].as_i64().unwrap()).collect();
    let db = TestDatabase::at(cli.folder().join("restored.db")).open().await;
    let after = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let after: Vec<i64> = after.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(after.len(), 4, "two orgs with two lists each");
    assert!(after.iter().all(|version| *version != 0 && !before.contains(version)), "{before:?} {after:?}");
}

/// The old one's `-wal` would be replayed into the new file.
#[tokio::test]
async fn nothing_of_the_old_database_gets_into_the_new_one() {
    let season = Season::get();
    let cli = restored();
    let copy = cli.folder().join("copy.db");
    season.cli.run(&["backup", "--out", path(&copy)]).ok();
    // Killed, it leaves its last writes in the -wal.
    drop(Serving::start(&cli, &["demo"]));
    let wal = cli.folder().join("restored.db-wal");
    assert!(wal.metadata().unwrap().len() > 0);
    cli.run(&["restore", "--replace", "--in", path(&copy)]).ok();
    assert!(!wal.exists());
    assert_eq!(checksum(&cli), season.checksum);
    // And where only a -wal is left, it is somebody's.
    std::fs::remove_file(cli.folder().join("restored.db")).unwrap();
    std::fs::write(&wal, "somebody's").unwrap();
    assert!(cli.run(&["restore", "--in", path(&copy)]).failed().contains("move it away"));
    assert!(cli.run(&["import", "--in", path(&season.export)]).failed().contains("move it away"));
}

/// A server would go on acknowledging what nobody finds afterwards.
#[tokio::test]
async fn a_database_in_use_is_not_replaced() {
    let season = Season::get();
    let cli = restored();
    let copy = cli.folder().join("copy.db");
    season.cli.run(&["backup", "--out", path(&copy)]).ok();
    let serving = Serving::start(&cli, &["serve"]);
    for command in [
        &["restore", "--replace", "--in", path(&copy)],
        &["import", "--replace", "--in", path(&season.export)],
    ] {
        let run = cli.run(command);
        assert!(run.failed().contains("stop the server that uses it"), "{}", run.failed());
    }
    // Nor is it harmed.
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
    assert_eq!(serving.terminate().0, Some(0));
    cli.run(&["restore", "--replace", "--in", path(&copy)]).ok();
    assert_eq!(checksum(&cli), season.checksum);
}

#[tokio::test]
async fn what_is_no_copy_is_not_restored() {
    let season = Season::get();
    let cli = restored();
    let file = cli.folder().join("copy.db");
    let refused = |wanted: &str| {
        let run = cli.run(&["restore", "--in", path(&file)]);
        assert!(run.failed().contains(wanted), "{}", run.failed());
        assert!(!cli.folder().join("restored.db").exists());
    };
    refused("there is no file");
    std::fs::copy(&season.export, &file).unwrap();
    refused("copy.db");
    std::fs::remove_file(&file).unwrap();
    // Another program's, and one of a newer program.
    let other = TestDatabase::at(file.clone()).open().await;
    other.execute_unprepared("CREATE TABLE notes (n INTEGER)").await.unwrap();
    other.close().await.unwrap();
    refused("no database of coulisses");
    std::fs::remove_file(&file).unwrap();
    let newer = TestDatabase::at(file.clone()).open().await;
    migrations::up(&newer, None).await.unwrap();
    newer
        .execute_unprepared("INSERT INTO seaql_migrations VALUES ('m29990101_000001_later', 0)")
        .await
        .unwrap();
    newer.close().await.unwrap();
    refused("newer coulisses");
    // Cut off, and with a page of something else.
    season.cli.run(&["backup", "--force", "--out", path(&file)]).ok();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    refused("copy.db");
    let mut damaged = whole.clone();
    let middle = whole.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 4096].fill(0x55);
    std::fs::write(&file, &damaged).unwrap();
    refused("copy.db");
    std::fs::write(&file, &whole).unwrap();
    cli.run(&["restore", "--in", path(&file)]).ok();
}

/// An older copy stays what it is until it is served.
#[tokio::test]
async fn an_older_copy_is_migrated_when_it_is_served() {
    let season = Season::get();
    let cli = restored();
    std::fs::copy(&season.file, cli.folder().join("restored.db")).unwrap();
    cli.run(&["migrate", "down", "--yes"]).ok();
    let copy = cli.folder().join("copy.db");
    cli.run(&["backup", "--out", path(&copy)]).ok();
    std::fs::remove_file(cli.folder().join("restored.db")).unwrap();
    cli.run(&["restore", "--in", path(&copy)]).ok();
    let states = cli.run(&["migrate", "status"]);
    assert!(states.ok().last().unwrap().starts_with("missing"), "{:?}", states.ok());
    assert_eq!(Serving::start(&cli, &["serve"]).terminate().0, Some(0));
    let states = cli.run(&["migrate", "status"]);
    assert!(states.ok().iter().all(|line| line.starts_with("applied")));
}

#[tokio::test]
async fn a_server_is_copied_by_its_own_programs() {
    let cli = Cli::new(&[("DATABASE_URL", "postgresql://crew@db.example/crew")]);
    for command in [["backup", "--out", "x"], ["restore", "--in", "x"]] {
        assert!(cli.run(&command).failed().contains("docs/moving.md"));
    }
}

/// Somebody else's file is not written through a link in the place of the draft.
#[cfg(unix)]
#[test]
fn a_draft_is_no_link_to_somewhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let precious = folder.path().join("precious");
    std::fs::write(&precious, "kept").expect("a file");
    let place = folder.path().join("crew.jsonl");
    std::os::unix::fs::symlink(&precious, folder.path().join("crew.jsonl.part")).expect("a link");
    let refused = coulisses::transfer::Draft::create(&place, false, &DatabaseUrl::default());
    assert!(refused.is_err());
    assert_eq!(std::fs::read_to_string(&precious).expect("the file"), "kept");
}

/// Whatever is forced, no file of the database is written over.
#[cfg(unix)]
#[tokio::test]
async fn what_is_written_out_never_takes_the_place_of_the_database() {
    let test = Test::start(Kind::Sqlite).await;
    let cli = cli_of(&test);
    let DatabaseUrl::Sqlite(file) = test.app.config.database_url.clone() else { panic!("a file") };
    let before = checksum(&cli);
    let org = test.org.to_string();
    let link = cli.folder().join("link.db");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let mut names: Vec<_> = ["", "-wal", "-shm", "-migrating"]
        .map(|end| format!("{}{end}", file.to_str().expect("a name of ASCII")))
        .into();
    names.push(path(&link).to_owned());
    for name in &names {
        for command in [
            vec!["backup", "--force", "--out", name],
            vec!["export", "--force", "--out", name],
            vec!["org", "delete", "--force", "--yes", "--org", &org, "--export", name],
        ] {
            let run = cli.run(&command);
            assert!(run.failed().contains("belongs to the database itself"), "{command:?}: {}", run.failed());
        }
    }
    assert_eq!(checksum(&cli), before);
}
