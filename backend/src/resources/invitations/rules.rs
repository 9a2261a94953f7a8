//! What a link may still do.

use super::{
    model::{InvitationStatus, LinkStatus},
    refusal::AlreadyAnswered,
};
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

/// When a link closes: at its expiry, or when the planner wants an answer by, or else at the mission's start if they want
/// one by any time.
pub fn closes_at(expires_at: Timestamp, answer_by: Option<Timestamp>, start_at: Timestamp) -> Timestamp {
    answer_by.map_or(expires_at, |by| expires_at.min(by).min(start_at))
}

/// Until when a person is told to answer, if it matters: as the planner wants it, or when the link closes before the mission.
pub fn deadline(
    closes_at: Timestamp,
    answer_by: Option<Timestamp>,
    start_at: Timestamp,
) -> Option<Timestamp> {
    (answer_by.is_some() || closes_at < start_at).then_some(closes_at)
}

/// What a link's holder has answered by it: a yes that was withdrawn is a no.
pub fn answer(given: Option<AssignmentStatus>, withdrawn_at: Option<Timestamp>) -> Option<AssignmentStatus> {
    withdrawn_at.map(|_| Declined).or(given)
}

/// What an invitation's status depends on.
#[derive(Debug, Clone, Copy)]
pub struct State {
    pub answer: Option<AssignmentStatus>,
    pub revoked: bool,
    pub closes_at: Timestamp,
}

pub fn status(state: State, now: Timestamp) -> InvitationStatus {
    if state.answer.is_some() {
        InvitationStatus::Answered
    } else if state.revoked {
        InvitationStatus::Revoked
    } else if state.closes_at <= now {
        InvitationStatus::Expired
    } else {
        InvitationStatus::Pending
    }
}

/// What a link's status depends on besides.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// The assignment or its mission is cancelled.
    pub called_off: bool,
    /// The assignment has a newer link.
    pub superseded: bool,
    /// When the mission ends.
    pub end_at: Timestamp,
}

/// What its person is told of a link: what matters most to them comes first.
pub fn link_status(state: State, around: Around, now: Timestamp) -> LinkStatus {
    if around.called_off {
        return LinkStatus::CalledOff;
    }
    match status(state, now) {
        InvitationStatus::Answered if around.superseded => LinkStatus::Superseded,
        InvitationStatus::Answered => LinkStatus::Answered,
        InvitationStatus::Revoked if around.superseded => LinkStatus::Superseded,
        InvitationStatus::Revoked => LinkStatus::Revoked,
        InvitationStatus::Expired | InvitationStatus::Pending if around.end_at <= now => LinkStatus::Over,
        InvitationStatus::Expired => LinkStatus::Expired,
        InvitationStatus::Pending => LinkStatus::Pending,
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

/// Whether the link's yes still counts for the link: it was not withdrawn by it.
pub fn is_a_standing_yes(state: State) -> bool {
    state.answer == Some(AssignmentStatus::Accepted)
}

/// A link may confirm the yes that it gave, or one that was given otherwise while it waits for an answer.
pub fn may_confirm(state: State, now: Timestamp) -> Result<(), Error> {
    match status(state, now) {
        InvitationStatus::Pending => Ok(()),
        InvitationStatus::Answered if is_a_standing_yes(state) => Ok(()),
        InvitationStatus::Answered => Err(AlreadyAnswered.into()),
        InvitationStatus::Expired | InvitationStatus::Revoked => Err(InvalidToken.into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_783_670_400_000_000);

    fn after(seconds: i64) -> Timestamp {
        NOW.plus_seconds(seconds)
    }

    #[test]
    fn a_link_closes_when_an_answer_is_wanted_by_or_at_the_start() {
        assert_eq!(closes_at(after(9), None, after(5)), after(9), "without a wish it may be answered late");
        assert_eq!(closes_at(after(9), Some(after(3)), after(5)), after(3));
        assert_eq!(closes_at(after(9), Some(after(7)), after(5)), after(5));
        assert_eq!(closes_at(after(2), Some(after(7)), after(5)), after(2));
    }

    #[test]
    fn a_dead_link_says_what_matters_most() {
        let open = State { answer: None, revoked: false, closes_at: after(5) };
        let (closed, revoked) = (State { closes_at: NOW, ..open }, State { revoked: true, ..open });
        let answered = State { answer: Some(Accepted), ..open };
        let around = Around { called_off: false, superseded: false, end_at: after(9) };
        let (over, newer) = (Around { end_at: NOW, ..around }, Around { superseded: true, ..around });
        let called_off = Around { called_off: true, ..over };
        for (state, around, status) in [
            (open, around, LinkStatus::Pending),
            (closed, around, LinkStatus::Expired),
            (closed, over, LinkStatus::Over),
            (open, over, LinkStatus::Over),
            (revoked, around, LinkStatus::Revoked),
            (revoked, newer, LinkStatus::Superseded),
            (answered, over, LinkStatus::Answered),
            (answered, called_off, LinkStatus::CalledOff),
            (revoked, called_off, LinkStatus::CalledOff),
        ] {
            assert_eq!(link_status(state, around, NOW), status, "{state:?} {around:?}");
        }
    }
}
