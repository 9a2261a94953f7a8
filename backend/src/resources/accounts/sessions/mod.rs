//! Sessions: one per sign-in, renewed by a refresh token that is replaced at each use.
//!
//! A refresh token names its session and its generation (the number of renewals); the session stores the current generation.
//! The previous one is accepted for a short while and gets the same successor, so that a browser that lost a response, or
//! refreshed in twenty tabs at once, stays signed in. An older one was used twice, by its owner and by a thief: the session
//! ends (RFC 9700 section 4.14).

mod model;
mod read;
mod write;

pub use model::{OwnSession, SessionQuery};
pub use read::*;
pub use write::*;
