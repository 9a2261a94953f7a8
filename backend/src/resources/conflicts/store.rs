//! The queries behind conflicts.

use super::model::{Conflict, ConflictKey, ConflictMission, ConflictQuery, UserConflicts};
use crate::{
    db::Timestamp,
    error::Error,
    http::Page,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{assignments::AssignmentStatus, users},
};
use sea_orm::{
    ConnectionTrait, DbErr, FromQueryResult, JoinType, QueryResult,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType},
};
use std::{
    cmp::min,
    collections::{HashMap, HashSet},
};

/// Every conflict of one person.
///
/// # Errors
/// [`Error::NotFound`] for a person who does not exist.
pub async fn of_user(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<UserConflicts, Error> {
    users::exists(db, org, id).await?;
    let pairs = run(db, shown(pairs(org, Some(id), |_| ()))).await?;
    let names = names(db, org, &pairs).await?;
    Ok(UserConflicts {
        user_id: id,
        conflicts: pairs.into_iter().filter_map(|pair| pair.conflict(&names)).collect(),
    })
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
    let found = match own {
        Some(None) => Vec::new(),
        own => {
            let mut page = pairs(org, own.flatten(), |half| {
                // The overlap lasts from the second's start until either ends.
                if let Some(from) = query.from {
                    half.and_where(a("ends_at").gt(from)).and_where(b("ends_at").gt(from));
                    half.and_where(a("starts_at").gt(from.earliest_start()));
                }
                if let Some(to) = query.to {
                    half.and_where(a("starts_at").lt(to)).and_where(b("starts_at").lt(to));
                }
                if let Some(cursor) = &query.cursor {
                    half.and_where(beyond(cursor.0));
                }
            });
            run(db, shown(page.limit(query.limit.with_lookahead()).take())).await?
        }
    };
    let page =
        Page::new(found, query.limit, |pair| (pair.b.starts_at, pair.b.id, pair.a.starts_at, pair.a.id));
    let names = names(db, org, page.items()).await?;
    Ok(page.filter_map(|pair| pair.conflict(&names)))
}

/// Two accepted assignments of one person, `a` first.
#[derive(Debug)]
struct Pair {
    user_id: UserId,
    a: Side,
    b: Side,
}

/// One of the two, with what it is shown with.
#[derive(Debug, FromQueryResult)]
struct Side {
    id: AssignmentId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    conflict_override: Option<String>,
    mission_id: MissionId,
    title: String,
    location: Option<String>,
}

/// The columns of a side that come from its assignment.
const COLUMNS: [&str; 5] = ["id", "starts_at", "ends_at", "conflict_override", "mission_id"];
/// And from its mission.
const TITLES: [&str; 2] = ["title", "location"];

impl FromQueryResult for Pair {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self {
            user_id: row.try_get("", "user_id")?,
            a: Side::from_query_result(row, "a_")?,
            b: Side::from_query_result(row, "b_")?,
        })
    }
}

impl Pair {
    fn conflict(self, names: &HashMap<UserId, String>) -> Option<Conflict> {
        Some(Conflict {
            a1: self.a.id,
            a2: self.b.id,
            overlap_start: self.b.starts_at,
            overlap_end: min(self.a.ends_at, self.b.ends_at),
            override_reason: self.b.conflict_override.clone().or(self.a.conflict_override.clone()),
            mission1: self.a.into(),
            mission2: self.b.into(),
            user_id: self.user_id,
            user_name: names.get(&self.user_id)?.clone(),
        })
    }
}

impl From<Side> for ConflictMission {
    fn from(side: Side) -> Self {
        Self {
            id: side.mission_id,
            title: side.title,
            location: side.location,
            start_at: side.starts_at,
            end_at: side.ends_at,
        }
    }
}

fn a(column: &'static str) -> Expr {
    Expr::col(("a", column))
}

fn b(column: &'static str) -> Expr {
    Expr::col(("b", column))
}

/// The overlapping pairs, by start and id of the second, then of the first; `narrow` sees each of their two halves.
///
/// The database lets no accepted assignment overlap another unless it carries an override, so every pair has one that
/// does, and those without are apart from each other. Therefore only the overridden are looked at, and for each the index
/// gives what starts while it runs, and the one undisputed assignment that may still run when it starts: the work grows
/// with the number of overrides, not with that of assignments.
fn pairs(org: OrgId, user: Option<UserId>, narrow: impl Fn(&mut SelectStatement)) -> SelectStatement {
    let half = |overridden: &'static str, other: &'static str, meets: Expr| {
        let same = Expr::col((other, "org_id")).eq(Expr::col((overridden, "org_id")));
        let same = same.and(Expr::col((other, "user_id")).eq(Expr::col((overridden, "user_id"))));
        let later = b("starts_at").gt(a("starts_at")).or(b("id").gt(a("id")));
        let mut half = Query::select();
        half.expr(a("org_id")).expr(a("user_id"));
        for column in COLUMNS {
            half.expr_as(a(column), format!("a_{column}")).expr_as(b(column), format!("b_{column}"));
        }
        half.from_as("assignments", overridden)
            .join_as(JoinType::InnerJoin, "assignments", other, same.and(meets))
            .and_where(Expr::col((overridden, "org_id")).eq(org))
            .and_where_option(user.map(|user| Expr::col((overridden, "user_id")).eq(user)))
            .and_where(accepted(overridden))
            .and_where(Expr::col((overridden, "conflict_override")).is_not_null())
            .and_where(later);
        narrow(&mut half);
        half
    };
    // The sum keeps SQLite from looking for `a` by `b`, which would read everything before it.
    let meanwhile = b("starts_at").gte(a("starts_at").add(0)).and(b("starts_at").lt(a("ends_at").add(0)));
    let last_before = a("id").eq(Expr::SubQuery(None, Box::new(last_undisputed_before_b().into())));
    let mut both = half("a", "b", accepted("b").and(meanwhile));
    both.union(UnionType::All, half("b", "a", last_before.and(a("ends_at").gt(b("starts_at")))));
    in_order(&mut both);
    both
}

fn in_order(pairs: &mut SelectStatement) {
    for column in ["b_starts_at", "b_id", "a_starts_at", "a_id"] {
        pairs.order_by(column, Order::Asc);
    }
}

/// Written out: a partial index is used only where the text of the query implies its condition.
fn accepted(table: &str) -> Expr {
    Expr::cust(format!("{table}.status = '{}'", AssignmentStatus::Accepted.word()))
}

/// Of the undisputed assignments of the person of `b`, the last that starts no later: those before have ended by then.
fn last_undisputed_before_b() -> SelectStatement {
    let u = |column: &'static str| Expr::col(("u", column));
    Query::select()
        .expr(u("id"))
        .from_as("assignments", "u")
        .and_where(u("org_id").eq(b("org_id")).and(u("user_id").eq(b("user_id"))))
        .and_where(accepted("u").and(u("conflict_override").is_null()))
        .and_where(u("starts_at").lte(b("starts_at")))
        .order_by(("u", "starts_at"), Order::Desc)
        .limit(1)
        .take()
}

/// The pairs with the titles of their missions. Looked up pair by pair inside the statement: given a join, SQLite would
/// rather read all missions of the org.
fn shown(pairs: SelectStatement) -> SelectStatement {
    let p = |column: String| Expr::col(("p", column));
    let mut shown = Query::select();
    shown.expr(p("user_id".into()));
    for side in ["a", "b"] {
        for column in COLUMNS {
            shown.expr_as(p(format!("{side}_{column}")), format!("{side}_{column}"));
        }
        for column in TITLES {
            let title = Query::select()
                .expr(Expr::col(("m", column)))
                .from_as("missions", "m")
                .and_where(Expr::col(("m", "org_id")).eq(p("org_id".into())))
                .and_where(Expr::col(("m", "id")).eq(p(format!("{side}_mission_id"))))
                .take();
            shown.expr_as(Expr::SubQuery(None, Box::new(title.into())), format!("{side}_{column}"));
        }
    }
    shown.from_subquery(pairs, "p");
    in_order(&mut shown);
    shown
}

/// What comes after the pair that a cursor names.
fn beyond((b_start, b_id, a_start, a_id): ConflictKey) -> Expr {
    let later_a = a("starts_at").gt(a_start).or(a("starts_at").eq(a_start).and(a("id").gt(a_id)));
    let later_b = b("id").gt(b_id).or(b("id").eq(b_id).and(later_a));
    b("starts_at").gt(b_start).or(b("starts_at").eq(b_start).and(later_b))
}

async fn run(db: &impl ConnectionTrait, select: SelectStatement) -> Result<Vec<Pair>, Error> {
    let rows = db.query_all(&select).await?;
    rows.iter().map(|row| Pair::from_query_result(row, "").map_err(Error::from)).collect()
}

async fn names(
    db: &impl ConnectionTrait,
    org: OrgId,
    pairs: &[Pair],
) -> Result<HashMap<UserId, String>, Error> {
    users::names(db, org, pairs.iter().map(|pair| pair.user_id).collect::<HashSet<_>>()).await
}
