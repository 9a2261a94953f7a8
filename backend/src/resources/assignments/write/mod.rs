//! Writing assignments.

pub(super) mod bulk;
pub(super) mod changes;
pub(super) mod forget;
pub mod image;
pub(super) mod moves;

use super::{
    entity::assignment,
    event::AssignmentEvent,
    model::{Assignment, AssignmentForm, AssignmentStatus, NewAssignment},
    read::{self, MissionPeriod, active_on_mission, get},
    refusal::{AlreadyAssigned, NotInvited, QuotaReached, ScheduleConflict},
    rules::{Step, check_new, check_override, step},
    told::Told,
};
use crate::{
    db::{Constraint, OfOrg, OrRefusal, Tx},
    error::{Conflicts, Error, NotFound},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, ProjectId, UserId},
    resources::{
        invitations,
        missions::{self, MissionCancelled, MissionOver},
        projects::{self, ProjectArchived},
        users::{self, UserInactive},
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType},
};
use std::collections::{HashMap, HashSet};

/// Two accepted assignments of one user would overlap, and the one that is written carries no override.
const NO_DOUBLE_BOOKING: Constraint = Constraint::trigger("assignments_no_double_booking");

/// A second active assignment of a user on a mission.
const ONE_ACTIVE: Constraint = Constraint::unique(
    "assignments_one_active",
    "assignments.org_id, assignments.mission_id, assignments.user_id",
);

/// More accepted users than the mission role's quota.
const QUOTA: Constraint = Constraint::trigger("assignments_quota");

/// Maps a violated constraint on assignments to its refusal; also for mission updates, which move their times.
pub fn meaning_of(error: &DbErr) -> Option<Error> {
    NO_DOUBLE_BOOKING
        .meaning(error, || ScheduleConflict { conflicts: Conflicts::default() })
        .or_else(|| ONE_ACTIVE.meaning(error, || AlreadyAssigned))
        .or_else(|| QUOTA.meaning(error, || QuotaReached))
}

/// Creates an assignment.
///
/// # Errors
/// [`AlreadyAssigned`], [`MissionCancelled`], [`ProjectArchived`], [`UserInactive`], [`ScheduleConflict`],
/// [`QuotaReached`], [`Error::Invalid`], or a reference that does not exist.
pub async fn create(tx: &Tx, org: OrgId, new: NewAssignment) -> Result<Assignment, Error> {
    check_new(&new).map_err(Error::Invalid)?;
    let mission = missions::lock_for_share(tx, org, new.mission_id)
        .await
        .map_err(Error::referred("/mission_id", "mission"))?;
    let user = users::lock_for_no_key_update(tx, org, new.user_id)
        .await
        .map_err(Error::referred("/user_id", "user"))?;
    let role = missions::role_named(tx, org, new.mission_id, new.role_name.as_ref()).await?;
    if active_on_mission(tx, org, new.mission_id, new.user_id).await? {
        return Err(AlreadyAssigned.into());
    }
    let change = Change {
        status: new.status,
        override_reason: new.override_reason.as_ref().map(ToString::to_string),
        decline_reason: None,
        by: DecidedBy::Planner,
    };
    let activation =
        Activation { user: new.user_id, on: new.mission_id, mission: &mission, active: user.active };
    let conflicts = check_activation(tx, org, &activation, &change).await?;
    let mut row = new_row(tx, org, new, &mission, role);
    row.conflict_override = change.override_reason.filter(|_| !conflicts.is_empty());
    let id = row.id;
    assignment::Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await
        .or_refusal(meaning_of)?;
    let created = get(tx, org, id).await?;
    tx.record(org, &AssignmentEvent::Created { after: &created }).await?;
    record_override(tx, org, &created, &conflicts).await?;
    Ok(created)
}

/// The row of a new assignment, with its override reason, on a locked mission.
fn new_row(
    tx: &Tx,
    org: OrgId,
    new: NewAssignment,
    mission: &missions::Locked,
    role: Option<MissionRoleId>,
) -> assignment::Model {
    assignment::Model {
        org_id: org,
        id: tx.new_id(),
        mission_id: new.mission_id,
        user_id: new.user_id,
        mission_role_id: role,
        status: new.status,
        note: new.note.map(Into::into),
        decline_reason: None,
        conflict_override: new.override_reason.map(Into::into),
        starts_at: mission.start_at,
        ends_at: mission.end_at,
        sequence: 0,
        needs_confirmation: false,
        agreed: None,
        told_at: None,
        shown: None,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// A new status and what comes with it.
#[derive(Debug)]
pub struct Change {
    pub status: AssignmentStatus,
    /// A manager's reason to accept a user despite conflicts.
    pub override_reason: Option<String>,
    pub decline_reason: Option<String>,
    pub by: DecidedBy,
}

/// Whose decision a new status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    /// The user, who saw the present time and place.
    User,
    /// Somebody for them: what they were shown is as it was.
    Planner,
}

/// An assignment that is locked until the transaction ends, with its locked mission and user.
#[derive(Debug, Clone)]
pub struct Locked {
    row: assignment::Model,
    mission: missions::Locked,
    user: users::Locked,
}

impl Locked {
    pub fn status(&self) -> AssignmentStatus {
        self.row.status
    }

    pub fn user(&self) -> UserId {
        self.row.user_id
    }

    /// Whether the mission is at another time or place than the user said yes to.
    pub fn needs_confirmation(&self) -> bool {
        self.row.needs_confirmation
    }

    /// Whether its user was last shown another time or place, of which a mail is to follow.
    pub fn is_told_otherwise(&self) -> bool {
        let shown = self.row.shown.as_ref().and_then(Told::stored);
        shown.is_some_and(|shown| shown.is_outdated(&self.told()))
    }

    /// What its user is told now.
    pub fn told(&self) -> Told {
        let missions::Locked { start_at, end_at, timezone, location, .. } = self.mission.clone();
        Told { start_at, end_at, timezone, location }
    }

    /// What its user knew, if that is not what is so now.
    pub fn shown(&self) -> Option<Told> {
        self.row.shown.as_ref().and_then(Told::stored)
    }

    /// The user's e-mail address.
    pub fn own_address(&self) -> Option<&str> {
        self.user.email.as_deref()
    }

    pub fn mission(&self) -> MissionId {
        self.row.mission_id
    }

    /// Whether nothing of it was changed since somebody was put there.
    pub fn is_as_it_was_made(&self) -> bool {
        self.row.status == AssignmentStatus::Invited && self.row.sequence == 0
    }

    /// When it last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.row.updated_at
    }

    /// When its mission starts.
    pub fn start_at(&self) -> Timestamp {
        self.mission.start_at
    }

    /// The project of its mission.
    pub fn project(&self) -> Option<ProjectId> {
        self.mission.project
    }

    /// Whether the user may still give this answer: until the mission ends, or at any time when it is their current one.
    ///
    /// # Errors
    /// [`MissionOver`].
    pub fn check_answerable(&self, answer: AssignmentStatus, now: Timestamp) -> Result<(), Error> {
        let over = self.mission.end_at <= now && self.row.status != answer;
        if over { Err(MissionOver.into()) } else { Ok(()) }
    }

    /// The e-mail address of the user, if they have one, when an invitation may be sent. `archived` are archived projects.
    ///
    /// # Errors
    /// [`MissionCancelled`], [`ProjectArchived`], [`UserInactive`], or [`NotInvited`] in any other status.
    pub fn invitation_address(&self, archived: &HashSet<ProjectId>) -> Result<Option<String>, Error> {
        let invited = AssignmentStatus::Invited;
        if self.mission.cancelled {
            Err(MissionCancelled.into())
        } else if self.mission.project.is_some_and(|project| archived.contains(&project)) {
            Err(ProjectArchived.into())
        } else if !self.user.active {
            Err(UserInactive.into())
        } else if self.row.status != invited {
            Err(NotInvited { status: self.row.status }.into())
        } else {
            Ok(self.user.email.clone())
        }
    }
}

/// Locks the mission (`FOR SHARE`), the user, then the assignment (both `FOR NO KEY UPDATE`): the order that all writes keep.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, org: OrgId, id: AssignmentId) -> Result<Locked, Error> {
    let find = || assignment::Entity::find_by_id((org, id));
    // `mission_id` and `user_id` never change, so they can be read before the assignment is locked.
    let unlocked = find().one(tx).await?.ok_or(NotFound)?;
    let mission = missions::lock_for_share(tx, org, unlocked.mission_id).await?;
    let user = users::lock_for_no_key_update(tx, org, unlocked.user_id).await?;
    let row = find().lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(NotFound)?;
    Ok(Locked { row, mission, user })
}

/// Locks assignments in the same order, each kind by id; those that do not exist are absent.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_for_no_key_update(
    tx: &Tx,
    org: OrgId,
    ids: &[AssignmentId],
) -> Result<HashMap<AssignmentId, Locked>, Error> {
    let find = || {
        assignment::Entity::of(org)
            .filter(assignment::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(assignment::Column::Id)
    };
    let unlocked = find().all(tx).await?;
    let missions = missions::lock_all_for_share(tx, org, unlocked.iter().map(|row| row.mission_id)).await?;
    let users = users::lock_all_for_no_key_update(tx, org, unlocked.iter().map(|row| row.user_id)).await?;
    let rows = find().lock(LockType::NoKeyUpdate).all(tx).await?;
    let locked = rows.into_iter().filter_map(|row| {
        let (mission, user) = (missions.get(&row.mission_id)?.clone(), users.get(&row.user_id)?.clone());
        Some((row.id, Locked { row, mission, user }))
    });
    Ok(locked.collect())
}

/// Changes the status of an assignment. The same status writes nothing. Back to INVITED (from DECLINED or CANCELLED) revokes the open
/// invitations from before.
///
/// # Errors
/// [`InvalidTransition`](super::InvalidTransition), or as [`create`]; [`AlreadyAssigned`] when another assignment is active.
pub async fn set_status(tx: &Tx, locked: Locked, change: Change) -> Result<Assignment, Error> {
    let Locked { row, mission, user } = locked;
    let (org, id) = (row.org_id, row.id);
    check_override(change.status, change.override_reason.is_some())
        .map_err(|mistake| Error::Invalid(vec![mistake]))?;
    let before = get(tx, org, id).await?;
    let conflicts = match step(row.status, change.status)? {
        Step::Unchanged => return Ok(before),
        Step::Deactivate => Conflicts::default(),
        Step::Activate => {
            // Checked before conflicts, which leave out assignments on this mission.
            if !is_active(row.status) && active_on_mission(tx, org, row.mission_id, row.user_id).await? {
                return Err(AlreadyAssigned.into());
            }
            let activation =
                Activation { user: row.user_id, on: row.mission_id, mission: &mission, active: user.active };
            check_activation(tx, org, &activation, &change).await?
        }
    };
    if change.status == AssignmentStatus::Invited {
        // Links of the earlier invitation must not answer the new one.
        invitations::revoke_of_assignment(tx, org, id).await?;
    }
    // An assignment without a role takes the mission's only one, if there is exactly one by now.
    let role = match row.mission_role_id {
        None if is_active(change.status) => missions::role_named(tx, org, row.mission_id, None).await?,
        role => role,
    };
    let declined = change.status == AssignmentStatus::Declined;
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            mission_role_id: Set(role),
            status: Set(change.status),
            decline_reason: Set(change.decline_reason.filter(|_| declined)),
            conflict_override: Set(change.override_reason.filter(|_| !conflicts.is_empty())),
            updated_at: Set(tx.now),
            ..knows_the_present(change.status, change.by)
        })
        .col_expr(assignment::Column::Sequence, next_sequence())
        .filter(assignment::Column::Id.eq(id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    let after = get(tx, org, id).await?;
    tx.record(org, &AssignmentEvent::StatusChanged { before: &before, after: &after }).await?;
    record_override(tx, org, &after, &conflicts).await?;
    Ok(after)
}

/// Whoever has answered, or is asked anew, knows what is so now or has not been told yet. Who is called off is told what
/// they knew, and who is put on is still told of a move.
fn knows_the_present(status: AssignmentStatus, by: DecidedBy) -> assignment::ActiveModel {
    let answered =
        assignment::ActiveModel { needs_confirmation: Set(false), agreed: Set(None), ..Default::default() };
    match status {
        AssignmentStatus::Cancelled => answered,
        AssignmentStatus::Accepted if by == DecidedBy::Planner => answered,
        AssignmentStatus::Invited => {
            assignment::ActiveModel { shown: Set(None), told_at: Set(None), ..answered }
        }
        AssignmentStatus::Accepted | AssignmentStatus::Declined => {
            assignment::ActiveModel { shown: Set(None), ..answered }
        }
    }
}

/// SEQUENCE of a calendar entry (RFC 5545, 3.8.7.4) never falls.
fn next_sequence() -> Expr {
    Expr::col(assignment::Column::Sequence).add(1)
}

/// A user who becomes or stays active on a mission.
struct Activation<'a> {
    user: UserId,
    on: MissionId,
    mission: &'a missions::Locked,
    active: bool,
}

/// Checks the rules for becoming invited or accepted; returns the conflicts that the override covers.
async fn check_activation(
    tx: &Tx,
    org: OrgId,
    activation: &Activation<'_>,
    change: &Change,
) -> Result<Conflicts, Error> {
    if activation.mission.cancelled {
        return Err(MissionCancelled.into());
    }
    if let Some(project) = activation.mission.project {
        projects::lock_for_share(tx, org, project).await?;
    }
    if !activation.active {
        return Err(UserInactive.into());
    }
    if change.status != AssignmentStatus::Accepted {
        return Ok(Conflicts::default());
    }
    let (start, end) = (activation.mission.start_at, activation.mission.end_at);
    let period = MissionPeriod { mission: activation.on, start, end };
    let conflicts = read::conflicts(tx, org, [activation.user], period).await?;
    if conflicts.is_empty() || change.override_reason.is_some() {
        Ok(conflicts)
    } else {
        Err(ScheduleConflict { conflicts }.into())
    }
}

async fn record_override(
    tx: &Tx,
    org: OrgId,
    after: &Assignment,
    conflicts: &Conflicts,
) -> Result<(), Error> {
    if conflicts.is_empty() {
        return Ok(());
    }
    tx.record(org, &AssignmentEvent::overridden(after, conflicts)).await
}

fn is_active(status: AssignmentStatus) -> bool {
    matches!(status, AssignmentStatus::Invited | AssignmentStatus::Accepted)
}

/// What the person of a locked assignment is asked for.
///
/// # Errors
/// When the database fails.
pub async fn seen(tx: &Tx, org: OrgId, locked: &Locked) -> Result<invitations::Seen, Error> {
    let role_name = match locked.row.mission_role_id {
        Some(role) => missions::role_name(tx, org, role).await?,
        None => None,
    };
    Ok(invitations::Seen {
        start_at: locked.mission.start_at,
        end_at: locked.mission.end_at,
        timezone: locked.mission.timezone.clone(),
        location: locked.mission.location.clone(),
        role_name,
    })
}

/// Adds the reason to the no of a locked assignment. One that was given before stays.
///
/// # Errors
/// When the database fails.
pub async fn explain_decline(tx: &Tx, org: OrgId, locked: &Locked, reason: String) -> Result<(), Error> {
    let row = &locked.row;
    if row.status != AssignmentStatus::Declined || row.decline_reason.is_some() {
        return Ok(());
    }
    let before = get(tx, org, row.id).await?;
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            decline_reason: Set(Some(reason.clone())),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(assignment::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    let after = Assignment { decline_reason: Some(reason), updated_at: tx.now, ..before.clone() };
    tx.record(org, &AssignmentEvent::Updated { before: &before, after: &after }).await
}

/// Updates note and role of a locked assignment; unchanged values write nothing.
///
/// # Errors
/// [`UnknownReference`](crate::error::UnknownReference) for a role that the mission does not have; [`QuotaReached`].
pub async fn update(
    tx: &Tx,
    before: Assignment,
    new: AssignmentForm,
    roles: &missions::MissionRoles,
    org: OrgId,
) -> Result<Assignment, Error> {
    use assignment::Column;
    let role = roles.named(new.role_name.as_ref())?;
    let note = new.note.map(String::from);
    if role == before.mission_role_id && note == before.note {
        return Ok(before);
    }
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            mission_role_id: Set(role),
            note: Set(note),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .col_expr(assignment::Column::Sequence, next_sequence())
        .filter(Column::Id.eq(before.id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    let after = get(tx, org, before.id).await?;
    tx.record(org, &AssignmentEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Deletes a locked assignment, whose invitations must be deleted already.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &Tx, org: OrgId, assignment: &Assignment) -> Result<(), Error> {
    assignment::Entity::delete_by_id((org, assignment.id)).exec(tx).await?;
    tx.record(org, &AssignmentEvent::Deleted { before: assignment }).await
}
