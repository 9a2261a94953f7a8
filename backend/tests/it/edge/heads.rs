//! A request's head as RFC 9112 wants it: one `Host`, and lines that end with CRLF.

use crate::support::{Kind, Server, Test};
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the server says to these bytes until it closes the connection.
async fn exchange(server: &Server, bytes: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("it listens");
    stream.write_all(bytes.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it closes");
    String::from_utf8(answer).expect("UTF-8")
}

#[track_caller]
fn assert_malformed(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains(r#""code":"malformed_request""#), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[rstest]
#[tokio::test]
async fn a_request_has_one_host(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let get = |version, hosts| format!("GET /healthz HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
    for (version, hosts, right) in [
        ("1.1", "Host: crew.example:8443\r\n", true),
        ("1.1", "", false),
        ("1.1", "Host: a\r\nHost: b\r\n", false),
        ("1.1", "Host: a\r\nhost: a\r\n", false),
        ("1.1", "Host:\r\n", false),
        ("1.1", "Host: a/b\r\n", false),
        ("1.1", "Host: a@b\r\n", false),
        // Its `Host` came with HTTP/1.1.
        ("1.0", "", true),
        ("1.0", "Host: a\r\n", true),
        ("1.0", "Host: a\r\nHost: b\r\n", false),
    ] {
        let answer = exchange(&server, &get(version, hosts)).await;
        if right {
            assert!(answer.contains(" 200 OK\r\n"), "{version} {hosts}: {answer}");
        } else {
            assert!(
                answer.contains(" 400 ") && answer.contains("malformed_request"),
                "{version} {hosts}: {answer}"
            );
        }
    }
}

/// Who reads its head otherwise than this server has other ideas of where the next one begins.
#[rstest]
#[tokio::test]
async fn a_malformed_head_is_the_last_of_its_connection(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let next = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
    for headers in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"] {
        let answer = exchange(&server, &format!("GET /livez HTTP/1.1\r\n{headers}\r\n{next}")).await;
        assert_malformed(&answer);
    }
}

/// A coding that this server does not undo would make its body another one than a proxy sees.
#[rstest]
#[tokio::test]
async fn a_body_has_no_transfer_coding_but_chunked(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let post = |coding| {
        let head = "POST /api/v1/auth/logout HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
        format!("{head}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n")
    };
    for coding in ["chunked", "Chunked"] {
        let answer = exchange(&server, &post(coding)).await;
        assert!(answer.contains(" 200 OK\r\n"), "{coding}: {answer}");
    }
    for coding in ["gzip, chunked", "chunked, chunked", "identity, chunked", "xchunked"] {
        let answer = exchange(&server, &post(coding)).await;
        assert!(answer.contains(" 400 "), "{coding}: {answer}");
    }
}

#[rstest]
#[tokio::test]
async fn the_lines_of_a_head_end_with_crlf(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let good = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in [
        "GET /healthz HTTP/1.1\nHost: x\n\n",
        "GET /healthz HTTP/1.1\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\n",
        "\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\nContent-Length: 9999\r\n\r\n{",
    ] {
        // Nothing that follows is taken for a request.
        assert_malformed(&exchange(&server, &format!("{head}{good}")).await);
    }
    // An empty line before a request does no harm (section 2.2).
    let before = format!("\r\n{}", good.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    assert!(exchange(&server, &before).await.starts_with("HTTP/1.1 200 OK"));
}

#[rstest]
#[tokio::test]
async fn bodies_may_have_any_lines_and_heads_after_them_may_not(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let body = "{\n\n\"email\": \"x\",\n\r\n\"password\":\n\"y\"}\n\n";
    let post = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let bad = "GET /healthz HTTP/1.1\r\nHost: x\n\r\n";
    // All at once, and in pieces that end anywhere.
    let all = format!("{post}{get}{post}{bad}");
    let at_once = exchange(&server, &all).await;
    let mut stream = TcpStream::connect(server.address).await.expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    for piece in all.as_bytes().chunks(7) {
        stream.write_all(piece).await.expect("it is sent");
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it closes");
    for answer in [at_once, answer] {
        let statuses: Vec<_> = answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["401", "200", "401", "400"], "{answer}");
        assert!(answer.ends_with("}") && answer.contains("malformed_request"), "{answer}");
    }
}

/// Where a chunked body ends only the parser knows: what comes after it is not read.
#[rstest]
#[tokio::test]
async fn a_chunked_body_is_the_last_of_its_connection(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let body = "{\n\"email\":\"x\",\"password\":\"y\"}";
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = exchange(&server, &format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n{get}", body.len())).await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}
