//! Shapes of streams.

use crate::db::List;
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::Serialize;
use std::{fmt, time::Duration};
use utoipa::{IntoParams, ToSchema};

/// The longest stream, in seconds.
const LONGEST: u32 = 3600;
/// Without `max_seconds`: a client that vanished without a word is noticed by then.
const USUAL: u32 = 300;

/// For how long.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// After how many seconds the stream ends at the latest.
    #[deserr(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 3600, default = 300, example = 1)]
    pub max_seconds: Seconds,
}

/// From 1 to [`LONGEST`].
#[derive(Debug, Clone, Copy)]
pub struct Seconds(u32);

impl Seconds {
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for Seconds {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<E: DeserializeError> Deserr<E> for Seconds {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let kind = match value {
            Value::String(text) => match text.parse() {
                Ok(seconds) if (1..=LONGEST).contains(&seconds) => return Ok(Self(seconds)),
                _ => ErrorKind::Unexpected { msg: format!("must be a whole number from 1 to {LONGEST}") },
            },
            actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
        };
        Err(deserr::take_cf_content(E::error::<V>(None, kind, at)))
    }
}

/// An event of the stream. In OpenAPI 3.1 the schema of `text/event-stream` is that of each event.
#[derive(Debug, ToSchema)]
#[schema(as = StreamEvent)]
pub struct Event {
    /// Always `changed`.
    #[schema(example = "changed")]
    pub event: &'static str,
    /// What to send as `Last-Event-ID`. Opaque.
    #[schema(
        example = "019a1f00c0de7000a0000000000000aa-5d0f3a9e71c24b86-9f2c4b7a1d03e856-31c7e0a452f98d6b"
    )]
    pub id: String,
    /// JSON: `lists`, which are to be read again, and `version`, that of the plan.
    #[schema(
        content_media_type = "application/json",
        example = r#"{"lists":["missions","planning"],"version":"31c7e0a452f98d6b"}"#
    )]
    pub data: String,
}

impl fmt::Display for Event {
    /// As the HTML standard has it. None of the members has a line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event: {}\nid: {}\ndata: {}\n\n", self.event, self.id, self.data)
    }
}

/// The data of an event `changed`.
#[derive(Debug, Serialize)]
pub struct Changed {
    pub lists: Vec<List>,
    pub version: String,
}
