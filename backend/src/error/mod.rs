//! The one public error and its problem+json form (RFC 9457).
//!
//! A handler returns [`Error`]; [`crate::http::boundary`] renders it at the boundary, where the request id is known and
//! where what must not leave the server is logged instead. `docs/errors.md` lists every code.

mod clash;
mod problem;
mod samples;

pub use clash::{Clash, Clashes};
pub use problem::{FieldError, Problem};
pub use samples::samples;

use crate::{
    db::Violation,
    http::{Answer, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URI_BYTES, idempotency},
    role::Role,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sea_orm::DbErr;
use std::sync::Arc;

/// What a request can run into; each variant is a fact of the domain with a stable code.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// One or more members of the body or query break a rule.
    #[error("{}", what_to_do(.0))]
    Invalid(Vec<FieldError>),
    /// The body is not JSON at all.
    #[error("The body is not valid JSON: {0}.")]
    Malformed(String),
    /// The head of the request breaks a rule of HTTP/1.1 that guards against smuggling.
    #[error("This is not a well-formed HTTP request; {0}.")]
    MalformedRequest(&'static str),
    /// A token from a link is forged, expired, revoked, used up or meant for something else.
    #[error("This link is not valid any more; ask for a new one.")]
    InvalidToken,
    /// Accepting would put one person in two places at once.
    #[error(
        "Accepted missions at that time are in the way, listed in conflicts; choose another time or person, or let a planner send override_reason."
    )]
    ScheduleConflict(Clashes),
    /// No valid access token.
    #[error("Sign in and send the access token as a Bearer token.")]
    Unauthenticated,
    /// E-mail and password do not belong together.
    #[error("The e-mail or the password is wrong.")]
    InvalidCredentials,
    /// Guessing is slowed: so many seconds until the next try counts.
    #[error("Too many tries; wait {0} s and try again.")]
    TooManyTries(u64),
    /// The caller's role is too low.
    #[error("This needs the role {0} or higher in this organisation.")]
    Forbidden(Role),
    /// The caller is not an active member of the token's organisation.
    #[error("This account is not an active member of this organisation; sign in to another one.")]
    NotAMember,
    /// A session answers its own person's calls only.
    #[error("This call is another person's; change its status with POST /assignments/{{id}}:status instead.")]
    NotYourCall,
    /// The organisation in the path is not the token's.
    #[error("The token belongs to another organisation; sign in to the one in the path.")]
    OrgMismatch,
    /// A grant above the caller's own rank.
    #[error("Only {0} can grant that role.")]
    RankTooLow(Role),
    /// A browser of another site sent the request.
    #[error("Requests from another site are not accepted here.")]
    ForeignOrigin,
    /// Nothing there, or another organisation's.
    #[error("Nothing is at this address; check the id.")]
    NotFound,
    /// The body names an object that does not exist.
    #[error("The {name} named in the body does not exist; check the id.")]
    UnknownReference {
        /// The member that holds the id, as a JSON pointer.
        pointer: String,
        /// What was looked for, in the field's words.
        name: &'static str,
    },
    /// The route exists, the method does not.
    #[error("This address does not take that method; the Allow header lists those it takes.")]
    MethodNotAllowed,
    /// A name or membership that must be unique is taken.
    #[error("{detail}")]
    Duplicate {
        /// The member that collides, as a JSON pointer.
        pointer: &'static str,
        /// What collides and what to do.
        detail: &'static str,
    },
    /// The person already has an active assignment on the mission.
    #[error("This person is already invited to or accepted on this mission; change that assignment instead.")]
    AlreadyAssigned,
    /// The assignment's status cannot change that way.
    #[error("An assignment that is {from} cannot become {to}.")]
    InvalidTransition {
        /// The status it has.
        from: &'static str,
        /// The status asked for.
        to: &'static str,
    },
    /// The role already has as many accepted people as it needs.
    #[error("Every place of this role is taken; raise its quota or choose another role.")]
    QuotaReached,
    /// A link can only be made for someone who is asked and has not answered.
    #[error("This assignment is {0}; a link is for one that is INVITED.")]
    NotInvited(&'static str),
    /// The mission was cancelled, which is final.
    #[error("This mission is cancelled; duplicate it to plan it again.")]
    MissionCancelled,
    /// The mission's project takes no new work.
    #[error(
        "This project is archived and takes no new work until a planner sets its status to ACTIVE again."
    )]
    ProjectArchived,
    /// The person's time to answer is over.
    #[error("This mission is over; ask the planner to change the answer.")]
    MissionOver,
    /// The person was deactivated.
    #[error("This person is deactivated and cannot be invited or accepted; reactivate them first.")]
    UserInactive,
    /// The link was answered the other way.
    #[error("This invitation was answered already; the planner can change the answer.")]
    AlreadyAnswered,
    /// Two approved availabilities of one person would overlap.
    #[error(
        "An approved availability of this person already covers part of that time; it is listed in conflicts."
    )]
    AvailabilityOverlap(Clashes),
    /// The organisation would have no owner left.
    #[error("An organisation always keeps an owner; make someone else owner first.")]
    LastOwner,
    /// The project still has missions.
    #[error("This project still has missions; delete those that are empty, or archive the project instead.")]
    ProjectNotEmpty,
    /// The mission still has assignments.
    #[error("This mission has assignments; cancel it instead, or delete them first.")]
    MissionNotEmpty,
    /// People are on a role that would go.
    #[error("The role {0} has people invited to or accepted on it; change their assignments first.")]
    RoleInUse(String),
    /// A role would need fewer people than it has.
    #[error("More people have accepted the role {0} than that quota allows; keep the quota or cancel some.")]
    QuotaBelowAccepted(String),
    /// The person was assigned before, and the record stays.
    #[error("This person has been assigned before and stays on record; set active to false instead.")]
    UserHasHistory,
    /// A planner cannot be changed by someone below.
    #[error("This member ranks above you; ask {0} to change them.")]
    Superior(Role),
    /// Some items of a bulk request cannot be carried out: their indices and why.
    #[error("Nothing was created: {} item(s) are refused, see errors; correct or leave them out and send all again.", .0.len())]
    Items(Vec<(usize, Error)>),
    /// The object is not as the client saw it.
    #[error(
        "The object changed since it was read, or is not what the condition names; read it again and decide anew."
    )]
    PreconditionFailed,
    /// The key belongs to another request.
    #[error("This Idempotency-Key was used for another request; send a new key with a new request.")]
    IdempotencyKeyReused,
    /// The first request with the key has not ended.
    #[error("The first request with this Idempotency-Key is still running; send it again in a moment.")]
    IdempotencyInProgress,
    /// Not a failure: the request was answered before, and this is that answer.
    #[error("answered before")]
    Replayed(Answer),
    /// The body exceeds the limit in bytes.
    #[error("The body is larger than {0} bytes; send less at once.")]
    TooLarge(usize),
    /// The path and the query are longer than any of this API.
    #[error("The address is longer than {MAX_URI_BYTES} bytes; ask for less at once.")]
    UriTooLong,
    /// More or longer headers than any client of this API needs.
    #[error(
        "Send at most {MAX_HEADERS} headers of together {MAX_HEADER_BYTES} bytes; a browser may have old cookies to delete."
    )]
    HeadersTooLarge,
    /// The body is not JSON by its content type.
    #[error("Send JSON with the header Content-Type: application/json.")]
    UnsupportedMediaType,
    /// Too much work at once, or the database is unreachable; the request changed nothing.
    #[error("The server is busy or its database is out of reach; try again in a moment.")]
    Unavailable(Cause),
    /// The database's disk is full or refuses to be written; the request changed nothing.
    #[error(
        "The server's disk is full or cannot be written, so nothing was saved; ask its operator to make room, then send this again."
    )]
    StorageFull(Cause),
    /// The connection to the database was lost while it was asked to make the work durable.
    #[error(
        "The database went away at the last moment, so this may have been done: send it again with the same Idempotency-Key, or look first."
    )]
    OutcomeUnknown(Cause),
    /// The request ran out of time. What it began may still be carried out.
    #[error("This took too long and may still be carried out; look before you send it again.")]
    TimedOut,
    /// A lost race or lock that trying again solves.
    #[error("The server is busy; try again in a moment.")]
    Contended(Cause),
    /// A defect or an outage; only the log knows more.
    #[error("Something went wrong on the server; quote the request_id when you report it.")]
    Internal(Cause),
}

/// What is behind an error: logged at the boundary, never sent.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

impl Error {
    /// One wrong member.
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::invalid(pointer, detail)])
    }

    /// For looking up what a body names: nothing there becomes a mistake in the member that names it.
    pub fn referred(pointer: &'static str, name: &'static str) -> impl Fn(Self) -> Self {
        move |error| match error {
            Self::NotFound => Self::UnknownReference { pointer: pointer.into(), name },
            error => error,
        }
    }

    /// Something that cannot happen unless the program is wrong or its surroundings fail.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// The HTTP status and the stable code.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid(mistakes) => (StatusCode::BAD_REQUEST, code_of(mistakes)),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::MalformedRequest(_) => (StatusCode::BAD_REQUEST, "malformed_request"),
            Self::InvalidToken => (StatusCode::BAD_REQUEST, "invalid_token"),
            Self::ScheduleConflict(_) => (StatusCode::BAD_REQUEST, "schedule_conflict"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
            Self::TooManyTries(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_tries"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotAMember => (StatusCode::FORBIDDEN, "not_a_member"),
            Self::NotYourCall => (StatusCode::FORBIDDEN, "not_your_call"),
            Self::OrgMismatch => (StatusCode::FORBIDDEN, "org_mismatch"),
            Self::RankTooLow(_) => (StatusCode::FORBIDDEN, "rank_too_low"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::UnknownReference { .. } => (StatusCode::NOT_FOUND, "unknown_reference"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Duplicate { .. } => (StatusCode::CONFLICT, "duplicate"),
            Self::AlreadyAssigned => (StatusCode::CONFLICT, "already_assigned"),
            Self::InvalidTransition { .. } => (StatusCode::CONFLICT, "invalid_transition"),
            Self::QuotaReached => (StatusCode::CONFLICT, "quota_reached"),
            Self::NotInvited(_) => (StatusCode::CONFLICT, "not_invited"),
            Self::MissionCancelled => (StatusCode::CONFLICT, "mission_cancelled"),
            Self::ProjectArchived => (StatusCode::CONFLICT, "project_archived"),
            Self::MissionOver => (StatusCode::CONFLICT, "mission_over"),
            Self::UserInactive => (StatusCode::CONFLICT, "user_inactive"),
            Self::AlreadyAnswered => (StatusCode::CONFLICT, "already_answered"),
            Self::AvailabilityOverlap(_) => (StatusCode::CONFLICT, "availability_overlap"),
            Self::LastOwner => (StatusCode::CONFLICT, "last_owner"),
            Self::ProjectNotEmpty => (StatusCode::CONFLICT, "project_not_empty"),
            Self::MissionNotEmpty => (StatusCode::CONFLICT, "mission_not_empty"),
            Self::RoleInUse(_) => (StatusCode::CONFLICT, "role_in_use"),
            Self::QuotaBelowAccepted(_) => (StatusCode::CONFLICT, "quota_below_accepted"),
            Self::UserHasHistory => (StatusCode::CONFLICT, "user_has_history"),
            Self::Superior(_) => (StatusCode::FORBIDDEN, "superior"),
            // Of one kind or many: the first decides, each item has its own code.
            Self::Items(items) => items
                .first()
                .map_or((StatusCode::BAD_REQUEST, "validation_failed"), |(_, error)| error.status_and_code()),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::IdempotencyInProgress => (StatusCode::CONFLICT, "idempotency_in_progress"),
            Self::Replayed(_) => (StatusCode::OK, "replayed"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long"),
            Self::HeadersTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::StorageFull(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_full"),
            Self::OutcomeUnknown(_) => (StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown"),
            Self::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed_out"),
            Self::Contended(_) => (StatusCode::SERVICE_UNAVAILABLE, "contended"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// For `Retry-After`, in seconds: when trying again makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyTries(seconds) => Some(*seconds),
            Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::TimedOut | Self::Contended(_) => Some(1),
            // Somebody has to make room first.
            Self::StorageFull(_) => Some(30),
            _ => None,
        }
    }

    /// What only the log may know.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(cause)
            | Self::StorageFull(cause)
            | Self::OutcomeUnknown(cause)
            | Self::Contended(cause)
            | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }
}

fn what_to_do(mistakes: &[FieldError]) -> &'static str {
    match code_of(mistakes) {
        "invalid_cursor" => "Follow the Link header with the same filters, or ask for the first page again.",
        "read_only" => "Read the object again, or leave the members out that are listed in errors.",
        _ => "Correct the members listed in errors and send the request again.",
    }
}

/// Mistakes that tell alone what to do have a code of their own, if there are no others.
fn code_of(mistakes: &[FieldError]) -> &'static str {
    let all = |code: &str| mistakes.iter().all(|mistake| mistake.code == code);
    match mistakes.first().map(|mistake| mistake.code) {
        Some(code @ ("invalid_cursor" | "read_only")) if all(code) => code,
        _ => "validation_failed",
    }
}

/// A database error that a constraint of ours raised becomes the fact it guards; the rest is an outage or a defect.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match Violation::of(&error) {
            Some(Violation::DoubleBooking) => Self::ScheduleConflict(Clashes::default()),
            Some(Violation::ActiveAssignment) => Self::AlreadyAssigned,
            Some(Violation::Quota) => Self::QuotaReached,
            Some(Violation::LastOwner) => Self::LastOwner,
            Some(Violation::AvailabilityOverlap) => Self::AvailabilityOverlap(Clashes::default()),
            Some(Violation::InvitationAnswered) => Self::AlreadyAnswered,
            Some(Violation::Contention) => Self::Contended(Arc::new(error)),
            Some(Violation::Outage) => Self::Unavailable(Arc::new(error)),
            Some(Violation::StorageFull) => Self::StorageFull(Arc::new(error)),
            Some(Violation::ProjectName) => Self::Duplicate {
                pointer: "/name",
                detail: "A project of this name exists already; choose another name.",
            },
            Some(Violation::OrgName) => Self::Duplicate {
                pointer: "/name",
                detail: "An organisation of this name exists already; choose another name.",
            },
            Some(Violation::Membership) => Self::Duplicate {
                pointer: "/email",
                detail: "This account is a member already; change its role instead.",
            },
            Some(Violation::UserAccount) => Self::Duplicate {
                pointer: "/user_id",
                detail: "This account already belongs to another person of the organisation.",
            },
            Some(Violation::MissionRoleName) => Self::Duplicate {
                pointer: "/roles",
                detail: "A mission has each role once; add up their quotas.",
            },
            None => Self::Internal(Arc::new(error)),
        }
    }
}

/// Leaves the error in the response's extensions; [`crate::http::boundary`] writes the body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Replayed(answer) = self {
            return ([(idempotency::REPLAYED, "true")], answer).into_response();
        }
        let mut response = self.status_and_code().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
