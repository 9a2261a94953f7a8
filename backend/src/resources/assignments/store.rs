//! Every query on assignments, and the two writes that everything goes through: [`create`] and [`set_status`].
//!
//! Both lock in the same order (mission, person, then the role in its trigger), so they wait for each other instead of
//! deadlocking; both look for clashes under the person's lock, so what they find is true until they commit. The
//! database checks again.

use super::{
    model::{Assignment, AssignmentQuery, AssignmentStatus, NewAssignment},
    rules::{Step, step},
    table,
};
use crate::{
    db::{Timestamp, Tx},
    error::{Clash, Error},
    http::Page,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{audit, missions, projects, users},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, JoinType, LockType},
};

/// Puts a person on a mission.
///
/// # Errors
/// What is in the way: [`Error::AlreadyAssigned`], [`Error::MissionCancelled`], [`Error::UserInactive`],
/// [`Error::ScheduleConflict`], [`Error::QuotaReached`], or a reference that does not exist.
pub async fn create(tx: &Tx, org: OrgId, new: NewAssignment) -> Result<Assignment, Error> {
    if !matches!(new.status, AssignmentStatus::Invited | AssignmentStatus::Accepted) {
        return Err(Error::invalid("/status", "must be INVITED or ACCEPTED for a new assignment"));
    }
    let mission =
        missions::lock(tx, org, new.mission_id).await.map_err(Error::referred("/mission_id", "mission"))?;
    let user = users::lock(tx, org, new.user_id).await.map_err(Error::referred("/user_id", "user"))?;
    let role = missions::role_named(tx, org, new.mission_id, new.role_name.as_deref()).await?;
    if active_on_mission(tx, org, new.mission_id, new.user_id).await? {
        return Err(Error::AlreadyAssigned);
    }
    let change = Change {
        status: new.status,
        override_reason: new.override_reason.map(Into::into),
        decline_reason: None,
    };
    override_needs_acceptance(&change)?;
    let entering = Entering { id: None, user: new.user_id, mission: &mission, active: user.active };
    let clashes = may_enter(tx, org, &entering, &change).await?;
    let row = table::Model {
        org_id: org,
        id: tx.new_id(),
        mission_id: new.mission_id,
        user_id: new.user_id,
        mission_role_id: role,
        status: new.status,
        note: new.note.map(Into::into),
        decline_reason: None,
        conflict_override: change.override_reason.filter(|_| !clashes.is_empty()),
        starts_at: mission.start_at,
        ends_at: mission.end_at,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let id = row.id;
    table::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    let created = get(tx, org, id).await?;
    audit::Entry::of("assignment.create", id).after(&created).record(tx, org).await?;
    record_override(tx, org, id, &created, &clashes).await?;
    Ok(created)
}

/// A new status and what comes with it.
#[derive(Debug)]
pub struct Change {
    /// The status to have.
    pub status: AssignmentStatus,
    /// A planner's reason to accept someone who is already taken.
    pub override_reason: Option<String>,
    /// Why they say no.
    pub decline_reason: Option<String>,
}

/// An assignment that nobody else can change until the transaction ends, with what a change depends on.
#[derive(Debug)]
pub struct Held {
    row: table::Model,
    mission: missions::Locked,
    user: users::Locked,
}

impl Held {
    /// Where it stands.
    pub fn status(&self) -> AssignmentStatus {
        self.row.status
    }

    /// Whose it is.
    pub fn user(&self) -> UserId {
        self.row.user_id
    }

    /// Where the person can be asked by mail, when there still is something to ask.
    ///
    /// # Errors
    /// [`Error::MissionCancelled`], [`Error::UserInactive`], or [`Error::InvalidTransition`] when it was answered.
    pub fn may_be_asked(self) -> Result<Option<String>, Error> {
        let invited = AssignmentStatus::Invited;
        if self.mission.cancelled {
            Err(Error::MissionCancelled)
        } else if !self.user.active {
            Err(Error::UserInactive)
        } else if self.row.status != invited {
            Err(Error::NotInvited(self.row.status.word()))
        } else {
            Ok(self.user.email)
        }
    }
}

/// Locks an assignment: its mission, its person, then itself, the order that every write keeps.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn hold(tx: &Tx, org: OrgId, id: AssignmentId) -> Result<Held, Error> {
    let find = || table::Entity::find_by_id((org, id));
    // Mission and person of an assignment never change, so they can be read before they are locked.
    let unlocked = find().one(tx).await?.ok_or(Error::NotFound)?;
    let mission = missions::lock(tx, org, unlocked.mission_id).await?;
    let user = users::lock(tx, org, unlocked.user_id).await?;
    let row = find().lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(Error::NotFound)?;
    Ok(Held { row, mission, user })
}

/// Changes where an assignment stands. The same status again changes nothing.
///
/// # Errors
/// [`Error::InvalidTransition`], or what is in the way as with [`create`].
pub async fn set_status(tx: &Tx, held: Held, change: Change) -> Result<Assignment, Error> {
    let Held { row, mission, user } = held;
    let (org, id) = (row.org_id, row.id);
    override_needs_acceptance(&change)?;
    let before = get(tx, org, id).await?;
    let clashes = match step(row.status, change.status)? {
        Step::Stay => return Ok(before),
        Step::Leave => Vec::new(),
        Step::Enter => {
            let entering =
                Entering { id: Some(id), user: row.user_id, mission: &mission, active: user.active };
            may_enter(tx, org, &entering, &change).await?
        }
    };
    let declined = change.status == AssignmentStatus::Declined;
    table::Entity::update_many()
        .col_expr(table::Column::Status, Expr::value(change.status))
        .col_expr(table::Column::DeclineReason, Expr::value(change.decline_reason.filter(|_| declined)))
        .col_expr(
            table::Column::ConflictOverride,
            Expr::value(change.override_reason.filter(|_| !clashes.is_empty())),
        )
        .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::Id.eq(id))
        .exec(tx)
        .await?;
    let after = get(tx, org, id).await?;
    audit::Entry::of("assignment.status", id).before(&before).after(&after).record(tx, org).await?;
    record_override(tx, org, id, &after, &clashes).await?;
    Ok(after)
}

/// A reason for a conflict that there cannot be is a mistake.
fn override_needs_acceptance(change: &Change) -> Result<(), Error> {
    if change.override_reason.is_some() && change.status != AssignmentStatus::Accepted {
        return Err(Error::invalid("/override_reason", "goes with the status ACCEPTED only"));
    }
    Ok(())
}

/// Someone about to become active on a mission.
struct Entering<'a> {
    /// Their assignment, when there is one already.
    id: Option<AssignmentId>,
    user: UserId,
    mission: &'a missions::Locked,
    active: bool,
}

/// Checks what the rules want of a person who is invited or accepted; returns the clashes that a reason overrides.
async fn may_enter(
    tx: &Tx,
    org: OrgId,
    entering: &Entering<'_>,
    change: &Change,
) -> Result<Vec<Clash>, Error> {
    if entering.mission.cancelled {
        return Err(Error::MissionCancelled);
    }
    if !entering.active {
        return Err(Error::UserInactive);
    }
    if change.status != AssignmentStatus::Accepted {
        return Ok(Vec::new());
    }
    let (start, end) = (entering.mission.start_at, entering.mission.end_at);
    let clashes = clashes(tx, org, entering.user, start, end, entering.id).await?;
    if clashes.is_empty() || change.override_reason.is_some() {
        Ok(clashes)
    } else {
        Err(Error::ScheduleConflict(clashes))
    }
}

/// Whoever overrides a conflict is on record with what it covers.
async fn record_override(
    tx: &Tx,
    org: OrgId,
    id: AssignmentId,
    after: &Assignment,
    clashes: &[Clash],
) -> Result<(), Error> {
    if clashes.is_empty() {
        return Ok(());
    }
    let covered = serde_json::json!({ "reason": after.conflict_override, "conflicts": clashes });
    audit::Entry::of("assignment.override", id).after(&covered).record(tx, org).await
}

/// The accepted missions of a person that overlap `[start, end)`, by start.
async fn clashes(
    tx: &Tx,
    org: OrgId,
    user: UserId,
    start: Timestamp,
    end: Timestamp,
    except: Option<AssignmentId>,
) -> Result<Vec<Clash>, Error> {
    use table::Column;
    let mut select = with_titles(table::Entity::find())
        .filter(Column::OrgId.eq(org))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(Column::StartsAt.lt(end))
        .filter(Column::EndsAt.gt(start))
        .filter(Column::StartsAt.gt(start.earliest_start()));
    if let Some(except) = except {
        select = select.filter(Column::Id.ne(except));
    }
    let rows = select
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .into_model::<AssignmentRow>()
        .all(tx)
        .await?;
    let clash = |AssignmentRow(a)| Clash::Mission {
        assignment_id: a.id,
        mission_id: a.mission_id,
        mission_title: a.mission_title,
        start_at: a.start_at,
        end_at: a.end_at,
    };
    Ok(rows.into_iter().map(clash).collect())
}

async fn active_on_mission(tx: &Tx, org: OrgId, mission: MissionId, user: UserId) -> Result<bool, Error> {
    use table::Column;
    let found = table::Entity::find()
        .filter(Column::OrgId.eq(org))
        .filter(Column::MissionId.eq(mission))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// One assignment.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: AssignmentId) -> Result<Assignment, Error> {
    let select = with_titles(table::Entity::find_by_id((org, id)));
    let found = select.into_model::<AssignmentRow>().one(db).await?;
    found.map(|row| row.0).ok_or(Error::NotFound)
}

/// A page of assignments by the mission's start. `own` narrows it to one person, or to nobody.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AssignmentQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<Assignment>, Error> {
    use table::Column;
    let mut select = with_titles(table::Entity::find()).filter(Column::OrgId.eq(org));
    if let Some(own) = own {
        select =
            select.filter(Condition::all().add(own.map_or(Expr::val(1).eq(0), |own| Column::UserId.eq(own))));
    }
    if !query.mission_id.0.is_empty() {
        select = select.filter(Column::MissionId.is_in(query.mission_id.0));
    }
    if !query.user_id.0.is_empty() {
        select = select.filter(Column::UserId.is_in(query.user_id.0));
    }
    if !query.project_id.0.is_empty() {
        select = select.filter(missions::table::Column::ProjectId.is_in(query.project_id.0));
    }
    if !query.status.0.is_empty() {
        select = select.filter(Column::Status.is_in(query.status.0));
    }
    if let Some(from) = query.from {
        select = select.filter(Column::EndsAt.gt(from)).filter(Column::StartsAt.gt(from.earliest_start()));
    }
    if let Some(to) = query.to {
        select = select.filter(Column::StartsAt.lt(to));
    }
    if let Some(cursor) = query.cursor {
        let (start, id) = cursor.0;
        let later = Condition::any()
            .add(Column::StartsAt.gt(start))
            .add(Column::StartsAt.eq(start).and(Column::Id.gt(id)));
        select = select.filter(later);
    }
    let rows = select
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(query.limit.with_lookahead())
        .into_model::<AssignmentRow>()
        .all(db)
        .await?;
    let page = Page::new(rows, query.limit, |AssignmentRow(a)| (a.start_at, a.id));
    Ok(page.map(|row| row.0))
}

/// Joins what an assignment is shown with: the mission's and project's titles and the person's name.
fn with_titles(select: Select<table::Entity>) -> Select<table::Entity> {
    use missions::table as mission;
    use projects::table as project;
    use users::table as user;
    select
        .column_as(mission::Column::Title, "mission_title")
        .column_as(project::Column::Name, "project_title")
        .column_as(user::Column::FirstName, "first_name")
        .column_as(user::Column::LastName, "last_name")
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(mission::Entity)
                .from((table::Column::OrgId, table::Column::MissionId))
                .to((mission::Column::OrgId, mission::Column::Id))
                .into(),
        )
        .join(
            JoinType::InnerJoin,
            table::Entity::belongs_to(user::Entity)
                .from((table::Column::OrgId, table::Column::UserId))
                .to((user::Column::OrgId, user::Column::Id))
                .into(),
        )
        .join(
            JoinType::LeftJoin,
            mission::Entity::belongs_to(project::Entity)
                .from((mission::Column::OrgId, mission::Column::ProjectId))
                .to((project::Column::OrgId, project::Column::Id))
                .into(),
        )
}

/// An assignment joined with its titles.
struct AssignmentRow(Assignment);

impl FromQueryResult for AssignmentRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let a = table::Model::from_query_result(row, prefix)?;
        let first_name: String = row.try_get(prefix, "first_name")?;
        let last_name: String = row.try_get(prefix, "last_name")?;
        Ok(Self(Assignment {
            id: a.id,
            mission_id: a.mission_id,
            user_id: a.user_id,
            mission_role_id: a.mission_role_id,
            status: a.status,
            note: a.note,
            decline_reason: a.decline_reason,
            conflict_override: a.conflict_override,
            mission_title: row.try_get(prefix, "mission_title")?,
            project_title: row.try_get(prefix, "project_title")?,
            user_name: users::display_name(&first_name, &last_name),
            start_at: a.starts_at,
            end_at: a.ends_at,
            created_at: a.created_at,
            updated_at: a.updated_at,
        }))
    }
}
