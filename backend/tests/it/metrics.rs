//! `GET /metrics`: what is counted, under which names, and that nobody can make it grow.

use crate::support::{AT_MOST, Kind, Outcome, Server, Test, together};
use axum::http::Method;
use coulisses::{db::Origin, random::Random};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const LABELS: &str = r#"method="GET",path="/api/v1/projects",status="200""#;

async fn metrics(test: &Test) -> String {
    let answer = test.anonymous().get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// The value of one series.
#[track_caller]
fn value(text: &str, series: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {series} in:\n{text}")).parse().expect("a number")
}

/// The labels of all series with this name.
fn labels<'t>(text: &'t str, name: &str) -> BTreeSet<&'t str> {
    let series = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    series.map(|rest| rest.rsplit_once('}').expect("a closing brace").0).collect()
}

/// Lets others do something until it is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < AT_MOST, "{what} does not come");
        tokio::task::yield_now().await;
    }
}

fn system() -> Origin {
    Origin::system()
}

#[rstest]
#[tokio::test]
async fn names_labels_and_buckets_are_as_agreed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    manager.post_empty(&format!("/missions/{mission}:duplicate")).await.ok();
    manager.get("/projects?q=Tempête").await.ok();
    manager.get("/projects").await.ok();
    manager.get("/missions/019f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
    let answer = test.anonymous().get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = answer.text;
    for (name, kind) in [
        ("app_requests_total", "counter"),
        ("app_request_duration_seconds", "histogram"),
        ("app_inflight_requests", "gauge"),
        ("app_open_streams", "gauge"),
        ("app_sign_ins_refused_total", "counter"),
        ("app_db_connections", "gauge"),
        ("app_db_connections_max", "gauge"),
        ("app_db_waiting", "gauge"),
        ("app_cache_lookups_total", "counter"),
        ("app_log_lines_lost_total", "counter"),
        ("app_build_info", "gauge"),
    ] {
        assert!(text.contains(&format!("\n# TYPE {name} {kind}\n")), "{name}:\n{text}");
        assert!(text.contains(&format!("# HELP {name} ")), "{name}:\n{text}");
    }
    for (labels, count) in [
        (r#"method="POST",path="/api/v1/missions",status="200""#, 1.0),
        (r#"method="POST",path="/api/v1/missions/{id}:duplicate",status="200""#, 1.0),
        (r#"method="GET",path="/api/v1/missions/{id}",status="404""#, 1.0),
        (LABELS, 2.0),
    ] {
        assert_eq!(value(&text, &format!("app_requests_total{{{labels}}}")), count, "{labels}");
        assert_eq!(value(&text, &format!("app_request_duration_seconds_count{{{labels}}}")), count);
        assert!(value(&text, &format!("app_request_duration_seconds_sum{{{labels}}}")) > 0.0);
    }
    let bucket = format!("app_request_duration_seconds_bucket{{{LABELS},le=\"");
    let buckets: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix(&bucket)?.split('"').next()).collect();
    let agreed = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
    assert_eq!(buckets, agreed);
    assert_eq!(value(&text, &format!(r#"app_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION"))), 1.0);
}

#[rstest]
#[tokio::test]
async fn they_can_be_switched_off(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("METRICS_ENABLED", "false")]).await;
    test.anonymous().get("/healthz").await.ok();
    test.anonymous().get("/metrics").await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn nothing_that_is_asked_for_makes_them_grow(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, random) = (test.manager().await, Random::seeded(11));
    let word = || random.bytes::<8>().map(|byte| char::from(b'a' + byte % 26)).iter().collect::<String>();
    for _ in 0..1000 {
        let word = word();
        for path in ["/nothing", "/missions", "/users", "/healthz"] {
            let path = format!("{path}/{word}?{word}={word}");
            assert!(!manager.get(&path).await.status.is_server_error(), "{path}");
        }
    }
    for _ in 0..50 {
        let word = word();
        let odd: Method = word.parse().expect("a method");
        assert_eq!(manager.send(odd.clone(), "/healthz", None).await.status, 405);
        assert_eq!(manager.send(odd, &format!("/nothing/{word}"), None).await.status, 404);
    }
    manager.send(Method::TRACE, "/healthz", None).await;
    let text = metrics(&test).await;
    let wanted = BTreeSet::from([
        r#"method="GET",path="/api/v1/missions/{id}",status="404""#,
        r#"method="GET",path="/api/v1/users/{id}",status="404""#,
        r#"method="GET",path="unmatched",status="404""#,
        r#"method="OTHER",path="/healthz",status="405""#,
        r#"method="OTHER",path="unmatched",status="404""#,
    ]);
    assert_eq!(labels(&text, "app_requests_total"), wanted);
    assert_eq!(labels(&text, "app_request_duration_seconds_count"), wanted);
    let unmatched = r#"app_requests_total{method="GET",path="unmatched",status="404"}"#;
    assert_eq!(value(&text, unmatched), 2000.0);
}

/// The only connection is held, so the requests wait; then their clients go.
#[rstest]
#[tokio::test]
async fn who_hangs_up_is_not_under_way_any_more(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    // Nobody who waits gives up by himself.
    let settings = [("DB_MAX_CONNECTIONS", "1"), ("DB_ACQUIRE_TIMEOUT_MS", "60000")];
    let test = Test::start_with(db, &settings).await;
    let token = test.manager().await.token().to_owned();
    let server = Server::start(&test).await;
    let only_connection = test.app.db.read().await.expect("a snapshot");
    let now = || test.app.db.connections();
    assert_eq!((now().in_use, now().idle, now().max, now().waiting), (1, 0, 1, 0));
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = TcpStream::connect(server.address).await.expect("it listens");
        let request =
            format!("GET /api/v1/missions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        client.write_all(request.as_bytes()).await.expect("it is sent");
        clients.push(client);
    }
    // Two read who they are; the third one's question gathers behind them.
    until("three that wait", || now().waiting == 2 && test.app.telemetry.metrics.in_flight() == 3).await;
    let text = metrics(&test).await;
    assert_eq!(value(&text, "app_inflight_requests"), 3.0);
    assert_eq!(value(&text, "app_db_waiting"), 2.0);
    assert_eq!(value(&text, r#"app_db_connections{state="in_use"}"#), 1.0);
    assert_eq!(value(&text, r#"app_db_connections{state="idle"}"#), 0.0);
    assert_eq!(value(&text, "app_db_connections_max"), 1.0);

    drop(clients);
    until("their end", || test.app.telemetry.metrics.in_flight() == 0).await;
    let db = test.app.db.clone();
    let given_up = tokio::spawn(async move { db.execute_unprepared("SELECT 1").await.map(drop) });
    until("one more that waits", || now().waiting == 3).await;
    given_up.abort();
    // Those who read for all requests are nobody's, and stay.
    until("its end", || now().waiting == 2).await;
    let gone = r#"app_requests_total{method="GET",path="/api/v1/missions",status="499"}"#;
    assert_eq!(value(&metrics(&test).await, gone), 3.0);
    drop(only_connection);
    until("nobody who waits", || now().waiting == 0).await;
    let text = metrics(&test).await;
    assert_eq!(value(&text, "app_inflight_requests"), 0.0);
    assert_eq!(value(&text, "app_db_waiting"), 0.0);
}

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn who_has_a_connection_does_not_wait_for_one_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let lock = "SELECT pg_advisory_lock(1)";
    let first = test.app.db.read().await.expect("a snapshot");
    first.execute_unprepared(lock).await.expect("the lock is free");
    let second = test.app.db.execute_unprepared(lock);
    let look = async {
        // The connection counts as used from the moment that it begins to be opened.
        let now = || test.app.db.connections();
        until("one that waits for the lock only", || now().in_use == 2 && now().waiting == 0).await;
        first.execute_unprepared("SELECT pg_advisory_unlock(1)").await.expect("the lock is given back");
    };
    let (locked, ()) = tokio::join!(second, look);
    locked.expect("the lock comes free");
}

#[tokio::test]
async fn a_turn_to_write_is_waited_for_and_measured_on_sqlite() {
    let test = Test::start(Kind::Sqlite).await;
    let manager = test.manager().await;
    let turn = test.app.db.write(system()).await.expect("a turn");
    let hold = async {
        until("one that waits", || test.app.db.connections().waiting == 1).await;
        let begin = Instant::now();
        until("a while", || begin.elapsed() > Duration::from_millis(30)).await;
        drop(turn);
    };
    let (created, ()) = tokio::join!(manager.post("/projects", json!({ "name": "Tempête" })), hold);
    created.ok();
    assert_eq!(test.app.db.connections().waiting, 0);
    let took = r#"app_request_duration_seconds_sum{method="POST",path="/api/v1/projects",status="200"}"#;
    assert!(value(&metrics(&test).await, took) >= 0.03);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_counted_to_the_last(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let answers = together((0..100).map(|_| manager.get("/projects"))).await;
    assert!(answers.iter().all(|answer: &Outcome| answer.status == 200));
    let text = metrics(&test).await;
    assert_eq!(value(&text, &format!("app_requests_total{{{LABELS}}}")), 100.0);
    assert_eq!(value(&text, "app_db_waiting"), 0.0);
}

#[rstest]
#[tokio::test]
async fn refused_sign_ins_are_counted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    assert_eq!(value(&metrics(&test).await, "app_sign_ins_refused_total"), 0.0);
    let wrong = json!({ "email": "tech@rideau.example", "password": "le mauvais mot de passe" });
    for _ in 0..2 {
        test.anonymous().post("/auth/login", wrong.clone()).await.refused(401, "invalid_credentials");
    }
    assert_eq!(value(&metrics(&test).await, "app_sign_ins_refused_total"), 2.0);
}

#[rstest]
#[tokio::test]
async fn looks_into_the_cache_are_counted_by_list_and_result(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for path in ["/projects", "/projects", "/projects", "/projects?limit=1", "/missions"] {
        manager.get(path).await.ok();
    }
    let text = metrics(&test).await;
    for (list, result, count) in
        [("projects", "HIT", 2.0), ("projects", "MISS", 2.0), ("missions", "MISS", 1.0)]
    {
        let series = format!(r#"app_cache_lookups_total{{list="{list}",result="{result}"}}"#);
        assert_eq!(value(&text, &series), count);
    }
    assert_eq!(labels(&text, "app_cache_lookups_total").len(), 3, "{text}");
}

#[tokio::test]
async fn each_program_counts_for_itself() {
    let (one, other) = (Test::start(Kind::Sqlite).await, Test::start(Kind::Sqlite).await);
    one.anonymous().get("/healthz").await.ok();
    let healthz = r#"method="GET",path="/healthz",status="200""#;
    assert!(labels(&metrics(&one).await, "app_requests_total").contains(healthz));
    assert!(!labels(&metrics(&other).await, "app_requests_total").contains(healthz));
}

#[allow(non_snake_case, reason = "tests that need a server are left out by its name")]
mod on_Prometheus {
    use super::*;
    use axum::{extract::Request, middleware::Next};
    use serde_json::Value as Json;
    use std::{
        io::{BufRead, BufReader},
        path::Path,
        process::{Child, Command, Stdio},
    };
    use tokio::sync::mpsc;

    /// A Prometheus of its own; killed when dropped.
    struct Prometheus {
        child: Child,
        url: String,
    }

    impl Prometheus {
        /// Scrapes a server ten times a second.
        fn start(folder: &Path, server: &Server) -> Self {
            let program =
                std::env::var("TEST_PROMETHEUS").expect("TEST_PROMETHEUS is not set: run `cargo xtask test`");
            let config = format!(
                "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\nscrape_configs:\n- job_name: coulisses\n  static_configs:\n  - targets: ['{}']\n",
                server.address
            );
            let file = folder.join("prometheus.yml");
            std::fs::write(&file, config).expect("its configuration is written");
            let mut child = Command::new(program)
                .arg("--config.file")
                .arg(&file)
                .arg("--storage.tsdb.path")
                .arg(folder.join("data"))
                .arg("--web.listen-address=127.0.0.1:0")
                .stderr(Stdio::piped())
                .spawn()
                .expect("Prometheus starts");
            let mut log = BufReader::new(child.stderr.take().expect("its log"));
            let (mut read, mut line) = (String::new(), String::new());
            let port = loop {
                line.clear();
                assert_ne!(log.read_line(&mut line).expect("its log is read"), 0, "it ended:\n{read}");
                read.push_str(&line);
                let address =
                    line.contains("Listening on").then(|| line.split("127.0.0.1:").nth(1)).flatten();
                if let Some(rest) = address {
                    break rest.chars().take_while(char::is_ascii_digit).collect::<String>();
                }
            };
            // It stops when nobody reads what it says.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            Self { child, url: format!("http://127.0.0.1:{port}") }
        }

        /// The values of an instant query.
        async fn values(&self, query: &str) -> Vec<f64> {
            let form = format!(
                "query={}",
                percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC)
            );
            let request = reqwest::Client::new().get(format!("{}/api/v1/query?{form}", self.url));
            let answer: Json = request.send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(answer["status"], "success", "{query}: {answer}");
            let all = answer["data"]["result"].as_array().expect("a vector");
            all.iter()
                .map(|one| one["value"][1].as_str().expect("a value").parse().expect("a number"))
                .collect()
        }
    }

    impl Drop for Prometheus {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[rstest]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_scrapes_the_program_and_answers_queries(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
        let mut test = Test::start(db).await;
        let (told, mut scrapes) = mpsc::unbounded_channel();
        let tell = move |request: Request, next: Next| {
            if request.uri().path() == "/metrics" {
                // Nobody counts any more once the test is done.
                let _ = told.send(());
            }
            next.run(request)
        };
        test.router = test.router.clone().layer(axum::middleware::from_fn(tell));
        let manager = test.manager().await;
        for _ in 0..7 {
            manager.get("/projects").await.ok();
            manager.get("/projects/019f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
        }
        let (server, folder) = (Server::start(&test).await, tempfile::tempdir().expect("a folder"));
        let prometheus = Prometheus::start(folder.path(), &server);
        // It stores what it read before it asks again.
        for _ in 0..3 {
            let scraped = tokio::time::timeout(AT_MOST, scrapes.recv()).await;
            scraped.expect("it scrapes in time").expect("the test goes on");
        }
        let seen = async |query: &str| prometheus.values(query).await;
        assert_eq!(seen("up{job='coulisses'}").await, [1.0]);
        let labels = "{method='GET',path='/api/v1/projects',status='200'}";
        assert_eq!(seen(&format!("app_requests_total{labels}")).await, [7.0]);
        assert_eq!(
            seen("app_request_duration_seconds_bucket{le='+Inf',path='/api/v1/projects'}").await,
            [7.0]
        );
        let slow = seen("histogram_quantile(0.5, sum by (le) (app_request_duration_seconds_bucket{path='/api/v1/projects'}))").await;
        assert!(slow.len() == 1 && slow[0] > 0.0 && slow[0] <= 10.0, "{slow:?}");
        assert_eq!(seen("app_inflight_requests").await, [0.0]);
        assert_eq!(seen("sum(app_db_connections) <= scalar(app_db_connections_max)").await.len(), 1);
        assert_eq!(seen("app_build_info").await, [1.0]);
        assert_eq!(seen("{__name__=~'app_.*',path=~'.*019f0000.*'}").await, [0.0; 0]);
    }
}
