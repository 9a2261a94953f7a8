//! Makes sure that the servers' programs are on this machine.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::postgres::{self, is_root};
use super::programs::on_path;
use super::redis;

const POSTGRES_MISSING: &str = "install PostgreSQL 15 or newer with its contrib extension btree_gist \
    (macOS: brew install postgresql@16; Fedora: dnf install postgresql-server postgresql-contrib; \
    Windows: the installer of postgresql.org; a Debian or Ubuntu with an older one: apt.postgresql.org) \
    and put the directory that holds its initdb on PATH, or run with --sqlite-only";

const REDIS_MISSING: &str = "install Redis or Valkey (macOS: brew install redis; Fedora: dnf install \
    valkey; Windows: a redis-server.exe such as Memurai's) and put its redis-server or valkey-server on \
    PATH, or run with --sqlite-only";

pub(super) struct Programs {
    pub(super) postgres: postgres::Installation,
    pub(super) redis: redis::Installation,
}

/// Finds the programs; installs what is missing where the system is a Debian or an Ubuntu.
pub(super) fn ensure() -> Result<Programs> {
    let (mut postgres, mut redis) = (postgres::Installation::find(), redis::Installation::find());
    let mut packages = Vec::new();
    packages.extend(postgres.is_none().then_some("postgresql"));
    packages.extend(redis.is_none().then_some("redis-server"));
    if !packages.is_empty() && on_path("apt-get").is_some() {
        install(&packages)?;
        postgres = postgres.or_else(postgres::Installation::find);
        redis = redis.or_else(redis::Installation::find);
    }
    Ok(Programs { postgres: postgres.context(POSTGRES_MISSING)?, redis: redis.context(REDIS_MISSING)? })
}

fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    println!("installing with apt-get: {list}");
    apt_get(&["update"], &list)?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat(), &list)
}

fn apt_get(arguments: &[&str], packages: &str) -> Result<()> {
    // `env` behind sudo, which drops most variables of its caller.
    let words = ["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
    let words = if is_root() { &words[1..] } else { &words[..] };
    let mut command = Command::new(words[0]);
    // Another apt-get, often the system's daily update, holds the lock for a while.
    command.args(&words[1..]).args(["-o", "DPkg::Lock::Timeout=120"]).args(arguments);
    // On success its report of every unpacked file tells nobody anything; errors go to stderr.
    let status = command.stdout(Stdio::null()).status();
    let done = status.is_ok_and(|status| status.success());
    ensure!(done, "apt-get {} failed: run it by hand, then install {packages}", arguments[0]);
    Ok(())
}
