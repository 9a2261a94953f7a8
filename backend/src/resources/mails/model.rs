//! API types of mails.

use crate::{
    http::{Cursor, Limit, Many},
    ids::{AccountId, AssignmentId, InvitationId, MailId, MissionId, UserId},
    outbox::{MailKind, MailState, entity::mail},
    resources::assignments::{Assignment, AssignmentStatus},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A mail to one address. Its links are never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mail {
    /// Its id, which its Message-ID begins with.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// Where it stands.
    pub state: MailState,
    /// The person, of their calls.
    pub user_id: Option<UserId>,
    /// The member, of the link that takes their membership up.
    pub account_id: Option<AccountId>,
    /// Where it goes.
    pub address: String,
    /// Why it could not be sent, in the mail server's words.
    pub error: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// Since when nothing is added to it: it is being sent.
    pub claimed_at: Option<Timestamp>,
    /// When it was sent, or given up.
    pub ended_at: Option<Timestamp>,
}

impl From<mail::Model> for Mail {
    fn from(row: mail::Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            user_id: row.user_id,
            account_id: row.account_id,
            address: row.address,
            error: row.error,
            created_at: row.created_at,
            claimed_at: row.claimed_at,
            ended_at: row.ended_at,
        }
    }
}

/// A mail with what it contains.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailDetails {
    /// The mail.
    #[serde(flatten)]
    pub mail: Mail,
    /// The invitations in it, by start of their missions, as they are now.
    pub calls: Vec<MailedCall>,
    /// The assignments that it tells of, by start of their missions, as they are now; those that are deleted are
    /// absent. Of the kinds `moved`, `called_off` and `answers`.
    pub assignments: Vec<MailedAssignment>,
}

/// An assignment that a mail tells of.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailedAssignment {
    /// The assignment.
    pub assignment_id: AssignmentId,
    /// The mission.
    pub mission_id: MissionId,
    /// The mission's title.
    pub mission_title: String,
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub user_name: String,
    /// As what.
    pub role_name: Option<String>,
    /// Where the assignment stands.
    pub status: AssignmentStatus,
    /// When the mission starts.
    pub start_at: Timestamp,
    /// When the mission ends.
    pub end_at: Timestamp,
}

impl From<Assignment> for MailedAssignment {
    fn from(assignment: Assignment) -> Self {
        Self {
            assignment_id: assignment.id,
            mission_id: assignment.mission_id,
            mission_title: assignment.mission_title,
            user_id: assignment.user_id,
            user_name: assignment.user_name,
            role_name: assignment.role_name,
            status: assignment.status,
            start_at: assignment.start_at,
            end_at: assignment.end_at,
        }
    }
}

/// An invitation in a mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailedCall {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The assignment to answer.
    pub assignment_id: AssignmentId,
    /// The mission.
    pub mission_id: MissionId,
    /// The mission's title.
    pub mission_title: String,
    /// As what.
    pub role_name: Option<String>,
    /// When the mission starts.
    pub start_at: Timestamp,
    /// When the mission ends.
    pub end_at: Timestamp,
}

/// Which mails, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MailQuery {
    /// Only these kinds; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MailKind>>)]
    pub kind: Many<MailKind>,
    /// Only these states; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MailState>>)]
    pub state: Many<MailState>,
    /// Only these people's; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<UserId>>)]
    pub user_id: Many<UserId>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, MailId)>>,
}
