//! Reading assignments.

use super::{
    entity::assignment,
    joins,
    model::{Assignment, AssignmentQuery, AssignmentStatus},
    told::Told,
};
use crate::{
    db::{JsonText, OfOrg, Tx, filter},
    error::{Conflict, Conflicts, Error, NotFound},
    http::{Flag, Page},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
    resources::{invitations::entity::invitation, missions, projects, users},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, QueryTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, JoinType, Order, Query, WindowStatement},
};
use std::collections::{HashMap, HashSet};

/// Maximum of assignments in the response to a deactivation; `GET /assignments` lists them all.
const UPCOMING: u64 = 100;

/// A mission and its current or intended time, to look for conflicts with.
#[derive(Debug, Clone, Copy)]
pub(super) struct MissionPeriod {
    pub mission: MissionId,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// The accepted assignments of `users` on other missions that overlap `period`.
fn overlapping(
    org: OrgId,
    users: impl IntoIterator<Item = UserId>,
    period: MissionPeriod,
) -> Select<assignment::Entity> {
    use assignment::Column;
    assignment::Entity::of(org)
        .filter(Column::UserId.is_in(users))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(Column::StartsAt.lt(period.end))
        .filter(Column::EndsAt.gt(period.start))
        .filter(Column::StartsAt.gt(period.start.earliest_start()))
        .filter(Column::MissionId.ne(period.mission))
}

/// The conflicts of one user with the time of a mission, by start.
///
/// # Errors
/// When the database fails.
pub async fn conflicts_of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    (mission, start, end): (MissionId, Timestamp, Timestamp),
) -> Result<Conflicts, Error> {
    conflicts(db, org, [user], MissionPeriod { mission, start, end }).await
}

/// The conflicts of all `users` with `period`, by start.
pub(super) async fn conflicts(
    tx: &impl ConnectionTrait,
    org: OrgId,
    users: impl IntoIterator<Item = UserId>,
    period: MissionPeriod,
) -> Result<Conflicts, Error> {
    use assignment::Column;
    let overlapping = overlapping(org, users, period);
    let found = overlapping
        .clone()
        .select_only()
        .columns([Column::Id, Column::UserId, Column::MissionId, Column::StartsAt, Column::EndsAt])
        .column(missions::entity::mission::Column::Title)
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(Conflicts::SEARCH_LIMIT)
        .into_model::<ConflictRow>()
        .all(tx)
        .await?;
    let found = found.into_iter().map(Conflict::from).collect();
    Ok(Conflicts::counted(found, async || overlapping.count(tx).await).await?)
}

/// Those of `users` who have a conflict with `period`.
pub(super) async fn users_in_conflict(
    tx: &Tx,
    org: OrgId,
    users: impl IntoIterator<Item = UserId>,
    period: MissionPeriod,
) -> Result<HashSet<UserId>, Error> {
    let found = overlapping(org, users, period).select_only().column(assignment::Column::UserId).distinct();
    Ok(found.into_tuple().all(tx).await?.into_iter().collect())
}

/// The conflicts of each user with `period`, by start; the first [`Conflicts::NAMED`] of each are listed.
pub(super) async fn conflicts_of_each(
    tx: &Tx,
    org: OrgId,
    users: impl IntoIterator<Item = UserId>,
    period: MissionPeriod,
) -> Result<HashMap<UserId, Conflicts>, Error> {
    use assignment::Column;
    let of_user = || WindowStatement::partition_by(Column::UserId);
    let in_order = of_user().order_by(Column::StartsAt, Order::Asc).order_by(Column::Id, Order::Asc).take();
    let mut numbered = overlapping(org, users, period)
        .select_only()
        .columns([Column::Id, Column::UserId, Column::MissionId, Column::StartsAt, Column::EndsAt])
        .into_query();
    numbered.expr_window_as(Func::cust("row_number"), in_order, "nth").expr_window_as(
        Func::count(Expr::col(Asterisk)),
        of_user(),
        "total",
    );
    let c = |column: &'static str| Expr::col(("c", column));
    let title = Query::select()
        .expr(Expr::col(("m", "title")))
        .from_as("missions", "m")
        .and_where(Expr::col(("m", "org_id")).eq(org))
        .and_where(Expr::col(("m", "id")).eq(c("mission_id")))
        .take();
    let mut named = Query::select();
    for column in ["id", "user_id", "mission_id", "starts_at", "ends_at", "total"] {
        named.expr(c(column));
    }
    named
        .expr_as(Expr::SubQuery(None, Box::new(title.into())), "title")
        .from_subquery(numbered, "c")
        .and_where(c("nth").lte(i64::try_from(Conflicts::NAMED).unwrap_or(i64::MAX)))
        .order_by(("c", "starts_at"), Order::Asc)
        .order_by(("c", "id"), Order::Asc);
    let mut of_each: HashMap<UserId, (Vec<Conflict>, i64)> = HashMap::new();
    for row in tx.query_all(&named).await? {
        let conflict = ConflictRow::from_query_result(&row, "")?;
        let (named, total) = of_each.entry(conflict.user_id).or_default();
        named.push(conflict.into());
        *total = row.try_get("", "total")?;
    }
    let conflicts = |(named, total)| Conflicts::of(named, u64::try_from(total).unwrap_or_default());
    Ok(of_each.into_iter().map(|(user, found)| (user, conflicts(found))).collect())
}

#[derive(Debug, FromQueryResult)]
struct ConflictRow {
    id: AssignmentId,
    user_id: UserId,
    mission_id: MissionId,
    title: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl From<ConflictRow> for Conflict {
    fn from(row: ConflictRow) -> Self {
        Self::Mission {
            user_id: row.user_id,
            assignment_id: row.id,
            mission_id: row.mission_id,
            mission_title: row.title,
            start_at: row.starts_at,
            end_at: row.ends_at,
        }
    }
}

pub(super) async fn all(
    db: &impl ConnectionTrait,
    org: OrgId,
    select: Select<assignment::Entity>,
) -> Result<Vec<Assignment>, Error> {
    let rows = with_titles(org, select).into_model::<AssignmentRow>().all(db).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// # Errors
/// [`NotFound`].
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: AssignmentId) -> Result<Assignment, Error> {
    let select = with_titles(org, assignment::Entity::find_by_id((org, id)));
    let found = select.into_model::<AssignmentRow>().one(db).await?;
    found.map(|row| row.0).ok_or(NotFound.into())
}

/// A page of assignments by start. `own` restricts it to a user; `Some(None)`, a caller without a user, to nothing.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AssignmentQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<[Assignment]>, Error> {
    use assignment::Column;
    let to_confirm =
        query.needs_confirmation.map(|needed| Column::NeedsConfirmation.eq(needed == Flag::True));
    let select = with_titles(org, assignment::Entity::of(org))
        .filter(filter::own(Column::UserId, own))
        .filter(filter::one_of(Column::MissionId, query.mission_id.0))
        .filter(filter::one_of(Column::UserId, query.user_id.0))
        .filter(filter::one_of(missions::entity::mission::Column::ProjectId, query.project_id.0))
        .filter(filter::one_of(Column::Status, query.status.0))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), query.from, query.to))
        .filter(Condition::all().add_option(to_confirm))
        .filter(
            Condition::all()
                .add_option(query.never_asked.filter(|only| only.holds()).map(|_| never_asked(org))),
        )
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::after((Column::StartsAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.into_model::<AssignmentRow>().all(db).await?.into_iter();
            Ok(rows.map(|AssignmentRow(a)| ((a.start_at, a.id), a)).collect::<Vec<_>>())
        }
    })
    .await
}

/// Invited without ever having been sent or given an invitation.
fn never_asked(org: OrgId) -> Condition {
    let made = invitation::Entity::of(org).select_only().expr(Expr::val(1)).filter(
        Expr::col((invitation::Entity, invitation::Column::AssignmentId))
            .equals((assignment::Entity, assignment::Column::Id)),
    );
    // The index of the invited is only used where the statement itself has the status.
    let invited = Expr::cust("assignments.status = 'INVITED'");
    Condition::all().add(invited).add(Expr::exists(made.into_query()).not())
}

/// An accepted mission in the user's calendar.
#[derive(Debug, FromQueryResult)]
pub struct CalendarMission {
    pub id: AssignmentId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub mission_title: String,
    pub project_title: Option<String>,
    pub location: Option<String>,
    pub role_name: Option<String>,
}

/// The first `count` accepted missions of a user that overlap `[from, to)`, by start, behind the cursor `after`.
///
/// # Errors
/// When the database fails.
pub async fn calendar_missions(
    db: &impl ConnectionTrait,
    (org, user): (OrgId, UserId),
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<(Timestamp, AssignmentId)>,
    count: u64,
) -> Result<Vec<CalendarMission>, Error> {
    use assignment::Column;
    let shown =
        assignment::Entity::of(org).select_only().columns([Column::Id, Column::StartsAt, Column::EndsAt]);
    let found = with_titles(org, shown)
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
        .filter(filter::after((Column::StartsAt, Column::Id), after))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(count);
    Ok(found.into_model().all(db).await?)
}

/// A user's invited and accepted assignments that have not ended, by start: the first `UPCOMING`, and the total.
///
/// # Errors
/// When the database fails.
pub async fn upcoming(tx: &Tx, org: OrgId, user: UserId) -> Result<(Vec<Assignment>, u64), Error> {
    let ahead = ahead(org, user, tx.now);
    let first = ahead
        .clone()
        .order_by_asc(assignment::Column::StartsAt)
        .order_by_asc(assignment::Column::Id)
        .limit(UPCOMING);
    let first = all(tx, org, first).await?;
    Ok((first, ahead.count(tx).await?))
}

/// How many missions that are not over a user is invited to or accepted for.
///
/// # Errors
/// When the database fails.
pub async fn count_upcoming(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    now: Timestamp,
) -> Result<u64, Error> {
    Ok(ahead(org, user, now).count(db).await?)
}

fn ahead(org: OrgId, user: UserId, now: Timestamp) -> Select<assignment::Entity> {
    assignment::Entity::of(org)
        .filter(assignment::Column::UserId.eq(user))
        .filter(assignment::Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .filter(filter::overlaps((assignment::Column::StartsAt, assignment::Column::EndsAt), Some(now), None))
}

/// Joins what [`Assignment`] shows of other entities: titles of mission and project, location, role name and user name.
fn with_titles(org: OrgId, select: Select<assignment::Entity>) -> Select<assignment::Entity> {
    use missions::entity::{mission, mission_role};
    use projects::entity::project;
    use users::entity::user;
    select
        .column_as(mission::Column::Title, "mission_title")
        .column_as(mission::Column::ProjectId, "project_id")
        .column_as(project::Column::Name, "project_title")
        .column_as(mission::Column::Location, "location")
        .column_as(mission_role::Column::RoleName, "role_name")
        .column_as(user::Column::FirstName, "first_name")
        .column_as(user::Column::LastName, "last_name")
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .join(JoinType::InnerJoin, joins::to_user(org))
        .join(JoinType::LeftJoin, joins::to_role(org))
        .join(JoinType::LeftJoin, missions::to_project(org))
}

/// An assignment joined with its titles.
struct AssignmentRow(Assignment);

impl FromQueryResult for AssignmentRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let a = assignment::Model::from_query_result(row, prefix)?;
        let first_name: String = row.try_get(prefix, "first_name")?;
        let last_name: String = row.try_get(prefix, "last_name")?;
        Ok(Self(Assignment {
            id: a.id,
            mission_id: a.mission_id,
            user_id: a.user_id,
            mission_role_id: a.mission_role_id,
            role_name: row.try_get(prefix, "role_name")?,
            status: a.status,
            note: a.note,
            decline_reason: a.decline_reason,
            conflict_override: a.conflict_override,
            mission_title: row.try_get(prefix, "mission_title")?,
            project_id: row.try_get(prefix, "project_id")?,
            project_title: row.try_get(prefix, "project_title")?,
            location: row.try_get(prefix, "location")?,
            user_name: users::display_name(&first_name, &last_name),
            start_at: a.starts_at,
            end_at: a.ends_at,
            needs_confirmation: a.needs_confirmation,
            told_at: a.told_at,
            created_at: a.created_at,
            updated_at: a.updated_at,
        }))
    }
}

/// An assignment whose user knows another time or place than the mission has now.
#[derive(Debug, Clone)]
pub struct Outdated {
    pub id: AssignmentId,
    pub user_id: UserId,
    pub status: AssignmentStatus,
    pub was: Told,
    pub now: Told,
}

#[derive(Debug, FromQueryResult)]
struct OutdatedRow {
    id: AssignmentId,
    user_id: UserId,
    status: AssignmentStatus,
    shown: Option<JsonText>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    timezone: String,
    location: Option<String>,
}

impl OutdatedRow {
    fn outdated(self) -> Option<Outdated> {
        let Self { id, user_id, status, shown, starts_at, ends_at, timezone, location } = self;
        let now = Told { start_at: starts_at, end_at: ends_at, timezone, location };
        let was = Told::stored(&shown?)?;
        was.is_outdated(&now).then_some(Outdated { id, user_id, status, was, now })
    }
}

/// Those of the chosen assignments whose active users have to be told where and when their mission is, by start.
///
/// # Errors
/// When the database fails.
pub async fn outdated(db: &impl ConnectionTrait, org: OrgId, chosen: Expr) -> Result<Vec<Outdated>, Error> {
    use assignment::Column;
    use missions::entity::mission;
    let rows: Vec<OutdatedRow> = assignment::Entity::of(org)
        .select_only()
        .columns([
            Column::Id,
            Column::UserId,
            Column::Status,
            Column::Shown,
            Column::StartsAt,
            Column::EndsAt,
        ])
        .columns([mission::Column::Timezone, mission::Column::Location])
        .join(JoinType::InnerJoin, super::joins::to_mission(org))
        .filter(chosen)
        .filter(Column::Shown.is_not_null())
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .into_model()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(OutdatedRow::outdated).collect())
}

/// What the users of assignments know of their time and place, where that is not what is so now.
///
/// # Errors
/// When the database fails.
pub async fn known(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: &[AssignmentId],
) -> Result<HashMap<AssignmentId, Told>, Error> {
    use assignment::Column;
    let rows: Vec<(AssignmentId, Option<JsonText>)> = assignment::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::Shown])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, shown)| Some((id, Told::stored(&shown?)?))).collect())
}

/// Assignments by their ids, as the API shows them.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: impl IntoIterator<Item = AssignmentId>,
) -> Result<Vec<Assignment>, Error> {
    let chosen = assignment::Entity::of(org)
        .filter(assignment::Column::Id.is_in(ids))
        .order_by_asc(assignment::Column::StartsAt)
        .order_by_asc(assignment::Column::Id);
    all(db, org, chosen).await
}

/// The assignments of a user, whatever their status, by start.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &impl ConnectionTrait, org: OrgId, user: UserId) -> Result<Vec<Assignment>, Error> {
    let theirs = assignment::Entity::of(org)
        .filter(assignment::Column::UserId.eq(user))
        .order_by_asc(assignment::Column::StartsAt)
        .order_by_asc(assignment::Column::Id);
    all(db, org, theirs).await
}

/// Who is invited to missions or accepted on them, by start; one more than `most` when there are more.
///
/// # Errors
/// When the database fails.
pub async fn active_on(
    db: &impl ConnectionTrait,
    org: OrgId,
    missions: impl IntoIterator<Item = MissionId>,
    most: usize,
) -> Result<Vec<Assignment>, Error> {
    use assignment::Column;
    let active = active_of(org, missions).order_by_asc(Column::StartsAt).order_by_asc(Column::Id);
    all(db, org, active.limit(most as u64 + 1)).await
}

/// The people who are.
///
/// # Errors
/// When the database fails.
pub async fn people_on(
    db: &impl ConnectionTrait,
    org: OrgId,
    missions: impl IntoIterator<Item = MissionId>,
) -> Result<Vec<UserId>, Error> {
    let people = active_of(org, missions).select_only().column(assignment::Column::UserId).distinct();
    Ok(people.into_tuple().all(db).await?)
}

fn active_of(org: OrgId, missions: impl IntoIterator<Item = MissionId>) -> Select<assignment::Entity> {
    use assignment::Column;
    assignment::Entity::of(org)
        .filter(Column::MissionId.is_in(missions))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
}

pub(super) async fn active_on_mission(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    user: UserId,
) -> Result<bool, Error> {
    use assignment::Column;
    let found = assignment::Entity::of(org)
        .filter(Column::MissionId.eq(mission))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// How many have accepted each role of these missions; roles that nobody did are absent.
pub(super) async fn accepted_on_roles(
    tx: &Tx,
    org: OrgId,
    missions: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionRoleId, i64>, Error> {
    use assignment::Column;
    let counted = assignment::Entity::of(org)
        .select_only()
        .column(Column::MissionRoleId)
        .column_as(Column::Id.count(), "accepted")
        .filter(Column::MissionId.is_in(missions))
        .filter(Column::MissionRoleId.is_not_null())
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .group_by(Column::MissionRoleId);
    Ok(counted.into_tuple::<(MissionRoleId, i64)>().all(tx).await?.into_iter().collect())
}

pub(super) async fn active_pairs(
    tx: &Tx,
    org: OrgId,
    missions: HashSet<MissionId>,
    users: HashSet<UserId>,
) -> Result<HashSet<(MissionId, UserId)>, Error> {
    use assignment::Column;
    let pairs = assignment::Entity::of(org)
        .select_only()
        .columns([Column::MissionId, Column::UserId])
        .filter(Column::MissionId.is_in(missions))
        .filter(Column::UserId.is_in(users))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(pairs.into_iter().collect())
}
