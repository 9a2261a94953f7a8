//! What people may ask of an org about themselves, and an org of the operator, which is done on the command line: a copy of what
//! there is about a person, that they are forgotten, that all of an org is.

mod delete_org;
mod erase;
mod export;

pub use delete_org::{Deleted, delete_org, hold_still};
pub use erase::{EraseError, Erased, Forgotten, Person, check, erase, login};
pub use export::{PersonalData, export};
