//! Numbers of hours that an org sets.

use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content};
use serde::Serialize;
use std::str::FromStr;

/// 30 days.
const MOST: i32 = 720;

/// From `LEAST` to 720 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hours<const LEAST: i32>(i32);

impl<const LEAST: i32> Hours<LEAST> {
    /// From the database; not checked again.
    pub const fn stored(hours: i32) -> Self {
        Self(hours)
    }

    fn check(hours: i32) -> Result<Self, String> {
        let allowed = (LEAST..=MOST).contains(&hours);
        if allowed { Ok(Self(hours)) } else { Err(format!("must be from {LEAST} to {MOST} hours")) }
    }
}

impl<const LEAST: i32> From<Hours<LEAST>> for i32 {
    fn from(hours: Hours<LEAST>) -> Self {
        hours.0
    }
}

/// From the command line.
impl<const LEAST: i32> FromStr for Hours<LEAST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hours = text.parse().map_err(|_| format!("must be a whole number from {LEAST} to {MOST}"))?;
        Self::check(hours)
    }
}

impl<E: DeserializeError, const LEAST: i32> Deserr<E> for Hours<LEAST> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        Self::check(i32::deserialize_from_value(value, at)?)
            .map_err(|msg| take_cf_content(E::error::<V>(None, ErrorKind::Unexpected { msg }, at)))
    }
}
