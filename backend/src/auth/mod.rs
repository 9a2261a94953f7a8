//! Who is asking and what they may do: passwords, tokens, sessions, the caller of a request, and roles.
//!
//! Accounts, sessions and password tokens belong to a person's login and live here; memberships tie a login to an org.

pub mod accounts;
mod api;
mod authority;
mod caller;
mod guessing;
pub mod links;
mod own_api;
mod password;
mod refusals;
mod reset_api;
mod role;
mod seal;
pub mod sessions;
mod strength;
pub mod tables;
mod token;

pub use api::routes;
pub use authority::{Asker, Authorities, Authority};
pub use caller::{
    Account, Admin, Caller, Manager, Owner, Rank, Standing, Tech, admit, bearer, refuse_foreign_origin,
};
pub use guessing::{Guesser, Guessers, Guessing};
pub use links::Giver;
pub use password::{NewPassword, Passwords};
pub use refusals::Refusals;
pub use reset_api::set_password;
pub use role::Role;
pub use seal::Seal;
pub use token::{AccessClaims, InviteClaims, RefreshClaims, Tokens, hash_secret};
