//! Killed at any moment, an import or a restore leaves the old database or the new one.

use super::{Season, checksum, filled, path};
use crate::{cli::Cli, support::Kind};
use rstest::rstest;
use std::{
    collections::BTreeSet,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

/// Kills a command after a while, again and again: from at once to as long as it takes. How often it was killed, and what was
/// there then.
fn kill(cli: &Cli, command: &[&str], kills: u32, checksums: &mut BTreeSet<String>) -> u32 {
    let begin = Instant::now();
    cli.run(command).ok();
    let takes = begin.elapsed();
    let mut killed = 0;
    for kill in 1..=kills {
        let mut child = cli
            .command(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // The moment is chosen, not waited for.
        sleep(takes * kill / kills);
        child.kill().expect("it is killed");
        killed += u32::from(!child.wait().expect("it ends").success());
        checksums.insert(checksum(cli));
    }
    killed
}

#[rstest]
#[tokio::test]
async fn an_import_that_is_killed_leaves_the_old_or_the_new(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let season = Season::get();
    let cli = filled(db).await;
    let (old, before) = super::export(&cli, "old.jsonl");
    let mut seen = BTreeSet::new();
    let mut killed = 0;
    for file in [&season.export, &old] {
        killed += kill(&cli, &["import", "--replace", "--in", path(file)], 8, &mut seen);
    }
    let possible: BTreeSet<_> = [before, season.checksum.clone()].into();
    assert!(seen.is_subset(&possible), "a mixture was left");
    assert!(killed >= 8, "{killed} were killed before they were done");
    cli.run(&["import", "--replace", "--in", path(&season.export)]).ok();
    assert_eq!(checksum(&cli), season.checksum);
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let season = Season::get();
    let cli = filled(Kind::Sqlite).await;
    let (small, large) = (cli.folder().join("small.db"), cli.folder().join("large.db"));
    cli.run(&["backup", "--out", path(&small)]).ok();
    season.cli.run(&["backup", "--force", "--out", path(&large)]).ok();
    let possible: BTreeSet<_> = [checksum(&cli), season.checksum.clone()].into();
    let mut seen = BTreeSet::new();
    for file in [&large, &small] {
        kill(&cli, &["restore", "--replace", "--in", path(file)], 8, &mut seen);
    }
    assert!(seen.is_subset(&possible), "a mixture was left");
    // A backup that was killed leaves nothing that looks whole.
    let out = cli.folder().join("killed.db");
    let mut child = cli
        .command(&["backup", "--out", path(&out)])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    sleep(Duration::from_millis(2));
    child.kill().expect("it is killed");
    let whole = child.wait().expect("it ends").success();
    assert_eq!(out.exists(), whole);
}
