//! Links that let their holder set a password once, and what using one proves (docs/security.md, Whose login it is).
//!
//! A membership opens nothing until its account has proven it. Who holds a link has it from somewhere, and that is what
//! the link proves: an org that handed it out vouches for its own membership, a mailbox for whatever its address was
//! made a member of, the operator for the org that the link names. So that an org vouches for nothing else, its link
//! never takes over a login: where there is a password, or another org that would open by it, it asks for the password.

mod read;
mod write;

pub use read::{Opened, open};
pub use write::*;
