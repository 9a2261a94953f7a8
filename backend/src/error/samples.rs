//! One error of each kind, for the documents: the OpenAPI document shows them as examples.

use super::{Cause, Clash, Clashes, Error, FieldError};
use crate::{
    ids::{AssignmentId, AvailabilityId, MissionId, UserId},
    role::Role,
    timestamp::Timestamp,
};
use std::sync::Arc;
use uuid::Uuid;

/// 2026-07-10T08:00:00Z and four hours later.
const START: Timestamp = Timestamp::from_micros(1_783_670_400_000_000);
const END: Timestamp = START.plus_seconds(4 * 3600);
/// An id as they look: version 7 of a UUID.
const ID: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001);

/// Every error that a client can meet, with values as they occur.
pub fn samples() -> Vec<Error> {
    let user_id = UserId(ID);
    let accepted = Clash::Mission {
        user_id,
        assignment_id: AssignmentId(ID),
        mission_id: MissionId(ID),
        mission_title: "Montage lumière".into(),
        start_at: START,
        end_at: END,
    };
    let approved =
        Clash::Availability { user_id, availability_id: AvailabilityId(ID), start_at: START, end_at: END };
    let cause: Cause = Arc::new(std::fmt::Error);
    vec![
        Error::Invalid(vec![FieldError::invalid("/end_at", "must be after start_at")]),
        Error::Invalid(vec![FieldError::read_only("/created_at")]),
        Error::Invalid(vec![FieldError::invalid_cursor()]),
        Error::Malformed("expected value at line 1 column 1".into()),
        Error::MalformedRequest("send one Host header with the name and port of this server"),
        Error::InvalidToken,
        Error::ScheduleConflict(Clashes::of(vec![accepted], 1)),
        Error::Unauthenticated,
        Error::InvalidCredentials,
        Error::TooManyTries(30),
        Error::Forbidden(Role::Manager),
        Error::NotAMember,
        Error::NotYourCall,
        Error::OrgMismatch,
        Error::RankTooLow(Role::Owner),
        Error::Superior(Role::Owner),
        Error::ForeignOrigin,
        Error::NotFound,
        Error::UnknownReference { pointer: "/user_id".into(), name: "user" },
        Error::MethodNotAllowed,
        Error::Duplicate {
            pointer: "/name",
            detail: "A project of this name exists already; choose another name.",
        },
        Error::AlreadyAssigned,
        Error::InvalidTransition { from: "CANCELLED", to: "ACCEPTED" },
        Error::QuotaReached,
        Error::NotInvited("ACCEPTED"),
        Error::MissionCancelled,
        Error::ProjectArchived,
        Error::MissionOver,
        Error::UserInactive,
        Error::AlreadyAnswered,
        Error::AvailabilityOverlap(Clashes::of(vec![approved], 1)),
        Error::LastOwner,
        Error::ProjectNotEmpty,
        Error::MissionNotEmpty,
        Error::RoleInUse("lumiere".into()),
        Error::QuotaBelowAccepted("lumiere".into()),
        Error::UserHasHistory,
        Error::PreconditionFailed,
        Error::TooLarge(crate::http::MAX_BODY),
        Error::UriTooLong,
        Error::HeadersTooLarge,
        Error::UnsupportedMediaType,
        Error::IdempotencyKeyReused,
        Error::IdempotencyInProgress,
        Error::Unavailable(cause.clone()),
        Error::StorageFull(cause.clone()),
        Error::OutcomeUnknown(cause.clone()),
        Error::TimedOut,
        Error::Contended(cause.clone()),
        Error::Internal(cause),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_program_has_a_sample() {
        let codes: Vec<_> = samples().iter().map(|error| error.status_and_code().1).collect();
        let source = include_str!("mod.rs");
        let named = source.split("(StatusCode::").skip(1).filter_map(|piece| piece.split('"').nth(1));
        for code in named.filter(|code| *code != "replayed") {
            assert!(codes.contains(&code), "{code} has no sample");
        }
    }

    #[test]
    fn the_sample_instants_are_what_their_comment_says() {
        assert_eq!(START.to_string(), "2026-07-10T08:00:00Z");
        assert_eq!(END.to_string(), "2026-07-10T12:00:00Z");
    }
}
