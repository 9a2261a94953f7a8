//! Shapes of commands and of what comes of them.

use crate::{
    error::{Conflict, Error},
    ids::{AssignmentId, MissionId, UserId},
    resources::{
        assignments::{Assignment, AssignmentStatus},
        invitations,
        missions::Mission,
    },
    text::{Label, Name, Note, Reason},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

/// The most commands of a request, and the most ids in the lists of them all.
pub const MOST: usize = 200;

/// What is to be done, in this order: all of it or nothing.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PlanningCommands)]
#[deserr(deny_unknown_fields)]
pub struct Commands {
    /// 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub commands: Vec<Command>,
}

/// One change. With `if_unchanged` it is refused, 409 `changed_since`, when what it names was changed later than that: send the
/// `updated_at` that was seen, the latest of several.
#[derive(Debug, Deserr, Serialize, ToSchema)]
#[schema(as = PlanningCommand)]
#[serde(tag = "type", rename_all = "snake_case")]
#[deserr(tag = "type", rename_all = lowercase, deny_unknown_fields)]
pub enum Command {
    /// Puts somebody on a mission, as `POST /assignments` does.
    Assign {
        mission_id: MissionId,
        user_id: UserId,
        /// The post they take; a mission's only post is taken by itself.
        #[deserr(default)]
        role_name: Option<Label>,
        /// `INVITED`, or `ACCEPTED` when they said yes already.
        #[deserr(default = AssignmentStatus::Invited)]
        #[serde(default)]
        #[schema(default = "INVITED", required = false)]
        status: AssignmentStatus,
        /// Anything worth knowing.
        #[deserr(default)]
        note: Option<Note>,
        /// Why they are accepted although already taken.
        #[deserr(default)]
        override_reason: Option<Reason>,
        /// Whether they are asked by a link at once, as `POST /invitations` does.
        #[deserr(default)]
        #[schema(default = false, required = false)]
        invite: bool,
        /// When the mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Sets the status of an assignment, as `POST /assignments/{id}:status` does.
    #[deserr(rename = "set_status")]
    SetStatus {
        assignment_id: AssignmentId,
        status: AssignmentStatus,
        /// Why somebody is accepted who is already taken.
        #[deserr(default)]
        override_reason: Option<Reason>,
        /// When the assignment was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Gives somebody's post to somebody else, who is `INVITED`. Whoever had it is removed, as `remove` does.
    Reassign {
        assignment_id: AssignmentId,
        /// Who takes over.
        user_id: UserId,
        /// Whether they are asked by a link at once.
        #[deserr(default)]
        #[schema(default = false, required = false)]
        invite: bool,
        /// When the assignment was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Moves a mission, as `PATCH /missions/{id}` does.
    Move {
        mission_id: MissionId,
        start_at: Timestamp,
        end_at: Timestamp,
        /// Where it is then; where it was when absent.
        #[deserr(default)]
        location: Option<Name>,
        /// Why accepted people who are taken at the new time stay on it.
        #[deserr(default)]
        override_reason: Option<Reason>,
        /// When the mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Copies missions, so many days later by the wall clock of their time zones.
    Copy {
        /// 1 to 200, those of all commands together.
        #[schema(min_items = 1, max_items = 200)]
        mission_ids: Vec<MissionId>,
        /// Negative for earlier.
        #[schema(minimum = -3660, maximum = 3660)]
        shift_days: i32,
        /// Who comes along; nobody when absent.
        #[deserr(default = WithPeople::None)]
        #[serde(default)]
        #[schema(default = "none", required = false)]
        with_people: WithPeople,
        /// When the missions were last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Takes somebody off a mission. Who was asked or has answered is `CANCELLED` and told so; an assignment that nobody was ever asked for is
    /// deleted; who is off already stays so.
    Remove {
        assignment_id: AssignmentId,
        /// When the assignment was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Asks people by links, as `POST /invitations:bulk_create` does.
    Invite {
        /// 1 to 200, those of all commands together.
        #[schema(min_items = 1, max_items = 200)]
        assignment_ids: Vec<AssignmentId>,
        /// By when an answer is wanted.
        #[deserr(default)]
        answer_by: Option<Timestamp>,
        /// When the assignments were last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
}

crate::words::words! {
    /// Who comes along when missions are copied.
    pub enum WithPeople {
        /// Nobody.
        None = "none",
        /// Whoever is invited or accepted and can still be planned, as `INVITED`; nobody is asked by that.
        Invited = "invited",
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningApplied)]
pub struct Applied {
    /// What each command made and changed, in their order, as all of them left it.
    pub results: Vec<CommandResult>,
    /// The version that the plan has now; see `GET /planning`.
    #[schema(example = "9f2c4b7a1d03e856")]
    pub version: String,
}

/// What a command made and changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningCommandResult)]
pub struct CommandResult {
    /// Missions that it moved, or the copies that it made, in the order of the request.
    pub missions: Vec<Mission>,
    /// Assignments that it made or changed, by start.
    pub assignments: Vec<Assignment>,
    /// Assignments that it deleted.
    pub deleted: Vec<AssignmentId>,
    /// Links that it made; their tokens are shown this once.
    pub invitations: Vec<invitations::Created>,
}

/// What would be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningChecked)]
pub struct Checked {
    /// Whether each command would be carried out, in their order.
    pub results: Vec<Verdict>,
}

/// Whether a command would be carried out after those before it; one that is refused counts as left out for those after it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningVerdict)]
pub struct Verdict {
    /// Whether it would be.
    pub ok: bool,
    /// Why not: the code of the refusal.
    #[schema(example = "schedule_conflict")]
    pub code: Option<&'static str>,
    /// Why not, in words.
    pub detail: Option<String>,
    /// What is in the way.
    pub conflicts: Vec<Conflict>,
}

impl Verdict {
    pub fn of(error: Option<&Error>) -> Self {
        Self {
            ok: error.is_none(),
            code: error.map(|error| error.status_and_code().1),
            detail: error.map(ToString::to_string),
            conflicts: error.map(|error| error.conflicts().into_named()).unwrap_or_default(),
        }
    }
}
