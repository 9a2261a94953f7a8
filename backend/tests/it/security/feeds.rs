//! The keys of calendars: each opens one calendar, for as long as it is meant to.

use super::{UNKNOWN_ID, dump, hex};
use crate::feeds::subscribe;
use crate::support::{Kind, Test};
use rstest::rstest;

/// All that a client sees of a refusal, but what differs between any two.
async fn refusal(test: &Test, path: &str) -> (String, Vec<String>) {
    let answer = test.anonymous().get(path).await;
    answer.refused(404, "not_found");
    let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (answer.without_request_id().to_string(), headers)
}

#[rstest]
#[tokio::test]
async fn a_key_opens_one_calendar_and_every_other_is_not_there(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech, stranger) = (test.manager().await, test.tech().await, test.other_owner().await);
    let (one, two) = (manager.project("Festival").await, manager.project("Tournée").await);
    let nina = manager.user("Nina Simone").await;
    let (theirs, their_user) = (stranger.project("Festival").await, stranger.user("Zoé Zanzibar").await);
    let mut feeds = [
        subscribe(&tech, &format!("/users/{}", test.tech_user)).await,
        subscribe(&manager, &format!("/users/{nina}")).await,
        subscribe(&manager, &format!("/projects/{one}")).await,
        subscribe(&tech, &format!("/projects/{one}")).await,
        subscribe(&manager, &format!("/projects/{two}")).await,
        subscribe(&stranger, &format!("/projects/{theirs}")).await,
        subscribe(&stranger, &format!("/users/{their_user}")).await,
    ];
    // An earlier version of a user's and of a member's.
    let earlier = [feeds[1].clone(), feeds[4].clone()];
    manager.delete(&format!("/users/{nina}/calendar_key")).await.ok();
    manager.delete(&format!("/projects/{two}/calendar_key")).await.ok();
    feeds[1] = subscribe(&manager, &format!("/users/{nina}")).await;
    feeds[2] = subscribe(&manager, &format!("/projects/{one}")).await;
    feeds[4] = subscribe(&manager, &format!("/projects/{two}")).await;

    let wanted = refusal(&test, &format!("/users/{UNKNOWN_ID}/calendar.ics?key=x")).await;
    let split = |feed: &String| {
        let (path, key) = feed.split_once("?key=").expect("a key");
        (path.to_owned(), key.to_owned())
    };
    let mut doors: Vec<_> = feeds.iter().map(split).collect();
    doors.push((format!("/users/{UNKNOWN_ID}/calendar.ics"), String::new()));
    doors.push((format!("/projects/{UNKNOWN_ID}/calendar.ics"), String::new()));
    doors.push(("/users/nobody/calendar.ics".into(), String::new()));
    let keys = feeds.iter().chain(&earlier).map(split).collect::<Vec<_>>();
    for (path, _) in &doors {
        for key in ["", "x", "?", "%20", "null"] {
            assert_eq!(refusal(&test, &format!("{path}?key={key}")).await, wanted, "{path} with {key}");
        }
        assert_eq!(refusal(&test, path).await, wanted, "{path} without a key");
        for (of, key) in &keys {
            let door = format!("{path}?key={key}");
            if feeds.contains(&door) {
                assert_eq!(test.anonymous().get(&door).await.status, 200, "{door}");
            } else {
                assert_eq!(refusal(&test, &door).await, wanted, "{path} with a key of {of}");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_key_with_another_letter_opens_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    for path in [format!("/users/{}", test.tech_user), format!("/projects/{project}")] {
        let feed = subscribe(&manager, &path).await;
        let (door, key) = feed.split_once("?key=").expect("a key");
        let mut wrong = vec![key[1..].to_owned(), key[..key.len() - 1].to_owned()];
        wrong.extend(["A", "=", "==", "."].map(|more| format!("{key}{more}")));
        for at in 0..key.len() {
            for other in ["A", "B", "_"] {
                wrong.push(format!("{}{other}{}", &key[..at], &key[at + 1..]));
            }
        }
        for key in wrong.iter().filter(|wrong| *wrong != key) {
            test.anonymous().get(&format!("{door}?key={key}")).await.refused(404, "not_found");
        }
        assert_eq!(test.anonymous().get(&feed).await.status, 200);
    }
}

#[rstest]
#[tokio::test]
async fn the_keys_of_calendars_are_stored_nowhere(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await.with_header("idempotency-key", "kept");
    let project = manager.project("Festival").await;
    let mut keys = Vec::new();
    for path in [format!("/users/{}", test.tech_user), format!("/projects/{project}")] {
        let feed = subscribe(&manager, &path).await;
        test.anonymous().get(&feed).await;
        keys.push(feed.split_once("?key=").expect("a key").1.to_owned());
    }
    let everything = dump(&test, db).await.join("\n").to_lowercase();
    for key in keys {
        // What is secret of it, in whatever form: its last 32 bytes.
        let secret = &key[key.len() - 42..];
        for form in [secret.to_lowercase(), hex(secret.as_bytes())] {
            assert!(!everything.contains(&form), "a key is in the database");
        }
    }
    assert!(everything.contains("idempotency_keys: "), "the answers are kept");
}
