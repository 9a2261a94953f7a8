//! A database with the product and the floor on it, and who asks them.

use std::fs::File;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::stage::{EMAIL, Filled, Stage, as_floor_names};
use crate::process::Process;
use crate::server::{Databases, Environment, Server};
use crate::servers::{detach, free_port};

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(2);

pub(super) struct Site {
    pub(super) product: Server,
    pub(super) floor: String,
    pub(super) database: String,
    pub(super) filled: Filled,
    /// One for each org of `filled`.
    pub(super) tokens: Vec<String>,
    /// Resident memory before anybody asked anything, in KiB.
    pub(super) idle: Option<u64>,
}

impl Site {
    /// Starts both on a database that `fill` says how to fill.
    pub(super) fn open(stage: &Stage<'_>, name: &str, database: String, fill: &str) -> Result<Self> {
        let link = stage.found(&database)?;
        let filled = stage.fill(&database, fill)?;
        let product = serve(stage, name, &database, "fakeredis://", &[])?;
        // What starting took is given back by then.
        sleep(Duration::from_secs(1));
        let idle = product.memory_kib().map(|(now, _)| now);
        let password = json!({ "token": link, "new_password": stage.password });
        stage.http.post(&format!("{}/api/v1/auth/reset/confirm", product.url), None, &password)?;
        let token = sign_in(stage, &product)?;
        let floor = start_floor(stage, name, &database, &token)?;
        let tokens =
            filled.orgs.iter().map(|org| enter(stage, &product, &token, org)).collect::<Result<_>>()?;
        Ok(Self { product, floor, database, filled, tokens, idle })
    }

    /// Writes more into the database; what it wrote, and a token of its org.
    pub(super) fn add(&self, stage: &Stage<'_>, fill: &str) -> Result<(Filled, String)> {
        let filled = stage.fill(&self.database, fill)?;
        let org = filled.orgs.first().context("no org was made")?;
        let token = enter(stage, &self.product, &self.tokens[0], org)?;
        Ok((filled, token))
    }

    /// The address of something that the product's API has.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.product.url)
    }
}

/// The product on a database, ready; `more` is added to its environment.
pub(super) fn serve(
    stage: &Stage<'_>,
    name: &str,
    database: &str,
    redis: &str,
    more: &[(&'static str, &str)],
) -> Result<Server> {
    let (server, _) = serve_timed(stage, name, database, redis, more)?;
    Ok(server)
}

/// Also how long it took until it was ready.
pub(super) fn serve_timed(
    stage: &Stage<'_>,
    name: &str,
    database: &str,
    redis: &str,
    more: &[(&'static str, &str)],
) -> Result<(Server, Duration)> {
    let on = Databases { database_url: database.to_owned(), redis_url: redis.to_owned() };
    let mut environment: Environment = stage.environment(free_port()?, on);
    for (name, value) in more {
        environment.retain(|(known, _)| known != name);
        environment.push((name, (*value).to_owned()));
    }
    let log = stage.file(&format!("{name}.log"));
    let begin = Instant::now();
    let home = stage.home.clone();
    let server = Server::launch(&stage.product, &["serve"], (environment, home), &log, stage.cleanup)?;
    let ready = format!("{}/readyz", server.url);
    while !stage.http.answers(&ready) {
        ensure!(begin.elapsed() < START_LIMIT, "the server did not start: see {}", log.display());
        sleep(POLL_INTERVAL);
    }
    Ok((server, begin.elapsed()))
}

/// An access token of the one login.
pub(super) fn sign_in(stage: &Stage<'_>, product: &Server) -> Result<String> {
    let credentials = json!({ "email": EMAIL, "password": stage.password });
    token_of(stage, &format!("{}/api/v1/auth/login", product.url), None, &credentials)
}

/// A token of the same session for another org.
pub(super) fn enter(stage: &Stage<'_>, product: &Server, token: &str, org: &str) -> Result<String> {
    token_of(stage, &format!("{}/api/v1/auth/switch", product.url), Some(token), &json!({ "org_id": org }))
}

fn token_of(stage: &Stage<'_>, url: &str, token: Option<&str>, body: &serde_json::Value) -> Result<String> {
    let answer = stage.http.post(url, token, body)?;
    let token = answer["access_token"].as_str().context("signing in gave no token")?;
    Ok(token.to_owned())
}

/// The floor on the same database, ready; its address.
fn start_floor(stage: &Stage<'_>, name: &str, database: &str, token: &str) -> Result<String> {
    let (port, log) = (free_port()?, stage.file(&format!("{name}-floor.log")));
    let output = File::create(&log).context("cannot write under target")?;
    let mut command = Command::new(&stage.floor);
    command.args(["serve", "--port", &port.to_string(), "--database", as_floor_names(database)]);
    command.args(["--token", token]).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let process = Process::start(detach(&mut command), stage.cleanup)?;
    let url = format!("http://127.0.0.1:{port}");
    let begin = Instant::now();
    while !stage.http.answers(&format!("{url}/bytes?n=1")) {
        let ended = process.has_ended()? || begin.elapsed() > START_LIMIT;
        ensure!(!ended, "the floor did not start: see {}", log.display());
        sleep(POLL_INTERVAL);
    }
    Ok(url)
}
