//! Who is asking and what they may do: passwords, tokens, the caller of a request, and what it takes to be one.
//!
//! The routes of signing in, and what reads and writes accounts, sessions and links, are a resource
//! (`resources::accounts`); here is what other resources and the pages need of it.

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
