//! Timeouts, on real sockets: 30 s from idle to a complete header, the whole request 20 s. The same, shorter.

use crate::support::{AT_MOST, Kind, Server, Test};
use coulisses::http::serving::{self, Patience, Queue};
use rstest::rstest;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

const SHORT: Duration = Duration::from_millis(300);
const DRIP: Duration = Duration::from_millis(40);

/// Short where the test looks, long enough elsewhere to fail a test that relies on the wrong one.
fn patience(header: Duration, answer: Duration) -> Patience {
    Patience { header, answer }
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.expect("it listens")
}

/// Until the server closes, or a little at a time for [`AT_MOST`]: what it sent meanwhile, and how long that took.
async fn drip_until_closed(stream: TcpStream, drop: Option<&[u8]>) -> (String, Duration) {
    let begin = Instant::now();
    let (mut from, mut to) = stream.into_split();
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    while begin.elapsed() < AT_MOST {
        match timeout(DRIP, from.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => return (text(received), begin.elapsed()),
            Ok(Ok(length)) => received.extend_from_slice(&piece[..length]),
            Err(_) => {
                if let Some(drop) = drop {
                    // A closed connection shows when it is read.
                    let _ = to.write_all(drop).await;
                }
            }
        }
    }
    panic!("still open after {:?}; so far: {}", begin.elapsed(), text(received));
}

fn text(received: Vec<u8>) -> String {
    String::from_utf8(received).expect("UTF-8")
}

#[rstest]
#[tokio::test]
async fn from_idle_to_a_complete_header_a_client_has_30_s(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    assert_eq!(Patience::default().header, Duration::from_secs(30));
    let test = Test::start(db).await;
    let server = Server::start_with(&test, patience(SHORT, AT_MOST)).await;
    let silent = connect(&server).await;
    let mut kept_alive = connect(&server).await;
    kept_alive.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is sent");
    let mut dripping = connect(&server).await;
    dripping.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("it is sent");

    let (nothing, after) = drip_until_closed(silent, None).await;
    assert_eq!(nothing, "");
    assert!(after >= SHORT, "{after:?}");
    let (answer, _) = drip_until_closed(kept_alive, None).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    let (nothing, _) = drip_until_closed(dripping, Some(b"a")).await;
    assert_eq!(nothing, "");
}

#[rstest]
#[tokio::test]
async fn a_whole_request_has_20_s_also_when_its_body_drips_in(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let default = coulisses::config::Config::from_lookup(&|_| None).expect("the defaults");
    assert_eq!(default.request_timeout, Duration::from_secs(20));
    let test = Test::start_with(db, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let server = Server::start_with(&test, patience(AT_MOST, AT_MOST)).await;
    for (length, drop) in [("Content-Length: 4000", &b" "[..]), ("Transfer-Encoding: chunked", b"1\r\n \r\n")]
    {
        let mut stream = connect(&server).await;
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        let (answer, after) = drip_until_closed(stream, Some(drop)).await;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains(r#""code":"timed_out""#), "{answer}");
        assert!(after < AT_MOST / 2, "{after:?}");
    }
}

/// A body that no handler reads keeps nobody waiting either.
#[rstest]
#[tokio::test]
async fn a_body_that_nobody_reads_does_not_hold_its_connection(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let server = Server::start_with(&test, patience(AT_MOST, AT_MOST)).await;
    let mut stream = connect(&server).await;
    let head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n";
    stream.write_all(head).await.expect("it is sent");
    let (answer, after) = drip_until_closed(stream, Some(b" ")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(after < AT_MOST / 2, "{after:?}");
}

#[rstest]
#[tokio::test]
async fn who_does_not_read_the_answer_does_not_hold_its_connection(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let server = Server::start_with(&test, patience(AT_MOST * 2, SHORT)).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small window");
    let mut stream = socket.connect(server.address).await.expect("it listens");
    // More than all buffers between hold.
    let many = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    stream.write_all(many.as_bytes()).await.expect("it is sent");
    let begin = Instant::now();
    // Reading would show the end, but then the answer would be read; a write to a connection that is gone fails.
    while stream.write_all(b"G").await.is_ok() {
        assert!(begin.elapsed() < AT_MOST, "still open");
        tokio::time::sleep(DRIP).await;
    }
    assert!(begin.elapsed() >= SHORT);
}

#[rstest]
#[tokio::test]
async fn stopping_still_answers_what_was_accepted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let server = Server::start(&test).await;
    let idle = connect(&server).await;
    let mut stream = connect(&server).await;
    let body = r#"{"name":"Tempête"}"#;
    let head = format!(
        "POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
        Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        manager.token(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut answer = vec![0; go_on.len()];
    stream.read_exact(&mut answer).await.expect("it waits for the body");
    assert_eq!(text(answer), go_on);

    server.stop();
    assert_eq!(drip_until_closed(idle, None).await.0, "");
    assert!(server.is_serving(), "it waits for what was begun");
    stream.write_all(body.as_bytes()).await.expect("it is sent");
    let (answer, _) = drip_until_closed(stream, None).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("Tempête"), "{answer}");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is accepted");
    server.stopped().await;
}

/// A proxy may not repeat a POST whose connection is reset.
#[tokio::test]
async fn stopping_serves_who_is_connected_and_has_sent_nothing_yet() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    // In the queue of the system, and accepted by nobody.
    let mut queued = Vec::new();
    for _ in 0..8 {
        queued.push(TcpStream::connect(address).await.expect("it listens"));
    }
    let router = axum::Router::new().fallback(async || "served");
    let stopped = std::future::ready(());
    let serving =
        tokio::spawn(serving::serve(listener, router, (Patience::default(), Queue::Served), stopped));
    // Once it has stopped nobody new is connected.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    for mut stream in queued {
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await
            .expect("it is sent");
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.expect("it is answered");
        assert!(text(received).ends_with("served"));
    }
    serving.await.expect("it ends");
}

/// Whoever answers until there is a database leaves to the server what it has not accepted.
#[tokio::test]
async fn who_ends_while_another_listens_takes_nobody_from_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let same = std::os::fd::AsFd::as_fd(&listener).try_clone_to_owned().expect("the socket");
    let same = TcpListener::from_std(same.into()).expect("the socket");
    let answering = |word: &'static str| axum::Router::new().fallback(async move || word);
    let mut client = TcpStream::connect(address).await.expect("it is connected");
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("it is sent");
    let ended = async {};
    serving::serve(same, answering("not yet"), (Patience::default(), Queue::Left), ended).await;
    let server = serving::serve(
        listener,
        answering("served"),
        (Patience::default(), Queue::Served),
        std::future::pending(),
    );
    let mut answer = String::new();
    tokio::select! {
        () = server => unreachable!("it serves for ever"),
        read = timeout(AT_MOST, client.read_to_string(&mut answer)) => drop(read.expect("in time").expect("an answer")),
    }
    assert!(answer.ends_with("served"), "{answer}");
}
