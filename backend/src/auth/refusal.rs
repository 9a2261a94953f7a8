//! Refusals of authentication and authorization.

use crate::{error::refusals, role::Role};

refusals! {
    /// A token from a link is forged, expired, revoked, used up or meant for something else.
    InvalidToken => BAD_REQUEST, "invalid_token", "This link is not valid any more; ask for a new one.";

    /// No valid access token.
    Unauthenticated =>
        UNAUTHORIZED, "unauthenticated", "Sign in and send the access token as a Bearer token.";

    /// E-mail and password do not belong together.
    InvalidCredentials => UNAUTHORIZED, "invalid_credentials", "The e-mail or the password is wrong.";

    /// Guessing is slowed: so many seconds until the next try counts.
    TooManyTries { seconds: u64 = 30 } =>
        TOO_MANY_REQUESTS, "too_many_tries", "Too many tries; wait {seconds} s and try again.",
        with |refusal, refused| refused.retry_after = Some(refusal.seconds);

    /// The caller's role is too low.
    Forbidden { needs: Role = Role::Manager } =>
        FORBIDDEN, "forbidden", "This needs the role {needs} or higher in this organisation.";

    /// The caller is not an active member of the token's organisation.
    NotAMember =>
        FORBIDDEN, "not_a_member",
        "This account is not an active member of this organisation; sign in to another one.";

    /// The organisation in the path is not the token's.
    OrgMismatch =>
        FORBIDDEN, "org_mismatch", "The token belongs to another organisation; sign in to the one in the path.";

    /// A browser of another site sent the request.
    ForeignOrigin => FORBIDDEN, "foreign_origin", "Requests from another site are not accepted here.";
}
