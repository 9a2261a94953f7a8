//! Reading conflicts.

use super::{
    model::{Conflict, ConflictKey, ConflictMission, ConflictQuery},
    sweep::{Pair, Place, Range, Side, Sweep, key},
};
use crate::{
    db::OfOrg,
    error::{Error, NotFound},
    http::Page,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{AssignmentStatus, entity::assignment, joins},
        missions::entity::mission,
        users::{self, entity::user},
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, IntoTableRef, Order, Query, SelectStatement, UnionType},
};
use std::{
    cmp::{max, min},
    collections::{BTreeSet, HashMap},
};

/// The most sides per query. The first query reads one more than the wanted pairs, each later one twice as many.
const MOST_SIDES: u64 = 4096;

/// A page of a user's conflicts, by when the overlap starts.
///
/// # Errors
/// [`NotFound`] for an unknown user.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: UserId,
    query: ConflictQuery,
) -> Result<Page<[Conflict]>, Error> {
    users::exists(db, org, id).await?;
    list(db, org, query, Some(Some(id))).await
}

/// A page of the org's conflicts, by when the overlap starts. `own` narrows it to one user's, `Some(None)` to none.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: ConflictQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<[Conflict]>, Error> {
    let sought = Sought { own: own.flatten(), from: query.from, to: query.to };
    Page::fill(query.limit, query.cursor, |after, count| async move {
        let pairs = match own {
            Some(None) => Vec::new(),
            _ => pairs(db, org, sought, after, count).await?,
        };
        shown(db, org, pairs).await
    })
    .await
}

#[derive(Clone, Copy)]
struct Sought {
    own: Option<UserId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// The first `count` pairs behind the cursor `after`.
async fn pairs(
    db: &impl ConnectionTrait,
    org: OrgId,
    sought: Sought,
    after: Option<ConflictKey>,
    count: u64,
) -> Result<Vec<Pair>, Error> {
    let mut sweep = Sweep::new(after, usize::try_from(count).unwrap_or(usize::MAX));
    // Both sides of a pair end after the later one starts and after the window starts.
    let alive = max(sweep.begins_at(), sought.from);
    // One more than the pairs, because the last one may only be in conflict with later ones.
    let (mut behind, mut at_once) = (None, count + 1);
    loop {
        let overridden = sides(db, true, overridden(org, sought, (alive, behind), at_once)).await?;
        let last = overridden.last().filter(|_| number(&overridden) >= at_once).map(Side::place);
        // Sides that start at the same time as the last one may sort before or after it.
        let end = last.map(|(at, _)| Timestamp::from_micros(at.as_micros() + 1));
        let end = [end, sought.to].into_iter().flatten().min();
        let ranges = sweep.cover(behind.map(|(at, _)| at), &overridden, end);
        let mut met = overridden;
        if !ranges.is_empty() {
            let backend = db.get_database_backend();
            let within = undisputed(backend, org, alive, (behind, last), &ranges, count);
            met.extend(sides(db, false, within).await?);
        }
        if sweep.meet(met) || last.is_none() {
            return Ok(sweep.into_found());
        }
        behind = last;
        at_once = min(at_once * 2, MOST_SIDES);
    }
}

fn number<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}

const COLUMNS: [&str; 4] = ["user_id", "id", "starts_at", "ends_at"];

async fn sides(
    db: &impl ConnectionTrait,
    overridden: bool,
    select: SelectStatement,
) -> Result<Vec<Side>, Error> {
    let side = |row: sea_orm::QueryResult| {
        Ok(Side {
            user: row.try_get("", "user_id")?,
            id: row.try_get("", "id")?,
            starts_at: row.try_get("", "starts_at")?,
            ends_at: row.try_get("", "ends_at")?,
            overridden,
        })
    };
    db.query_all(&select).await?.into_iter().map(side).collect()
}

fn of(table: &'static str, column: &'static str) -> Expr {
    Expr::col((table, column))
}

/// Accepted, with or without an override. As literals, because a partial index is used only where the text of the query implies
/// its condition.
fn accepted(table: &str, overridden: bool) -> Expr {
    let not = if overridden { "NOT " } else { "" };
    let status = AssignmentStatus::Accepted.word();
    Expr::cust(format!("{table}.status = '{status}' AND {table}.conflict_override IS {not}NULL"))
}

/// The next overridden assignments that end after `alive` and start before the window ends. The longest mission bounds how far
/// back an index is read.
fn overridden(
    org: OrgId,
    sought: Sought,
    (alive, behind): (Option<Timestamp>, Option<Place>),
    count: u64,
) -> SelectStatement {
    let mut select = Query::select();
    select
        .exprs(COLUMNS.map(|column| of("s", column)))
        .from_as("assignments", "s")
        .and_where(of("s", "org_id").eq(org))
        .and_where_option(sought.own.map(|own| of("s", "user_id").eq(own)))
        .and_where(accepted("s", true))
        .and_where_option(sought.to.map(|to| of("s", "starts_at").lt(to)))
        .and_where_option(alive.map(|alive| of("s", "ends_at").gt(alive)));
    match behind {
        Some((at, id)) => {
            select
                .and_where(of("s", "starts_at").gte(at))
                .and_where(of("s", "starts_at").gt(at).or(of("s", "id").gt(id)));
        }
        None => {
            let earliest = alive.map(Timestamp::earliest_start);
            select.and_where_option(earliest.map(|earliest| of("s", "starts_at").gt(earliest)));
        }
    }
    // `ends_at` behind the unique id changes no order; it lets SQLite choose the index on all three. With another one it would
    // read every assignment of the user.
    for column in ["starts_at", "id", "ends_at"] {
        select.order_by(("s", column), Order::Asc);
    }
    select.limit(count).take()
}

/// The undisputed assignments that start within the ranges, between two places, and those running when a range begins; as many
/// as `count` pairs may need.
fn undisputed(
    backend: DbBackend,
    org: OrgId,
    alive: Option<Timestamp>,
    (behind, last): (Option<Place>, Option<Place>),
    ranges: &[Range],
    count: u64,
) -> SelectStatement {
    let [user, from, until] = ["column1", "column2", "column3"].map(|column| of("r", column));
    // The ranges lie between the places, so these conditions only break ties by id. They must not be plain bounds of
    // `starts_at`: an index takes one, and that has to be the range's.
    let later = behind.map(|(at, id)| of("s", "starts_at").gt(at).or(of("s", "id").gt(id)));
    let earlier = last.map(|(at, id)| of("s", "starts_at").lt(at).or(of("s", "id").lt(id)));
    let sought = || {
        Condition::all()
            .add(of("s", "org_id").eq(org))
            .add(accepted("s", false))
            .add_option(alive.map(|alive| of("s", "ends_at").gt(alive)))
            .add_option(earlier.clone())
    };
    let within = sought()
        .add(of("s", "user_id").eq(user.clone()))
        .add(of("s", "starts_at").gte(from.clone()))
        .add(of("s", "starts_at").lt(until))
        .add_option(later);
    // Undisputed ones never overlap: only the last one that started before can still be running.
    let last_before = Query::select()
        .expr(of("u", "id"))
        .from_as("assignments", "u")
        .and_where(of("u", "org_id").eq(org))
        .and_where(of("u", "user_id").eq(user))
        .and_where(accepted("u", false))
        .and_where(of("u", "starts_at").lte(from.clone()))
        .order_by(("u", "starts_at"), Order::Desc)
        .order_by(("u", "ends_at"), Order::Desc)
        .limit(1)
        .take();
    let last_before = Expr::SubQuery(None, Box::new(last_before.into()));
    // Where the page begins late in a range, that one may start after the last place.
    let begun = sought()
        .add(of("s", "id").eq(last_before))
        .add(of("s", "ends_at").gt(from))
        .add_option(last.map(|(at, _)| of("s", "starts_at").lte(at)));
    let mut both = for_each(backend, ranges, within, count);
    both.union(UnionType::All, for_each(backend, ranges, begun, count));
    // Each that starts inside a range makes a pair. Besides, one per range may be running when it begins, and be read twice.
    let enough = count + 2 * number(ranges);
    both.order_by("starts_at", Order::Asc).order_by("id", Order::Asc).limit(enough).take()
}

/// The first assignments `s` of each range `r`, as a nested loop from the ranges into the index: by themselves, both databases
/// join the other way round when few users have most of the assignments. SQLite has no LATERAL but keeps the order of a cross
/// join; PostgreSQL has LATERAL and reorders cross joins.
fn for_each(backend: DbBackend, ranges: &[Range], sought: Condition, count: u64) -> SelectStatement {
    let columns = || COLUMNS.map(|column| of("s", column));
    let rows = ranges.iter().map(|range| (range.user.0, range.from.as_micros(), range.until.as_micros()));
    let mut select = Query::select();
    select.exprs(columns()).from_values(rows, "r");
    match backend {
        DbBackend::Postgres => {
            let first = Query::select()
                .exprs(columns())
                .from_as("assignments", "s")
                .cond_where(sought)
                .order_by(("s", "starts_at"), Order::Asc)
                .limit(count)
                .take();
            select.join_lateral(JoinType::InnerJoin, first, "s", Expr::val(true));
        }
        _ => {
            select.cross_join("assignments".into_table_ref().alias("s")).cond_where(sought);
        }
    }
    select
}

/// What a conflict shows of each of its assignments.
#[derive(Debug, FromQueryResult)]
struct Details {
    id: AssignmentId,
    conflict_override: Option<String>,
    mission_id: MissionId,
    title: String,
    location: Option<String>,
    first_name: String,
    last_name: String,
}

/// Adds the titles of the missions and the names of the users.
async fn shown(
    db: &impl ConnectionTrait,
    org: OrgId,
    pairs: Vec<Pair>,
) -> Result<Vec<(ConflictKey, Conflict)>, Error> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<AssignmentId> = pairs.iter().flat_map(|(a, b)| [a.id, b.id]).collect();
    let details = assignment::Entity::of(org)
        .select_only()
        .columns([
            assignment::Column::Id,
            assignment::Column::ConflictOverride,
            assignment::Column::MissionId,
        ])
        .columns([mission::Column::Title, mission::Column::Location])
        .columns([user::Column::FirstName, user::Column::LastName])
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .join(JoinType::InnerJoin, joins::to_user(org))
        .filter(assignment::Column::Id.is_in(ids))
        .into_model::<Details>()
        .all(db)
        .await?;
    let details: HashMap<_, _> = details.into_iter().map(|one| (one.id, one)).collect();
    pairs.iter().map(|pair| Ok((key(pair), conflict(pair, &details).ok_or(NotFound)?))).collect()
}

fn conflict((a, b): &Pair, details: &HashMap<AssignmentId, Details>) -> Option<Conflict> {
    let (of_a, of_b) = (details.get(&a.id)?, details.get(&b.id)?);
    let mission = |side: &Side, details: &Details| ConflictMission {
        id: details.mission_id,
        title: details.title.clone(),
        location: details.location.clone(),
        start_at: side.starts_at,
        end_at: side.ends_at,
    };
    Some(Conflict {
        a1: a.id,
        a2: b.id,
        mission1: mission(a, of_a),
        mission2: mission(b, of_b),
        overlap_start: b.starts_at,
        overlap_end: min(a.ends_at, b.ends_at),
        override_reason: of_b.conflict_override.clone().or(of_a.conflict_override.clone()),
        user_id: a.user,
        user_name: users::display_name(&of_a.first_name, &of_a.last_name),
    })
}
