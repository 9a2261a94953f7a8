//! What people may ask of an org about themselves, which operators do on the command line: a copy of what it has of them, and that
//! it forgets who they were.

mod erase;
mod export;

pub use erase::{EraseError, Erased, erase};
pub use export::{PersonalData, export};
