//! The transitions between statuses of an assignment.

use super::{
    AssignmentStatus::{self, Accepted, Cancelled, Declined, Invited},
    model::NewAssignment,
    refusal::InvalidTransition,
};
use crate::error::{Error, FieldError};

/// What a change of status requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The status is unchanged.
    Unchanged,
    /// The assignment is not active (invited or accepted) any more: nothing to check.
    Deactivate,
    /// It becomes or stays active: the mission, the user and their other missions must allow it.
    Activate,
}

/// Whether an assignment may go `from` one status `to` another.
pub fn step(from: AssignmentStatus, to: AssignmentStatus) -> Result<Step, Error> {
    match (from, to) {
        _ if from == to => Ok(Step::Unchanged),
        (Invited, Accepted) | (Declined, Accepted | Invited) | (Cancelled, Invited) => Ok(Step::Activate),
        (Invited | Accepted, Declined | Cancelled) => Ok(Step::Deactivate),
        (Accepted, Invited)
        | (Declined, Cancelled)
        | (Cancelled, Accepted | Declined)
        | (Invited, Invited)
        | (Accepted, Accepted)
        | (Declined, Declined)
        | (Cancelled, Cancelled) => Err(InvalidTransition { from, to }.into()),
    }
}

/// Refuses a status in which no assignment begins, and an override reason with any but ACCEPTED, as no other one conflicts.
pub fn check_new(new: &NewAssignment) -> Result<(), Vec<FieldError>> {
    if !matches!(new.status, Invited | Accepted) {
        return Err(vec![FieldError::invalid("/status", "must be INVITED or ACCEPTED for a new assignment")]);
    }
    check_override(new.status, new.override_reason.is_some()).map_err(|mistake| vec![mistake])
}

/// An override reason goes with a status that can conflict.
pub fn check_override(status: AssignmentStatus, is_overridden: bool) -> Result<(), FieldError> {
    if is_overridden && status != Accepted {
        return Err(FieldError::invalid("/override_reason", "goes with the status ACCEPTED only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_those_of_the_product() {
        let all = [Invited, Accepted, Declined, Cancelled];
        let allowed = [
            (Invited, Accepted),
            (Invited, Declined),
            (Invited, Cancelled),
            (Accepted, Declined),
            (Accepted, Cancelled),
            (Declined, Invited),
            (Declined, Accepted),
            (Cancelled, Invited),
        ];
        for from in all {
            for to in all {
                let outcome = step(from, to);
                if from == to {
                    assert_eq!(outcome.unwrap(), Step::Unchanged);
                } else if allowed.contains(&(from, to)) {
                    let active = matches!(to, Invited | Accepted);
                    assert_eq!(
                        outcome.unwrap(),
                        if active { Step::Activate } else { Step::Deactivate },
                        "{from} to {to}"
                    );
                } else {
                    let refused = outcome.unwrap_err();
                    assert!(refused.is::<InvalidTransition>(), "{from} to {to}");
                }
            }
        }
    }
}
