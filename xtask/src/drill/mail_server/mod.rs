//! `cargo xtask drill mail-server`: does each kind of mail get through a mail server of the wild, over STARTTLS and with a
//! login? It is Postfix; the tests' own server is another implementation.

mod postfix;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use self::postfix::Postfix;
use super::latency;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, Server};
use crate::servers::{free_port, smtp_script, temporary_directory};

/// Where people find the server; nobody listens there.
const PUBLIC_URL: &str = "https://crew.drill.example/plan";
/// Until a mail is in the box.
const LIMIT: Duration = Duration::from_secs(20);
const OWNER: &str = "marion@rideau-rouge.example";
const PLANNER: &str = "karim@rideau-rouge.example";
const PASSWORD: &str = "entree-des-artistes";
const NEW_PASSWORD: &str = "un rappel, puis le rideau";
const NEIGHBOUR: &str = "owner@neighbour.example";

#[derive(Args)]
pub(crate) struct Options {}

/// A mail in the box.
#[derive(Deserialize)]
struct Mail {
    to: Vec<String>,
    subject: String,
    received: Vec<String>,
    message_id: String,
    date: String,
    text: String,
    links: Vec<String>,
}

pub(super) fn run(_: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Dev, &cleanup)?;
    let postfix = Postfix::start(&cleanup)?;
    println!("==> Postfix {} with STARTTLS and a login", postfix.version()?);
    let directory = temporary_directory(&cleanup)?;
    let on = Databases {
        database_url: format!("sqlite:///{}", directory.join("season.db").display()),
        redis_url: "fakeredis://".into(),
    };
    let mut environment = server::environment(free_port()?, on);
    let log = super::log("mail-server")?;
    let start = |arguments: &[&str], environment| {
        let server = Server::launch(&program, arguments, (environment, directory.clone()), &log, &cleanup)?;
        server.wait_until_ready().map(|()| server)
    };
    // The season is for a developer's machine only, and is made there first.
    start(&["demo", "--migrate"], environment.clone())?.stop();
    environment.extend([
        ("PUBLIC_URL", PUBLIC_URL.into()),
        ("SECRET_KEY", "a drill's secret key 0123456789abcdef".into()),
        ("INVITES_SECRET", "a drill's invites secret 0123456789ab".into()),
        ("SMTP_URL", postfix.url()),
        ("SSL_CERT_FILE", postfix.authority().display().to_string()),
        ("MAIL_FROM", "Coulisses Crew <crew@coulisses.example>".into()),
        ("MAIL_GATHER_SECONDS", "1".into()),
    ]);
    let mut drill = Drill { postfix, server: start(&["serve"], environment)?, seen: BTreeSet::new() };
    drill.calls()?;
    drill.members()?;
    drill.passwords()?;
    drill.server.stop();
    println!("each mail is well-formed, came over TLS with the login, and links only to {PUBLIC_URL}");
    Ok(ExitCode::SUCCESS)
}

struct Drill {
    postfix: Postfix,
    server: Server,
    /// The Message-IDs of mails that were looked at.
    seen: BTreeSet<String>,
}

impl Drill {
    /// Two invitations of one person in one mail, then a reminder of one.
    fn calls(&mut self) -> Result<()> {
        let planner = latency::sign_in(&self.server.url, PLANNER, PASSWORD)?;
        let person = json!({ "name": "Zoé Étoile", "email": "zoe@drill.example" });
        let user = self.post("/users", &planner, &person)?["id"].clone();
        let mut links = Vec::new();
        let mut last = Value::Null;
        for day in ["01", "02"] {
            let mission = json!({
                "title": "Générale « d’été »", "note": "Badge à l’accueil\n.\nà demain", "roles": [{ "role_name": "son" }],
                "start_at": format!("2037-07-{day}T12:00:00Z"), "end_at": format!("2037-07-{day}T16:00:00Z"),
            });
            let mission = self.post("/missions", &planner, &mission)?["id"].clone();
            let assignment = json!({ "mission_id": mission, "user_id": user });
            let assignment = self.post("/assignments", &planner, &assignment)?["id"].clone();
            last = self.post("/invitations", &planner, &json!({ "assignment_id": assignment }))?;
            links.push(last["url"].as_str().context("an invitation has no link")?.to_owned());
        }
        let mail = self.next("calls", "zoe@drill.example")?;
        ensure!(links.iter().all(|link| mail.links.contains(link)), "a link is missing: {}", mail.text);
        let remind = format!("/invitations/{}:remind", last["id"].as_str().context("no id")?);
        self.post(&remind, &planner, &Value::Null)?;
        let mail = self.next("reminder", "zoe@drill.example")?;
        ensure!(mail.links.contains(&links[1]) && !mail.links.contains(&links[0]), "{}", mail.text);
        Ok(())
    }

    /// Of somebody who is new, and of somebody who has a login.
    fn members(&mut self) -> Result<()> {
        let owner = latency::sign_in(&self.server.url, OWNER, PASSWORD)?;
        let new = json!({ "email": "neuve@drill.example", "role": "manager" });
        self.post("/orgs/members", &owner, &new)?;
        let token = token(&self.next("member (new login)", "neuve@drill.example")?)?;
        self.confirm(&token, "la première du printemps")?;
        latency::sign_in(&self.server.url, "neuve@drill.example", "la première du printemps")?;
        let arguments = ["org", "create", "--name", "Les voisins", "--owner-email", NEIGHBOUR];
        let founded = self.server.output(&arguments)?;
        let link = founded.trim().rsplit_once("token=").context("org create prints no link")?.1;
        self.confirm(link, "le bruit des voisins")?;
        let neighbour = latency::sign_in(&self.server.url, NEIGHBOUR, "le bruit des voisins")?;
        self.post("/orgs/members", &neighbour, &json!({ "email": PLANNER, "role": "manager" }))?;
        self.next("member (has a login)", PLANNER)?;
        Ok(())
    }

    fn passwords(&mut self) -> Result<()> {
        self.post("/auth/reset/request", "", &json!({ "email": PLANNER }))?;
        let token = token(&self.next("password reset", PLANNER)?)?;
        self.confirm(&token, NEW_PASSWORD)?;
        let told = self.next("password changed", PLANNER)?;
        ensure!(!told.text.contains("token="), "it is told with a link that works: {}", told.text);
        latency::sign_in(&self.server.url, PLANNER, NEW_PASSWORD)?;
        Ok(())
    }

    fn confirm(&self, token: &str, password: &str) -> Result<()> {
        self.post("/auth/reset/confirm", "", &json!({ "token": token, "new_password": password }))?;
        Ok(())
    }

    /// Whoever asks says that the server has another name.
    fn post(&self, path: &str, authorization: &str, body: &Value) -> Result<Value> {
        let mut request = latency::agent().post(format!("{}/api/v1{path}", self.server.url));
        request = request.header("Host", "evil.example").header("X-Forwarded-Host", "evil.example");
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        let answer = if body.is_null() { request.send_empty() } else { request.send_json(body) };
        let mut answer = answer.with_context(|| format!("POST {path}"))?;
        Ok(answer.body_mut().read_json()?)
    }

    /// Waits for the next mail and looks at it.
    fn next(&mut self, kind: &str, to: &str) -> Result<Mail> {
        let begin = Instant::now();
        let mail = loop {
            let printed = smtp_script("maildir.py", &self.postfix.maildir())?;
            let mails: Vec<Mail> = serde_json::from_str(&printed)?;
            // The season's mails come, too.
            let new = |mail: &Mail| mail.to == [to] && !self.seen.contains(&mail.message_id);
            if let Some(mail) = mails.into_iter().find(new) {
                break mail;
            }
            if begin.elapsed() > LIMIT {
                bail!("after {LIMIT:?} there is no {kind} mail:\n{}", self.postfix.log());
            }
            sleep(Duration::from_millis(200));
        };
        self.seen.insert(mail.message_id.clone());
        let received = mail.received.concat();
        let by = format!("Authenticated sender: {}", Postfix::user());
        ensure!(received.contains("ESMTPSA") && received.contains(&by), "{kind} came otherwise: {received}");
        let foreign = mail.links.iter().find(|link| !link.starts_with(&format!("{PUBLIC_URL}/")));
        ensure!(foreign.is_none(), "{kind} links to {foreign:?}");
        ensure!(mail.message_id.ends_with("@crew.drill.example>"), "{kind} is {}", mail.message_id);
        println!("{kind:<22} {} links  {}  {}", mail.links.len(), mail.date, mail.subject);
        Ok(mail)
    }
}

fn token(mail: &Mail) -> Result<String> {
    let token = mail.links.iter().find_map(|link| link.split_once("token="));
    Ok(token.with_context(|| format!("there is no link in {}", mail.text))?.1.to_owned())
}
