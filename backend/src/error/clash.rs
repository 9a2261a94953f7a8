//! What is in the way of a change: so many by name, and how many there are.

use crate::{
    ids::{AssignmentId, AvailabilityId, MissionId, UserId},
    timestamp::Timestamp,
};
use sea_orm::DbErr;
use serde::Serialize;
use std::iter::Sum;
use utoipa::ToSchema;

/// What is in the way.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Clash {
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

/// All that is in the way. An answer or an entry of the audit log names some; whoever decides sees how many there are.
#[derive(Debug, Clone, Default)]
pub struct Clashes {
    named: Vec<Clash>,
    total: u64,
}

impl Clashes {
    /// Named at most.
    pub const NAMED: usize = 100;
    /// Looked for at most: whether the last one is there tells whether the others have to be counted.
    pub const LOOKED_FOR: u64 = 101;

    /// The first of `total`.
    pub fn of(mut named: Vec<Clash>, total: u64) -> Self {
        named.truncate(Self::NAMED);
        Self { named, total }
    }

    /// What a search for [`Clashes::LOOKED_FOR`] found; `count` counts them all if there are more.
    ///
    /// # Errors
    /// What `count` says.
    pub async fn counted(
        found: Vec<Clash>,
        count: impl AsyncFnOnce() -> Result<u64, DbErr>,
    ) -> Result<Self, DbErr> {
        let total = match u64::try_from(found.len()) {
            Ok(found) if found < Self::LOOKED_FOR => found,
            _ => count().await?,
        };
        Ok(Self::of(found, total))
    }

    /// Whether nothing is in the way.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Those that are named, in order.
    pub fn named(&self) -> &[Clash] {
        &self.named
    }

    /// The same.
    pub fn into_named(self) -> Vec<Clash> {
        self.named
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }
}

/// Of several refusals together.
impl Sum for Clashes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.named.extend(one.named);
            Self::of(sum.named, sum.total + one.total)
        })
    }
}
