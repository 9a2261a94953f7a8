//! `cargo xtask drill upgrade`: two instances of a release over PostgreSQL serve while the schema is brought up to date by this program,
//! and are then replaced by it, one after the other. Clients write all the while.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::instance::Instance;
use super::ledger::Planner;
use super::load::{Load, Tolerance};
use super::reading::Readers;
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile};
use crate::servers::{Durability, start_postgres};

/// Between two steps.
const CALM: Duration = Duration::from_secs(2);
const STOP_LIMIT: Duration = Duration::from_secs(40);
const UNRECORDED: &str = "SELECT count(*) FROM users u WHERE NOT EXISTS (
    SELECT 1 FROM audit_log l JOIN audit_details d ON d.org_id = l.org_id AND d.audit_id = l.id
    WHERE l.org_id = u.org_id AND l.object_id = u.id AND l.action = 'user.create' AND d.after IS NOT NULL)";

#[derive(Args)]
pub(crate) struct Options {
    /// The release that serves at first: a tag or any other name of a commit
    #[arg(long, default_value = "v0.1.0", value_name = "NAME")]
    from: String,
    /// Clients that write, and as many that read
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    clients: usize,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let new = server::build(Profile::Dev, &cleanup)?;
    let old = build_release(&options.from)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let mut instances = Vec::new();
    for number in 0..2 {
        let on = Databases { database_url: postgres.url.clone(), redis_url: "fakeredis://".into() };
        let more = vec![("TRUSTED_PROXIES", "127.0.0.1".into())];
        instances.push(Instance::start(("upgrade", number), &old, (on, more), &cleanup)?);
    }
    let urls = [instances[0].server.url.clone(), instances[1].server.url.clone()];
    // Nobody stands in front of them here: a connection that is refused while one is restarted is tried again.
    let load = Load::begin(&[&urls[0], &urls[1]], 1, options.clients, Tolerance::Killed)?;
    let readers = Readers::begin(&urls[1], options.clients)?;
    sleep(CALM);
    let status = instances[0].output_of(&new, &["migrate", "status"])?;
    let missing: Vec<_> = status.lines().filter(|line| line.starts_with("missing")).collect();
    println!("{} serves; this program's missing steps: {missing:#?}", options.from);
    let begin = Instant::now();
    instances[0].output_of(&new, &["migrate", "up"])?;
    println!("migrated in {} ms while both serve", begin.elapsed().as_millis());
    sleep(CALM);
    let reads = readers.end()?;
    let before = load.acknowledged();
    sleep(CALM);
    ensure!(load.acknowledged() > before, "nothing was written by {} on the new schema", options.from);
    for instance in &mut instances {
        instance.replace(&new, STOP_LIMIT)?;
        sleep(CALM);
    }
    let answers = load.end()?;
    println!("{reads} reads while it migrated, none failed; {:?}", answers.refusals());
    answers.check(&Planner::sign_in(&urls[0])?.names("Drill")?)?;
    let unrecorded = postgres.sql(UNRECORDED)?;
    ensure!(unrecorded.trim() == "0", "of {unrecorded} people the audit log does not have all");
    println!("each of them is in the audit log, under its org and with its details");
    Ok(ExitCode::SUCCESS)
}

/// Builds the server of a release in a work tree of its own.
fn build_release(name: &str) -> Result<PathBuf> {
    let place = cargo::target_directory()?.join("upgrade");
    let tree = place.join("source");
    println!("==> building {name}");
    let root = cargo::workspace_root();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(root).args(arguments).stderr(Stdio::null()).status().context("cannot run git")
    };
    let path = tree.to_str().context("the path of the work tree is not UTF-8")?;
    // One that is left from a run that was interrupted.
    git(&["worktree", "remove", "--force", path])?;
    ensure!(
        git(&["worktree", "add", "--detach", path, name])?.success(),
        "there is no commit {name}; git fetch --tags"
    );
    let build = cargo::command("build")
        .args(["--locked", "--package", "coulisses", "--target-dir"])
        .arg(place.join("target"))
        .current_dir(&tree)
        .status();
    git(&["worktree", "remove", "--force", path])?;
    ensure!(build?.success(), "{name} cannot be built: see above");
    let program = format!("coulisses{}", std::env::consts::EXE_SUFFIX);
    Ok(place.join("target/debug").join(program))
}
