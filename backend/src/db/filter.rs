//! Filters that lists share.

use crate::{
    ids::{Id, OrgId},
    search,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, Value,
    sea_query::{Expr, ExprTrait, LikeExpr, Query},
};

/// Periods that overlap `[from, to)`; a missing end is unbounded. The longest possible period limits how far back an index
/// is read.
pub fn overlaps<C: ColumnTrait>(
    (starts, ends): (C, C),
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Condition {
    let ends_later = from.map(|from| ends.gt(from).and(starts.gt(from.earliest_start())));
    Condition::all().add_option(ends_later).add_option(to.map(|to| starts.lt(to)))
}

/// `column IN (values)`; no values mean any.
pub fn one_of<C: ColumnTrait, V: Into<Value>>(column: C, values: Vec<V>) -> Condition {
    let chosen = (!values.is_empty()).then(|| column.is_in(values));
    Condition::all().add_option(chosen)
}

/// Rows of one user, for callers who see their own only: `None` means all rows, `Some(None)` none.
pub fn own<C: ColumnTrait, V: Into<Value>>(column: C, whose: Option<Option<V>>) -> Condition {
    Condition::all().add_option(whose.map(|own| own.map_or(Expr::val(1).eq(0), |own| column.eq(own))))
}

/// Rows after the cursor, in ascending order of `column`, then of `id`.
pub fn after<C: ColumnTrait, K: Into<Value> + Clone, I: Into<Value>>(
    (column, id): (C, C),
    cursor: Option<(K, I)>,
) -> Condition {
    // The `>=` alone tells an index where to begin; with the OR only, it is read from its start.
    let later = cursor.map(|(key, last)| column.gte(key.clone()).and(column.gt(key).or(id.gt(last))));
    Condition::all().add_option(later)
}

/// Rows after the cursor, in descending order.
pub fn before<C: ColumnTrait, K: Into<Value> + Clone, I: Into<Value>>(
    (column, id): (C, C),
    cursor: Option<(K, I)>,
) -> Condition {
    let earlier = cursor.map(|(key, last)| column.lte(key.clone()).and(column.lt(key).or(id.lt(last))));
    Condition::all().add_option(earlier)
}

/// A LIKE pattern for texts that contain `part` literally: its `%` and `_` are escaped.
pub fn contains(part: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}

/// Whether each word of a search is contained in one of the columns, which hold what [`search::stored`] makes. A blank
/// search matches everything, one of punctuation only nothing.
pub fn has_words<C: ColumnTrait>(columns: &[C], question: &str) -> Condition {
    let in_one = |word: String| {
        let found = columns.iter().map(|column| column.like(contains(&word)));
        found.fold(Condition::any(), Condition::add)
    };
    let words = search::words(question);
    if words.is_empty() && !question.trim().is_empty() {
        return Condition::all().add(Expr::val(1).eq(0));
    }
    words.into_iter().map(in_one).fold(Condition::all(), Condition::add)
}

/// Whether any row of `table` references the object in `column`, which then cannot be deleted. Tables of resources above
/// the calling one are named here, not imported.
///
/// # Errors
/// When the database fails.
pub async fn is_referenced(
    db: &impl ConnectionTrait,
    (table, column): (&'static str, &'static str),
    org: OrgId,
    object: impl Id + Into<uuid::Uuid>,
) -> Result<bool, DbErr> {
    let named = Query::select()
        .expr(Expr::val(1))
        .from(table)
        .and_where(Expr::col("org_id").eq(org))
        .and_where(Expr::col(column).eq(object.into()))
        .limit(1)
        .take();
    Ok(db.query_one(&named).await?.is_some())
}
