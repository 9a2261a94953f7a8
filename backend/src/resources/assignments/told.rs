//! What a user was told of a mission, and what counts as another one.

use crate::{db::JsonText, error::Error, resources::missions::Mission, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// A smaller change of start or end is not worth asking again.
const NOTICEABLE: Duration = Duration::from_secs(15 * 60);

/// When and where a mission was to take place, as its user knew it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgreedTimeAndPlace)]
pub struct Told {
    /// When it was to start.
    pub start_at: Timestamp,
    /// When it was to end.
    pub end_at: Timestamp,
    /// The time zone that its wall clock was in.
    pub timezone: String,
    /// Where it was to be.
    pub location: Option<String>,
}

impl Told {
    pub fn of(mission: &Mission) -> Self {
        Self {
            start_at: mission.start_at,
            end_at: mission.end_at,
            timezone: mission.timezone.clone(),
            location: mission.location.clone(),
        }
    }

    /// Whether whoever knows this has to be told of `now`.
    pub fn is_outdated(&self, now: &Self) -> bool {
        let moved = |was: Timestamp, is: Timestamp| Ord::max(was.since(is), is.since(was)) >= NOTICEABLE;
        moved(self.start_at, now.start_at) || moved(self.end_at, now.end_at) || self.location != now.location
    }

    pub(super) fn to_stored(&self) -> Result<JsonText, Error> {
        JsonText::of(self).map_err(|error| Error::internal(error))
    }

    /// `None` for a text that was damaged by hand: then nothing is known of what they were told.
    pub fn stored(text: &JsonText) -> Option<Self> {
        serde_json::from_str(text.as_str()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_minutes_or_another_place_are_worth_telling() {
        let at = |minutes: i64| Timestamp::from_micros(1_783_670_400_000_000).plus_seconds(60 * minutes);
        let told = |start, end, location: &str| Told {
            start_at: at(start),
            end_at: at(end),
            timezone: "Europe/Paris".into(),
            location: Some(location.into()),
        };
        let known = told(0, 240, "Grande salle");
        for (now, outdated) in [
            (told(0, 240, "Grande salle"), false),
            (told(14, 226, "Grande salle"), false),
            (told(15, 240, "Grande salle"), true),
            (told(-15, 240, "Grande salle"), true),
            (told(0, 255, "Grande salle"), true),
            (told(0, 240, "Petite salle"), true),
        ] {
            assert_eq!(known.is_outdated(&now), outdated, "{now:?}");
        }
        let elsewhere = Told { timezone: "Europe/London".into(), ..known.clone() };
        assert!(!known.is_outdated(&elsewhere), "the same instants");
        assert_eq!(Told::stored(&known.to_stored().unwrap()), Some(known));
    }
}
