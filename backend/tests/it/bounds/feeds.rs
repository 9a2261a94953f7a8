//! The largest feeds: what is ahead is in them first.

use super::{missions, morning, wide};
use crate::feeds::{events, subscribe};
use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn a_feed_ends_early_and_has_what_is_ahead_first(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    /// As many missions are over as are ahead; of those, fewer fit with the longest notes.
    const HALF: usize = 600;
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let day = |number: usize| if number < HALF { 2 + number % 29 } else { number % 29 + 1 };
    let calls = missions(&manager, 2 * HALF, |number| {
        let month = if number < HALF { 6 } else { 8 };
        let mut mission = morning(number);
        mission["start_at"] = json!(format!("2026-{month:02}-{:02}T08:00:00Z", day(number)));
        mission["end_at"] = json!(format!("2026-{month:02}-{:02}T12:00:00Z", day(number)));
        mission
    })
    .await;
    let items: Vec<_> =
        calls.iter().map(|mission| json!({ "mission_id": mission, "user_id": user })).collect();
    for part in items.chunks(1000) {
        manager.post("/assignments:bulk_create", json!(part)).await.ok();
    }
    let feed = subscribe(&manager, &format!("/users/{user}")).await;
    let all = test.anonymous().get(&feed).await;
    assert_eq!(events(&all.text).len(), 2 * HALF);
    for table in ["missions", "assignments"] {
        test.execute(&format!("UPDATE {table} SET note = '{}'", wide(5000))).await;
    }
    let answer = test.anonymous().get(&feed).await;
    let found = events(&answer.text);
    assert!((400..HALF).contains(&found.len()), "{} events", found.len());
    assert!(answer.text.len() > 1024 * 1024, "{} bytes", answer.text.len());
    // As they are read: by start.
    let unfolded = answer.text.replace("\r\n ", "");
    let (_, entries) = unfolded.split_once("BEGIN:VEVENT").expect("an event");
    let starts: Vec<_> = entries
        .lines()
        .filter(|line| line.starts_with("DTSTART"))
        .map(|line| line.rsplit(':').next().unwrap())
        .collect();
    assert_eq!(starts.len(), found.len());
    assert!(starts.iter().all(|start| start.starts_with("202608")), "nothing of what is over");
    assert!(starts.is_sorted());
    // The nearest ones: nothing that is left out begins before the last one.
    assert!(*starts.last().unwrap() < "20260829", "{starts:?}");
}
