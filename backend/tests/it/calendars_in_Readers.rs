//! What independent programs read in our calendars is what was written.

use crate::support::{
    at,
    calendars::{ReadCalendar, ReadEvent, read, read_all},
};
use coulisses::{
    ical::{Calendar, Event, Method, Status},
    timestamp::Timestamp,
};
use jiff::tz::TimeZone;
use uuid::Uuid;

fn event(number: u128, zone: &str, start: &str, end: &str) -> Event {
    Event {
        id: Uuid::from_u128(number),
        sequence: 0,
        changed_at: at("2026-07-01T08:00:00Z"),
        start: at(start),
        end: at(end),
        zone: TimeZone::get(zone).expect(zone),
        status: Status::Confirmed,
        summary: "Montage".into(),
        location: None,
        description: None,
        url: None,
    }
}

fn feed(events: Vec<Event>) -> Calendar {
    Calendar { method: Method::Publish, name: None, events }
}

/// What a reader is to find; the texts are those of the test, which are fit to be written.
fn expected(event: &Event) -> ReadEvent {
    let (status, transparency) = match event.status {
        Status::Tentative => ("TENTATIVE", "TRANSPARENT"),
        Status::Confirmed => ("CONFIRMED", "OPAQUE"),
        Status::Cancelled => ("CANCELLED", "TRANSPARENT"),
    };
    ReadEvent {
        uid: event.id.to_string(),
        sequence: event.sequence,
        changed_at: event.changed_at,
        start: event.start,
        end: Some(event.end),
        status: Some(status.into()),
        transparency: Some(transparency.into()),
        summary: Some(event.summary.clone()),
        location: event.location.clone(),
        description: event.description.clone(),
        url: event.url.as_ref().map(|url| url.to_string()),
    }
}

/// Writes calendars, lets both programs read them, and compares each event.
fn are_read_as_written(calendars: &[Calendar]) -> Vec<ReadCalendar> {
    let files: Vec<_> = calendars.iter().map(Calendar::to_ics).collect();
    let texts: Vec<&str> = files.iter().map(|file| &**file).collect();
    let found = read_all(&texts);
    for ((calendar, file), found) in calendars.iter().zip(&texts).zip(&found) {
        let wanted: Vec<_> = calendar.events.iter().map(expected).collect();
        assert_eq!(found.events, wanted, "{file}");
    }
    found
}

/// Before, over and after both clock changes, in and around the hour that comes twice.
fn around_clock_changes() -> Vec<Event> {
    let changes = [
        // Clocks go forward and back: at 1:00 UTC; at 2:00 local time; by half an hour; not at all.
        ("Europe/Paris", "2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"),
        ("America/New_York", "2027-03-14T07:00:00Z", "2027-11-07T06:00:00Z"),
        ("Australia/Lord_Howe", "2027-10-02T15:30:00Z", "2027-04-03T15:00:00Z"),
        ("Asia/Kolkata", "2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"),
        // Summer time is the standard one in Ireland, and winter time in Morocco is that of Ramadan.
        ("Europe/Dublin", "2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"),
        ("Africa/Casablanca", "2027-03-14T02:00:00Z", "2027-02-07T02:00:00Z"),
        ("Africa/Lagos", "2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"),
    ];
    let minutes = [-1500, -180, -90, -60, -31, -30, -1, 0, 1, 29, 30, 59, 60, 90, 1500];
    let mut events = Vec::new();
    for (zone, forward, back) in changes {
        for change in [forward, back] {
            for (from, to) in minutes.iter().zip(&minutes[1..]).chain([(&-180, &90), (&-1, &1), (&-60, &60)])
            {
                let (start, end) = (at(change).plus_seconds(from * 60), at(change).plus_seconds(to * 60));
                events.push(Event { start, end, ..event(events.len() as u128, zone, change, change) });
            }
        }
    }
    events
}

#[test]
fn instants_around_clock_changes_are_kept() {
    let events = around_clock_changes();
    assert!(events.len() > 200);
    // Each alone, as in a mail, and all in one feed.
    let mut calendars: Vec<_> = events.iter().map(|event| feed(vec![event.clone()])).collect();
    calendars.push(feed(events));
    are_read_as_written(&calendars);
}

#[test]
fn long_and_late_events_are_kept() {
    let zones =
        ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Etc/GMT+5"];
    let mut events = Vec::new();
    for zone in zones {
        for (start, end) in [
            // Across midnight; a year's end; 31 days over a clock change; two hours a century and a half from now.
            ("2027-05-20T20:00:00Z", "2027-05-21T04:30:00Z"),
            ("2027-12-31T18:00:00Z", "2028-01-01T06:00:00Z"),
            ("2027-10-10T06:00:00Z", "2027-11-10T06:00:00Z"),
            ("2027-02-28T22:00:00Z", "2027-03-31T22:00:00Z"),
            ("2176-08-01T08:00:00Z", "2176-08-01T10:00:00Z"),
        ] {
            events.push(event(events.len() as u128, zone, start, end));
        }
    }
    let mut calendars: Vec<_> = events.iter().map(|event| feed(vec![event.clone()])).collect();
    calendars.push(feed(events));
    are_read_as_written(&calendars);
}

/// An hour before to an hour after the next change of its clock, or at any time where there is none.
fn over_the_next_change(zone: &TimeZone) -> (Timestamp, Timestamp) {
    let now = at("2026-07-01T08:00:00Z");
    let next = zone.following(now.into()).next();
    let change = next.and_then(|change| change.timestamp().try_into().ok()).unwrap_or(now);
    (change.plus_seconds(-3600), change.plus_seconds(3600))
}

#[test]
fn every_zone_is_kept() {
    let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "{names:?}");
    let events = names.iter().enumerate().map(|(number, name)| {
        let of_zone = event(number as u128, name, "2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z");
        let (start, end) = over_the_next_change(&of_zone.zone);
        Event { start, end, ..of_zone }
    });
    are_read_as_written(&[feed(events.collect())]);
}

#[test]
fn everything_that_is_said_is_kept() {
    let full = |number: u128, status| {
        Event {
        sequence: 3 + number as i64,
        status,
        summary: "Théâtre du Rideau, « L'Été » ; lumière \\ son: 100 % n\\n".into(),
        location: Some("Grande salle, 12; rue des Lilas, 35000 Rennes – 東京都渋谷区".into()),
        description: Some(
            "Votre poste : électro\n\nApportez vos gants, casque; chaussures \\ \"sécurité\".\n- une ligne\n👩\u{200d}👧 ".repeat(40) + "fin",
        ),
        url: Some("https://crew.example.org/invite?token=eyJhbGciOiJIUzI1NiJ9.claims.signature&v=1".to_owned().into()),
        ..event(number, "Europe/Paris", "2027-05-20T20:00:00Z", "2027-05-21T04:30:00Z")
    }
    };
    let events = vec![full(1, Status::Tentative), full(2, Status::Confirmed), full(3, Status::Cancelled)];
    let named = Calendar { name: Some("Théâtre, « Rideau »; Nina".into()), ..feed(events) };
    let cancelled = Calendar { method: Method::Cancel, ..feed(vec![full(4, Status::Cancelled)]) };
    let found = are_read_as_written(&[named, cancelled, feed(Vec::new())]);
    let heads = found.iter().map(|calendar| (calendar.method.as_deref().unwrap(), calendar.name.as_deref()));
    assert_eq!(
        heads.collect::<Vec<_>>(),
        [("PUBLISH", Some("Théâtre, « Rideau »; Nina")), ("CANCEL", None), ("PUBLISH", None)]
    );
}

#[test]
fn nothing_typed_becomes_a_property() {
    let typed = "x\r\nATTENDEE:mailto:x@evil.example\r\nEND:VEVENT\r\n\u{85}URL:https://evil.example\u{2028}=1\u{202e}\0";
    let hostile = Event {
        summary: typed.into(),
        location: Some(typed.into()),
        description: Some(typed.into()),
        ..event(1, "Europe/Paris", "2027-05-20T20:00:00Z", "2027-05-21T04:30:00Z")
    };
    let found = read(&Calendar { name: Some(typed.into()), ..feed(vec![hostile]) }.to_ics()).remove(0);
    let line = "x ATTENDEE:mailto:x@evil.example END:VEVENT URL:https://evil.example =1";
    assert_eq!(found.summary.as_deref(), Some(line));
    assert_eq!(found.location.as_deref(), Some(line));
    let lines = "x\nATTENDEE:mailto:x@evil.example\nEND:VEVENT\n\nURL:https://evil.example\n=1";
    assert_eq!((found.description.as_deref(), found.url), (Some(lines), None));
}
