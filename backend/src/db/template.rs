//! Statements that are built once. Building them showed in the profile of short reads, so the busiest ones are built at
//! their first use and filled in from then on.

use sea_orm::{DbBackend, Statement, StatementBuilder, Value, Values};
use std::sync::OnceLock;
use uuid::Uuid;

/// The first stand-in for a number; no query of ours holds numbers near it.
const FIRST_NUMBER: i64 = i64::MIN + 1;

/// A statement in the dialect of each database, built at its first use.
#[derive(Default)]
pub struct Template {
    sqlite: OnceLock<Made>,
    postgres: OnceLock<Made>,
}

struct Made {
    sql: String,
    slots: Vec<Slot>,
}

enum Slot {
    /// A parameter, by its index among the values.
    Given(usize),
    /// A constant of the statement.
    Always(Value),
}

impl Template {
    pub const fn new() -> Self {
        Self { sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement with these values, which are UUIDs and 64-bit integers. `make` builds it around stand-ins for them, at
    /// the first call only: it must depend on nothing else.
    pub fn fill<S: StatementBuilder>(
        &self,
        backend: DbBackend,
        values: Vec<Value>,
        make: impl FnOnce(&[Value]) -> S,
    ) -> Statement {
        let of_backend = match backend {
            DbBackend::Sqlite => &self.sqlite,
            _ => &self.postgres,
        };
        let made = of_backend.get_or_init(|| {
            let stand_ins: Vec<Value> =
                values.iter().enumerate().map(|(at, value)| stand_in(at, value)).collect();
            Made::of(&backend.build(&make(&stand_ins)), &stand_ins)
        });
        made.fill(backend, &values)
    }
}

/// A value that no other value of the statement equals.
fn stand_in(at: usize, value: &Value) -> Value {
    match value {
        Value::BigInt(_) => Value::BigInt(i64::try_from(at).ok().map(|at| FIRST_NUMBER + at)),
        _ => Value::Uuid(Some(Uuid::from_u128(at as u128 + 1))),
    }
}

impl Made {
    fn of(built: &Statement, stand_ins: &[Value]) -> Self {
        let slot = |value: &Value| match stand_ins.iter().position(|stand_in| stand_in == value) {
            Some(at) => Slot::Given(at),
            None => Slot::Always(value.clone()),
        };
        let values = built.values.as_ref().map_or(&[][..], |Values(values)| values);
        Self { sql: built.sql.clone(), slots: values.iter().map(slot).collect() }
    }

    fn fill(&self, backend: DbBackend, values: &[Value]) -> Statement {
        let filled = self.slots.iter().map(|slot| match slot {
            Slot::Given(at) => values[*at].clone(),
            Slot::Always(value) => value.clone(),
        });
        Statement::from_sql_and_values(backend, &self.sql, filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

    fn query(values: &[Value]) -> SelectStatement {
        let [org, id, after] = [0, 1, 2].map(|at: usize| values[at].clone());
        let mut query = Query::select();
        query.expr(Expr::val("same")).from("things").and_where(Expr::col("org_id").eq(org.clone()));
        query.and_where(Expr::col("id").eq(id)).and_where(Expr::col("owner").eq(org));
        query.and_where(Expr::col("at").gt(after)).and_where(Expr::col("kind").eq(1_i64)).take()
    }

    #[test]
    fn what_is_filled_in_is_what_would_have_been_built() {
        static QUERY: Template = Template::new();
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            for number in [7, 8] {
                let ids = [1, 2].map(|part| Value::from(Uuid::from_u128(number * 10 + part)));
                let values: Vec<Value> = ids.into_iter().chain([Value::from(77_i64)]).collect();
                let filled = QUERY.fill(backend, values.clone(), query);
                assert_eq!(filled, backend.build(&query(&values)));
            }
        }
    }
}
