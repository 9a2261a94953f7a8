//! Shapes of streams.

use crate::db::List;
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::Serialize;
use std::time::Duration;
use utoipa::IntoParams;

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

/// The data of an event `changed`.
#[derive(Debug, Serialize)]
pub struct Changed {
    pub lists: Vec<List>,
    pub version: String,
}
