//! Duplicates keep the wall clock, reckoned apart from the offsets that a zone has before and after its changes.

use super::for_all;
use crate::support::{Kind, Test};
use jiff::{
    Timestamp, ToSpan,
    tz::{AmbiguousOffset, TimeZone},
};
use proptest::{prelude::*, sample::select};
use rstest::rstest;
use serde_json::{Value as Json, json};

const ZONES: [&str; 4] = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
const AN_HOUR_MORE: i64 = 31 * 86_400 + 3600;

/// The same wall clock that many days later. A time that was skipped moves on by what was skipped: it has the offset
/// from before. One that comes twice is the first: it has the offset from before, too.
fn shifted(at: Timestamp, zone: &TimeZone, days: i32) -> Timestamp {
    if days == 0 {
        return at;
    }
    let wall = zone.to_datetime(at).checked_add(days.days()).expect("a date");
    let offset = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    offset.to_timestamp(wall).expect("an instant")
}

/// Near a change of the clocks in two of three cases, where there is one, otherwise anywhere.
fn start(zone: &TimeZone, (near, second, minutes): (u8, i64, i64), days: i32) -> Timestamp {
    let any = Timestamp::from_second(second).expect("an instant");
    match zone.following(any).next() {
        Some(change) if near > 0 && change.timestamp().as_second() < 7_000_000_000 => {
            let there = change.timestamp() + minutes.minutes();
            shifted(there, zone, -days)
        }
        _ => any,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_copy_some_days_later_has_the_same_wall_clock(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    // 1973 to 2190: whole years of every zone's changes, and room for ten years either way.
    let instants = (0..3_u8, 100_000_000..6_900_000_000_i64, -240..240_i64);
    let lengths = prop_oneof![2 => (1..40_i64).prop_map(|quarters| quarters * 900), 1 => 1..=AN_HOUR_MORE, 1 => AN_HOUR_MORE - 7200..=AN_HOUR_MORE];
    let days = prop_oneof![-3..=3_i32, -400..=400_i32];
    for_all(60, (select(ZONES.to_vec()), instants, lengths, days), async |(name, instant, length, days)| {
        let zone = TimeZone::get(name).expect("a zone");
        let start = start(&zone, instant, days);
        let end = start + length.seconds();
        let body = json!({ "title": "Montage", "start_at": start.to_string(), "end_at": end.to_string(), "timezone": name });
        let created = manager.post("/missions", body).await;
        if end > shifted(start, &zone, 31) {
            assert_eq!(created.wrong_members(), ["/end_at"], "{name} {start} {end}");
            return;
        }
        let verb = format!("/missions/{}:duplicate", created.ok()["id"].as_str().unwrap());
        let copy = manager.post(&verb, json!({ "shift_days": days })).await;
        let (new_start, new_end) = (shifted(start, &zone, days), shifted(end, &zone, days));
        if new_start < new_end && new_end <= shifted(new_start, &zone, 31) {
            let times = |copy: &Json| {
                ["start_at", "end_at"]
                    .map(|member| copy[member].as_str().unwrap().parse::<Timestamp>().unwrap())
            };
            assert_eq!(times(&copy.ok()), [new_start, new_end], "{name} {start} {days}");
            // The same start asked for by itself, unless the clocks skipped it.
            let wall = |at: Timestamp| zone.to_datetime(at);
            if wall(new_start) == wall(start).checked_add(days.days()).expect("a date") {
                let again = manager.post(&verb, json!({ "start_at": new_start.to_string() })).await.ok();
                assert_eq!(times(&again), [new_start, new_end], "{name} {start} {days}");
            }
        } else {
            assert_eq!(copy.wrong_members(), ["/shift_days"], "{name} {start} {end} {days}");
        }
    });
}
