//! Bodies: who may not send one is refused before it is there, and all together they take no more than their room, of
//! which no org gets all.

use crate::support::{AT_MOST, Kind, Persona, Server, Test};
use coulisses::http::{MAX_BODIES_BYTES, MAX_BULK_BODY, MAX_TENANT_BODIES_BYTES, RouteRequirements};
use rstest::rstest;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Begins to send a body of that many bytes.
async fn begin(server: &Server, path: &str, token: &str, length: usize) -> TcpStream {
    begin_as(server, path, token, &format!("Content-Length: {length}\r\n\r\n[")).await
}

/// The same of one that does not say how large it becomes.
async fn begin_chunked(server: &Server, path: &str, token: &str) -> TcpStream {
    begin_as(server, path, token, "Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n").await
}

async fn begin_as(server: &Server, path: &str, token: &str, rest: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("it listens");
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
        Content-Type: application/json\r\n{rest}"
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    stream
}

/// Sends what is missing of a body that is an array and else white space.
async fn complete(stream: &mut TcpStream, length: usize) {
    let rest = format!("{}]", " ".repeat(length - 2));
    stream.write_all(rest.as_bytes()).await.expect("it is sent");
}

/// The answer as far as it comes at once.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.windows(2).any(|end| end == b"\"}" || end == b"]}") {
        let mut piece = [0; 4096];
        let read = timeout(AT_MOST, stream.read(&mut piece)).await.expect("an answer in time");
        match read.expect("an answer") {
            0 => break,
            length => answer.extend_from_slice(&piece[..length]),
        }
    }
    String::from_utf8(answer).expect("UTF-8")
}

#[track_caller]
fn assert_refused(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
}

/// Waits for what happens elsewhere in the program.
async fn until(condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < AT_MOST, "it does not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn bulk_paths(test: &Test) -> [String; 3] {
    let project = test.owner().await.project("Tournée").await;
    let missions = format!("/projects/{project}/missions:bulk_create");
    [missions, "/assignments:bulk_create".into(), "/invitations:bulk_create".into()]
}

async fn remove_managers(test: &Test) {
    test.execute("UPDATE org_memberships SET is_active = FALSE WHERE role = 'manager'").await;
}

#[rstest]
#[tokio::test]
async fn who_may_not_send_a_large_body_is_refused_before_it_is_there(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let removed = test.manager().await;
    let (tech, nobody) = (test.tech().await, test.anonymous().with_token("nonsense"));
    let paths = bulk_paths(&test).await;
    remove_managers(&test).await;
    let refused: [(&Persona<'_>, u16, &str); 3] =
        [(&tech, 403, "forbidden"), (&removed, 403, "not_a_member"), (&nobody, 401, "unauthenticated")];
    for path in &paths {
        for (who, status, code) in refused {
            let mut announced = begin(&server, path, who.token(), MAX_BULK_BODY).await;
            assert_refused(&answer(&mut announced).await, status, code);
            let mut chunked = begin_chunked(&server, path, who.token()).await;
            assert_refused(&answer(&mut chunked).await, status, code);
            assert_eq!(test.app.bodies.free(), MAX_BODIES_BYTES);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_client_that_is_refused_may_send_on_and_ask_again(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let [path, ..] = bulk_paths(&test).await;
    let tech = test.tech().await;
    let mut stream = begin(&server, &path, tech.token(), MAX_BULK_BODY).await;
    assert_refused(&answer(&mut stream).await, 403, "forbidden");
    complete(&mut stream, MAX_BULK_BODY).await;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("the connection is still open");
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[rstest]
#[tokio::test]
async fn one_org_cannot_take_all_room_for_bodies_and_it_comes_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("REQUEST_TIMEOUT_SECONDS", "12")]).await;
    let server = Server::start(&test).await;
    let manager = test.manager().await;
    let path = "/assignments:bulk_create";
    let mut held = Vec::new();
    for _ in 0..MAX_TENANT_BODIES_BYTES / MAX_BULK_BODY {
        held.push(begin(&server, path, manager.token(), MAX_BULK_BODY).await);
    }
    until(|| test.app.bodies.free() == MAX_BODIES_BYTES - MAX_TENANT_BODIES_BYTES).await;
    let large = || Some(format!("[{}]", " ".repeat(64 * 1024)));
    let refused = manager.send(axum::http::Method::POST, path, large()).await;
    refused.refused(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    // What is small is not concerned, nor is another org.
    manager.project("Petit").await;
    let other = test.other_owner().await;
    other.send(axum::http::Method::POST, path, large()).await.refused(400, "validation_failed");
    // Who waits gets what somebody leaves who hangs up.
    let waiting = manager.send(axum::http::Method::POST, path, large());
    let leaving = async {
        drop(held.pop());
    };
    tokio::join!(waiting, leaving).0.refused(400, "validation_failed");
    drop(held);
    until(|| test.app.bodies.free() == MAX_BODIES_BYTES).await;
}

#[rstest]
#[tokio::test]
async fn a_body_holds_neither_a_turn_nor_a_connection_until_it_is_there(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("DB_MAX_CONNECTIONS", "2")]).await;
    let server = Server::start(&test).await;
    let [path, ..] = bulk_paths(&test).await;
    let manager = test.manager().await;
    let requests = test.app.requests.free();
    let mut slow = Vec::new();
    for _ in 0..6 {
        slow.push(begin(&server, &path, manager.token(), 9000).await);
    }
    until(|| test.app.bodies.free() == MAX_BODIES_BYTES - 6 * 9000).await;
    assert_eq!((test.app.bulks.free(), test.app.requests.free()), (2, requests));
    let item = json!({ "role": "son", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    manager.post(&path, json!(vec![item; 120])).await.ok();
    complete(&mut slow[0], 9000).await;
    assert_refused(&answer(&mut slow[0]).await, 400, "validation_failed");
}

#[rstest]
#[tokio::test]
async fn a_removal_takes_effect_while_a_body_is_under_way(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let [path, ..] = bulk_paths(&test).await;
    let manager = test.manager().await;
    let mut stream = begin(&server, &path, manager.token(), 9000).await;
    until(|| test.app.bodies.free() == MAX_BODIES_BYTES - 9000).await;
    remove_managers(&test).await;
    test.pass_seconds(1);
    complete(&mut stream, 9000).await;
    assert_refused(&answer(&mut stream).await, 403, "not_a_member");
}

/// Those who are not signed in share the room of one org, however many they are.
#[rstest]
#[tokio::test]
async fn strangers_leave_room_for_the_orgs(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let user = manager.user("Zoé").await;
    let (invitation, _) = manager.invitation(&manager.assignment(&mission, &user).await).await;
    let path = format!("/invitations/{invitation}/accept");
    let _held =
        test.app.bodies.take(None, MAX_TENANT_BODIES_BYTES - 64 * 1024, Duration::ZERO).await.expect("room");
    let _stranger = begin(&server, &path, "nonsense", 64 * 1024).await;
    until(|| test.app.bodies.free() == MAX_BODIES_BYTES - MAX_TENANT_BODIES_BYTES).await;
    let large = format!("[{}]", " ".repeat(64 * 1024));
    let path = "/assignments:bulk_create";
    manager.send(axum::http::Method::POST, path, Some(large)).await.refused(400, "validation_failed");
}

#[test]
fn a_route_that_takes_a_large_body_needs_a_role_and_sign_in_takes_a_small_one() {
    let document = coulisses::app::document();
    let (doors, mut large) = (RouteRequirements::new(&document, &[]), Vec::new());
    for (method, path, door) in doors.iter() {
        if door.max_body > 64 * 1024 {
            assert_eq!(door.max_body, MAX_BULK_BODY, "{path}");
            assert!(door.needs.is_some(), "{path}");
            large.push(path);
        }
        let signs_in = path.starts_with("/api/v1/auth/") && method != axum::http::Method::GET;
        assert_eq!(door.max_body == 4096, signs_in, "{method} {path}");
    }
    large.sort_unstable();
    assert_eq!(
        large,
        [
            "/api/v1/assignments:bulk_create",
            "/api/v1/invitations:bulk_create",
            "/api/v1/planning:apply",
            "/api/v1/planning:check",
            "/api/v1/planning:undo",
            "/api/v1/projects/{id}/missions:bulk_create"
        ]
    );
}
