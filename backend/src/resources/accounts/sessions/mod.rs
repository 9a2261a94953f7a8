//! Sessions: one per sign-in, renewed by a refresh token that changes at each use.
//!
//! A refresh token names its session and which renewal it is (its generation); the session stores the generation that
//! is good now. The one before is still answered for a short while, with the same successor, so that a browser whose
//! answer was lost, or that refreshed in twenty tabs at once, stays signed in. Anything older has been used twice,
//! by its owner and by a thief: the session ends (RFC 9700 section 4.14).

mod model;
mod read;
mod write;

pub use model::{OwnSession, SessionQuery};
pub use read::*;
pub use write::*;
