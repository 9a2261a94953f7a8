//! Guesses are counted over all instances where they share a Redis, and by each alone where they do not.

#![allow(non_snake_case, reason = "tests that need a server are left out by its name")]

use super::{
    Session, TECH, browser,
    guessing::{LONGEST_WAIT, WRONG, at_once, exhaust, from, guess, spellings, try_in, wait},
};
use crate::support::{Kind, PASSWORD, Test};
use rstest::rstest;
use serde_json::json;
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

#[rstest]
#[tokio::test]
async fn the_instances_count_together_over_Redis_and_alone_without_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    // Redis is shared by all tests: an e-mail of its own.
    let email = format!("{db:?}.guessed@rideau.example");
    let shared = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    let (here, there) = (shared.anonymous(), shared.anonymous().at(&shared.second_instance().await));
    assert_eq!(exhaust(&here, &email).await, 5);
    assert_eq!(wait(&guess(&there, &email).await), Some(1), "nothing is gained by going elsewhere");
    // A success is a success everywhere.
    shared.owner().await.post("/orgs/members", json!({ "email": email, "role": "tech" })).await.ok();
    shared.prove(&email).await;
    shared
        .execute(&format!(
        "UPDATE accounts SET password_hash = (SELECT password_hash FROM accounts WHERE email_key = '{TECH}')
        WHERE email_key = '{}'", email.to_lowercase()
    ))
        .await;
    shared.pass_seconds(1);
    try_in(&there, &email, PASSWORD).await.ok();
    assert_eq!(exhaust(&here, &email).await, 5);
    shared.pass_seconds(1);
    try_in(&here, &email, PASSWORD).await.ok();

    // Port 1 of this machine answers nobody.
    // Another one takes connections and never answers: it costs one try half a second, not each of them.
    let frozen = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let frozen_url = format!("redis://{}", frozen.local_addr().expect("its address"));
    for setting in ["redis://127.0.0.1:1", &*frozen_url, "memory://"] {
        let alone = Test::start_with(db, &[("REDIS_URL", setting)]).await;
        let (here, there) = (alone.anonymous(), alone.anonymous().at(&alone.second_instance().await));
        assert_eq!(exhaust(&here, TECH).await, 5, "{setting}");
        assert_eq!(exhaust(&there, TECH).await, 5, "{setting}");
        alone.pass_seconds(30);
        let started = Instant::now();
        for _ in 0..20 {
            guess(&here, TECH).await;
        }
        // Twenty times half a second, for each of the two counts, would be 20 s.
        assert!(started.elapsed() < Duration::from_secs(10), "{setting}: {:?}", started.elapsed());
    }
}

#[rstest]
#[tokio::test]
async fn an_e_mail_is_one_over_Redis_however_it_is_written(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    let instances = [test.router.clone(), test.second_instance().await];
    let mut counted = 0;
    for (number, email) in spellings(&format!("th\u{e9}o.{db:?}@spelled.example")).iter().enumerate() {
        let stranger = test.anonymous().at(&instances[number % 2]);
        counted += usize::from(wait(&guess(&stranger, email).await).is_none());
    }
    assert_eq!(counted, 5);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_do_not_slow_each_other_over_Redis_and_wrong_ones_gain_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    let email = format!("{db:?}.parallel@rideau.example").to_lowercase();
    test.execute(&format!("UPDATE accounts SET email_key = '{email}' WHERE email_key = '{TECH}'")).await;
    let both = [test.anonymous(), test.anonymous().at(&test.second_instance().await)];
    for answer in at_once(&both, &email, &[PASSWORD; 10]).await {
        answer.ok();
    }
    let guessed = at_once(&both, &email, &[WRONG; 10]).await;
    assert_eq!(guessed.iter().filter(|answer| wait(answer).is_none()).count(), 5);
    assert_eq!(wait(&try_in(&both[0], &email, PASSWORD).await), Some(1));
    test.pass_seconds(1);
    try_in(&both[1], &email, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn the_wait_grows_over_Redis_as_well_and_nothing_stays_there(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    let instances = [test.router.clone(), test.second_instance().await];
    let email = format!("{db:?}.attacked@rideau.example");
    let mut waits = Vec::new();
    for round in 0..60 {
        // Each try at another instance.
        if let Some(seconds) = wait(&guess(&test.anonymous().at(&instances[round % 2]), &email).await) {
            waits.push(seconds);
            test.pass_seconds(seconds);
        }
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!((waits[0], waits.last()), (1, Some(&LONGEST_WAIT)), "{waits:?}");

    // Every browser has its own count there, too; the ids of both databases' sessions must differ.
    if matches!(db, Kind::Postgres) {
        let _ = test.app.random.bytes::<8>();
    }
    let (one, two) = (Session::start(&test).await, Session::start(&test).await);
    assert_eq!(exhaust(&browser(&test, &one.refresh), TECH).await, 5);
    try_in(&browser(&test, &two.refresh), TECH, PASSWORD).await.ok();

    // What is counted goes by itself.
    let client = redis::Client::open(url).expect("a Redis URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("a connection");
    let keys: Vec<String> = redis::cmd("KEYS").arg("guess:*").query_async(&mut redis).await.expect("keys");
    assert!(!keys.is_empty());
    for key in keys {
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.expect("a time");
        assert!(left != -1 && left <= 600_000, "{key} stays {left} ms");
    }
}

/// Whoever knows the password leaves what others tried as it is, there as well.
#[rstest]
#[case(Kind::Sqlite, 12)]
#[case(Kind::Postgres, 13)]
#[tokio::test]
async fn a_success_takes_itself_back_over_Redis_and_no_more(#[case] db: Kind, #[case] number: u8) {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
    let url = format!("{}/{number}", url.trim_end_matches('/'));
    let client = redis::Client::open(&*url).expect("a Redis URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.expect("an empty database");
    let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    let mut counts = async || {
        let mut keys: Vec<String> =
            redis::cmd("KEYS").arg("guess:*").query_async(&mut redis).await.expect("keys");
        // What is counted for the address does not end with a success.
        keys.retain(|key| !key.starts_with("guess:{0:"));
        keys.sort();
        let due: Vec<String> = redis::cmd("MGET").arg(&keys).query_async(&mut redis).await.expect("counts");
        keys.into_iter().zip(due).collect::<Vec<_>>()
    };
    let [stranger, owner] = ["203.0.113.7", "198.51.100.1"].map(|address| from(&test.router, address));
    let (stranger, owner) = (test.anonymous().at(&stranger), test.anonymous().at(&owner));
    guess(&stranger, TECH).await;
    let before = counts().await;
    assert_eq!(before.len(), 3 + 2, "of its network and of the crowd: {before:?}");
    guess(&owner, TECH).await;
    assert_eq!(counts().await.len(), 3 + 3 + 2);
    try_in(&owner, TECH, PASSWORD).await.ok();
    let after = counts().await;
    assert_eq!(after.len(), before.len(), "{after:?}");
    let later = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!(later, 2, "the mistake counts for the crowd, the success does not: {before:?} {after:?}");
    try_in(&owner, TECH, PASSWORD).await.ok();
    assert_eq!(counts().await, after);
}
