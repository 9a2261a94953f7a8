//! The queries behind conflicts.

use super::model::{Conflict, ConflictKey, ConflictMission, ConflictQuery, UserConflicts};
use crate::{
    db::Timestamp,
    error::Error,
    http::Page,
    ids::{AssignmentId, OrgId, UserId},
    resources::{
        assignments::{AssignmentStatus, table as assignment},
        missions::table as mission,
        users,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType},
};
use std::{
    cmp::min,
    collections::{HashMap, HashSet},
};

/// Ids per query: well below the 32 766 parameters that SQLite takes.
const IDS: usize = 10_000;

/// Every conflict of one person.
///
/// # Errors
/// [`Error::NotFound`] for a person who does not exist.
pub async fn of_user(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<UserConflicts, Error> {
    users::exists(db, org, id).await?;
    let pairs = run(db, pairs(org, Some(id), |_| ())).await?;
    let shown = involved(db, org, &pairs).await?;
    Ok(UserConflicts { user_id: id, conflicts: pairs.iter().filter_map(|pair| pair.shown(&shown)).collect() })
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
            let mut select = pairs(org, own.flatten(), |half| {
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
            run(db, select.limit(query.limit.with_lookahead()).take()).await?
        }
    };
    let page = Page::new(found, query.limit, |pair| (pair.b_start, pair.b, pair.a_start, pair.a));
    let shown = involved(db, org, page.items()).await?;
    Ok(page.filter_map(|pair| pair.shown(&shown)))
}

/// Two accepted assignments of one person, the one that starts first leading.
#[derive(Debug, FromQueryResult)]
struct Pair {
    a: AssignmentId,
    a_start: Timestamp,
    b: AssignmentId,
    b_start: Timestamp,
}

impl Pair {
    fn shown(&self, involved: &HashMap<AssignmentId, Involved>) -> Option<Conflict> {
        let (first, second) = (involved.get(&self.a)?, involved.get(&self.b)?);
        let reason = second.row.conflict_override.as_ref().or(first.row.conflict_override.as_ref());
        Some(Conflict {
            a1: self.a,
            a2: self.b,
            mission1: first.mission.clone(),
            mission2: second.mission.clone(),
            overlap_start: second.row.starts_at,
            overlap_end: min(first.row.ends_at, second.row.ends_at),
            override_reason: reason.cloned(),
            user_id: first.row.user_id,
            user_name: first.user_name.clone(),
        })
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
        half.expr_as(a("id"), "a")
            .expr_as(a("starts_at"), "a_start")
            .expr_as(b("id"), "b")
            .expr_as(b("starts_at"), "b_start")
            .from_as("assignments", overridden)
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
    half("a", "b", accepted("b").and(meanwhile))
        .union(UnionType::All, half("b", "a", last_before.and(a("ends_at").gt(b("starts_at")))))
        .order_by("b_start", Order::Asc)
        .order_by("b", Order::Asc)
        .order_by("a_start", Order::Asc)
        .order_by("a", Order::Asc)
        .take()
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

/// An assignment that takes part in a conflict, with what it is shown with.
#[derive(Debug)]
struct Involved {
    row: assignment::Model,
    mission: ConflictMission,
    user_name: String,
}

/// What the pairs are shown with. Three lookups by key rather than one with joins: of thousands of ids, SQLite would rather
/// read all missions of the org.
async fn involved(
    db: &impl ConnectionTrait,
    org: OrgId,
    pairs: &[Pair],
) -> Result<HashMap<AssignmentId, Involved>, Error> {
    let mut ids: Vec<_> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut involved = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS) {
        let rows = assignment::Entity::find()
            .filter(assignment::Column::OrgId.eq(org))
            .filter(assignment::Column::Id.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        let missions = mission::Entity::find()
            .filter(mission::Column::OrgId.eq(org))
            .filter(mission::Column::Id.is_in(rows.iter().map(|row| row.mission_id)))
            .all(db)
            .await?;
        let missions: HashMap<_, _> = missions.into_iter().map(|row| (row.id, row)).collect();
        let people: HashSet<_> = rows.iter().map(|row| row.user_id).collect();
        let people = users::names(db, org, people).await?;
        involved.extend(rows.into_iter().filter_map(|row| {
            let mission = missions.get(&row.mission_id)?;
            let mission = ConflictMission {
                id: mission.id,
                title: mission.title.clone(),
                location: mission.location.clone(),
                start_at: row.starts_at,
                end_at: row.ends_at,
            };
            let user_name = people.get(&row.user_id)?.clone();
            Some((row.id, Involved { row, mission, user_name }))
        }));
    }
    Ok(involved)
}
