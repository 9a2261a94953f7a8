//! Which tables can be distributed by org over several PostgreSQL servers (the extension Citus), and whether they are.
//!
//! A statement about an org's rows then goes to the one server that has them, if every table in it says which org
//! (`OfOrg`, [`OfOrg::joined`](super::OfOrg::joined)). A table with an `org_id` that is in no list here is distributed by it.
//! Why each table is where it is: docs/decisions/distribution.md.

mod steps;

use super::Database;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use std::sync::atomic::Ordering;

pub use steps::{DistributeError, distribute};

/// The tables that every server has a copy of: what is asked for before the org is known, and what org's rows refer to.
pub const REFERENCE: [&str; 6] =
    ["orgs", "accounts", "org_memberships", "membership_links", "sessions", "password_tokens"];

/// The tables that stay on the coordinator: its record of migrations, and jobs, which are claimed in all orgs at once.
pub const LOCAL: [&str; 2] = ["jobs", "seaql_migrations"];

/// The table that is distributed first: where an org's rows of it are, all its others are placed.
pub const FIRST: &str = "users";

/// The tables that have an `org_id` and are in neither list, [`FIRST`] first, then by name.
async fn by_org(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Named {
        name: String,
    }
    let elsewhere: Vec<_> = REFERENCE.iter().chain(&LOCAL).map(|table| format!("'{table}'")).collect();
    let sql = format!(
        "SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
            AND a.attname = 'org_id' AND NOT a.attisdropped AND c.relname NOT IN ({})
        ORDER BY c.relname <> '{FIRST}', c.relname",
        elsewhere.join(", ")
    );
    let named = Named::find_by_statement(Statement::from_string(DbBackend::Postgres, sql));
    Ok(named.all(db).await?.into_iter().map(|row| row.name).collect())
}

#[derive(FromQueryResult)]
struct Found {
    found: bool,
}

async fn holds(db: &impl ConnectionTrait, sql: &str) -> Result<bool, DbErr> {
    let asked = Found::find_by_statement(Statement::from_string(DbBackend::Postgres, sql));
    Ok(asked.one(db).await?.is_some_and(|row| row.found))
}

/// Whether this PostgreSQL has the extension.
async fn is_possible(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    holds(db, "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') AS found").await
}

/// Whether the tables are distributed. To be asked only where it is possible.
async fn is_done(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let sql = format!(
        "SELECT EXISTS (
            SELECT 1 FROM pg_dist_partition WHERE partmethod = 'h' AND logicalrelid = to_regclass('{FIRST}')
        ) AS found"
    );
    holds(db, &sql).await
}

impl Database {
    /// Whether the tables are distributed, as it was found when the database was opened.
    pub fn is_distributed(&self) -> bool {
        self.distributed.load(Ordering::Relaxed)
    }

    /// What is found when the database is opened. Tests, which have no such server, say so themselves.
    pub fn note_distributed(&self, distributed: bool) {
        self.distributed.store(distributed, Ordering::Relaxed);
    }

    /// Looks whether the tables are distributed.
    pub(super) async fn look_for_distribution(&self) -> Result<(), DbErr> {
        let postgres = self.get_database_backend() == DbBackend::Postgres;
        self.note_distributed(postgres && is_possible(self).await? && is_done(self).await?);
        Ok(())
    }
}
