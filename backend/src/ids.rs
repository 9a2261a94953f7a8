//! One type per kind of id, so that a mission's id cannot be passed where a user's is meant.
//!
//! Every id is a UUIDv7: opaque text in the API, `uuid` in PostgreSQL and a 16-byte blob in SQLite; both sort by
//! creation. [`crate::db::Tx::new_id`] makes them from the transaction's instant and randomness.

use crate::timestamp::Timestamp;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Implemented by every id type, for code that is generic over them.
pub trait Id: Copy + From<Uuid> + fmt::Display + Send + Sync + 'static {}

#[derive(Debug, thiserror::Error)]
#[error("must be an id as this API returned it (a UUID)")]
pub struct NotAnId;

/// Above the id of whatever was created up to this instant, to its millisecond: rows that are older than something are sought by
/// their key.
pub fn first_after(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_micros() / 1000 + 1).unwrap_or(0);
    // Those of an id are its first 48 bits.
    Uuid::from_u128(millis << 80)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sea_orm::DeriveValueType, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl Id for $name {}

        /// SeaORM requires this of primary keys; ours are never numbers.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // Only the hyphenated lower-case form: the parser accepts others, and an id must have one spelling.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase()) => Ok(Self(id)),
                    _ => Err(NotAnId),
                }
            }
        }

        impl<E: DeserializeError> Deserr<E> for $name {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
                let kind = match value {
                    Value::String(text) => match text.parse() {
                        Ok(id) => return Ok(id),
                        Err(error @ NotAnId) => ErrorKind::Unexpected { msg: error.to_string() },
                    },
                    actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
                };
                Err(take_cf_content(E::error::<V>(None, kind, at)))
            }
        }
    )+};
}

ids! {
    /// A company: the tenant. Every function that touches a tenant's rows takes it first.
    OrgId,
    /// A login, global to the installation.
    AccountId,
    /// One sign-in of an account.
    SessionId,
    /// A person who can be planned, inside one org.
    UserId,
    /// A show, festival or tour leg.
    ProjectId,
    /// A call with a start and an end.
    MissionId,
    /// A post on a mission.
    MissionRoleId,
    /// A user on a mission.
    AssignmentId,
    /// A signed link that lets an assigned person answer.
    InvitationId,
    /// A period that a user declares.
    AvailabilityId,
    /// Of availabilities that were declared as one series.
    SeriesId,
    /// An object of any kind.
    AnyId,
    /// One line of the audit log.
    AuditId,
    JobId,
    /// An e-mail to one address.
    MailId,
    /// A single-use permission to set a password.
    PasswordTokenId,
    /// An account's membership of an org.
    MembershipId,
    /// A single-use permission to prove a membership.
    MembershipLinkId,
}
