//! Duplicates keep the wall clock, reckoned apart from the offsets that a zone has before and after its changes.

use super::for_all;
use crate::support::{Kind, Test};
use jiff::{
    Timestamp, ToSpan,
    tz::{AmbiguousOffset, TimeZone},
};
use proptest::{prelude::*, sample::select};
use rstest::rstest;
use serde_json::json;

const ZONES: [&str; 4] = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
const LONGEST: i64 = 31 * 86_400;

/// The same wall clock that many days later. A time that was skipped moves on by what was skipped: it has the offset
/// from before. One that comes twice is the first: it has the offset from before, too.
fn shifted(at: Timestamp, zone: &TimeZone, days: i32) -> Timestamp {
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
    let lengths = prop_oneof![(1..40_i64).prop_map(|quarters| quarters * 900), (1..=LONGEST)];
    let days = prop_oneof![-3..=3_i32, -400..=400_i32];
    for_all(60, (select(ZONES.to_vec()), instants, lengths, days), async |(name, instant, length, days)| {
        let zone = TimeZone::get(name).expect("a zone");
        let start = start(&zone, instant, days);
        let end = start + length.seconds();
        let body = json!({ "title": "Montage", "start_at": start.to_string(), "end_at": end.to_string(), "timezone": name });
        let id = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
        let copy = manager.post(&format!("/missions/{id}:duplicate"), json!({ "shift_days": days })).await;
        let (new_start, new_end) = (shifted(start, &zone, days), shifted(end, &zone, days));
        let lasts = new_end.as_second() - new_start.as_second();
        if (1..=LONGEST).contains(&lasts) {
            let copy = copy.ok();
            let found = |member: &str| copy[member].as_str().unwrap().parse::<Timestamp>().unwrap();
            assert_eq!((found("start_at"), found("end_at")), (new_start, new_end), "{name} {start} {days}");
        } else {
            assert_eq!(copy.wrong_members(), ["/shift_days"], "{name} {start} {end} {days}");
        }
    });
}
