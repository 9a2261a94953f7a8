//! The program as people start it: its commands, what they print, and their exit status.

use crate::support::{AT_MOST, Kind, TestDatabase};
use coulisses::db::migrations::Migrator;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value as Json, json};
use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How many steps the schema has.
pub fn all_steps() -> usize {
    Migrator::migrations().len()
}

/// A folder to start the program in, and its environment.
pub struct Cli {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// What the shell does before it starts the program.
    limit: Option<String>,
    pub database: Option<TestDatabase>,
}

pub struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Cli {
    pub fn new(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { folder: tempfile::tempdir().expect("a folder"), environment, limit: None, database: None }
    }

    pub async fn with_database(kind: Kind) -> Self {
        let database = TestDatabase::empty(kind).await;
        let cli = Self::new(&[("DATABASE_URL", &database.url)]);
        Self { database: Some(database), ..cli }
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Started by a shell that sets this limit first.
    pub fn limited(self, limit: &str) -> Self {
        Self { limit: Some(limit.into()), ..self }
    }

    /// Without the limit again.
    pub fn unlimited(self) -> Self {
        Self { limit: None, ..self }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The one of [`Cli::with_database`].
    pub fn database(&self) -> &TestDatabase {
        self.database.as_ref().expect("a database")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_coulisses");
        let mut command = match &self.limit {
            None => Command::new(program),
            Some(limit) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &format!("{limit}; exec \"$0\" \"$@\""), program]);
                shell
            }
        };
        command.args(arguments).current_dir(self.folder()).env_clear();
        // Any free port unless the test names one: tests run beside each other, and 8000 may be taken.
        if let None | Some(&("serve" | "demo")) = arguments.first() {
            command.env("BACKEND_PORT", "0");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        Run {
            status: output.status.code().expect("no signal ended it"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn ok(&self) -> Vec<&str> {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{}", self.out);
        self.out.lines().collect()
    }

    /// The one sentence of a failure.
    #[track_caller]
    pub fn failed(&self) -> &str {
        assert_eq!(self.status, 1, "{}{}", self.out, self.err);
        let sentence = self.err.strip_prefix("coulisses: ").expect("the program's name").trim_end();
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        assert!(!sentence.contains("panicked"), "{sentence}");
        sentence
    }
}

fn link(line: &str) -> &str {
    let at = line.find("http://127.0.0.1:8000/password?token=").expect("a link");
    &line[at..]
}

#[test]
fn config_masks_secrets() {
    let cli = Cli::new(&[
        ("SECRET_KEY", "hush-hush-hush-hush-hush-hush-hush"),
        ("INVITES_SECRET", "quiet-quiet-quiet-quiet-quiet-quiet"),
        ("DATABASE_URL", "postgresql://crew:hush@db.example/crew"),
        ("REDIS_URL", "redis://crew:hush@cache.example"),
        ("BACKEND_PORT", "8123"),
    ]);
    let run = cli.run(&["config"]);
    let lines = run.ok();
    assert!(!run.out.contains("hush") && !run.out.contains("quiet"), "{}", run.out);
    for line in ["ENV=dev", "SECRET_KEY=***", "INVITES_SECRET=***", "BACKEND_PORT=8123"] {
        assert!(lines.contains(&line), "{line} in {}", run.out);
    }
    for host in ["db.example", "cache.example"] {
        assert!(run.out.contains(host), "{host} in {}", run.out);
    }
}

#[test]
fn a_dotenv_file_counts_in_dev_only() {
    let secrets = [
        ("SECRET_KEY", "a-secret-of-this-test-0123456789abcdef"),
        ("INVITES_SECRET", "another-secret-of-it-0123456789abcdef"),
    ];
    let dev = Cli::new(&[("ACCESS_TOKEN_MINUTES", "7")]);
    let prod = Cli::new(&secrets).set("ENV", "prod");
    for cli in [&dev, &prod] {
        std::fs::write(cli.folder().join(".env"), "BACKEND_PORT=8123\nACCESS_TOKEN_MINUTES=9\n")
            .expect("a file");
    }
    let run = dev.run(&["config"]);
    assert!(run.ok().contains(&"BACKEND_PORT=8123"), "{}", run.out);
    assert!(run.ok().contains(&"ACCESS_TOKEN_MINUTES=7"), "the environment counts first: {}", run.out);
    let run = prod.run(&["config"]);
    assert!(run.ok().contains(&"BACKEND_PORT=8000"), "{}", run.out);
}

#[test]
fn mistakes_in_the_configuration_are_reported_together() {
    let cli =
        Cli::new(&[("ENV", "production"), ("BACKEND_PORT", "http"), ("DATABASE_URL", "mysql://crew:hush@x")]);
    for arguments in [&["config"][..], &["serve"], &["migrate", "up"], &[]] {
        let run = cli.run(arguments);
        assert_eq!((run.status, run.out.as_str()), (1, ""), "{arguments:?}");
        for name in ["ENV ", "BACKEND_PORT ", "DATABASE_URL "] {
            assert!(run.err.contains(name), "{name} in {}", run.err);
        }
        assert!(!run.err.contains("hush"), "{}", run.err);
    }
    let run = Cli::new(&[("ENV", "prod")]).run(&["config"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("SECRET_KEY ") && run.err.contains("INVITES_SECRET "), "{}", run.err);
}

#[test]
fn calling_it_wrongly_is_exit_status_two() {
    let cli = Cli::new(&[]);
    for arguments in [
        &["fly"][..],
        &["migrate"],
        &["migrate", "sideways"],
        &["org", "create"],
        &["member", "add", "--org", "x"],
        &["serve", "--port", "1"],
        &["config", "extra"],
    ] {
        let run = cli.run(arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains("Usage:"), "{}", run.err);
    }
    for arguments in [["--help"], ["--version"]] {
        assert!(!cli.run(&arguments).ok().is_empty());
    }
    assert!(std::fs::read_dir(cli.folder()).expect("the folder").next().is_none(), "nothing was created");
}

#[rstest]
#[tokio::test]
async fn the_schema_goes_up_and_down_and_up(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let (cli, steps) = (Cli::with_database(db).await, all_steps());
    let states = || {
        let run = cli.run(&["migrate", "status"]);
        run.ok().iter().map(|line| line.split("  ").next().expect("a state").to_owned()).collect::<Vec<_>>()
    };
    // Each step that was taken, and how many.
    let taken = |arguments: &[&str], done: &str, number: usize| {
        let run = cli.run(arguments);
        let lines = run.ok();
        let (sum, each) = lines.split_last().expect("a sum");
        assert_eq!(*sum, format!("{number} step{} {done}", if number == 1 { "" } else { "s" }));
        assert_eq!(each.len(), number, "{each:?}");
        assert!(each.iter().all(|line| line.starts_with(&format!("{done}  m20"))), "{each:?}");
    };
    taken(&["migrate", "up"], "applied", steps);
    assert_eq!(states(), vec!["applied"; steps]);
    taken(&["migrate", "up"], "applied", 0);
    taken(&["migrate", "down"], "taken back", 1);
    let (last, rest) =
        states().split_last().map(|(last, rest)| (last.clone(), rest.to_vec())).expect("states");
    assert_eq!((last.as_str(), rest), ("missing", vec!["applied".to_owned(); steps - 1]));
    taken(&["migrate", "up"], "applied", 1);
    taken(&["migrate", "down", "--all"], "taken back", steps);
    assert_eq!(states(), vec!["missing"; steps]);
    taken(&["migrate", "up"], "applied", steps);
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
}

#[rstest]
#[tokio::test]
async fn a_missing_step_says_how_many_rows_it_goes_through(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
    let status = |arguments: &[&str]| cli.run(&[&["migrate", "status"], arguments].concat()).ok().join("\n");
    let through = "missing  m20261127_000020_changes  goes through orgs (1)";
    while !status(&[]).contains("missing  m20261127_000020_changes") {
        assert!(!status(&[]).contains("goes through orgs"));
        cli.run(&["migrate", "down"]).ok();
    }
    assert!(status(&[]).lines().any(|line| line == through), "{}", status(&[]));
    let json: Json = serde_json::from_str(&status(&["--json"])).expect("JSON");
    let steps = json.as_array().expect("steps");
    let step = steps.iter().find(|step| step["name"] == "m20261127_000020_changes").expect("the step");
    let rows = |table: &str, rows: i64| json!({ "table": table, "rows": rows });
    assert_eq!(
        step["goes_through"],
        json!([rows("assignments", 0), rows("invitations", 0), rows("orgs", 1)])
    );
    assert!(steps[0].get("goes_through").is_none());
}

#[rstest]
#[tokio::test]
async fn the_schema_goes_up_to_a_named_step(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    let names: Vec<_> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let second = &*names[1];
    let run = cli.run(&["migrate", "up", "--to", second]);
    assert_eq!(
        run.ok(),
        [format!("applied  {}", names[0]), format!("applied  {second}"), "2 steps applied".into()]
    );
    let sentence = cli.run(&["migrate", "up", "--to", second]).failed().to_owned();
    assert!(sentence.contains("migrate status"), "{sentence}");
}

#[rstest]
#[tokio::test]
async fn outside_dev_rows_are_lost_only_with_yes(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
    let cli = cli
        .set("ENV", "prod")
        .set("SECRET_KEY", "a-secret-of-this-test-0123456789abcdef")
        .set("INVITES_SECRET", "another-secret-of-it-0123456789abcdef");
    let run = cli.run(&["migrate", "down", "--all"]);
    assert!(run.failed().contains("--yes"), "{}", run.err);
    assert!(run.out.contains("1 row of orgs"), "{}", run.out);
    assert_eq!(cli.run(&["member", "list", "--org", "rideau"]).ok(), ["owner    o@rideau.example"]);
    let run = cli.run(&["migrate", "down", "--all", "--yes"]);
    assert_eq!(run.ok().last(), Some(&format!("{} steps taken back", all_steps()).as_str()));
    cli.run(&["migrate", "up"]).ok();
    let run = cli.run(&["migrate", "down"]);
    assert_eq!(
        (run.out.as_str(), run.failed()),
        ("", "nothing was changed; to take the schema back, add --yes")
    );
}

#[rstest]
#[tokio::test]
async fn an_org_is_founded_with_a_link_for_its_owner(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let create =
        |name: &str, owner: &str| cli.run(&["org", "create", "--name", name, "--owner-email", owner]);
    let run = create("Théâtre du Rideau", "Marion@rideau.example");
    let lines = run.ok();
    assert_eq!(lines.len(), 2, "{}", run.out);
    assert!(lines[0].starts_with("organisation ") && lines[0].ends_with(" created"), "{}", run.out);
    assert!(link(lines[1]).len() > "http://127.0.0.1:8000/password?token=".len() + 42, "{}", run.out);
    let org = lines[0].split(' ').nth(1).expect("an id");
    for name in [org, "Théâtre du Rideau", "THÉÂTRE DU RIDEAU"] {
        assert_eq!(cli.run(&["member", "list", "--org", name]).ok(), ["owner    Marion@rideau.example"]);
    }
    assert!(create("théâtre du rideau", "x@rideau.example").failed().contains("exists already"));
    assert!(create("", "x@rideau.example").failed().starts_with("--name "));
    assert!(create("Autre", "nonsense").failed().starts_with("--owner-email "));
    let wrong =
        ["org", "create", "--name", "Autre", "--owner-email", "x@y.example", "--timezone", "Mars/Olympus"];
    assert!(cli.run(&wrong).failed().starts_with("--timezone "));
    let wrong = ["org", "create", "--name", "Autre", "--owner-email", "x@y.example", "--locale", "de"];
    assert!(cli.run(&wrong).failed().starts_with("--locale must be one of fr, en, en-US"));
}

#[rstest]
#[tokio::test]
async fn members_are_added_listed_and_removed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "owner@rideau.example"]).ok();
    let add = |email: &str, role: &str| {
        cli.run(&["member", "add", "--org", "Rideau", "--email", email, "--role", role])
    };
    let remove = |email: &str| cli.run(&["member", "remove", "--org", "Rideau", "--email", email]);
    let list = || cli.run(&["member", "list", "--org", "Rideau"]).out;

    let added = add("theo@rideau.example", "tech");
    let lines = added.ok();
    assert_eq!(lines[0], "theo@rideau.example is tech now");
    assert!(link(lines[1]).contains("token="), "{}", added.out);
    add("mia@rideau.example", "manager").ok();
    assert_eq!(
        list(),
        "owner    owner@rideau.example\nmanager  mia@rideau.example\ntech     theo@rideau.example\n"
    );
    assert!(add("theo@rideau.example", "admin").failed().contains("member already"));
    assert!(add("new@rideau.example", "boss").failed().starts_with("--role must be one of"));
    assert!(add("nonsense", "tech").failed().starts_with("--email "));

    assert_eq!(remove("Theo@rideau.example").ok(), ["Theo@rideau.example is no member any more"]);
    assert_eq!(list(), "owner    owner@rideau.example\nmanager  mia@rideau.example\n");
    assert!(remove("theo@rideau.example").failed().contains("is not a member"));
    assert!(remove("nobody@rideau.example").failed().contains("is not a member"));
    let elsewhere = cli.run(&["member", "list", "--org", "Nowhere"]);
    assert!(elsewhere.failed().contains("there is no organisation"), "{}", elsewhere.err);
}

/// A link is stored nowhere, so that it was not printed is not to be overlooked.
#[cfg(target_os = "linux")]
#[rstest]
#[tokio::test]
async fn a_link_that_cannot_be_printed_is_a_failure(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let email = "owner@rideau.example";
    for arguments in [
        &["org", "create", "--name", "Rideau", "--owner-email", email][..],
        &["member", "link", "--org", "Rideau", "--email", email],
        &["member", "add", "--org", "Rideau", "--email", "theo@rideau.example", "--role", "tech"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        let output = cli.command(arguments).stdout(full).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("`coulisses member link` makes another one"), "{arguments:?}: {said}");
    }
    assert!(
        link(cli.run(&["member", "link", "--org", "Rideau", "--email", email]).ok()[0]).contains("token=")
    );
}

#[cfg(unix)]
#[test]
fn a_setting_that_is_no_text_does_not_count_as_missing() {
    use std::os::unix::ffi::OsStrExt;
    let cli = Cli::new(&[]);
    for name in ["DATABASE_URL", "ENV"] {
        let mut command = cli.command(&["config"]);
        let output = command.env(name, std::ffi::OsStr::from_bytes(b"\xff")).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said), (Some(1), format!("coulisses: {name} must be UTF-8\n")));
    }
}

#[test]
fn a_mistyped_database_is_not_created_to_look_for_members_in_it() {
    let cli = Cli::new(&[("DATABASE_URL", "sqlite://./mistyped.db")]);
    for arguments in [
        &["member", "list", "--org", "Rideau"][..],
        &["member", "remove", "--org", "Rideau", "--email", "theo@rideau.example"],
    ] {
        let run = cli.run(arguments);
        assert!(run.failed().contains("there is no database file"), "{}", run.err);
        assert!(!cli.folder().join("mistyped.db").exists());
    }
}

#[rstest]
#[tokio::test]
async fn the_last_owner_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "first@rideau.example"]).ok();
    let remove = || cli.run(&["member", "remove", "--org", "Rideau", "--email", "first@rideau.example"]);
    let sentence = "An organisation always keeps an owner; make someone else owner first.";
    assert_eq!(remove().failed(), sentence);
    let list = ["member", "list", "--org", "Rideau"];
    assert_eq!(cli.run(&list).ok(), ["owner    first@rideau.example"]);
    cli.run(&["member", "add", "--org", "Rideau", "--email", "second@rideau.example", "--role", "owner"])
        .ok();
    remove().ok();
    assert_eq!(cli.run(&list).ok(), ["owner    second@rideau.example"]);
}

#[tokio::test]
#[allow(non_snake_case, reason = "tests that need a server are left out by its name")]
async fn on_Postgres_an_old_schema_is_reported_not_changed() {
    let cli = Cli::with_database(Kind::Postgres).await;
    for arguments in [&["serve"][..], &["member", "list", "--org", "Rideau"]] {
        let run = cli.run(arguments);
        assert!(run.failed().contains("`coulisses migrate up`"), "{}", run.err);
    }
    let run = cli.run(&["migrate", "status"]);
    assert!(run.ok().iter().all(|line| line.starts_with("missing")), "{}", run.out);
}

#[test]
fn a_database_out_of_reach_is_one_sentence_without_its_password() {
    let nobody_listens = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let cli = Cli::new(&[("DATABASE_URL", &format!("postgresql://crew:hush@{nobody_listens}/crew"))]);
    let run = cli.run(&["migrate", "up"]);
    assert!(run.failed().contains("the connection was refused"), "{}", run.err);
    assert!(!run.err.contains("hush"), "{}", run.err);
}

#[test]
fn a_healthcheck_fails_when_nothing_listens() {
    let nobody_listens = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let cli = Cli::new(&[("BACKEND_PORT", &nobody_listens.port().to_string())]);
    let run = cli.run(&["healthcheck"]);
    assert!(run.failed().contains("`coulisses serve`"), "{}", run.err);
}

#[rstest]
#[tokio::test]
async fn serving_needs_a_port_that_is_free(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let cli = Cli::with_database(db).await.set("BACKEND_PORT", &port);
    let run = cli.run(&["serve", "--migrate"]);
    assert!(run.failed().contains("choose another BACKEND_PORT"), "{}", run.err);
}

/// A running `serve`; killed when the test fails before it has stopped.
pub struct Serving {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub port: u16,
}

impl Serving {
    pub fn start(cli: &Cli, arguments: &[&str]) -> Self {
        Self::start_logging(cli, arguments).1
    }

    /// The same with its first line.
    pub fn start_logging(cli: &Cli, arguments: &[&str]) -> (Json, Self) {
        let mut child = cli.command(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut serving = Self { child, lines, port: 0 };
        let event = serving.logs("serving");
        let address = event["address"].as_str().expect("an address");
        serving.port = address.rsplit(':').next().expect("a port").parse().expect("a number");
        (event, serving)
    }

    /// One that does not serve yet.
    pub fn begin(cli: &Cli, arguments: &[&str], port: u16) -> Self {
        let mut child = cli.command(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, lines, port }
    }

    /// The same with all that it says before it serves.
    pub fn start_talking(cli: &Cli, arguments: &[&str]) -> (String, Self) {
        let mut child = cli.command(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        while !said.contains("\"serving\"") {
            assert_ne!(lines.read_line(&mut said).expect("its output is read"), 0, "it ended: {said}");
        }
        (said, Self { child, lines, port: 0 })
    }

    /// One that logs too little to say where it listens.
    pub fn start_silent(cli: &Cli, port: u16) -> Self {
        let mut child = cli.command(&["serve"]).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        let serving = Self { child, lines, port };
        let begin = Instant::now();
        while cli.run(&["healthcheck"]).status != 0 {
            assert!(begin.elapsed() < AT_MOST, "it does not answer");
        }
        serving
    }

    /// Waits for a log line whose message begins so.
    pub fn logs(&mut self, message: &str) -> Json {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).expect("its output is read"), 0, "no {message:?}");
            // The demonstration greets in words.
            let Ok(event) = serde_json::from_str::<Json>(&line) else { continue };
            if event["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                return event;
            }
        }
    }

    /// What the system calls it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What Ctrl-C at a terminal does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let done = Command::new("kill").args(["-INT", &self.id().to_string()]).status().expect("kill");
        assert!(done.success());
    }

    /// Waits for its end; its exit status.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    fn signal_to_stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    }

    /// Tells it to stop; its exit status and the rest of what it printed.
    pub fn terminate(mut self) -> (Option<i32>, String) {
        self.signal_to_stop();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("its output is read");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail where it has stopped already, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn it_serves_until_it_is_told_to_stop(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(&["serve", "--migrate"], &["demo", "--migrate"])] arguments: &[&str],
) {
    let cli = Cli::with_database(db).await;
    let serving = Serving::start(&cli, arguments);
    let cli = cli.set("BACKEND_PORT", &serving.port.to_string());
    let health = cli.run(&["healthcheck"]);
    assert_eq!(health.ok(), [r#"{"status":{"db":"ok","storage":"ok","cache":"memory","ok":true}}"#]);
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
    let events: Vec<Json> = rest.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(events.last().expect("a line")["message"], "stopped");
    cli.run(&["healthcheck"]).failed();
}

#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn what_was_refused_is_on_record_when_it_stops(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await;
    let serving = Serving::start(&cli, &["serve", "--migrate"]);
    let login = format!("http://127.0.0.1:{}/api/v1/auth/login", serving.port);
    let guess = json!({ "email": "nobody@rideau.example", "password": "le mauvais mot de passe" });
    let refused = reqwest::Client::new().post(login).json(&guess).send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
    let db = cli.database().open().await;
    let entries = "SELECT count(*) AS n FROM audit_log WHERE action = 'account.sign_in_refused'";
    let statement = Statement::from_string(db.get_database_backend(), entries);
    let row = db.query_one_raw(statement).await.expect(entries).expect("a row");
    assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 1);
}

/// What it would still record waits for a lock that somebody else keeps.
#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn it_stops_within_its_grace_whatever_the_database_does(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let cli = Cli::with_database(db).await.set("SHUTDOWN_GRACE_SECONDS", "1");
    let serving = Serving::start(&cli, &["serve", "--migrate"]);
    let login = format!("http://127.0.0.1:{}/api/v1/auth/login", serving.port);
    let guess = json!({ "email": "nobody@rideau.example", "password": "le mauvais mot de passe" });
    let refused = reqwest::Client::new().post(login).json(&guess).send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    let other = cli.database().open().await;
    let lock = other.write(coulisses::db::Origin::system()).await.expect("a transaction");
    if db == Kind::Postgres {
        lock.execute_unprepared("LOCK TABLE audit_log").await.expect("the lock");
    }
    let begun = Instant::now();
    let (status, rest) = serving.terminate();
    // SQLite waits 5 s for a lock, PostgreSQL 10.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(status == Some(0) && rest.contains("without waiting any longer"), "{status:?} {rest}");
    drop(lock);
}

/// Its log goes into a pipe that nobody empties.
#[cfg(unix)]
#[tokio::test]
async fn it_serves_and_stops_though_nobody_reads_its_log() {
    let cli = Cli::with_database(Kind::Sqlite).await;
    let mut serving = Serving::start(&cli, &["serve", "--migrate"]);
    let (client, url) = (reqwest::Client::new(), format!("http://127.0.0.1:{}", serving.port));
    let get = async |path: &str| {
        let request = client.get(format!("{url}{path}")).timeout(Duration::from_secs(10));
        let answer = request.send().await.expect("it answers");
        answer.text().await.expect("a body")
    };
    let lost = async || {
        let metrics = get("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix("app_log_lines_lost_total "));
        line.expect("it is counted").parse::<u64>().expect("a number")
    };
    for _ in 0..100 {
        for _ in 0..100 {
            get(&format!("/{}", "x".repeat(4000))).await;
        }
        if lost().await > 0 {
            break;
        }
    }
    assert!(lost().await > 0);
    serving.signal_to_stop();
    let begun = Instant::now();
    let status = loop {
        match serving.child.try_wait().expect("its status") {
            Some(status) => break status,
            None => assert!(begun.elapsed() < Duration::from_secs(10), "it does not stop"),
        }
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(0));
}

#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn while_it_is_stopping_it_is_not_ready(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let cli = Cli::with_database(db).await.set("SHUTDOWN_DELAY_SECONDS", "300");
    let mut serving = Serving::start(&cli, &["serve", "--migrate"]);
    let cli = cli.set("BACKEND_PORT", &serving.port.to_string());
    let proxied = cli.command(&["healthcheck"]).env("http_proxy", "http://127.0.0.1:9").status();
    assert!(proxied.expect("it starts").success(), "it is this machine that is asked");
    cli.run(&["healthcheck"]).ok();
    serving.signal_to_stop();
    serving.logs("stopping");
    let health = cli.run(&["healthcheck"]);
    assert!(health.failed().contains(r#"(503 Service Unavailable): {"status":{"db":"ok""#), "{}", health.err);
}

#[rstest]
#[tokio::test]
async fn the_operator_prints_a_new_link_for_a_forgotten_password(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let created = cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]);
    let link = |email: &str| cli.run(&["member", "link", "--org", "rideau ", "--email", email]);
    let linked = link("O@rideau.example");
    let lines = linked.ok();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert!(
        line.starts_with("set the password within 7 days: http://127.0.0.1:8000/password?token="),
        "{line}"
    );
    assert!(!created.ok().contains(line), "it is another one");
    assert!(link("nobody@rideau.example").failed().contains("is not a member"));
    let elsewhere = cli.run(&["member", "link", "--org", "Nowhere", "--email", "o@rideau.example"]);
    assert!(elsewhere.failed().contains("there is no organisation"), "{}", elsewhere.err);
    let db = cli.database().open().await;
    let good = "SELECT count(*) AS n FROM membership_links WHERE used_at IS NULL";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), good)).await.expect(good);
    assert_eq!(row.expect("a row").try_get::<i64>("", "n").expect("a number"), 1, "the one before is dead");
}

#[rstest]
#[tokio::test]
async fn the_operator_vouches_for_whom_they_add_and_sees_who_is_pending(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    for org in ["Rideau", "Chapiteau"] {
        cli.run(&["org", "create", "--name", org, "--owner-email", "o@rideau.example"]).ok();
    }
    let add = |org: &str, email: &str| {
        cli.run(&["member", "add", "--org", org, "--email", email, "--role", "tech"])
    };
    let list = || cli.run(&["member", "list", "--org", "Rideau"]).out;
    assert!(add("Rideau", "theo@rideau.example").ok()[1].contains("/password?token="));
    assert_eq!(list(), "owner    o@rideau.example\ntech     theo@rideau.example\n");
    let db = cli.database.as_ref().expect("a database").open().await;
    let sets = "UPDATE accounts SET password_hash = 'a hash'";
    db.execute_unprepared(sets).await.expect(sets);
    // Who has a password keeps it; the operator is told what to do when it is not theirs alone.
    let second = add("Chapiteau", "theo@rideau.example");
    assert!(
        second.ok()[1].contains("password they have") && second.out.contains("member link"),
        "{}",
        second.out
    );
    let unproven = "UPDATE org_memberships SET proven_at = NULL WHERE role = 'tech'";
    db.execute_unprepared(unproven).await.expect(unproven);
    assert_eq!(list(), "owner    o@rideau.example\ntech     theo@rideau.example  (pending)\n");
    let removed = cli.run(&["member", "remove", "--org", "Rideau", "--email", " THEO@rideau.example"]);
    removed.ok();
    assert_eq!(list(), "owner    o@rideau.example\n");
}
