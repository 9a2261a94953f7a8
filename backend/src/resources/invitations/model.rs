//! Shapes of invitations.

use super::{rules, seen::Seen};
use crate::{
    delivery::Delivery,
    error::Conflict,
    http::{Cursor, Limit, Many},
    ids::{AssignmentId, InvitationId, MissionId, ProjectId, UserId},
    resources::{
        assignments::{AssignmentStatus, Told},
        orgs::Contact,
    },
    secret::Secret,
    text::{Email, Reason},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use std::time::Duration;
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
    /// Where a link stands, for whoever holds it.
    pub enum LinkStatus {
        /// Waiting for an answer.
        Pending = "pending",
        /// Answered by this link.
        Answered = "answered",
        /// No answer came in time.
        Expired = "expired",
        /// Taken back by the planner.
        Revoked = "revoked",
        /// There is a newer link.
        Superseded = "superseded",
        /// The mission, or the person's part in it, is cancelled.
        CalledOff = "called_off",
        /// The mission has ended.
        Over = "over",
    }
}

crate::words::words! {
    /// What would keep a yes from being taken: the code of its refusal.
    pub enum Obstacle {
        /// The role is full.
        QuotaReached = "quota_reached",
        /// The person is deactivated.
        UserInactive = "user_inactive",
        /// The project is archived.
        ProjectArchived = "project_archived",
        /// The person has accepted another mission at that time.
        ScheduleConflict = "schedule_conflict",
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
    /// By when an answer is wanted: the link closes then, or when the mission starts.
    #[deserr(default)]
    pub answer_by: Option<Timestamp>,
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
    /// Until when it works, unless an answer is wanted or the mission begins earlier.
    pub expires_at: Timestamp,
    /// By when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// What became of the e-mail.
    pub delivery: Delivery,
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
    /// Until when it works, unless an answer is wanted or the mission begins earlier.
    pub expires_at: Timestamp,
    /// By when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// What became of the latest e-mail.
    pub delivery: Delivery,
    /// Why it could not be sent, in the mail server's words.
    pub delivery_error: Option<String>,
    /// When the person was last reminded.
    pub reminded_at: Option<Timestamp>,
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
    /// Only those whose answer is still wanted, and whose person was last asked at least this many hours ago.
    #[deserr(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 8784)]
    pub unanswered_hours: Option<Hours>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, InvitationId)>>,
}

/// A number of hours, as text: up to a year.
#[derive(Debug, Clone, Copy)]
pub struct Hours(u16);

impl Hours {
    const MAX: u16 = 366 * 24;

    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 3600)
    }
}

impl<E: deserr::DeserializeError> Deserr<E> for Hours {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        at: deserr::ValuePointerRef,
    ) -> Result<Self, E> {
        let kind = match value {
            deserr::Value::String(text) => {
                match text.parse().ok().filter(|hours| (1..=Self::MAX).contains(hours)) {
                    Some(hours) => return Ok(Self(hours)),
                    None => deserr::ErrorKind::Unexpected {
                        msg: format!("must be a whole number from 1 to {}", Self::MAX),
                    },
                }
            }
            actual => {
                deserr::ErrorKind::IncorrectValueKind { actual, accepted: &[deserr::ValueKind::String] }
            }
        };
        Err(deserr::take_cf_content(E::error::<V>(None, kind, at)))
    }
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
    pub invitation_status: LinkStatus,
    /// Until when it works, unless an answer is wanted or the mission begins earlier.
    pub expires_at: Timestamp,
    /// By when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// When the link closes: the earliest of its expiry, `answer_by` and, with that, the mission's start.
    pub closes_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Accepted at another time or place than now: the link confirms it or takes it back.
    pub needs_confirmation: bool,
    /// What they had said yes to, if that has to be confirmed.
    pub agreed: Option<Told>,
    /// What the person was last shown, if they are still to be told that it is otherwise.
    #[serde(skip)]
    pub shown: Option<Told>,
    /// What this link has answered, as it stands.
    #[serde(skip)]
    pub answer: Option<AssignmentStatus>,
    /// The person, and the version of their feed's key, where the link went to their own address.
    #[serde(skip)]
    pub feed: Option<(UserId, i32)>,
    /// What would keep a yes from being taken, as of now.
    pub obstacle: Option<Obstacle>,
    /// With `schedule_conflict`: the person's accepted missions that are in the way, the first 100.
    pub conflicts: Vec<Conflict>,
    /// Who asks.
    pub org_name: String,
    /// Whom to talk to.
    pub contact: Contact,
    /// The org's time zone.
    #[schema(example = "Europe/Paris")]
    pub org_timezone: String,
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
    /// What the planner noted on the mission, and on the person's part in it.
    pub note: Option<String>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
    /// Opaque: what is shown here of time, place and role. Send it with the answer, which is then refused if they have
    /// changed.
    pub seen: String,
}

impl Opened {
    pub fn deadline(&self) -> Option<Timestamp> {
        rules::deadline(self.closes_at, self.answer_by, self.start_at)
    }

    /// What the person knows, where that is not what is so now.
    pub fn known(&self) -> Option<Seen> {
        let Told { start_at, end_at, timezone, location } =
            self.agreed.as_ref().or(self.shown.as_ref())?.clone();
        Some(Seen { start_at, end_at, timezone, location, role_name: self.role_name.clone() })
    }
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
    /// The `seen` of what the person looked at: 409 `changed_since_seen` when time, place or role are others now.
    #[deserr(default)]
    pub seen: Option<String>,
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
    /// Why not. After a no without a reason, the same no with one adds it.
    #[deserr(default)]
    pub reason: Option<Reason>,
    /// The `seen` of what the person looked at: 409 `changed_since_seen` when time, place or role are others now.
    #[deserr(default)]
    pub seen: Option<String>,
}

/// Whom to remind: `ids`, or those without an answer; the other members narrow it. One is required.
#[derive(Debug, Default, Deserr, ToSchema)]
#[schema(as = RemindRequest)]
#[deserr(deny_unknown_fields)]
pub struct RemindBody {
    /// Of these invitations: 1 to 1000.
    #[deserr(default)]
    #[schema(min_items = 1, max_items = 1000)]
    pub ids: Option<Vec<InvitationId>>,
    /// Only those of this project.
    #[deserr(default)]
    pub project_id: Option<ProjectId>,
    /// Only those of this mission.
    #[deserr(default)]
    pub mission_id: Option<MissionId>,
    /// Only those whose person was last asked at least so many hours ago.
    #[deserr(default)]
    pub unanswered_hours: Option<u16>,
}

/// An invitation whose person is reminded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationReminded)]
pub struct Reminded {
    /// Its id.
    pub id: InvitationId,
    /// Until when its link works now.
    pub expires_at: Timestamp,
    /// By when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// What becomes of the e-mail.
    pub delivery: Delivery,
    /// The link, where no mail is sent: hand it over yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>)]
    pub url: Option<Secret>,
}

/// Who is reminded, and who is not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationsReminded)]
pub struct RemindedMany {
    /// The reminded ones.
    pub reminded: Vec<Reminded>,
    /// Those who were left out.
    pub skipped: Vec<Skipped>,
    /// Whether more than 1000 were chosen: remind again for the others.
    pub more: bool,
}

/// An invitation whose person is not reminded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationSkipped)]
pub struct Skipped {
    /// Its id.
    pub id: InvitationId,
    /// Why: the code with which a reminder of it alone is refused.
    #[schema(example = "reminded_recently")]
    pub code: &'static str,
}
