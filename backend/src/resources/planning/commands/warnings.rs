//! What a planner should know of whom commands put on missions, leave there or move with them. Read at the end, as the results are:
//! two statements for all commands.

use crate::{
    error::Error,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::assignments::{
        AssignmentStatus::{self, Accepted, Invited},
        entity::assignment,
        warnings::{
            About, Found, LONGEST, Warning, WarningCode, WarningConflict, first_of_each, unavailable,
        },
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ConnectionTrait, FromQueryResult,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement},
};

/// The warnings that are shown of a command.
const SHOWN: usize = 10;

/// The first warnings about what each command is about, `unavailable` before `taken`, as [`shared`].
///
/// # Errors
/// When the database fails.
pub async fn of_each(
    db: &impl ConnectionTrait,
    org: OrgId,
    commands: Vec<About>,
) -> Result<Vec<Vec<Warning>>, Error> {
    let all = About {
        assignments: commands.iter().flat_map(|one| one.assignments.iter().copied()).collect(),
        missions: commands.iter().flat_map(|one| one.missions.iter().copied()).collect(),
    };
    let (unavailable, taken) = (unavailable(db, org, &all).await?, taken(db, org, &all).await?);
    let of_command = |about: &About| {
        let is_about = |one: &&Found| {
            about.assignments.contains(&one.assignment) || about.missions.contains(&one.mission)
        };
        let first = |found: &[Found]| -> Vec<Warning> {
            found.iter().filter(is_about).take(SHOWN).map(|one| one.warning.clone()).collect()
        };
        shared(first(&unavailable), first(&taken))
    };
    Ok(commands.iter().map(of_command).collect())
}

/// The first of both, [`SHOWN`] in all: neither takes more than half of the room where the other needs it.
fn shared<T>(mut one: Vec<T>, mut other: Vec<T>) -> Vec<T> {
    one.truncate(SHOWN - other.len().min(SHOWN / 2));
    other.truncate(SHOWN - one.len());
    one.extend(other);
    one
}

/// Who is invited to a mission, and to another one at that time or accepted for it. Whoever is accepted for both is refused
/// or overridden, which their assignment shows.
async fn taken(db: &impl ConnectionTrait, org: OrgId, about: &About) -> Result<Vec<Found>, Error> {
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let columns = ["assignment_id", "of_mission", "user_id", "id", "mission_id", "title", "starts_at"];
    let columns = [&columns[..], &["ends_at", "status"]].concat();
    let found = db.query_all(&first_of_each(overlapping(org, about), &columns)).await?;
    let found: Result<Vec<_>, _> = found.iter().map(|row| Row::from_query_result(row, "")).collect();
    Ok(found?.into_iter().map(Found::from).collect())
}

/// All overlaps, numbered for each assignment, accepted ones first.
fn overlapping(org: OrgId, about: &About) -> SelectStatement {
    use assignment::Column;
    let on = |column: Column| Expr::col((assignment::Entity, column));
    let other = |column: Column| Expr::col(("others", column));
    let mission = |column: &'static str| Expr::col(("m", column));
    let in_order = WindowStatement::partition_by((assignment::Entity, Column::Id))
        .order_by(("others", Column::Status), Order::Asc)
        .order_by(("others", Column::StartsAt), Order::Asc)
        .order_by(("others", Column::Id), Order::Asc)
        .take();
    Query::select()
        .expr_as(on(Column::Id), "assignment_id")
        .expr_as(on(Column::MissionId), "of_mission")
        .expr(on(Column::UserId))
        .expr(other(Column::Id))
        .expr(other(Column::MissionId))
        .expr(mission("title"))
        .expr(other(Column::StartsAt))
        .expr(other(Column::EndsAt))
        .expr(other(Column::Status))
        .expr_window_as(Func::cust("row_number"), in_order, "nth")
        .from(assignment::Entity)
        .join_as(
            sea_orm::JoinType::InnerJoin,
            assignment::Entity,
            "others",
            other(Column::OrgId)
                .eq(org)
                .and(other(Column::UserId).equals((assignment::Entity, Column::UserId)))
                .and(other(Column::MissionId).ne(on(Column::MissionId)))
                .and(other(Column::StartsAt).lt(on(Column::EndsAt)))
                .and(other(Column::EndsAt).gt(on(Column::StartsAt)))
                .and(other(Column::StartsAt).gt(on(Column::StartsAt).sub(LONGEST))),
        )
        .join_as(
            sea_orm::JoinType::InnerJoin,
            "missions",
            "m",
            mission("org_id").eq(org).and(mission("id").equals(("others", Column::MissionId))),
        )
        .and_where(on(Column::OrgId).eq(org))
        .and_where(on(Column::Status).eq(Invited))
        .and_where(other(Column::Status).is_in([Invited, Accepted]))
        .cond_where(about.condition())
        .take()
}

#[derive(Debug, FromQueryResult)]
struct Row {
    assignment_id: AssignmentId,
    of_mission: MissionId,
    user_id: UserId,
    id: AssignmentId,
    mission_id: MissionId,
    title: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    status: AssignmentStatus,
}

impl From<Row> for Found {
    fn from(row: Row) -> Self {
        let how = if row.status == Accepted { "Accepted for" } else { "Invited to" };
        let warning = Warning {
            code: WarningCode::Taken,
            detail: format!("{how} another mission at that time: {}.", row.title),
            user_id: row.user_id,
            availability: None,
            conflict: Some(WarningConflict {
                assignment_id: row.id,
                mission_id: row.mission_id,
                title: row.title,
                start_at: row.starts_at,
                end_at: row.ends_at,
                status: row.status,
            }),
        };
        Self { assignment: row.assignment_id, mission: row.of_mission, warning }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_code_hides_the_other() {
        for (unavailable, taken, shown) in [
            (0, 0, (0, 0)),
            (3, 4, (3, 4)),
            (12, 0, (10, 0)),
            (0, 12, (0, 10)),
            (12, 1, (9, 1)),
            (12, 12, (5, 5)),
            (5, 5, (5, 5)),
            (4, 12, (4, 6)),
            (12, 5, (5, 5)),
            (6, 4, (6, 4)),
        ] {
            let both = shared(vec!["unavailable"; unavailable], vec!["taken"; taken]);
            let first = both.iter().take_while(|code| **code == "unavailable").count();
            assert_eq!((first, both.len() - first), shown, "{unavailable} and {taken}");
        }
    }
}
