//! What a planner should know of somebody who is put on a mission. It keeps nothing from being done, and shows no note: whoever may
//! put people on missions need not be whom a note was written for.

use super::{
    entity::assignment,
    model::{Assignment, AssignmentStatus, ItemWarnings},
};
use crate::{
    db::OfOrg,
    error::Error,
    ids::{AssignmentId, AvailabilityId, MissionId, OrgId, UserId},
    resources::availabilities::{AvailabilityKind, AvailabilityStatus, entity::availability},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, QueryTrait, RelationDef,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement},
};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// The most warnings of one code about one assignment: the first ones.
pub const MOST: i64 = 5;

/// Something to know of somebody who is on a mission.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AssignmentWarning)]
pub struct Warning {
    pub code: WarningCode,
    /// The same as a sentence.
    #[schema(example = "Declared not to be available at that time.")]
    pub detail: String,
    /// Whom it is about.
    pub user_id: UserId,
    /// What they declared, for `unavailable`.
    pub availability: Option<WarningAvailability>,
    /// What takes them, for `taken`.
    pub conflict: Option<WarningConflict>,
}

crate::words::words! {
    /// What a planner should know.
    pub enum WarningCode {
        /// Declared not to be available, for a part of the mission or more.
        Unavailable = "unavailable",
        /// Invited to this mission, and invited to or accepted for another one at that time.
        Taken = "taken",
    }
}

/// When somebody declared not to be available.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WarningAvailability {
    pub id: AvailabilityId,
    pub start_at: Timestamp,
    pub end_at: Timestamp,
    /// `APPROVED`, or `PENDING` while no planner has looked at it.
    pub status: AvailabilityStatus,
}

/// What somebody is on at the time of the mission.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WarningConflict {
    pub assignment_id: AssignmentId,
    pub mission_id: MissionId,
    /// The mission's title.
    pub title: String,
    pub start_at: Timestamp,
    pub end_at: Timestamp,
    /// `ACCEPTED`, or `INVITED` while they have not answered.
    pub status: AssignmentStatus,
}

/// An assignment, and what a planner should know of who is on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentWithWarnings)]
pub struct Warned {
    #[serde(flatten)]
    pub assignment: Assignment,
    /// What keeps nobody from it, and should be known: the first five.
    pub warnings: Vec<Warning>,
}

/// Assignments to warn about: these, and all on these missions; of them whoever is invited or accepted.
#[derive(Debug, Default)]
pub struct About {
    pub assignments: BTreeSet<AssignmentId>,
    pub missions: BTreeSet<MissionId>,
}

impl About {
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.missions.is_empty()
    }

    /// As a condition on assignments.
    pub fn condition(&self) -> Condition {
        use assignment::Column;
        let any = |column: Column| (assignment::Entity, column);
        let of_ids = (!self.assignments.is_empty())
            .then(|| Expr::col(any(Column::Id)).is_in(self.assignments.iter().copied()));
        let of_missions = (!self.missions.is_empty())
            .then(|| Expr::col(any(Column::MissionId)).is_in(self.missions.iter().copied()));
        Condition::any().add_option(of_ids).add_option(of_missions)
    }
}

/// A warning, and the assignment that it is about.
#[derive(Debug)]
pub struct Found {
    pub assignment: AssignmentId,
    pub mission: MissionId,
    pub warning: Warning,
}

/// The warnings about one assignment, if it is active.
///
/// # Errors
/// When the database fails.
pub async fn warned(db: &impl ConnectionTrait, org: OrgId, assignment: Assignment) -> Result<Warned, Error> {
    let warnings = match assignment.status {
        AssignmentStatus::Invited | AssignmentStatus::Accepted => {
            of_each(db, org, [assignment.id]).await?.remove(&assignment.id).unwrap_or_default()
        }
        AssignmentStatus::Declined | AssignmentStatus::Cancelled => Vec::new(),
    };
    Ok(Warned { assignment, warnings })
}

/// The warnings about each of these assignments, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn of_each(
    db: &impl ConnectionTrait,
    org: OrgId,
    assignments: impl IntoIterator<Item = AssignmentId>,
) -> Result<HashMap<AssignmentId, Vec<Warning>>, Error> {
    let about = About { assignments: assignments.into_iter().collect(), ..About::default() };
    let mut warnings: HashMap<AssignmentId, Vec<Warning>> = HashMap::new();
    for found in unavailable(db, org, &about).await? {
        warnings.entry(found.assignment).or_default().push(found.warning);
    }
    Ok(warnings)
}

/// The warnings about the items that made these assignments, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn of_items(
    db: &impl ConnectionTrait,
    org: OrgId,
    made: &[AssignmentId],
) -> Result<Vec<ItemWarnings>, Error> {
    let mut of_each = of_each(db, org, made.iter().copied()).await?;
    let warned = |(index, id)| of_each.remove(id).map(|warnings| ItemWarnings { index, warnings });
    Ok(made.iter().enumerate().filter_map(warned).collect())
}

/// Who is on a mission while they declared not to be available, [`MOST`] times each at most, by start.
///
/// # Errors
/// When the database fails.
pub async fn unavailable(db: &impl ConnectionTrait, org: OrgId, about: &About) -> Result<Vec<Found>, Error> {
    use assignment::Column;
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let on = |column: Column| Expr::col((assignment::Entity, column));
    let declared = |column: availability::Column| Expr::col((availability::Entity, column));
    let mut numbered = assignment::Entity::of(org)
        .select_only()
        .column_as(Column::Id, "assignment_id")
        .columns([Column::MissionId, Column::UserId])
        .columns([
            availability::Column::Id,
            availability::Column::StartsAt,
            availability::Column::EndsAt,
            availability::Column::Status,
        ])
        .join(JoinType::InnerJoin, to_availabilities(org))
        .filter(about.condition())
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .filter(availability::Column::Kind.eq(AvailabilityKind::Unavailable))
        .filter(
            availability::Column::Status.is_in([AvailabilityStatus::Approved, AvailabilityStatus::Pending]),
        )
        .filter(declared(availability::Column::StartsAt).lt(on(Column::EndsAt)))
        .filter(declared(availability::Column::EndsAt).gt(on(Column::StartsAt)))
        .filter(declared(availability::Column::StartsAt).gt(on(Column::StartsAt).sub(LONGEST)))
        .into_query();
    let in_order = WindowStatement::partition_by((assignment::Entity, Column::Id))
        .order_by((availability::Entity, availability::Column::StartsAt), Order::Asc)
        .order_by((availability::Entity, availability::Column::Id), Order::Asc)
        .take();
    numbered.expr_window_as(Func::cust("row_number"), in_order, "nth");
    let columns = ["assignment_id", "mission_id", "user_id", "id", "starts_at", "ends_at", "status"];
    let found = db.query_all(&first_of_each(numbered, &columns)).await?;
    let found: Result<Vec<_>, _> = found.iter().map(|row| Row::from_query_result(row, "")).collect();
    Ok(found?.into_iter().map(Found::from).collect())
}

/// The first [`MOST`] of each assignment, of rows that are numbered as `nth`, by start.
pub fn first_of_each(numbered: SelectStatement, columns: &[&'static str]) -> SelectStatement {
    let of_row = |column: &'static str| Expr::col(("numbered", column));
    let mut first = Query::select();
    for column in columns {
        first.expr(of_row(column));
    }
    first
        .from_subquery(numbered, "numbered")
        .and_where(of_row("nth").lte(MOST))
        .order_by(("numbered", "starts_at"), Order::Asc)
        .order_by(("numbered", "id"), Order::Asc)
        .take()
}

/// In microseconds: whatever began earlier is over.
pub const LONGEST: i64 = Timestamp::LONGEST_PERIOD * 1_000_000;

fn to_availabilities(org: OrgId) -> RelationDef {
    let to = assignment::Entity::belongs_to(availability::Entity)
        .from((assignment::Column::OrgId, assignment::Column::UserId))
        .to((availability::Column::OrgId, availability::Column::UserId));
    availability::Entity::joined(org, to.into())
}

#[derive(Debug, FromQueryResult)]
struct Row {
    assignment_id: AssignmentId,
    mission_id: MissionId,
    user_id: UserId,
    id: AvailabilityId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    status: AvailabilityStatus,
}

impl From<Row> for Found {
    fn from(row: Row) -> Self {
        let detail = match row.status {
            AvailabilityStatus::Approved => "Declared not to be available at that time.",
            _ => "Declared not to be available at that time; no planner has looked at it yet.",
        };
        let availability = WarningAvailability {
            id: row.id,
            start_at: row.starts_at,
            end_at: row.ends_at,
            status: row.status,
        };
        let warning = Warning {
            code: WarningCode::Unavailable,
            detail: detail.into(),
            user_id: row.user_id,
            availability: Some(availability),
            conflict: None,
        };
        Self { assignment: row.assignment_id, mission: row.mission_id, warning }
    }
}
