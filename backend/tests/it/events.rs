//! Streams of what changes (`GET /events`). The clock stands still; `look` is what each instance does by itself while it
//! serves.

use crate::support::{AT_MOST, Heard, Kind, Outcome, Persona, Server, Test};
use axum::http::Method;
use coulisses::{
    app,
    db::{List, Versions},
    ids::AccountId,
    live::{STREAMS_OF_AN_ACCOUNT, STREAMS_OF_AN_ORG},
    random::Random,
};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const EVENTS: &str = "/events?max_seconds=3600";
const HEARTBEAT: &str = ":\n\n";
/// Everything that a planner hears of.
const ALL: [&str; 3] = ["projects", "missions", "planning"];

/// An event `changed`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Changed {
    lists: Vec<String>,
    version: String,
    id: String,
}

fn changed(event: &str) -> Changed {
    let lines: Vec<_> = event.strip_suffix("\n\n").expect("an empty line ends it").split('\n').collect();
    let ["event: changed", id, data] = lines[..] else { panic!("{event:?}") };
    let data: Json = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON");
    let lists = data["lists"].as_array().expect("lists").iter();
    assert_eq!(data.as_object().map(serde_json::Map::len), Some(2), "{data}");
    Changed {
        lists: lists.map(|list| list.as_str().expect("a word").to_owned()).collect(),
        version: data["version"].as_str().expect("a version").to_owned(),
        id: id.strip_prefix("id: ").expect("an id").to_owned(),
    }
}

/// What is heard next, which must be a change.
async fn next(heard: &mut Heard) -> Changed {
    changed(&heard.next().await.expect("the stream is open"))
}

/// A stream and its first event.
async fn opened(reader: &Persona<'_>) -> (Heard, Changed) {
    let (_, mut heard) = reader.listen(EVENTS).await;
    let first = next(&mut heard).await;
    (heard, first)
}

async fn after(reader: &Persona<'_>, last_id: &str) -> Heard {
    reader.clone().with_header("last-event-id", last_id).listen(EVENTS).await.1
}

/// Time passes, and the instance looks.
async fn pass(test: &Test, seconds: i64) {
    test.pass_seconds(seconds);
    test.app.live.look().await;
}

async fn plan(manager: &Persona<'_>) -> Outcome {
    manager.get("/planning?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z").await
}

#[rstest]
#[tokio::test]
async fn a_stream_begins_with_all_lists_that_its_reader_may_read(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    manager.project("Festival").await;
    let (headers, mut heard) =
        manager.clone().with_header("accept-encoding", "gzip, br").listen("/events").await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(headers[name], value);
    }
    assert!(!headers.contains_key("content-encoding"));
    let first = next(&mut heard).await;
    assert_eq!(first.lists, ALL);
    assert_eq!(first.version, plan(&manager).await.ok()["version"], "it is the plan's");
    let (_, of_tech) = opened(&tech).await;
    assert_eq!(of_tech.lists, ALL[..2], "a technician has no plan");
    assert!(!of_tech.id.contains(&first.version), "nor hears of its versions: {}", of_tech.id);
    let versions = Versions::read(&test.app.db, test.org).await.expect("versions");
    assert_eq!(of_tech.version, format!("{:016x}", versions.of(List::Missions)));
    // As it is read by whoever does not wait: an access log, and a HEAD.
    assert_eq!(changed(&manager.get("/events").await.text), first);
    assert_eq!(manager.send(Method::HEAD, "/events", None).await.status, 200);
    manager.post("/events", json!({})).await.refused(405, "method_not_allowed");
    assert_eq!(test.app.live.open().0, 1, "the others are over");
}

#[rstest]
#[tokio::test]
async fn a_write_at_one_instance_is_heard_at_the_other(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let other = test.instance_at(test.clock.clone()).await;
    let (mut here, first) = opened(&manager).await;
    let (mut there, same) = opened(&manager.clone().at(&app::service(other.clone()))).await;
    assert_eq!(first, same);
    manager.project("Festival").await;
    assert_eq!(there.at_once(), [""; 0], "nobody has looked yet");
    other.live.look().await;
    let heard = next(&mut there).await;
    assert_eq!(heard.lists, ["projects", "planning"]);
    assert_ne!((&heard.version, &heard.id), (&first.version, &first.id));
    assert_eq!(heard.version, plan(&manager).await.ok()["version"]);
    assert_eq!(here.at_once(), [""; 0]);
    test.app.live.look().await;
    assert_eq!(next(&mut here).await, heard, "at both alike");
    // What has not changed is not told again.
    for _ in 0..3 {
        other.live.look().await;
    }
    assert_eq!(there.at_once(), [""; 0]);
    // Of several writes between two looks the last is told.
    for title in ["Montage", "Démontage"] {
        manager.mission(title, "08:00", "12:00").await;
    }
    other.live.look().await;
    let heard = next(&mut there).await;
    assert_eq!(heard.lists, ["missions", "planning"]);
    assert_eq!(there.at_once(), [""; 0]);
    assert_eq!(opened(&manager).await.1.id, heard.id);
}

#[rstest]
#[tokio::test]
async fn whoever_comes_back_hears_of_what_they_missed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    manager.project("Festival").await;
    let (stream, first) = opened(&manager).await;
    drop(stream);
    let mut same = after(&manager, &first.id).await;
    assert_eq!(same.at_once(), [""; 0], "nothing is other");
    manager.project("Tournée").await;
    let mut late = after(&manager, &first.id).await;
    let missed = next(&mut late).await;
    assert_eq!(missed.lists, ["projects", "planning"]);
    assert_eq!(opened(&manager).await.1.id, missed.id);
    // The one that had nothing to tell at first goes on from there, too.
    test.app.live.look().await;
    assert_eq!(next(&mut same).await, missed);
    let (_, short) = missed.id.split_once('-').expect("parts");
    let other_org = opened(&test.other_owner().await).await.1.id;
    for garbage in
        ["", "1", short, &format!("{}-", missed.id), &format!("{}-0", missed.id), "x-y-z", &other_org, "é"]
    {
        let all = next(&mut after(&manager, garbage).await).await;
        assert_eq!((all.lists, all.id), (ALL.map(str::to_owned).to_vec(), missed.id.clone()), "{garbage:?}");
    }
}

#[rstest]
#[tokio::test]
async fn nobody_hears_of_another_org_or_of_what_they_may_not_read(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech, other) = (test.manager().await, test.tech().await, test.other_owner().await);
    let (mut planner, _) = opened(&manager).await;
    let (mut technician, first) = opened(&tech).await;
    let (mut elsewhere, _) = opened(&other).await;
    other.project("Not yours").await;
    test.app.live.look().await;
    assert_eq!(next(&mut elsewhere).await.lists, ["projects", "planning"]);
    assert_eq!((planner.at_once(), technician.at_once()), (vec![], vec![]));
    // An availability changes the plan alone.
    let day = json!({ "user_id": test.tech_user, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T18:00:00Z" });
    tech.post("/availabilities", day).await.ok();
    test.app.live.look().await;
    assert_eq!(next(&mut planner).await.lists, ["planning"]);
    assert_eq!((technician.at_once(), elsewhere.at_once()), (vec![], vec![]));
    assert_eq!(after(&tech, &first.id).await.at_once(), [""; 0]);
    manager.mission("Montage", "08:00", "12:00").await;
    test.app.live.look().await;
    assert_eq!(next(&mut technician).await.lists, ["missions"]);
}

#[rstest]
#[tokio::test]
async fn a_stream_is_never_silent_for_longer_than_15_s(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (mut heard, _) = opened(&manager).await;
    pass(&test, 11).await;
    assert_eq!(heard.at_once(), [""; 0]);
    pass(&test, 1).await;
    assert_eq!(heard.at_once(), [HEARTBEAT]);
    pass(&test, 11).await;
    manager.project("Festival").await;
    test.app.live.look().await;
    next(&mut heard).await;
    pass(&test, 11).await;
    assert_eq!(heard.at_once(), [""; 0], "an event is no silence");
    pass(&test, 1).await;
    assert_eq!(heard.next().await.as_deref(), Some(HEARTBEAT));
}

#[rstest]
#[tokio::test]
async fn a_stream_ends_with_its_time_and_with_its_token(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("ACCESS_TOKEN_MINUTES", "10")]).await;
    let manager = test.manager().await;
    for (query, seconds) in [("", 300), ("?max_seconds=1", 1), ("?max_seconds=7", 7)] {
        let manager = test.manager().await;
        let (_, mut heard) = manager.listen(&format!("/events{query}")).await;
        next(&mut heard).await;
        pass(&test, seconds - 1).await;
        assert!(seconds < 12 || heard.next().await.as_deref() == Some(HEARTBEAT), "{query}");
        assert_eq!(heard.at_once(), [""; 0], "{query}");
        assert_eq!(test.app.live.open().0, 1, "{query}");
        pass(&test, 1).await;
        assert_eq!(heard.next().await, None, "{query}");
        assert_eq!(test.app.live.open(), (0, 0), "{query}");
    }
    drop(manager);
    let manager = test.manager().await;
    let (mut heard, _) = opened(&manager).await;
    // A token is taken for half a minute longer than it says, because clocks differ.
    pass(&test, 629).await;
    assert_eq!(heard.next().await.as_deref(), Some(HEARTBEAT));
    manager.get("/projects").await.ok();
    pass(&test, 1).await;
    assert_eq!(heard.next().await, None);
    manager.get("/events").await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_stream_ends_when_its_reader_is_not_who_they_were(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let members = owner.get("/orgs/members").await.ok();
    let account = |email: &str| {
        let all = members["members"].as_array().expect("members");
        let found = all.iter().find(|member| member["email"] == email).expect("a member");
        found["account_id"].as_str().expect("an id").to_owned()
    };
    let manager_path = format!("/orgs/members/{}", account("manager@rideau.example"));
    for end in ["nothing", "signed out", "demoted", "promoted", "switched off", "removed", "account off"] {
        let manager = test.manager().await;
        let (mut heard, _) = opened(&manager).await;
        match end {
            "signed out" => {
                let sessions = manager.get("/auth/sessions").await.ok();
                let own = sessions.as_array().expect("sessions").iter().find(|one| one["current"] == true);
                let id = own.expect("the present one")["id"].as_str().expect("an id");
                manager.delete(&format!("/auth/sessions/{id}")).await.ok();
            }
            "demoted" => drop(owner.patch(&manager_path, json!({ "role": "tech" })).await.ok()),
            "promoted" => drop(owner.patch(&manager_path, json!({ "role": "admin" })).await.ok()),
            "switched off" => drop(owner.patch(&manager_path, json!({ "is_active": false })).await.ok()),
            "removed" => drop(owner.delete(&manager_path).await.ok()),
            "account off" => {
                test.execute(
                    "UPDATE accounts SET is_active = FALSE WHERE email_key = 'manager@rideau.example'",
                )
                .await
            }
            _ => {}
        }
        pass(&test, 24).await;
        assert!(heard.next().await.is_some(), "{end}: not looked at yet");
        pass(&test, 3).await;
        if end == "nothing" {
            pass(&test, 12).await;
            assert_eq!(heard.next().await.as_deref(), Some(HEARTBEAT));
            continue;
        }
        assert_eq!(heard.next().await, None, "{end}: within 30 s");
        match end {
            "demoted" | "promoted" => {
                drop(owner.patch(&manager_path, json!({ "role": "manager" })).await.ok())
            }
            "switched off" => drop(owner.patch(&manager_path, json!({ "is_active": true })).await.ok()),
            "removed" => {
                let back = json!({ "email": "manager@rideau.example", "role": "manager" });
                owner.post("/orgs/members", back).await.ok();
            }
            _ => {}
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_streams(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (mut heard, _) = opened(&manager).await;
    let server = Server::start(&test).await;
    let mut socket = tokio::net::TcpStream::connect(server.address).await.expect("it listens");
    let request = format!(
        "GET /api/v1{EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        manager.token()
    );
    socket.write_all(request.as_bytes()).await.expect("it is sent");
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("event: changed") {
        assert_ne!(socket.read_buf(&mut received).await.expect("it answers"), 0);
    }
    test.app.drain();
    assert_eq!(heard.at_once(), [""; 0], "whoever asks again would come back here");
    test.app.live.close();
    server.stop();
    server.stopped().await;
    tokio::time::timeout(AT_MOST, socket.read_to_end(&mut received)).await.expect("an end").expect("a body");
    assert!(received.ends_with(b"0\r\n\r\n"), "it is a proper end: {}", String::from_utf8_lossy(&received));
    assert_eq!(heard.next().await, None);
    // A request that was on its way.
    let (_, mut late) = manager.listen(EVENTS).await;
    assert_eq!(next(&mut late).await.lists, ALL);
    assert_eq!(late.next().await, None);
}

/// On a real socket whose timeouts are short.
#[rstest]
#[tokio::test]
async fn what_limits_a_request_does_not_limit_a_stream(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let short = Duration::from_millis(200);
    let test = Test::start_with(db, &[("REQUEST_TIMEOUT_SECONDS", "1"), ("DB_MAX_CONNECTIONS", "1")]).await;
    let manager = test.manager().await;
    let free = test.app.requests.free();
    let patience = coulisses::http::serving::Patience { header: short, answer: short };
    let server = Server::start_with(&test, patience).await;
    let mut sockets = Vec::new();
    for _ in 0..STREAMS_OF_AN_ACCOUNT {
        let mut socket = tokio::net::TcpStream::connect(server.address).await.expect("it listens");
        let request = format!(
            "GET /api/v1{EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
            manager.token()
        );
        socket.write_all(request.as_bytes()).await.expect("it is sent");
        let mut received = Vec::new();
        while !String::from_utf8_lossy(&received).contains("event: changed") {
            assert_ne!(socket.read_buf(&mut received).await.expect("it answers"), 0);
        }
        sockets.push(socket);
    }
    // Longer than each of those limits.
    let silent = tokio::time::timeout(Duration::from_millis(1200), sockets[0].read_u8()).await;
    assert!(silent.is_err(), "{silent:?}");
    assert_eq!(test.app.requests.free(), free, "no stream holds a turn");
    assert_eq!(test.app.db.connections().in_use, 0, "nor a connection");
    manager.project("Festival").await;
    test.app.live.look().await;
    for socket in &mut sockets {
        let mut received = Vec::new();
        while !String::from_utf8_lossy(&received).contains("event: changed") {
            let read = tokio::time::timeout(AT_MOST, socket.read_buf(&mut received)).await;
            assert_ne!(read.expect("in time").expect("it goes on"), 0);
        }
    }
}

#[rstest]
#[tokio::test]
async fn an_account_and_an_org_have_so_many_streams(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, owner, other) = (test.manager().await, test.owner().await, test.other_owner().await);
    let mut streams = Vec::new();
    for _ in 0..STREAMS_OF_AN_ACCOUNT {
        streams.push(opened(&manager).await.0);
    }
    let gauge = async || {
        let text = test.anonymous().get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix("app_open_streams "));
        line.expect("a gauge").parse::<usize>().expect("a number")
    };
    assert_eq!(gauge().await, STREAMS_OF_AN_ACCOUNT);
    let refused = manager.get(EVENTS).await;
    refused.refused(429, "too_many_streams");
    assert_eq!(refused.header("retry-after"), "30");
    drop(opened(&owner).await);
    streams.pop();
    drop(opened(&manager).await);
    streams.clear();
    assert_eq!((gauge().await, test.app.live.open()), (0, (0, 0)), "nothing is left of them");
    let account = |number: usize| AccountId(uuid::Uuid::from_u128(number as u128));
    let listen = |number| test.app.live.listen(test.org, account(number));
    let all: Vec<_> = (0..STREAMS_OF_AN_ORG).map(|number| listen(number).expect("one more")).collect();
    manager.get(EVENTS).await.refused(503, "unavailable");
    drop(opened(&other).await);
    drop(all);
    drop(opened(&manager).await);
}

#[rstest]
#[tokio::test]
async fn what_is_asked_for_is_checked(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for bad in ["0", "3601", "-1", "1.5", "", "ten", "4294967297", "1&max_seconds=2"] {
        let refused = manager.get(&format!("/events?max_seconds={bad}")).await;
        assert_eq!(refused.wrong_members(), ["/max_seconds"], "{bad}");
    }
    assert_eq!(manager.get("/events?max_second=1").await.wrong_members(), ["/max_second"]);
    test.anonymous().get("/events").await.refused(401, "unauthenticated");
    let token = manager.token();
    test.anonymous().get(&format!("/events?access_token={token}")).await.refused(401, "unauthenticated");
    assert_eq!(test.app.live.open(), (0, 0));
}

/// A database that does not answer ends no stream, and what was committed meanwhile is heard of.
#[rstest]
#[tokio::test]
async fn a_look_that_fails_is_made_up_for(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (mut heard, first) = opened(&manager).await;
    let (mut elsewhere, _) = opened(&test.other_owner().await).await;
    manager.project("Festival").await;
    test.execute("ALTER TABLE list_versions RENAME TO away").await;
    for _ in 0..3 {
        pass(&test, 12).await;
        for stream in [&mut heard, &mut elsewhere] {
            assert_eq!(stream.next().await.as_deref(), Some(HEARTBEAT));
        }
    }
    test.execute("ALTER TABLE away RENAME TO list_versions").await;
    test.app.live.look().await;
    let told = next(&mut heard).await;
    assert_eq!(told.lists, ["projects", "planning"]);
    assert_ne!(told.id, first.id);
    assert_eq!(elsewhere.at_once(), [""; 0]);
}

/// Nobody asks the database while nobody listens.
#[rstest]
#[tokio::test]
async fn a_look_is_one_statement_or_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let count = async || {
        let before = test.app.db.statements();
        test.app.live.look().await;
        test.app.db.statements() - before
    };
    assert_eq!(count().await, 0);
    let one = opened(&manager).await;
    assert_eq!(count().await, 1);
    let two = opened(&other).await;
    assert_eq!(count().await, 1, "of both orgs");
    drop((one, two));
    assert_eq!(count().await, 0);
}

/// Writers write, streams break off and are opened again at either instance, and looks come when they come: whatever was committed is
/// told after it was, and in the end everybody knows the versions that the database has.
#[rstest]
#[tokio::test]
async fn no_commit_is_missed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind, #[values(1, 2, 3)] seed: u64) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.instance_at(test.clock.clone()).await);
    let instances = [(&test.app, test.router.clone()), (&other, app::service(other.clone()))];
    let random = Random::seeded(seed);
    let below = |end: u8| usize::from(random.bytes::<1>()[0] % end);
    let mut known: Option<String> = None;
    let mut unheard: BTreeSet<&str> = ALL.into();
    let mut open: Option<(usize, Heard)> = None;
    for step in 0..120 {
        match below(5) {
            0 => {
                manager.project(&format!("Projet {step}")).await;
                unheard.extend(["projects", "planning"]);
            }
            1 => {
                manager.mission(&format!("Montage {step}"), "08:00", "12:00").await;
                unheard.extend(["missions", "planning"]);
            }
            2 => open = None,
            3 => {
                let at = below(2);
                let reader = manager.clone().at(&instances[at].1);
                let heard = match &known {
                    Some(known) => after(&reader, known).await,
                    None => reader.listen(EVENTS).await.1,
                };
                open = Some((at, heard));
            }
            _ => instances[below(2)].0.live.look().await,
        }
        hear(&mut open, &mut known, &mut unheard);
    }
    if open.is_none() {
        open = Some((0, after(&manager, known.as_deref().unwrap_or_default()).await));
    }
    for (app, _) in &instances {
        app.live.look().await;
    }
    hear(&mut open, &mut known, &mut unheard);
    assert_eq!(unheard, BTreeSet::new());
    assert_eq!(known, Some(opened(&manager).await.1.id));
}

fn hear(open: &mut Option<(usize, Heard)>, known: &mut Option<String>, unheard: &mut BTreeSet<&str>) {
    let Some((_, heard)) = open else { return };
    for event in heard.at_once() {
        let told = changed(&event);
        unheard.retain(|list| !told.lists.iter().any(|told| told == list));
        *known = Some(told.id);
    }
}
