//! What a link may still do.

use super::{model::InvitationStatus, refusal::AlreadyAnswered};
use crate::{
    auth::InvalidToken,
    error::Error,
    resources::assignments::AssignmentStatus::{self, Accepted, Cancelled, Declined},
    timestamp::Timestamp,
};

/// Yes, or no and why.
#[derive(Debug, Clone)]
pub enum Answer {
    Accept,
    Decline { reason: Option<String> },
}

impl Answer {
    /// The status that it leads to.
    pub fn status(&self) -> AssignmentStatus {
        match self {
            Self::Accept => Accepted,
            Self::Decline { .. } => Declined,
        }
    }
}

/// What is known of an invitation when its link comes back.
#[derive(Debug, Clone, Copy)]
pub struct State {
    pub answer: Option<AssignmentStatus>,
    /// Whether it was taken back.
    pub revoked: bool,
    pub expires_at: Timestamp,
}

pub fn status(state: State, now: Timestamp) -> InvitationStatus {
    if state.answer.is_some() {
        InvitationStatus::Answered
    } else if state.revoked {
        InvitationStatus::Revoked
    } else if state.expires_at <= now {
        InvitationStatus::Expired
    } else {
        InvitationStatus::Pending
    }
}

/// Whether the answer has to be carried out; false when it was given before.
pub fn must_answer(state: State, wanted: AssignmentStatus, now: Timestamp) -> Result<bool, Error> {
    match (status(state, now), state.answer) {
        (InvitationStatus::Pending, _) => Ok(true),
        (InvitationStatus::Answered, given) if given == Some(wanted) => Ok(false),
        (InvitationStatus::Answered, _) => Err(AlreadyAnswered.into()),
        (InvitationStatus::Expired | InvitationStatus::Revoked, _) => Err(InvalidToken.into()),
    }
}

/// An answer that was given before is repeated only while it still is what counts.
pub fn answer_stands(given: AssignmentStatus, current: AssignmentStatus) -> Result<(), Error> {
    match current {
        _ if current == given => Ok(()),
        Cancelled => Err(InvalidToken.into()),
        _ => Err(AlreadyAnswered.into()),
    }
}

/// What a planner decided meanwhile stands: a link cannot bring back what was called off, nor turn a no into a yes.
pub fn link_may(wanted: AssignmentStatus, current: AssignmentStatus) -> Result<(), Error> {
    match (current, wanted) {
        (Cancelled, _) => Err(InvalidToken.into()),
        (Declined, Accepted) => Err(AlreadyAnswered.into()),
        _ => Ok(()),
    }
}
