//! Two instances over one Redis that fails in every way, while many write and many read: no request fails, and no list
//! shows less than what was acknowledged before it was asked for.

#![allow(non_snake_case, reason = "tests that need a server are left out by its name")]

use super::{found, listing, read, redis_url};
use crate::support::{Kind, Persona, Test, together};
use coulisses::{
    cache::Key,
    config::{CacheUrl, Config},
    db::List,
};
use redis::AsyncCommands;
use rstest::rstest;
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What stands between an instance and Redis.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wire {
    Works,
    /// Connections are closed, and new ones, too.
    Cut,
    /// Connections stay, and nothing comes through.
    Frozen,
}

/// A way to Redis that can be broken.
struct Link {
    address: SocketAddr,
    wire: watch::Sender<Wire>,
}

impl Link {
    async fn to(redis: &str) -> Self {
        let target = url::Url::parse(redis).expect("a URL");
        let target = format!("{}:{}", target.host_str().expect("a host"), target.port().unwrap_or(6379));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (wire, state) = watch::channel(Wire::Works);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target.clone(), state.clone()));
            }
        });
        Self { address, wire }
    }

    fn url(&self, number: u32) -> String {
        format!("redis://{}/{number}", self.address)
    }

    fn set(&self, wire: Wire) {
        self.wire.send(wire).expect("the link is there");
    }
}

async fn carry(mut client: TcpStream, target: String, mut state: watch::Receiver<Wire>) {
    loop {
        let wire = *state.borrow_and_update();
        match wire {
            Wire::Cut => return,
            Wire::Frozen => {
                if state.changed().await.is_err() {
                    return;
                }
            }
            Wire::Works => {
                let Ok(mut server) = TcpStream::connect(&target).await else { return };
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => return,
                    _ = state.changed() => {
                        if *state.borrow() == Wire::Cut {
                            return;
                        }
                        // What is under way stays so until the wire works again; then this connection is over.
                        while *state.borrow_and_update() == Wire::Frozen {
                            if state.changed().await.is_err() {
                                return;
                            }
                        }
                        return;
                    }
                }
            }
        }
    }
}

/// Two instances, each with a way to Redis of its own, and a connection that the test itself uses.
struct Stage {
    test: Test,
    routers: [axum::Router; 2],
    links: [Link; 2],
    redis: redis::aio::MultiplexedConnection,
}

impl Stage {
    /// `number` is the test's own database in Redis: the ids of all tests are the same.
    async fn start(db: Kind, number: u32) -> Self {
        let redis = redis_url();
        let links = [Link::to(&redis).await, Link::to(&redis).await];
        let test = Test::start_with(db, &[("REDIS_URL", &links[0].url(number))]).await;
        let redis_url = CacheUrl::Redis(links[1].url(number).parse().expect("a URL"));
        let config = Config { redis_url, ..(*test.app.config).clone() };
        let second = test.second_instance_with(config).await;
        let own = redis::Client::open(format!("{}/{number}", redis.trim_end_matches('/'))).expect("a URL");
        let mut redis = own.get_multiplexed_async_connection().await.expect("Redis answers");
        let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.expect("an empty database");
        Self { routers: [test.router.clone(), second], test, links, redis }
    }

    async fn planners(&self) -> [Persona<'_>; 2] {
        let planner = self.test.manager().await;
        self.routers.each_ref().map(|router| planner.clone().at(router))
    }
}

fn number(db: Kind, first: u32) -> u32 {
    first + u32::from(matches!(db, Kind::Postgres))
}

#[rstest]
#[tokio::test]
async fn what_one_instance_made_another_finds_in_Redis(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let stage = Stage::start(db, number(db, 1)).await;
    let [here, there] = stage.planners().await;
    let mut redis = stage.redis.clone();
    let made = read(&here, "/projects").await;
    stage.test.settle().await;
    let kept = read(&there, "/projects").await;
    assert_eq!((found(&made), found(&kept)), ("MISS", "HIT"));
    assert_eq!(made.text, kept.text);

    // Both lists are in their first version.
    assert_eq!(found(&read(&there, "/missions?limit=200").await), "MISS");
    assert_eq!(found(&read(&here, "/missions").await), "MISS");

    let keys: Vec<String> = redis.keys("*").await.expect("keys");
    let lists: Vec<_> = keys.iter().filter(|key| key.contains(":projects:")).collect();
    assert_eq!(lists.len(), 1, "{keys:?}");
    assert!(lists[0].starts_with(&stage.test.org.to_string()), "{keys:?}");
    let seconds: i64 = redis.ttl(lists[0]).await.expect("a time to live");
    assert!((1..=60).contains(&seconds), "{seconds}");

    // Something else under its name is as good as nothing.
    here.post("/projects", json!({ "name": "Cyrano" })).await.ok();
    let made = read(&here, "/projects").await;
    stage.test.settle().await;
    let keys: Vec<String> = redis.keys("*:projects:*").await.expect("keys");
    for key in keys {
        let () = redis.set(key, "\u{0}\u{0}\u{1}").await.expect("set");
    }
    let anew = read(&there, "/projects").await;
    assert_eq!((found(&anew), &anew.text), ("MISS", &made.text));
}

#[rstest]
#[tokio::test]
async fn a_write_is_seen_at_once_on_the_other_instance_over_Redis(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let stage = Stage::start(db, number(db, 3)).await;
    let planners = stage.planners().await;
    for round in 0..20 {
        let (writer, reader) = (&planners[round % 2], &planners[(round + 1) % 2]);
        read(reader, "/projects").await;
        let name = format!("Project {round}");
        writer.post("/projects", json!({ "name": name })).await.ok();
        assert!(read(reader, "/projects").await.text.contains(&name), "round {round}");
    }
}

#[rstest]
#[tokio::test]
async fn lists_that_cannot_be_looked_up_in_Redis_are_made_and_say_so(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let stage = Stage::start(db, number(db, 5)).await;
    let [here, there] = stage.planners().await;
    read(&here, "/projects").await;
    stage.links[0].set(Wire::Cut);
    here.post("/projects", json!({ "name": "Cyrano" })).await.ok();
    let made = read(&here, "/projects").await;
    assert_eq!(found(&made), "BYPASS");
    assert!(made.text.contains("Cyrano"));
    // Only this one is cut off; it keeps in its own memory what it made.
    assert_eq!(found(&read(&there, "/projects").await), "MISS");
    assert_eq!(found(&read(&here, "/projects").await), "HIT");
}

/// As one does that has no memory left.
#[rstest]
#[tokio::test]
async fn a_Redis_that_refuses_to_keep_a_list_is_there_all_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let number = number(db, 9);
    let own = redis::Client::open(redis_url()).expect("a URL");
    let mut redis = own.get_multiplexed_async_connection().await.expect("Redis answers");
    let rules = ["reader", "on", ">keeps nothing", "~*", "+@all", "-set"];
    let () = redis::cmd("ACL").arg("SETUSER").arg(&rules).query_async(&mut redis).await.expect("a user");
    let mut url: url::Url = redis_url().parse().expect("a URL");
    url.set_username("reader").expect("a name");
    url.set_password(Some("keeps nothing")).expect("a password");
    url.set_path(&number.to_string());
    let test = Test::start_with(db, &[("REDIS_URL", url.as_str())]).await;
    let planner = test.manager().await;
    for name in ["Cyrano", "Tartuffe"] {
        planner.post("/projects", json!({ "name": name })).await.ok();
        assert_eq!(found(&read(&planner, "/projects").await), "MISS", "it could be asked");
        test.settle().await;
        let ready = test.anonymous().get("/readyz").await.ok();
        assert_eq!(ready["status"]["cache"], "ok");
    }
}

/// What one org stores counts against its share, whether or not anyone asks for it again.
#[tokio::test]
async fn an_org_fills_its_share_of_Redis_and_no_more() {
    let stage = Stage::start(Kind::Sqlite, 11).await;
    let [here, there] = stage.planners().await;
    let lists = &stage.test.app.lists;
    let rows = ["x".repeat(4_000_000)];
    for version in 100..105 {
        let key = Key { org: stage.test.org, list: List::Missions, version, query: String::new() };
        lists.find(key, async || listing(&rows).await).await.expect("a list");
        stage.test.settle().await;
    }
    let mut redis = stage.redis.clone();
    let keys: Vec<String> = redis.keys("*:missions:*").await.expect("keys");
    assert_eq!(keys.len(), 4, "{keys:?}");
    // It has its own lists all the same, and others share theirs.
    assert_eq!(found(&read(&here, "/missions").await), "MISS");
    let other = stage.test.other_owner().await;
    let others = [other.clone().at(&stage.routers[0]), other.at(&stage.routers[1])];
    assert_eq!(found(&read(&others[0], "/missions").await), "MISS");
    stage.test.settle().await;
    assert_eq!(found(&read(&others[1], "/missions").await), "HIT");
    assert_eq!(found(&read(&there, "/missions").await), "HIT", "a small list finds room");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_is_stale_and_no_request_fails_whatever_Redis_does(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let stage = Stage::start(db, number(db, 7)).await;
    let planners = stage.planners().await;
    let ledger = Mutex::new(BTreeSet::new());
    let over = Arc::new(AtomicBool::new(false));
    let (read_count, hits) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Asking again and again would keep the core from the threads of low priority that collect the lists.
    let was_read = tokio::sync::Notify::new();
    let reader = async |at: usize| {
        while !over.load(Ordering::SeqCst) {
            let due: BTreeSet<String> = ledger.lock().expect("the ledger").clone();
            let list = read(&planners[at], "/projects?limit=1000").await;
            let names = list.json();
            let names: BTreeSet<&str> =
                names.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
            let missing: Vec<_> = due.iter().filter(|name| !names.contains(name.as_str())).collect();
            assert!(missing.is_empty(), "{} shows a state before {missing:?}", found(&list));
            read_count.fetch_add(1, Ordering::SeqCst);
            hits.fetch_add(usize::from(found(&list) == "HIT"), Ordering::SeqCst);
            was_read.notify_one();
            tokio::task::yield_now().await;
        }
    };
    let writes = async {
        let both = |wire| stage.links.iter().for_each(|link| link.set(wire));
        for round in 0..90 {
            match round {
                15 => both(Wire::Cut),
                25 => both(Wire::Works),
                35 => both(Wire::Frozen),
                45 => both(Wire::Works),
                55 => stage.links[0].set(Wire::Cut),
                65 => both(Wire::Works),
                70 | 75 | 80 => {
                    let mut redis = stage.redis.clone();
                    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.expect("flushed");
                }
                _ => {}
            }
            let name = format!("Project {round}");
            planners[round % 2].post("/projects", json!({ "name": name })).await.ok();
            ledger.lock().expect("the ledger").insert(name);
            // The readers get to read this state, too.
            let until = read_count.load(Ordering::SeqCst) + 4;
            loop {
                let one_more = was_read.notified();
                if read_count.load(Ordering::SeqCst) >= until {
                    break;
                }
                one_more.await;
            }
        }
        over.store(true, Ordering::SeqCst);
    };
    let readers = together((0..4).map(|i| reader(i % 2)));
    tokio::join!(readers, writes);
    assert!(hits.load(Ordering::SeqCst) > 20, "{hits:?} of {read_count:?}: the cache was not in use");
}
