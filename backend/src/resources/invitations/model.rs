//! Shapes of invitations.

use crate::{
    http::{Cursor, Limit, Many},
    ids::{AssignmentId, InvitationId},
    resources::assignments::AssignmentStatus,
    secret::Secret,
    text::{Email, Reason},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

crate::words::words! {
    /// Where an invitation stands.
    pub enum InvitationStatus {
        /// Waiting for an answer.
        Pending = "pending",
        /// Answered.
        Answered = "answered",
        /// Too old.
        Expired = "expired",
        /// Taken back by the planner.
        Revoked = "revoked",
    }
}

crate::words::words! {
    /// What became of the e-mail.
    pub enum InvitationDelivery {
        /// It will be sent.
        Queued = "queued",
        /// There is none: hand the link over yourself.
        None = "none",
    }
}

/// Who is asked by link.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewInvitation {
    /// The assignment to answer.
    pub assignment_id: AssignmentId,
    /// Where the link goes; the person's address when absent.
    #[deserr(default)]
    pub email: Option<Email>,
}

/// A new invitation with its token, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationCreated)]
pub struct Created {
    /// Its id.
    pub id: InvitationId,
    /// The assignment to answer.
    pub assignment_id: AssignmentId,
    /// What lets its holder answer.
    #[schema(value_type = String)]
    pub token: Secret,
    /// The link for people, with the token in it.
    #[schema(value_type = String, example = "https://crew.example.org/invite?token=…")]
    pub url: Secret,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// What became of the e-mail.
    pub delivery: InvitationDelivery,
}

/// An invitation as planners and the audit log see it, without its token.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The assignment to answer.
    pub assignment_id: AssignmentId,
    /// Where it was sent.
    pub email: Option<String>,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// How.
    pub answer: Option<AssignmentStatus>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which invitations, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvitationQuery {
    /// Only these assignments'; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AssignmentId>>)]
    pub assignment_id: Many<AssignmentId>,
    /// Only these statuses; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<InvitationStatus>>)]
    pub status: Many<InvitationStatus>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, InvitationId)>>,
}

/// What whoever holds the link may know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationDetails)]
pub struct Opened {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The assignment to answer.
    pub assignment_id: AssignmentId,
    /// Where the assignment stands.
    pub status: AssignmentStatus,
    /// Where the invitation stands.
    pub invitation_status: InvitationStatus,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Who asks.
    pub org_name: String,
    /// Who is asked.
    pub user_name: String,
    /// What the mission is.
    pub mission_title: String,
    /// What it belongs to.
    pub project_title: Option<String>,
    /// As what, when the person takes a post.
    pub role_name: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
}

/// The answer to an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationAnswered)]
pub struct Answered {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The assignment.
    pub assignment_id: AssignmentId,
    /// Whether it was a yes.
    pub accepted: bool,
    /// Where the assignment stands now.
    pub status: AssignmentStatus,
    /// One sentence for the person.
    #[schema(example = "Thank you, you are expected.")]
    pub message: &'static str,
}

/// Where the assignment stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentAnswered)]
pub struct AnsweredAssignment {
    /// `ACCEPTED` or `DECLINED`.
    pub status: AssignmentStatus,
}

/// A token in the address.
#[derive(Debug, Default, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    /// The invitation's token.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub token: Option<Secret>,
}

/// A yes, with the token here rather than in the address, which keeps it out of logs.
#[derive(Debug, Default, Deserr, ToSchema)]
#[schema(as = AcceptRequest)]
#[deserr(deny_unknown_fields)]
pub struct AcceptBody {
    /// The invitation's token.
    #[deserr(default)]
    #[schema(value_type = Option<String>)]
    pub token: Option<Secret>,
}

/// A no, and why.
#[derive(Debug, Default, Deserr, ToSchema)]
#[schema(as = DeclineRequest)]
#[deserr(deny_unknown_fields)]
pub struct DeclineBody {
    /// The invitation's token.
    #[deserr(default)]
    #[schema(value_type = Option<String>)]
    pub token: Option<Secret>,
    /// Why not.
    #[deserr(default)]
    pub reason: Option<Reason>,
}
