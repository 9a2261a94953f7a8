//! What a link may still do.

use super::{model::InvitationStatus, refusal::AlreadyAnswered};
use crate::{
    auth::InvalidToken,
    error::Error,
    resources::assignments::AssignmentStatus::{self, Accepted, Cancelled, Declined},
    timestamp::Timestamp,
};

#[derive(Debug, Clone)]
pub enum Decision {
    Accept,
    Decline { reason: Option<String> },
}

impl Decision {
    /// The assignment's status after it.
    pub fn status(&self) -> AssignmentStatus {
        match self {
            Self::Accept => Accepted,
            Self::Decline { .. } => Declined,
        }
    }
}

/// What an invitation's status depends on.
#[derive(Debug, Clone, Copy)]
pub struct State {
    pub answer: Option<AssignmentStatus>,
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

/// Whether the answer has to be carried out; false when the same one was given before.
pub fn must_answer(state: State, wanted: AssignmentStatus, now: Timestamp) -> Result<bool, Error> {
    match (status(state, now), state.answer) {
        (InvitationStatus::Pending, _) => Ok(true),
        (InvitationStatus::Answered, given) if given == Some(wanted) => Ok(false),
        (InvitationStatus::Answered, _) => Err(AlreadyAnswered.into()),
        (InvitationStatus::Expired | InvitationStatus::Revoked, _) => Err(InvalidToken.into()),
    }
}

/// A repeated answer succeeds only while the assignment has the status that it led to.
pub fn answer_stands(given: AssignmentStatus, current: AssignmentStatus) -> Result<(), Error> {
    match current {
        _ if current == given => Ok(()),
        Cancelled => Err(InvalidToken.into()),
        _ => Err(AlreadyAnswered.into()),
    }
}

/// A manager's decision stands: a link can neither revive a cancelled assignment nor accept a declined one.
pub fn link_may(wanted: AssignmentStatus, current: AssignmentStatus) -> Result<(), Error> {
    match (current, wanted) {
        (Cancelled, _) => Err(InvalidToken.into()),
        (Declined, Accepted) => Err(AlreadyAnswered.into()),
        _ => Ok(()),
    }
}
