//! The response of a feed.

use crate::{
    db::Reader,
    error::Error,
    fair::Portion,
    http::{Describe, Description, held, tag},
    ical::{Calendar, Event, Method},
    ids::OrgId,
    secret::Secret,
    state::App,
};
use axum::{
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// Most bytes of a feed: what is later is left out.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// More than the lines around an event's texts.
const AROUND_TEXTS: usize = 512;
/// For the definitions of time zones, beside the events.
const ROOM: usize = 2 * MOST_BYTES;

const EXAMPLE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Coulisses Crew//EN\r\nBEGIN:VEVENT\r\n\
    UID:01980000-0000-7000-8000-000000000001\r\nDTSTAMP:20260701T080000Z\r\nDTSTART:20260710T080000Z\r\n\
    DTEND:20260710T120000Z\r\nSUMMARY:Montage – lumiere\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// A calendar in iCalendar format, with a tag.
pub struct CalendarFile {
    text: Secret,
    /// Held until it is sent.
    room: Portion,
}

impl CalendarFile {
    /// Reads and writes a calendar in its org's turn, on threads of their own: thousands of events keep a core busy for long.
    ///
    /// # Errors
    /// Those of `read`; [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when the turn does not come in
    /// time.
    pub async fn render<F>(
        app: &App,
        org: OrgId,
        name: String,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Self, Error>
    where
        F: Future<Output = Result<Vec<Event>, Error>> + Send + 'static,
    {
        let mut room = app.answers.take(Some(org), ROOM, app.config.pool.acquire_timeout).await?;
        let turn = app.collectors.turn(Some(org)).await?;
        // In a snapshot, because those threads must open no connection.
        let read = read(app.db.reader(true).await?);
        let limit = app.config.request_timeout;
        // If the client hangs up, the work still ends, and holds its turn and its room until then.
        let work = async move {
            let events = tokio::time::timeout(limit, read).await.map_err(|_| Error::timed_out())??;
            let calendar = Calendar { method: Method::Publish, name: Some(name), events: bounded(events) };
            let text = calendar.to_ics();
            room.shrink_to(text.len());
            Ok::<_, Error>(Self { text, room })
        };
        app.collectors.run_in(turn, work).await?
    }
}

/// As many of the events as fit, the first ones, by start.
fn bounded(mut events: Vec<Event>) -> Vec<Event> {
    let mut bytes = 0;
    events.retain(|event| {
        bytes += most_bytes(event);
        bytes <= MOST_BYTES
    });
    events.sort_by_key(|event| (event.start, event.id));
    events
}

/// At least as many bytes as the event is written with, without its zone's definition.
fn most_bytes(event: &Event) -> usize {
    let texts = [Some(&event.summary), event.location.as_ref(), event.description.as_ref()];
    let escaped = |text: &String| text.len() + text.matches([',', ';', '\\', '\n']).count();
    let length: usize = texts.into_iter().flatten().map(escaped).sum();
    // A line of 75 bytes begins with a space and ends with CRLF.
    AROUND_TEXTS + length * 9 / 8
}

impl IntoResponse for CalendarFile {
    fn into_response(self) -> Response {
        let body = Bytes::copy_from_slice(self.text.as_bytes());
        let tag = HeaderValue::try_from(tag(&body));
        let mut response = held(body, Some(self.room)).into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "inline; filename=\"calendar.ics\""),
            (header::CACHE_CONTROL, "private"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(tag) = tag {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

impl Describe for CalendarFile {
    fn describe(operation: &mut Description) {
        let text = ObjectBuilder::new().schema_type(Type::String).examples([EXAMPLE]);
        operation.responds("200", "text/calendar", text);
        operation.carries_tag();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ical::Status, timestamp::Timestamp};
    use jiff::tz::TimeZone;

    fn event(text: &str) -> Event {
        Event {
            id: uuid::Uuid::nil(),
            sequence: i32::MAX.into(),
            changed_at: Timestamp::from_micros(0),
            start: Timestamp::from_micros(0),
            end: Timestamp::from_micros(3_600_000_000),
            zone: TimeZone::UTC,
            status: Status::Confirmed,
            summary: text.into(),
            location: Some(text.into()),
            description: Some(text.into()),
            url: None,
        }
    }

    fn written(events: Vec<Event>) -> usize {
        Calendar { method: Method::Publish, name: None, events }.to_ics().len()
    }

    #[test]
    fn no_event_is_longer_than_it_is_counted() {
        let around = written(Vec::new());
        for text in ["x", ",;\\", "a\nb\n", "é", "𝄞", "é, ", "un mot\u{a0}: ; deux\\"] {
            for times in [1, 100, 1000] {
                let event = event(&text.repeat(times));
                let length = written(vec![event.clone()]) - around;
                assert!(length <= most_bytes(&event), "{text:?} {times} times: {length}");
            }
        }
    }

    #[test]
    fn the_first_that_fit_are_shown_by_their_start() {
        let mut later = event("x");
        later.start = Timestamp::from_micros(1);
        let large = event(&"x".repeat(MOST_BYTES));
        let shown = bounded(vec![later.clone(), event("y"), large, event("z")]);
        let summaries: Vec<_> = shown.iter().map(|event| event.summary.as_str()).collect();
        assert_eq!(summaries, ["y", "x"], "nothing is shown that comes after what does not fit");
    }
}
