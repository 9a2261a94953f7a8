//! `cargo xtask drill rolling-restart`: two instances over PostgreSQL and Redis behind nginx, with the configuration that operators are
//! given, are stopped and started one after the other while clients read and write. Nobody may notice.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::instance::Instance;
use super::ledger::{Planner, lenient_agent};
use super::load::{Load, Tolerance};
use super::reading::Readers;
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::server::{self, Databases, Profile};
use crate::servers::{
    Durability, detach, ensure_nginx, free_port, start_postgres, start_redis, temporary_directory,
};

/// Between two restarts: an instance of nginx forgets a refused connection after two seconds.
const CALM: Duration = Duration::from_secs(3);
/// For requests under way, and the delay before the listener closes.
const STOP_LIMIT: Duration = Duration::from_secs(40);

#[derive(Args)]
pub(crate) struct Options {
    /// How often each instance is restarted
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    rounds: u32,
    /// Clients that write, and as many that read
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    clients: usize,
    /// Built for development
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let redis = start_redis(&cleanup)?;
    let directory = temporary_directory(&cleanup)?;
    let port = free_port()?;
    let mut instances = Vec::new();
    for number in 0..2 {
        let on = Databases { database_url: postgres.url.clone(), redis_url: redis.url.clone() };
        let more = vec![
            ("TRUSTED_PROXIES", "127.0.0.1".into()),
            // As outside ENV=dev.
            ("SHUTDOWN_DELAY_SECONDS", "5".into()),
        ];
        instances.push(Instance::start(("rolling-restart", number), &program, (on, more), &cleanup)?);
    }
    let upstreams = [port_of(&instances[0])?, port_of(&instances[1])?];
    let url = Nginx::start(port, upstreams, &directory, &cleanup)?.url;

    let readers = Readers::begin(&url, options.clients)?;
    let load = Load::begin(&[&url], 1, options.clients, Tolerance::Nothing)?;
    let begin = Instant::now();
    for round in 1..=options.rounds {
        for instance in &mut instances {
            sleep(CALM);
            let stopped = instance.restart(STOP_LIMIT)?;
            println!("round {round}: an instance stopped within {} ms and is back", stopped.as_millis());
        }
    }
    sleep(CALM);
    let answers = load.end()?;
    let reads = readers.end()?;
    println!("{reads} reads and these writes in {} s, none failed:", begin.elapsed().as_secs());
    answers.check(&Planner::sign_in(&url)?.names("Drill")?)?;
    let hidden = lenient_agent().get(format!("{url}/metrics")).call()?.status().as_u16();
    ensure!(hidden == 404, "/metrics is answered {hidden} to the public");
    Ok(ExitCode::SUCCESS)
}

fn port_of(instance: &Instance<'_>) -> Result<u16> {
    let port = instance.server.url.rsplit(':').next().and_then(|port| port.parse().ok());
    port.context("an instance has a port")
}

struct Nginx {
    url: String,
}

impl Nginx {
    /// With the file of `deploy/`, but for names, ports, certificates and paths.
    fn start(port: u16, upstreams: [u16; 2], directory: &Path, cleanup: &Cleanup) -> Result<Self> {
        let program = ensure_nginx()?;
        let given = fs::read_to_string(cargo::workspace_root().join("deploy/nginx/coulisses.conf"))?;
        let site = adapted(&given, port, upstreams, directory)?;
        let place = directory.display();
        let whole = format!(
            "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log {place}/nginx.log;\nevents {{ worker_connections 1024; }}\n\
             http {{\n access_log off;\n client_body_temp_path {place}/body;\n proxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi;\n uwsgi_temp_path {place}/uwsgi;\n scgi_temp_path {place}/scgi;\n{site}\n}}\n"
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, whole)?;
        let mut command = Command::new(program);
        command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let process = Process::start(detach(&mut command), cleanup)?;
        let url = format!("http://127.0.0.1:{port}");
        let limit = Instant::now() + Duration::from_secs(10);
        while !lenient_agent().get(format!("{url}/healthz")).call().is_ok_and(|answer| answer.status() == 200)
        {
            ensure!(!process.has_ended()? && Instant::now() < limit, "nginx did not start: see {}", place);
            sleep(Duration::from_millis(50));
        }
        Ok(Self { url })
    }
}

/// The `upstream` and the second `server` of the file, on one plain port.
fn adapted(given: &str, port: u16, upstreams: [u16; 2], directory: &Path) -> Result<String> {
    let (upstream, rest) = given.split_once("\nserver {").context("the file has servers")?;
    let (_, public) = rest.split_once("\nserver {").context("the file has a second server")?;
    let whole = format!("{upstream}\nserver {{{public}");
    let mut lines = Vec::new();
    for line in whole.lines() {
        let word = line.trim_start();
        if word.starts_with("ssl_") || word.starts_with("listen [") || word.starts_with("http2") {
            continue;
        }
        lines.push(match word {
            _ if word.starts_with("listen ") => format!("listen 127.0.0.1:{port};"),
            _ if word.starts_with("access_log") || word.starts_with("error_log") => String::new(),
            _ => line.to_owned(),
        });
    }
    let text = lines.join("\n").replace("/var/www/html", &directory.display().to_string());
    ensure!(text.contains("127.0.0.1:8001") && text.contains("127.0.0.1:8002"), "the file has two instances");
    let [one, two] = upstreams.map(|port| format!("127.0.0.1:{port}"));
    Ok(text.replace("127.0.0.1:8001", &one).replace("127.0.0.1:8002", &two))
}
