//! Authentication and authorization: passwords, tokens, throttled guessing, and the caller of a request with their role.
//!
//! The sign-in routes, and the queries on accounts, sessions and links, are in `resources::accounts`; here is what other
//! resources and the pages need.

mod authority;
mod caller;
pub mod entity;
mod key;
mod password;
mod refusal;
mod refused_sign_ins;
mod strength;
mod throttle;
mod token;

pub use authority::{Authorities, Authority, AuthorityKey};
pub use caller::{
    Account, Admin, Caller, CallerCheck, Gate, Manager, MinimumRole, Owner, Tech, bearer,
    refuse_foreign_origin,
};
pub use password::{NewPassword, Passwords};
pub use refusal::*;
pub use refused_sign_ins::{RefusedSignIn, RefusedSignIns};
pub use throttle::{Throttle, ThrottleKey, ThrottleKeys, for_link};
pub use token::{
    AccessClaims, CallsClaims, Feed, FeedKey, InviteClaims, RefreshClaims, Tokens, UnsubscribeClaims,
    hash_secret,
};
