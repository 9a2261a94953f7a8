//! What keeps a membership from being changed.

use crate::{error::refusals, role::Role};

refusals! {
    /// The org would have no owner left.
    LastOwner =>
        CONFLICT, "last_owner", "An organisation always keeps an owner; make someone else owner first.";

    /// The member needs no link, or could not use one.
    NothingToSend =>
        CONFLICT, "nothing_to_send",
        "This member has taken their membership up, or is deactivated: there is no link to send.";

    /// A grant above the caller's own rank.
    RankTooLow { role: Role = Role::Owner } =>
        FORBIDDEN, "rank_too_low", "Only {role} can grant that role.";

    /// The member ranks above the caller.
    Superior { role: Role = Role::Owner } =>
        FORBIDDEN, "superior", "This member ranks above you; ask {role} to change them.";
}
