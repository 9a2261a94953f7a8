//! `X-Forwarded-For` counts only from TRUSTED_PROXIES: a request's way over a real socket to [`RequestInfo::client`].
//! Which entry counts is tested beside the code.

use crate::support::{Kind, Server, Test};
use axum::{Extension, Router, middleware, routing::get};
use coulisses::http::{RequestInfo, boundary};
use rstest::rstest;
use std::sync::Arc;

/// The real boundary around a route that tells what it made of the address.
async fn client_seen(test: &mut Test, forwarded: &[&str]) -> String {
    let tell = async |Extension(info): Extension<RequestInfo>| match info.client() {
        Some(client) => client.to_string(),
        None => "nobody".into(),
    };
    let uses = Arc::new(test.app.boundary(|_, _| None));
    test.router =
        Router::new().route("/tell", get(tell)).layer(middleware::from_fn_with_state(uses, boundary));
    let server = Server::start(test).await;
    let mut request = reqwest::Client::new().get(server.url("/tell"));
    for line in forwarded {
        request = request.header("x-forwarded-for", *line);
    }
    request.send().await.expect("an answer").text().await.expect("a text")
}

#[rstest]
#[tokio::test]
async fn x_forwarded_for_counts_only_from_trusted_proxies(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let forged = ["198.51.100.66", "203.0.113.9, 10.0.0.2"];
    for (trusted, seen) in [
        ("", "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.2"),
        ("127.0.0.0/8,10.0.0.0/8", "203.0.113.9"),
    ] {
        let mut test = Test::start_with(db, &[("TRUSTED_PROXIES", trusted)]).await;
        assert_eq!(client_seen(&mut test, &forged).await, seen, "{trusted}");
        assert_eq!(client_seen(&mut test, &[]).await, "127.0.0.1", "{trusted}");
    }
}

#[rstest]
#[tokio::test]
async fn a_mistake_in_either_setting_is_reported(
    #[values(("TRUSTED_PROXIES", "proxy.example"), ("CORS_ORIGINS", "*"), ("CORS_ORIGINS", "https://x.example/app"))]
    setting: (&str, &str),
) {
    let (name, value) = setting;
    let read = coulisses::config::Config::from_lookup(&|asked| (asked == name).then(|| value.to_owned()));
    let message = read.expect_err("a mistake").to_string();
    let told: Vec<_> = message.lines().skip(1).collect();
    assert!(told.len() == 1 && told[0].trim().starts_with(&format!("{name} must be")), "{message}");
}
