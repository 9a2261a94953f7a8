//! Schedules as the programs of conferences and festivals export them, sent by someone who maps their members and nothing
//! else: what cannot be planned is refused by its index, in a sentence that helps.

use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// `schedule.json` as frab writes it, with wall clocks and durations.
const FRAB: &str = r#"{ "schedule": { "version": "1.0", "conference": { "title": "Congrès 2026", "days": [
    { "index": 0, "date": "2026-12-27", "rooms": { "Salle 1": [
        { "id": 1, "date": "2026-12-27T11:00:00", "start": "11:00", "duration": "00:30", "title": "Ouverture", "abstract": "" },
        { "id": 2, "date": "2026-12-27T12:00:00", "start": "12:00", "duration": "00:00", "title": "Annonce", "abstract": "" }
    ], "Salle 2": [
        { "id": 3, "date": "2026-12-27T23:30:00", "start": "23:30", "duration": "02:00", "title": "Nuit", "abstract": "LONG" },
        { "id": 4, "date": "2026-12-32T10:00:00", "start": "10:00", "duration": "01:00", "title": "", "abstract": "" }
    ] } }
] } } }"#;

/// Talks as the API of pretalx lists them; the offset is there, some slots are not finished.
const PRETALX: &str = r#"{ "count": 4, "results": [
    { "code": "ABCDEF", "title": "Keynote", "slot": { "room": { "fr": "Amphi" }, "start": "2026-09-05T09:00:00+02:00", "end": "2026-09-05T10:00:00+02:00" } },
    { "code": "GHIJKL", "title": "Atelier", "slot": { "room": { "fr": "B2" }, "start": "2026-09-05T11:00:00+02:00", "end": "2026-09-05T10:30:00+02:00" } },
    { "code": "MNOPQR", "title": "Poster", "slot": { "room": { "fr": "Hall" }, "start": "2026-09-05T12:00:00+02:00", "end": "2026-09-05T12:00:00+02:00" } },
    { "code": "STUVWX", "title": "À placer", "slot": null }
] }"#;

fn parse(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

/// Each talk's members under the names that missions have. The end is reckoned from the duration on the wall clock.
fn of_frab() -> Vec<Json> {
    let schedule = parse(FRAB);
    let days = schedule["schedule"]["conference"]["days"].as_array().expect("days");
    let rooms = days.iter().flat_map(|day| day["rooms"].as_object().expect("rooms"));
    let talks =
        rooms.flat_map(|(room, talks)| talks.as_array().expect("talks").iter().map(move |talk| (room, talk)));
    talks
        .map(|(room, talk)| {
            let start = talk["date"].as_str().expect("a date");
            let (hours, minutes) = talk["duration"].as_str().expect("a duration").split_once(':').expect("a colon");
            let span = jiff::ToSpan::hours(hours.parse::<i64>().expect("hours")).minutes(minutes.parse::<i64>().expect("minutes"));
            let end = start.parse::<jiff::civil::DateTime>().map_or(start.to_owned(), |at| (at + span).to_string());
            let note = talk["abstract"].as_str().expect("a text").replace("LONG", &"é".repeat(12_000));
            json!({ "title": talk["title"], "location": room, "start_at": start, "end_at": end, "note": note })
        })
        .collect()
}

fn of_pretalx() -> Vec<Json> {
    let talks = parse(PRETALX);
    let talks = talks["results"].as_array().expect("talks").iter();
    talks
        .map(|talk| {
            let slot = &talk["slot"];
            json!({ "title": talk["title"], "location": slot["room"]["fr"], "start_at": slot["start"], "end_at": slot["end"] })
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_planned_is_told_by_its_index_in_plain_words(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Congrès 2026").await);
    let told = async |items: Vec<Json>| {
        let problem = manager.post(&path, json!(items)).await.refused(400, "validation_failed");
        let errors = problem["errors"].as_array().expect("errors").clone();
        for error in &errors {
            let said = error["detail"].as_str().expect("a sentence");
            assert!(!said.contains("RFC") && !said.contains("ISO") && !said.contains("type"), "{said}");
        }
        let pair = |error: &Json| {
            [&error["pointer"], &error["detail"]].map(|text| text.as_str().expect("a text").to_owned())
        };
        errors.iter().map(pair).collect::<Vec<_>>()
    };
    let no_offset = "has no offset from UTC; put it behind the time, like +02:00 in 2025-09-10T11:00:00+02:00, or Z for UTC itself";
    let form = "must be a date, a time and its offset from UTC, like 2025-09-10T11:00:00+02:00 or 2025-09-10T09:00:00Z";
    let long = "must have at most 5000 characters";
    let mut frab = told(of_frab()).await;
    frab.sort();
    let wanted = [
        ("/0/end_at", no_offset),
        ("/0/start_at", no_offset),
        ("/1/end_at", no_offset),
        ("/1/start_at", no_offset),
        ("/2/end_at", no_offset),
        ("/2/note", long),
        ("/2/start_at", no_offset),
        ("/3/end_at", no_offset),
        ("/3/start_at", no_offset),
        ("/3/title", "must not be empty"),
    ];
    assert_eq!(frab, wanted.map(|(pointer, said)| [pointer.to_owned(), said.to_owned()]));

    // With the place's offset, what is left is what is wrong with the schedule itself.
    let mut placed = of_frab();
    for item in &mut placed {
        for end in ["start_at", "end_at"] {
            item[end] = json!(format!("{}+01:00", item[end].as_str().expect("a time")));
        }
    }
    let mut left = told(placed.clone()).await;
    left.sort();
    let wanted = [
        ("/1/end_at", "must be after start_at"),
        ("/2/note", long),
        ("/3/end_at", "is no day of the calendar, or no time of a day"),
        ("/3/start_at", "is no day of the calendar, or no time of a day"),
        ("/3/title", "must not be empty"),
    ];
    assert_eq!(left, wanted.map(|(pointer, said)| [pointer.to_owned(), said.to_owned()]));

    let pretalx = told(of_pretalx()).await;
    let indices: Vec<_> = pretalx.iter().map(|[pointer, said]| (pointer.as_str(), said.as_str())).collect();
    assert!(indices.contains(&("/1/end_at", "must be after start_at")), "{indices:?}");
    assert!(indices.contains(&("/2/end_at", "must be after start_at")), "{indices:?}");
    assert!(indices.iter().any(|(pointer, _)| *pointer == "/3/start_at"), "{indices:?}");
    assert!(indices.iter().all(|(pointer, _)| !pointer.starts_with("/0/")), "{indices:?}");

    // A large schedule with few mistakes: each is found, nothing is created; without them all of it is.
    let item = |i: usize| {
        json!({
            "title": format!("Set {i}"), "location": format!("Scène {}", i % 7),
            "start_at": format!("2026-07-{:02}T{:02}:00:00+02:00", 1 + i / 24 % 28, i % 24),
            "end_at": format!("2026-07-{:02}T{:02}:45:00+02:00", 1 + i / 24 % 28, i % 24),
        })
    };
    let mut items: Vec<_> = (0..900).map(item).collect();
    items[17]["end_at"] = items[17]["start_at"].clone();
    items[450]["start_at"] = json!("samedi 10h");
    items[899]["title"] = json!("x".repeat(201));
    let wanted = [
        ("/17/end_at", "must be after start_at"),
        ("/450/start_at", form),
        ("/899/title", "must have at most 200 characters"),
    ];
    assert_eq!(
        told(items.clone()).await,
        wanted.map(|(pointer, said)| [pointer.to_owned(), said.to_owned()])
    );
    assert_eq!(manager.get("/missions").await.ok(), json!([]));
    for i in [17, 450, 899] {
        items[i] = item(i);
    }
    assert_eq!(manager.post(&path, json!(items)).await.ok()["ids"].as_array().map(Vec::len), Some(900));
}
