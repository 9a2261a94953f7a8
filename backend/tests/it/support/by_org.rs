//! Whether each statement that any test makes the program send names its org for every table that it touches. What a test
//! writes as SQL itself is not looked at: it has no parameters.

use coulisses::db::distribution::{LOCAL, REFERENCE};
use sea_orm::DbBackend;
use sqlparser::{
    ast::{
        BinaryOperator, Delete, Expr, FromTable, Ident, Insert, Join, JoinConstraint, JoinOperator,
        ObjectName, Select, Statement, TableFactor, TableObject, TableWithJoins, Update, Value, Visit,
        Visitor,
    },
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};
use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    sync::{LazyLock, Mutex, PoisonError},
};

/// Statements across orgs: what their text contains, and why. Where the tables are distributed each asks all servers.
pub const ACROSS_ORGS: [(&str, &str); 6] = [
    (
        r#"FROM "invitations" WHERE "invitations"."id" = "#,
        "without a valid token an id is sought in all orgs; refused sign-ins are few",
    ),
    (
        r#"INNER JOIN "orgs" ON "invitations"."org_id" = "orgs"."id""#,
        "reminders are due in all orgs; once a minute, and each org has a transaction of its own",
    ),
    (
        r#"DELETE FROM "idempotency_keys" WHERE "idempotency_keys"."created_at" <"#,
        "stored responses are deleted when they are old, whoever's they are; once an hour",
    ),
    (
        r#"MIN("created_at") AS "since" FROM "mails""#,
        "an operator counts the mails that wait in all orgs, for /metrics",
    ),
    (
        r#"DELETE FROM "list_versions""#,
        "an import of everything and a restore make the versions of all orgs anew",
    ),
    (
        r#"FROM "list_versions" WHERE "org_id" IN ("#,
        "what changes is looked for in all orgs that somebody listens to; where the tables are distributed by one statement each",
    ),
];

/// Of the steps 13 and 17, which never change and are over before any table is distributed.
const OF_OLD_STEPS: [&str; 5] = [
    "WHERE octet_length(",
    r#"WHERE "org_id" > "#,
    r#"SELECT "org_id" FROM "projects" WHERE "name" = "#,
    r#"SELECT "org_id", "mission_id" FROM "mission_roles""#,
    r#"SELECT "org_id", "user_id" FROM "user_"#,
];

/// The schema as it was accepted: columns, keys and references, a line each.
pub fn schema() -> impl Iterator<Item = &'static str> {
    include_str!("../snapshots/it__migrations__schema.snap").lines()
}

/// The tables that are distributed by org: all that have one and are nowhere else.
pub fn distributed() -> &'static BTreeSet<&'static str> {
    static TABLES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let columns = schema().filter_map(|line| line.strip_prefix("column ")?.split(' ').next());
        let of_orgs = columns.filter_map(|column| column.strip_suffix(".org_id"));
        of_orgs.filter(|table| !REFERENCE.contains(table) && !LOCAL.contains(table)).collect()
    });
    &TABLES
}

#[derive(Default)]
struct Seen {
    texts: BTreeSet<String>,
    /// The exceptions that were needed, by their place.
    needed: BTreeSet<usize>,
    problems: Vec<String>,
}

static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

fn seen<T>(work: impl FnOnce(&mut Seen) -> T) -> T {
    work(SEEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// From now on every statement of this process is looked at, each text once.
pub fn watch() {
    coulisses::db::watch_statements(|statement| {
        if statement.values.is_none() || !seen(|seen| seen.texts.insert(statement.sql.clone())) {
            return;
        }
        let nameless = nameless(statement.db_backend, &statement.sql);
        if nameless.is_empty() || OF_OLD_STEPS.iter().any(|part| statement.sql.contains(part)) {
            return;
        }
        let exception = ACROSS_ORGS.iter().position(|(part, _)| statement.sql.contains(part));
        seen(|seen| match exception {
            Some(place) => {
                seen.needed.insert(place);
            }
            None => seen.problems.push(format!("{} without an org: {}", nameless.join(", "), statement.sql)),
        });
    });
}

/// Panics when a statement was sent that names no org, by whichever test.
pub fn check() {
    let problems = seen(|seen| seen.problems.clone());
    assert!(problems.is_empty(), "{} statements name no org:\n{}", problems.len(), problems.join("\n"));
}

/// The exceptions that no statement has needed so far, and how many statements were looked at.
pub fn unneeded() -> (Vec<&'static str>, usize) {
    seen(|seen| {
        let all = ACROSS_ORGS.iter().enumerate();
        let unneeded = all.filter(|(place, _)| !seen.needed.contains(place)).map(|(_, (part, _))| *part);
        (unneeded.collect(), seen.texts.len())
    })
}

/// The tables of a statement that are distributed and for which it names no org.
pub fn nameless(backend: DbBackend, sql: &str) -> Vec<String> {
    let dialect: &dyn Dialect = match backend {
        DbBackend::Sqlite => &SQLiteDialect {},
        _ => &PostgreSqlDialect {},
    };
    // The parser knows two of the four strengths of locks.
    let known = sql.replace(" FOR NO KEY UPDATE", " FOR UPDATE").replace(" FOR KEY SHARE", " FOR SHARE");
    let parsed = match Parser::parse_sql(dialect, &known) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("unreadable ({error}) and so")],
    };
    let mut found = Tables::default();
    let ControlFlow::Continue(()) = parsed.visit(&mut found);
    found.nameless
}

/// Collects the tables without an org, in the statement and in each query within it.
#[derive(Default)]
struct Tables {
    nameless: Vec<String>,
}

impl Visitor for Tables {
    type Break = std::convert::Infallible;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        self.look(&select.from, select.selection.as_ref());
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Self::Break> {
        match statement {
            Statement::Insert(Insert { table: TableObject::TableName(table), columns, .. }) => {
                let with_org = columns.iter().any(|column| name_of(column) == "org_id");
                if is_distributed(table) && !with_org {
                    self.nameless.push(name_of(table).to_owned());
                }
            }
            Statement::Update(Update { table, selection, .. }) => {
                self.look(std::slice::from_ref(table), selection.as_ref());
            }
            Statement::Delete(Delete { from, selection, .. }) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
                self.look(from, selection.as_ref());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Tables {
    /// Looks at the tables of one FROM. A condition of an inner join holds for all of them, one of an outer join for the table
    /// that it joins.
    fn look(&mut self, from: &[TableWithJoins], condition: Option<&Expr>) {
        let mut general = Vec::new();
        condition.into_iter().for_each(|condition| conjuncts(condition, &mut general));
        let mut tables = Vec::new();
        for TableWithJoins { relation, joins } in from {
            tables.push((relation, Vec::new()));
            for Join { relation, join_operator, .. } in joins {
                let (inner, constraint) = match join_operator {
                    JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                        (true, on)
                    }
                    JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (false, on),
                    other => panic!("no statement of ours joins by {other:?}"),
                };
                let mut own = Vec::new();
                if let JoinConstraint::On(on) = constraint {
                    conjuncts(on, if inner { &mut general } else { &mut own });
                }
                tables.push((relation, own));
            }
        }
        let distributed = tables.iter().filter_map(|(relation, own)| match relation {
            TableFactor::Table { name, alias, .. } if is_distributed(name) => {
                let called = alias.as_ref().map_or_else(|| name_of(name), |alias| &*alias.name.value);
                Some((name_of(name), called, own))
            }
            _ => None,
        });
        let distributed: Vec<_> = distributed.collect();
        let alone = distributed.len() == 1;
        for (name, called, own) in distributed {
            let outer = general.iter().chain(own).any(|condition| names_the_org(condition, called, alone));
            if !outer {
                self.nameless.push(name.to_owned());
            }
        }
    }
}

fn name_of(name: &ObjectName) -> &str {
    name.0.last().and_then(|part| part.as_ident()).map_or("", |ident| &ident.value)
}

fn is_distributed(name: &ObjectName) -> bool {
    distributed().contains(name_of(name))
}

/// The conditions that must all hold.
fn conjuncts<'a>(condition: &'a Expr, found: &mut Vec<&'a Expr>) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::Nested(inner) => conjuncts(inner, found),
        other => found.push(other),
    }
}

/// Whether it says `table.org_id = $1`, or `org_id = $1` where no other table can be meant.
fn names_the_org(condition: &Expr, table: &str, alone: bool) -> bool {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return false };
    let is_given =
        |side: &Expr| matches!(side, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)));
    let is_org = |side: &Expr| match side {
        Expr::CompoundIdentifier(parts) => {
            matches!(&parts[..], [Ident { value: of, .. }, column] if of == table && column.value == "org_id")
        }
        Expr::Identifier(column) => alone && column.value == "org_id",
        _ => false,
    };
    is_org(left) && is_given(right)
}
