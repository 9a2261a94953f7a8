//! The program as it runs, told to log all that it can: what it prints holds no secret.

use super::{claims_of, hex};
use crate::support::{Kind, TestDatabase};
use coulisses::{
    auth::{Tokens, hash_secret},
    clock::Clock,
    config::Config,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
};
use tempfile::TempDir;

const SECRET_KEY: &str = "a-secret-of-this-test-0123456789abcdef";
const INVITES_SECRET: &str = "another-secret-of-it-0123456789abcdef";
const PASSWORDS: [&str; 4] =
    ["hush-first-password", "hush-second-password", "hush-third-password", "hush-wrong-one"];
const EMAIL: &str = "marion@rideau.example";

/// A running program whose output is kept.
struct Program {
    child: Child,
    url: String,
    client: Client,
    printed: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    secrets: Vec<(&'static str, String)>,
    requests: usize,
    /// Where it writes mails.
    mails: PathBuf,
}

fn command(folder: &TempDir, database: &TestDatabase, format: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coulisses"));
    command.args(arguments).current_dir(folder.path()).env_clear().envs([
        ("DATABASE_URL", &*database.url),
        ("SECRET_KEY", SECRET_KEY),
        ("INVITES_SECRET", INVITES_SECRET),
        ("BACKEND_PORT", "0"),
        ("MAIL_GATHER_SECONDS", "0"),
        ("LOG_LEVEL", "TRACE"),
        ("LOG_FORMAT", format),
        // Does nothing here; a library that listens to it would be caught.
        ("RUST_LOG", "trace"),
    ]);
    command
}

/// Passes what is printed on, line by line.
fn keep(
    stream: impl Read + Send + 'static,
    printed: &Arc<Mutex<String>>,
    lines: mpsc::Sender<String>,
) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut printed = printed.lock().expect("nobody panicked");
            printed.push_str(&line);
            printed.push('\n');
            // Nobody listens any more once the address is known.
            let _ = lines.send(line);
        }
    })
}

impl Program {
    fn start(mut serve: Command) -> Self {
        let mails = serve.get_current_dir().expect("a folder").join("backend/mail");
        let mut child =
            serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let printed = Arc::<Mutex<String>>::default();
        let (sender, lines) = mpsc::channel();
        let out = keep(child.stdout.take().expect("its output"), &printed, sender.clone());
        let errors = keep(child.stderr.take().expect("its errors"), &printed, sender);
        // The one line that names where it listens, in either format.
        let address = lines.iter().find_map(|line| {
            let (_, rest) = line.split_once("127.0.0.1:")?;
            Some(rest.chars().take_while(char::is_ascii_digit).collect::<String>())
        });
        let url = format!("http://127.0.0.1:{}", address.expect("a port"));
        let secrets =
            vec![("SECRET_KEY", SECRET_KEY.to_owned()), ("INVITES_SECRET", INVITES_SECRET.to_owned())];
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { child, url, client, printed, readers: vec![out, errors], secrets, requests: 0, mails }
    }

    /// The token of the link in the mail to somebody, once it is sent.
    async fn mailed_token(&self, to: &str) -> String {
        loop {
            let mails = std::fs::read_dir(&self.mails).into_iter().flatten();
            let texts = mails.filter_map(|mail| std::fs::read_to_string(mail.ok()?.path()).ok());
            if let Some(mail) = texts
                .into_iter()
                .find(|text| text.contains(&format!("<{to}>")) || text.contains(&format!("To: {to}")))
            {
                let plain = mail.replace("=\r\n", "").replace("=3D", "=");
                let (_, rest) = plain.split_once("token=").expect("a link");
                return rest
                    .split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
                    .next()
                    .expect("a token")
                    .to_owned();
            }
            tokio::task::yield_now().await;
        }
    }

    fn request(&mut self, method: Method, path: &str) -> RequestBuilder {
        self.requests += 1;
        self.client.request(method, format!("{}{path}", self.url))
    }

    async fn post(&mut self, path: &str, bearer: &str, body: Json) -> Response {
        let request = self.request(Method::POST, &format!("/api/v1{path}")).bearer_auth(bearer);
        request.json(&body).send().await.expect("an answer")
    }

    async fn form(&mut self, path: &str, form: String) -> Response {
        let request =
            self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        request.body(form).send().await.expect("an answer")
    }

    /// Remembers a secret that must never be printed; a token's parts and its hash as well.
    fn hush(&mut self, what: &'static str, secret: &str) -> String {
        if secret.split('.').count() == 3 {
            let jti = claims_of(secret)["jti"].as_str().map(str::to_owned);
            self.secrets.extend(jti.map(|jti| (what, jti)));
            self.secrets.extend(secret.split('.').skip(1).map(|part| (what, part.to_owned())));
        }
        self.secrets.push((what, secret.to_owned()));
        secret.to_owned()
    }

    /// What came with a sign-in or a renewal: the access token, and the cookie.
    async fn signed_in(&mut self, answer: Response) -> (String, String) {
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().expect("a text");
        let cookie = cookie.split([';', '=']).nth(1).expect("a value").to_owned();
        let body: Json = answer.json().await.expect("JSON");
        let access = body["access_token"].as_str().expect("a token").to_owned();
        (self.hush("access token", &access), self.hush("refresh token", &cookie))
    }

    async fn log_in(&mut self, password: &str) -> Response {
        self.post("/auth/login", "", json!({ "email": EMAIL, "password": password })).await
    }

    async fn refresh(&mut self, cookie: &str) -> Response {
        let request = self.request(Method::POST, "/api/v1/auth/refresh");
        request.header("cookie", format!("refresh_token={cookie}")).send().await.expect("an answer")
    }

    async fn created(&mut self, path: &str, bearer: &str, body: Json) -> Json {
        let answer = self.post(path, bearer, body).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("JSON")
    }

    /// Told to stop; all that it printed.
    fn stop(mut self) -> (String, Vec<(&'static str, String)>, usize) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        assert!(self.child.wait().expect("it ends").success());
        for reader in self.readers.drain(..) {
            reader.join().expect("all is read");
        }
        let printed = self.printed.lock().expect("nobody panicked").clone();
        (printed, std::mem::take(&mut self.secrets), self.requests)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail where it has stopped already, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(json: &Json, member: &str) -> String {
    json[member].as_str().unwrap_or_else(|| panic!("no {member}")).to_owned()
}

/// Signing in and out of everything, rightly and wrongly.
async fn use_passwords(program: &mut Program, welcome: &str) -> String {
    let [first, second, third, wrong] = PASSWORDS;
    let set = json!({ "token": welcome, "new_password": first });
    assert_eq!(program.post("/auth/reset/confirm", "", set).await.status(), 200);
    let answer = program.log_in(first).await;
    let (_, cookie) = program.signed_in(answer).await;
    let answer = program.refresh(&cookie).await;
    let (_, renewed) = program.signed_in(answer).await;
    let answer = program.refresh(&renewed).await;
    program.signed_in(answer).await;
    // Used twice: the family ends.
    assert_eq!(program.refresh(&cookie).await.status(), 401);
    assert_eq!(program.log_in(wrong).await.status(), 401);

    let asked = program.created("/auth/reset/request", "", json!({ "email": EMAIL })).await;
    let reset = program.hush("reset token", &text(&asked, "reset_token"));
    let page = program.request(Method::GET, &format!("/password?token={reset}"));
    assert_eq!(page.send().await.expect("a page").status(), 200);
    let short = program.form("/password", format!("token={reset}&new_password=hush")).await;
    assert_eq!(short.status(), 400);
    let saved = program.form("/password", format!("token={reset}&new_password={second}")).await;
    assert_eq!(saved.status(), 303);
    let answer = program.log_in(second).await;
    let (access, _) = program.signed_in(answer).await;
    let change = json!({ "current_password": second, "new_password": third });
    assert_eq!(program.post("/auth/password", &access, change).await.status(), 200);
    access
}

/// Requests that go wrong where a secret is at hand.
async fn make_mistakes(program: &mut Program, access: &str) {
    let wrong = PASSWORDS[3];
    for body in [
        format!(r#"{{"email":"{EMAIL}","password":"{wrong}"#),
        format!(r#"{{"email":"{EMAIL}","pasword":"{wrong}"}}"#),
        format!(r#"{{"email":"{EMAIL}","password":["{wrong}"]}}"#),
        format!(r#"{{"email":"{EMAIL}","password":"{wrong}","password":"{wrong}"}}"#),
    ] {
        let request = program.request(Method::POST, "/api/v1/auth/login");
        let answer = request.header("content-type", "application/json").body(body).send().await;
        assert_eq!(answer.expect("an answer").status(), 400);
    }
    let forged = program.hush("forged token", &format!("{}x", &access[..access.len() - 8]));
    for value in
        [format!("Bearer {forged}"), format!("Bearer {wrong}"), format!("Basic {wrong}"), wrong.to_owned()]
    {
        let request = program.request(Method::GET, "/api/v1/auth/me").header("authorization", value);
        assert_eq!(request.send().await.expect("an answer").status(), 401);
    }
    for path in [
        format!("/invite?token={forged}"),
        format!("/api/v1/projects?token={forged}"),
        format!("/nothing?token={forged}"),
    ] {
        let answer = program.request(Method::GET, &path).bearer_auth(access).send().await;
        assert!(answer.expect("an answer").status().is_client_error(), "{path}");
    }
}

async fn answer_invitations(program: &mut Program, access: &str) {
    let user = program.created("/users", access, json!({ "name": "Nina Simone" })).await;
    let mut tokens = Vec::new();
    for day in ["10", "11", "12", "13"] {
        let mission = json!({
            "title": "Montage", "start_at": format!("2199-07-{day}T08:00:00Z"), "end_at": format!("2199-07-{day}T12:00:00Z"),
        });
        let mission = program.created("/missions", access, mission).await;
        let pair = json!({ "mission_id": mission["id"], "user_id": user["id"] });
        let assignment = program.created("/assignments", access, pair).await;
        let mut answers = Vec::new();
        for _ in 0..2 {
            let request = program.request(Method::POST, "/api/v1/invitations").bearer_auth(access);
            let request = request.header("idempotency-key", format!("key-{day}"));
            let answer =
                request.json(&json!({ "assignment_id": assignment["id"] })).send().await.expect("an answer");
            answers.push(answer.json::<Json>().await.expect("JSON"));
        }
        assert_eq!(answers[0]["token"], answers[1]["token"], "asked again, answered alike");
        let token = program.hush("invitation", &text(&answers[0], "token"));
        tokens.push((text(&answers[0], "id"), token));
    }
    for path in ["/invite", "/api/v1/invitations/verify"] {
        let answer = program.request(Method::GET, &format!("{path}?token={}", tokens[0].1)).send().await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    let (id, token) = &tokens[0];
    program.created(&format!("/invitations/{id}/accept?token={token}"), "", json!(null)).await;
    let (id, token) = &tokens[1];
    program.created(&format!("/invitations/{id}/accept"), "", json!({ "token": token })).await;
    let (id, token) = &tokens[2];
    program
        .created(&format!("/invitations/{id}/decline?token={token}"), "", json!({ "reason": "absent" }))
        .await;
    let clicked = program.form("/invite", format!("token={}&answer=accept", tokens[3].1)).await;
    assert_eq!(clicked.status(), 303);
    let feed = format!("/users/{}", text(&user, "id"));
    let shown = program.created(&format!("{feed}/calendar_key"), access, json!({})).await;
    let key = program.hush("calendar key", &text(&shown, "key"));
    for (key, status) in [(key.as_str(), 200), (&key[1..], 404)] {
        let feed = program.request(Method::GET, &format!("/api/v1{feed}/calendar.ics?key={key}"));
        assert_eq!(feed.send().await.expect("an answer").status(), status);
    }
    stop_mails(program, access).await;
    let new = json!({ "email": "lea@rideau.example", "role": "tech" });
    program.created("/orgs/members", access, new).await;
    let token = program.mailed_token("lea@rideau.example").await;
    program.hush("welcome token", &token);
}

async fn stop_mails(program: &mut Program, access: &str) {
    let request = program.request(Method::GET, "/api/v1/orgs/current/membership").bearer_auth(access);
    let own: Json = request.send().await.expect("an answer").json().await.expect("JSON");
    let org = claims_of(access)["org"].as_str().expect("an org").parse().expect("an id");
    let account = text(&own, "account_id").parse().expect("an id");
    let secrets = |name: &str| match name {
        "SECRET_KEY" => Some(SECRET_KEY.to_owned()),
        "INVITES_SECRET" => Some(INVITES_SECRET.to_owned()),
        _ => None,
    };
    let config = Config::from_lookup(&secrets).expect("the program's secrets");
    let token = Tokens::new(&config, Clock::system()).unsubscribe(org, account).expect("a token");
    let token = program.hush("unsubscribe token", &token);
    let path = format!("/unsubscribe?token={token}");
    let shown = program.request(Method::GET, &path).send().await.expect("a page");
    let done = program.form(&path, "List-Unsubscribe=One-Click".into()).await;
    assert_eq!((shown.status(), done.status()), (StatusCode::OK, StatusCode::OK));
}

#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn no_secret_is_printed_at_the_level_that_prints_most(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values("json", "pretty")] format: &str,
) {
    let (folder, database) = (tempfile::tempdir().expect("a folder"), TestDatabase::empty(db).await);
    let run = |arguments: &[&str]| -> Output {
        let output = command(&folder, &database, format, arguments).output().expect("the program starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    };
    run(&["migrate", "up"]);
    let founded = run(&["org", "create", "--name", "Rideau", "--owner-email", EMAIL]);
    let founded = String::from_utf8(founded.stdout).expect("UTF-8");
    let welcome = founded.trim_end().rsplit("token=").next().expect("a token").to_owned();

    let mut program = Program::start(command(&folder, &database, format, &["serve"]));
    program.hush("welcome token", &welcome);
    let access = use_passwords(&mut program, &welcome).await;
    answer_invitations(&mut program, &access).await;
    make_mistakes(&mut program, &access).await;
    let (printed, mut secrets, requests) = program.stop();

    assert!(requests > 40, "{requests} requests");
    let paths = ["/api/v1/", "/invite", "/password", "/unsubscribe"];
    let lines = printed.lines().filter(|line| paths.iter().any(|path| line.contains(path)));
    assert!(lines.count() + 3 >= requests, "each request has its line:\n{printed}");
    secrets.extend(PASSWORDS.map(|password| ("password", password.to_owned())));
    let hashes: Vec<_> =
        secrets.iter().map(|(what, secret)| (*what, hex(&hash_secret(secret.as_bytes())))).collect();
    for (what, secret) in secrets.into_iter().chain(hashes) {
        assert!(secret.len() >= 14, "{what}");
        assert!(!printed.contains(&secret), "the {what} {secret} was printed:\n{printed}");
    }
    for hint in ["$argon2", "token=", "?key=", "refresh_token", "Bearer", "hush"] {
        assert!(!printed.contains(hint), "{hint} was printed:\n{printed}");
    }
}
