//! Shapes of commands and of what comes of them.

use crate::{
    error::{Conflict, Error, FieldError},
    ids::{AssignmentId, MissionId, UserId},
    resources::{
        assignments::{Assignment, AssignmentStatus, warnings::Warning},
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

/// The most people who come along with all copies of a request.
pub const MOST_COPIED: usize = 1000;

/// An id, in examples.
const EXAMPLE: &str = "01980000-0000-7000-8000-000000000001";

/// What is to be done, in this order: all of it or nothing.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PlanningCommands)]
#[deserr(deny_unknown_fields)]
pub struct Commands {
    /// 1 to 200.
    #[schema(min_items = 1, max_items = 200, example = json!([
        { "type": "assign", "mission_id": EXAMPLE, "user_id": EXAMPLE, "role_name": "lumiere", "invite": true },
        { "type": "set_status", "assignment_id": EXAMPLE, "status": "ACCEPTED" },
        { "type": "confirm", "assignment_id": EXAMPLE },
        { "type": "reassign", "assignment_id": EXAMPLE, "user_id": EXAMPLE, "invite": true },
        { "type": "move", "mission_id": EXAMPLE, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" },
        { "type": "copy", "mission_ids": [EXAMPLE], "shift_days": 7, "with_people": "invited" },
        { "type": "remove", "assignment_id": EXAMPLE },
        { "type": "invite", "assignment_ids": [EXAMPLE], "answer_by": "2026-07-03T18:00:00Z" },
    ]))]
    pub commands: Vec<Command>,
}

/// One change. With `if_unchanged` it is refused, 409 `changed_since`, when what it names is not as it was seen: send the
/// `updated_at` of that, word for word, the latest of several. A change of a mission is one of who is on it, too: of an assignment, send its own
/// `updated_at` or that of its mission, whichever is later. A link that is made or ended leaves both as they are.
#[derive(Debug, Deserr, Serialize, ToSchema)]
#[schema(as = PlanningCommand)]
#[serde(tag = "type", rename_all = "snake_case")]
#[deserr(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Puts somebody on a mission, as `POST /assignments` does.
    #[deserr(rename = "assign")]
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
        /// When the assignment or its mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Notes that somebody who is accepted agrees to the present time and place, as `POST /assignments/{id}/confirm` does.
    #[deserr(rename = "confirm")]
    Confirm {
        assignment_id: AssignmentId,
        /// When the assignment or its mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Gives somebody's post to somebody else, who is `INVITED`. Whoever had it is removed, as `remove` does; whoever said no or is off
    /// stays so. To the person who has it, it is 409 `already_assigned`.
    #[deserr(rename = "reassign")]
    Reassign {
        assignment_id: AssignmentId,
        /// Who takes over.
        user_id: UserId,
        /// Whether they are asked by a link at once.
        #[deserr(default)]
        #[schema(default = false, required = false)]
        invite: bool,
        /// When the assignment or its mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Moves a mission, as `PATCH /missions/{id}` does.
    #[deserr(rename = "move")]
    Move {
        mission_id: MissionId,
        start_at: Timestamp,
        end_at: Timestamp,
        /// Where it is then; where it was when absent or `null`.
        #[deserr(default)]
        location: Option<Name>,
        /// Why accepted people who are taken at the new time stay on it.
        #[deserr(default)]
        override_reason: Option<Reason>,
        /// When the mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Copies missions, so many days later by the wall clock of their time zones. The copies of a request take along at most 1000
    /// people.
    #[deserr(rename = "copy")]
    Copy {
        /// 1 to 200, those of all commands together.
        #[schema(min_items = 1, max_items = 200)]
        mission_ids: Vec<MissionId>,
        /// Negative for earlier.
        #[schema(minimum = -3660, maximum = 3660)]
        shift_days: i32,
        /// `invited`: whoever is invited or accepted and can still be planned comes along as `INVITED`, and nobody is asked by that.
        /// `none`, or absent: nobody.
        #[deserr(default = WithPeople::None)]
        #[serde(default)]
        #[schema(default = "none", required = false)]
        with_people: WithPeople,
        /// When the last of the missions was changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Takes somebody off a mission: they are `CANCELLED`, and told so if they knew. An assignment that is as it was made, and that
    /// nobody was ever asked for, is deleted; who is off already stays so.
    #[deserr(rename = "remove")]
    Remove {
        assignment_id: AssignmentId,
        /// When the assignment or its mission was last changed, as far as it was seen.
        #[deserr(default)]
        if_unchanged: Option<Timestamp>,
    },
    /// Asks people by links, as `POST /invitations:bulk_create` does.
    #[deserr(rename = "invite")]
    Invite {
        /// 1 to 200, those of all commands together.
        #[schema(min_items = 1, max_items = 200)]
        assignment_ids: Vec<AssignmentId>,
        /// By when an answer is wanted.
        #[deserr(default)]
        answer_by: Option<Timestamp>,
        /// When the last of the assignments and their missions was changed, as far as it was seen.
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
    /// What takes all of it back, by `planning:undo`, for 24 hours; `null` when it is too much for one request.
    #[schema(example = "nZ2vYlq3…")]
    pub undo: Option<String>,
}

/// What a command made and changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningCommandResult)]
pub struct CommandResult {
    /// Missions that it moved, or the copies that it made, in the order of the request.
    pub missions: Vec<Mission>,
    /// Assignments that it named or made, in that order. What a move changes of its people (`needs_confirmation`,
    /// `conflict_override`) is in the plan.
    pub assignments: Vec<Assignment>,
    /// Assignments that it deleted.
    pub deleted: Vec<AssignmentId>,
    /// Links that it made; their tokens are shown this once. A later command that asks the same people or takes them off ends them.
    pub invitations: Vec<invitations::Created>,
    /// What should be known of whom it put on missions, left there or moved with them, as all commands left it: the first ten.
    pub warnings: Vec<Warning>,
}

/// What would be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanningChecked)]
pub struct Checked {
    /// Whether each command would be carried out, in their order.
    pub results: Vec<Verdict>,
}

/// Whether a command would be carried out after those before it; one that is refused counts as left out for those after it. Whoever is
/// only invited is not in the way of anything; `warnings` say so.
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
    /// Which of its members are to be corrected.
    pub errors: Vec<FieldError>,
    /// What is in the way, ten of them at most.
    pub conflicts: Vec<Conflict>,
    /// How many are in the way.
    pub conflicts_total: u64,
    /// What is not in the way and should be known of whom it would put on missions, leave there or move with them, after all commands
    /// that would be carried out: the first ten.
    pub warnings: Vec<Warning>,
}

/// The conflicts that a verdict shows.
const SHOWN: usize = 10;

impl Verdict {
    pub fn of(error: Option<&Error>) -> Self {
        let errors = error.map(Error::members).unwrap_or_default();
        let conflicts = error.map(Error::conflicts).unwrap_or_default();
        let detail = error.map(|error| match (error, errors.first()) {
            // Their own sentences are about a whole request.
            (Error::Invalid(_) | Error::Items(..), Some(first)) => {
                format!("{} {}", first.pointer, first.detail)
            }
            _ => error.to_string(),
        });
        Self {
            ok: error.is_none(),
            code: error.map(|error| error.status_and_code().1),
            detail,
            errors,
            conflicts_total: conflicts.total(),
            conflicts: conflicts.into_named().into_iter().take(SHOWN).collect(),
            warnings: Vec::new(),
        }
    }
}
