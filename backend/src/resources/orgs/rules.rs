//! Who may change whom.

use crate::{error::Error, role::Role};

/// Nobody grants a role above their own.
///
/// # Errors
/// [`Error::RankTooLow`].
pub fn may_grant(own: Role, granted: Role) -> Result<(), Error> {
    if granted > own { Err(Error::RankTooLow(granted)) } else { Ok(()) }
}

/// Nobody changes a superior.
///
/// # Errors
/// [`Error::Superior`].
pub fn may_change(own: Role, theirs: Role) -> Result<(), Error> {
    if theirs > own { Err(Error::Superior(theirs)) } else { Ok(()) }
}
