//! Makes sure that the servers' programs are on this machine.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{chromium, on_path, postgres, prometheus, redis};
use crate::apt;

const POSTGRES_MISSING: &str = "install PostgreSQL 15 or newer with its contrib extension btree_gist \
    (macOS: brew install postgresql@16; Fedora: dnf install postgresql-server postgresql-contrib; \
    Windows: the installer of postgresql.org; a Debian or Ubuntu with an older one: apt.postgresql.org) \
    and put the directory that holds its initdb on PATH, or run with --sqlite-only";

const REDIS_MISSING: &str = "install Redis or Valkey (macOS: brew install redis; Fedora: dnf install \
    valkey; Windows: a redis-server.exe such as Memurai's) and put its redis-server or valkey-server on \
    PATH, or run with --sqlite-only";

const PROMETHEUS_MISSING: &str = "install Prometheus (macOS: brew install prometheus; Fedora: dnf install \
    golang-github-prometheus; elsewhere: prometheus.io/download) and put its program on PATH, or run with \
    --sqlite-only";

const CHROMIUM_MISSING: &str = "install Chromium and its ChromeDriver (Debian: apt-get install chromium \
    chromium-driver; Fedora: dnf install chromium chromedriver; macOS: brew install --cask chromium chromedriver; \
    elsewhere: googlechromelabs.github.io/chrome-for-testing) and put both on PATH, or run with --sqlite-only";

const NGINX_MISSING: &str = "install nginx (macOS: brew install nginx; Fedora: dnf install nginx; elsewhere: \
    nginx.org) and put it on PATH, or run with --sqlite-only";

pub(super) struct Programs {
    pub(super) postgres: postgres::Installation,
    pub(super) redis: redis::Installation,
    pub(super) prometheus: prometheus::Installation,
}

/// Finds the programs; installs what is missing where the system is a Debian or an Ubuntu.
pub(super) fn ensure() -> Result<Programs> {
    let (mut postgres, mut redis) = (postgres::Installation::find(), redis::Installation::find());
    let mut prometheus = prometheus::Installation::find();
    let mut packages = Vec::new();
    packages.extend(postgres.is_none().then_some("postgresql"));
    packages.extend(redis.is_none().then_some("redis-server"));
    packages.extend(prometheus.is_none().then_some("prometheus"));
    if !packages.is_empty() && apt::is_here() {
        apt::install(&packages)?;
        postgres = postgres.or_else(postgres::Installation::find);
        redis = redis.or_else(redis::Installation::find);
        prometheus = prometheus.or_else(prometheus::Installation::find);
    }
    Ok(Programs {
        postgres: postgres.context(POSTGRES_MISSING)?,
        redis: redis.context(REDIS_MISSING)?,
        prometheus: prometheus.context(PROMETHEUS_MISSING)?,
    })
}

/// What shows pages as people see them.
pub(super) struct Browsing {
    pub(super) chromium: chromium::Installation,
    pub(super) nginx: PathBuf,
}

/// The same for a browser and a proxy.
pub(super) fn ensure_browsing() -> Result<Browsing> {
    let find = chromium::Installation::find;
    if find().is_none() && apt::is_here() {
        apt::install(&["chromium", "chromium-driver"]).context(CHROMIUM_MISSING)?;
    }
    if on_path("nginx").is_none() && apt::is_here() {
        apt::install(&["nginx"])?;
    }
    Ok(Browsing {
        chromium: find().context(CHROMIUM_MISSING)?,
        nginx: on_path("nginx").context(NGINX_MISSING)?,
    })
}
