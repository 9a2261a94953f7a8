//! Authentication and authorization: passwords, tokens, throttled guessing, and the caller of a request with their role.
//!
//! The sign-in routes, and the queries on accounts, sessions and links, are in `resources::accounts`; here is what other
//! resources and the pages need.

mod authority;
mod caller;
pub mod entity;
mod guessing;
mod password;
mod refusal;
mod refusals;
mod strength;
mod token;

pub use authority::{Asker, Authorities, Authority};
pub use caller::{
    Account, Admin, Caller, Gate, Manager, Owner, Rank, Standing, Tech, bearer, refuse_foreign_origin,
};
pub use guessing::{Guesser, Guessers, Guessing, for_link};
pub use password::{NewPassword, Passwords};
pub use refusal::*;
pub use refusals::{Refusals, Refused};
pub use token::{AccessClaims, InviteClaims, RefreshClaims, Tokens, hash_secret};
