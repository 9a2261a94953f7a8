//! Links that let their holder set a password once, and what using one proves (docs/security.md, Whose login it is).
//!
//! A pending membership opens nothing until its account has proven it. A link proves what its giver can vouch for: an org its
//! own membership, a mailbox all memberships of its address, the operator the org that the link names. An org vouches for
//! nothing else, so its link never takes over an account: where there is a password, or another org that would open, too, it
//! asks for the password.

mod read;
mod write;

pub use read::{Opened, open};
pub use write::*;
