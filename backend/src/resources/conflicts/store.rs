//! The query behind conflicts.

use super::{
    model::{Conflict, ConflictKey, ConflictMission, ConflictQuery, UserConflicts},
    rules,
};
use crate::{
    db::{Timestamp, filter},
    error::Error,
    http::{Limit, Page},
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{AssignmentStatus, table as assignment},
        users,
    },
};
use sea_orm::{
    ConnectionTrait, FromQueryResult, StatementBuilder,
    sea_query::{Alias, Asterisk, Expr, ExprTrait, Order, Query},
};
use std::cmp::{max, min};

/// Every conflict of one person.
///
/// # Errors
/// [`Error::NotFound`] for a person who does not exist.
pub async fn of_user(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<UserConflicts, Error> {
    users::exists(db, org, id).await?;
    let rows = involved(db, org, Some(id), None, None).await?;
    let conflicts = pairs(&rows).map(|(first, second)| conflict(first, second)).collect();
    Ok(UserConflicts { user_id: id, conflicts })
}

/// A page of the org's conflicts, by when the overlap starts. `own` narrows it to one person, or to nobody.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: ConflictQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<Conflict>, Error> {
    let ConflictQuery { from, to, limit, cursor } = query;
    let cursor = cursor.map(|cursor| cursor.0);
    if own == Some(None) {
        return Ok(page(Vec::new(), limit));
    }
    // Whatever overlaps later than the cursor's pair still runs when that one's overlap starts.
    let running_at = max(from, cursor.map(|(overlap_start, ..)| overlap_start));
    let rows = involved(db, org, own.flatten(), running_at, to).await?;
    let wanted = pairs(&rows)
        .filter(|(first, second)| cursor.is_none_or(|cursor| key(first, second) > cursor))
        .filter(|(first, second)| from.is_none_or(|from| min(first.ends_at, second.ends_at) > from));
    let size = usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX);
    let conflicts = wanted.take(size).map(|(first, second)| (key(first, second), conflict(first, second)));
    Ok(page(conflicts.collect(), limit))
}

fn page(conflicts: Vec<(ConflictKey, Conflict)>, limit: Limit) -> Page<Conflict> {
    Page::new(conflicts, limit, |(key, _)| *key).map(|(_, conflict)| conflict)
}

fn pairs(rows: &[Row]) -> impl Iterator<Item = (&Row, &Row)> {
    let periods: Vec<_> = rows.iter().map(|row| (row.user_id, row.starts_at, row.ends_at)).collect();
    let pairs: Vec<_> = rules::overlaps(&periods).collect();
    pairs.into_iter().map(|(first, second)| (&rows[first], &rows[second]))
}

fn key(first: &Row, second: &Row) -> ConflictKey {
    (second.starts_at, second.id, first.starts_at, first.id)
}

fn conflict(first: &Row, second: &Row) -> Conflict {
    Conflict {
        a1: first.id,
        a2: second.id,
        mission1: first.mission(),
        mission2: second.mission(),
        overlap_start: second.starts_at,
        overlap_end: min(first.ends_at, second.ends_at),
        override_reason: second.conflict_override.clone().or_else(|| first.conflict_override.clone()),
        user_id: first.user_id,
        user_name: users::display_name(&first.first_name, &first.last_name),
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: AssignmentId,
    mission_id: MissionId,
    user_id: UserId,
    title: String,
    location: Option<String>,
    first_name: String,
    last_name: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    conflict_override: Option<String>,
}

impl Row {
    fn mission(&self) -> ConflictMission {
        ConflictMission {
            id: self.mission_id,
            title: self.title.clone(),
            location: self.location.clone(),
            start_at: self.starts_at,
            end_at: self.ends_at,
        }
    }
}

/// The accepted assignments that overlap another one of their person, by start, then by id.
async fn involved(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: Option<UserId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Vec<Row>, Error> {
    let rows = db.query_all(&involved_query(org, user, from, to)).await?;
    rows.iter().map(|row| Row::from_query_result(row, "").map_err(Error::from)).collect()
}

/// As text, the same in both dialects: the query builder sets no space before this PRECEDING, which PostgreSQL refuses.
const BUSY_UNTIL: &str = "MAX(ends_at) OVER (PARTITION BY user_id ORDER BY starts_at, id \
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)";
const NEXT_START: &str = "LEAD(starts_at) OVER (PARTITION BY user_id ORDER BY starts_at, id)";

/// Each person's accepted assignments are read once, in order of their start: one overlaps another exactly when an
/// earlier one still runs at its start, or the next one starts before its end. Only those leave the database.
fn involved_query(
    org: OrgId,
    user: Option<UserId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> impl StatementBuilder {
    use assignment::Column;
    let in_order = Query::select()
        .columns([
            Column::OrgId,
            Column::Id,
            Column::MissionId,
            Column::UserId,
            Column::StartsAt,
            Column::EndsAt,
            Column::ConflictOverride,
        ])
        .expr_as(Expr::cust(BUSY_UNTIL), "busy_until")
        .expr_as(Expr::cust(NEXT_START), "next_start")
        .from(assignment::Entity)
        .and_where(Expr::col(Column::OrgId).eq(org))
        .and_where(Expr::col(Column::Status).eq(AssignmentStatus::Accepted))
        .and_where_option(user.map(|user| Expr::col(Column::UserId).eq(user)))
        .cond_where(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
        .take();
    let a = Alias::new("a");
    let column = |column: Column| Expr::col((a.clone(), column));
    let same = |table: &'static str, id: Column| {
        Expr::col((table, "org_id"))
            .equals((a.clone(), Column::OrgId))
            .and(Expr::col((table, "id")).equals((a.clone(), id)))
    };
    Query::select()
        .column((a.clone(), Asterisk))
        .columns([("missions", "title"), ("missions", "location")])
        .columns([("users", "first_name"), ("users", "last_name")])
        .from_subquery(in_order, a.clone())
        .inner_join("missions", same("missions", Column::MissionId))
        .inner_join("users", same("users", Column::UserId))
        .and_where(
            Expr::col((a.clone(), "busy_until")).gt(column(Column::StartsAt)).or(Expr::col((
                a.clone(),
                "next_start",
            ))
            .lt(column(Column::EndsAt))),
        )
        .order_by((a.clone(), Column::StartsAt), Order::Asc)
        .order_by((a, Column::Id), Order::Asc)
        .take()
}
