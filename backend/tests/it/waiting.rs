//! A server that is started before its PostgreSQL: it waits, says so, and probes learn that it lives and is not ready.
#![cfg(unix)]
#![allow(non_snake_case, reason = "tests that need a server are left out by its name")]

use crate::cli::{Cli, Serving};
use crate::support::{Kind, TestDatabase};
use serde_json::{Value as Json, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use url::Url;

/// A port that nothing listens on.
async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("its address").port()
}

/// The database as if its server listened on this port.
fn at_port(database: &TestDatabase, port: u16) -> (String, String) {
    let mut url = Url::parse(&database.url).expect("an address");
    let host = url.host_str().expect("a host").to_owned();
    let real = format!("{host}:{}", url.port().unwrap_or(5432));
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(port)).expect("a port");
    (url.into(), real)
}

/// From now on the database's server is there.
async fn appear(port: u16, real: String) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let real = real.clone();
            tokio::spawn(async move {
                if let Ok(mut server) = TcpStream::connect(real).await {
                    let _ended = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
}

async fn get(port: u16, path: &str, accept: &str) -> (u16, String) {
    let request = reqwest::Client::new().get(format!("http://127.0.0.1:{port}{path}"));
    let answer = request.header("accept", accept).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("its body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn for_Postgres_that_is_not_there_yet_it_waits_and_says_so() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let (port, postgres) = (free_port().await, free_port().await);
    let (url, real) = at_port(&database, postgres);
    let cli = Cli::new(&[("DATABASE_URL", &url), ("BACKEND_PORT", &port.to_string())]);
    let mut serving = Serving::begin(&cli, &["serve", "--migrate"], port);
    let event = serving.logs("waiting for the database");
    assert!(event.to_string().contains("the connection was refused"), "{event}");

    assert_eq!(get(port, "/livez", "*/*").await.0, 200);
    let (status, ready) = get(port, "/readyz", "*/*").await;
    let not_ready = json!({ "status": { "db": "down", "storage": "ok", "cache": "memory", "ok": false } });
    assert_eq!((status, serde_json::from_str::<Json>(&ready).expect(&ready)), (503, not_ready));
    let (status, problem) = get(port, "/api/v1/projects", "application/json").await;
    let problem: Json = serde_json::from_str(&problem).expect("a problem");
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
    let (status, page) = get(port, "/invite?token=x", "text/html").await;
    assert!(status == 503 && page.starts_with("<!doctype html>"), "{status} {page}");

    appear(postgres, real).await;
    serving.logs("serving");
    assert_eq!(get(port, "/readyz", "*/*").await.0, 200);
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
}

#[tokio::test]
async fn while_it_waits_for_Postgres_it_can_be_stopped() {
    let (port, postgres) = (free_port().await, free_port().await);
    let url = format!("postgresql://crew:hush@127.0.0.1:{postgres}/crew");
    let cli = Cli::new(&[("DATABASE_URL", &url), ("BACKEND_PORT", &port.to_string())]);
    let mut serving = Serving::begin(&cli, &["serve"], port);
    serving.logs("waiting for the database");
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
    assert!(!rest.contains("hush"), "{rest}");
}

#[tokio::test]
async fn it_does_not_wait_for_what_only_another_setting_mends_on_Postgres() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let mut url = Url::parse(&database.url).expect("an address");
    url.set_path("/not_there");
    let run = Cli::new(&[("DATABASE_URL", url.as_str())]).run(&["serve"]);
    assert!(run.failed().contains("create that database"), "{}", run.failed());
}
