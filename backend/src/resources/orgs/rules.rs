//! Who may change whom.

use super::refusal::{RankTooLow, Superior};
use crate::{error::Error, role::Role};

/// Nobody grants a role above their own.
///
/// # Errors
/// [`RankTooLow`].
pub fn may_grant(own: Role, granted: Role) -> Result<(), Error> {
    if granted > own { Err(RankTooLow { role: granted }.into()) } else { Ok(()) }
}

/// Nobody changes a member whose role is higher.
///
/// # Errors
/// [`Superior`].
pub fn may_change(own: Role, theirs: Role) -> Result<(), Error> {
    if theirs > own { Err(Superior { role: theirs }.into()) } else { Ok(()) }
}
