//! The route of streams.

use super::{
    body::Events,
    model::{Event, StreamQuery},
};
use crate::{
    auth::{Caller, Tech},
    error::Error,
    http::{Describe, Description, Query, operations, tagged},
    live::{Stream, TooManyStreams},
    state::App,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa_axum::router::OpenApiRouter;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx to hand on each event at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
pub fn routes() -> OpenApiRouter<App> {
    tagged("events", "What changes in an org, as it happens.").routes(operations!(listen))
}

/// Hear which lists change.
///
/// Server-sent events, to be read by `fetch` with the header `Authorization`. An event `changed` within a second of every write: its
/// data is `{"lists": […], "version": "…"}`. `lists` names what is to be read again, of what the caller may read: `projects`, `missions`
/// and, from manager on, `planning`. `version` is that of the plan, as `GET /planning` answers it; for a tech, who has no plan, that of
/// the missions. One event comes at once, with all lists; after a `Last-Event-ID` only with those that are others since, and not at all
/// when there are none. A comment comes when nothing else did for some 12 seconds. The stream ends after `max_seconds`, when the access token does,
/// within 30 seconds of a sign-out, a removal or another role, and when the server stops: then ask again, with the last id. An account may have 16 streams
/// open.
#[utoipa::path(get, path = "/events", tag = "events", extensions(("x-problems" = json!([TooManyStreams::CODE]))))]
async fn listen(
    State(app): State<App>,
    caller: Caller<Tech>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Answered, Error> {
    // What is no text is no id of ours.
    let last_id = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    Stream::of(&app.live, &app.gate, &caller, query.max_seconds.duration(), last_id).map(Answered)
}

/// A stream as an answer.
struct Answered(Stream);

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
        ];
        (headers, Body::new(Events::of(self.0))).into_response()
    }
}

impl Describe for Answered {
    fn describe(operation: &mut Description) {
        operation.header(
            "Last-Event-ID",
            "The id of the last event that the client has, so that it hears only of what is other since.",
            "019a1f00c0de7000a0000000000000aa-5d0f3a9e71c24b86-9f2c4b7a1d03e856-31c7e0a452f98d6b",
        );
        let event = operation.schema::<Event>();
        operation.responds("200", "text/event-stream", event);
        operation.response_header("200", "X-Accel-Buffering", "`no`: a proxy hands on each event at once.");
    }
}
