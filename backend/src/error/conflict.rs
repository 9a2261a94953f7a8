//! Schedule conflicts: the first [`Conflicts::NAMED`], and how many there are.

use crate::{
    ids::{AssignmentId, AvailabilityId, MissionId, UserId},
    timestamp::Timestamp,
};
use sea_orm::DbErr;
use serde::Serialize;
use std::iter::Sum;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is in the way.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ProblemConflict)]
pub enum Conflict {
    /// An accepted mission.
    Mission {
        /// Whose it is.
        user_id: UserId,
        /// The accepted assignment.
        assignment_id: AssignmentId,
        /// Its mission.
        mission_id: MissionId,
        /// The mission's title.
        #[schema(example = "Montage lumière")]
        mission_title: String,
        /// When it starts.
        start_at: Timestamp,
        /// When it ends.
        end_at: Timestamp,
    },
    /// An approved availability.
    Availability {
        /// Whose it is.
        user_id: UserId,
        /// The availability.
        availability_id: AvailabilityId,
        /// When it starts.
        start_at: Timestamp,
        /// When it ends.
        end_at: Timestamp,
    },
}

/// All conflicts of a change. Responses and audit entries name the first ones and tell how many there are.
#[derive(Debug, Clone, Default)]
pub struct Conflicts {
    named: Vec<Conflict>,
    total: u64,
}

/// 2026-07-10T08:00:00Z and four hours later, for samples.
const START: Timestamp = Timestamp::from_micros(1_783_670_400_000_000);
const END: Timestamp = START.plus_seconds(4 * 3600);
/// A UUIDv7 for samples.
const ID: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001);

impl Conflicts {
    /// One accepted mission, for documentation.
    pub fn sample_of_mission() -> Self {
        let conflict = Conflict::Mission {
            user_id: UserId(ID),
            assignment_id: AssignmentId(ID),
            mission_id: MissionId(ID),
            mission_title: "Montage lumière".into(),
            start_at: START,
            end_at: END,
        };
        Self::of(vec![conflict], 1)
    }

    /// One approved availability, for documentation.
    pub fn sample_of_availability() -> Self {
        let availability_id = AvailabilityId(ID);
        Self::of(
            vec![Conflict::Availability {
                user_id: UserId(ID),
                availability_id,
                start_at: START,
                end_at: END,
            }],
            1,
        )
    }

    pub const NAMED: usize = 100;
    /// `LIMIT` of a search: one more than is named, to know whether the rest must be counted.
    pub const SEARCH_LIMIT: u64 = 101;

    pub fn of(mut named: Vec<Conflict>, total: u64) -> Self {
        named.truncate(Self::NAMED);
        Self { named, total }
    }

    /// From a search with at most [`Conflicts::SEARCH_LIMIT`] rows; `count` is called only if the limit was reached.
    ///
    /// # Errors
    /// Those of `count`.
    pub async fn counted(
        found: Vec<Conflict>,
        count: impl AsyncFnOnce() -> Result<u64, DbErr>,
    ) -> Result<Self, DbErr> {
        let total = match u64::try_from(found.len()) {
            Ok(found) if found < Self::SEARCH_LIMIT => found,
            _ => count().await?,
        };
        Ok(Self::of(found, total))
    }

    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The first [`Conflicts::NAMED`].
    pub fn named(&self) -> &[Conflict] {
        &self.named
    }

    pub fn into_named(self) -> Vec<Conflict> {
        self.named
    }

    pub fn total(&self) -> u64 {
        self.total
    }
}

impl Sum for Conflicts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.named.extend(one.named);
            Self::of(sum.named, sum.total + one.total)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_instants_are_what_their_comment_says() {
        assert_eq!(START.to_string(), "2026-07-10T08:00:00Z");
        assert_eq!(END.to_string(), "2026-07-10T12:00:00Z");
    }
}
