//! Versions of cached lists: one number per org and list, which every write that changes the list replaces as the last
//! statement of its transaction ([`Tx::commit`]). A reader that reads the version before the rows can cache the result
//! under it: after the commit, every request asks for another version.
//!
//! The numbers are random rather than counted, so that a database restored from a backup never repeats a version that a
//! write makes. The version that the backup itself holds would come again: whoever read it just before a write, and the rows
//! just after, has cached those under it. So a restored or imported database gets new ones ([`renew`]).

use super::{Database, Tx};
use crate::{ids::OrgId, random::Random};
use sea_orm::{
    ConnectionTrait, DbErr, FromQueryResult, Value,
    sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement},
};
use std::collections::{BTreeMap, HashMap};

const TABLE: &str = "list_versions";

crate::words::words! {
    /// A list that is cached.
    pub enum List {
        /// An org's projects.
        Projects = "projects",
        /// An org's missions, with the counts of who is on them.
        Missions = "missions",
        /// An org's plan: its missions, projects, users, availabilities, and who is asked and accepted.
        Planning = "planning",
    }
}

impl List {
    pub const ALL: [Self; 3] = [Self::Projects, Self::Missions, Self::Planning];
}

/// The versions of an org's lists; 0 for one that was never replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromQueryResult)]
pub struct Versions {
    projects: Option<i64>,
    missions: Option<i64>,
    planning: Option<i64>,
}

impl Versions {
    pub fn of(&self, list: List) -> i64 {
        match list {
            List::Projects => self.projects,
            List::Missions => self.missions,
            List::Planning => self.planning,
        }
        .unwrap_or(0)
    }

    /// Those of an org, as a snapshot sees them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(db: &impl ConnectionTrait, org: OrgId) -> Result<Self, DbErr> {
        let mut select = Query::select();
        select.columns(List::ALL.map(|list| Alias::new(list.word()))).from(TABLE);
        select.and_where(Expr::col("org_id").eq(org));
        let row = db.query_one(&select).await?;
        row.map_or(Ok(Self::default()), |row| Self::from_query_result(&row, ""))
    }

    /// Those of several orgs, by org; none of an org that has no row yet. One statement for a batch of them; where the tables are
    /// distributed one for each, because it then asks one server, and nobody waits for the slowest of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_all(db: &Database, orgs: &[OrgId]) -> Result<HashMap<OrgId, Self>, DbErr> {
        if db.is_distributed() || orgs.len() == 1 {
            let mut found = HashMap::with_capacity(orgs.len());
            for org in orgs {
                found.insert(*org, Self::read(db, *org).await?);
            }
            return Ok(found);
        }
        let mut found = HashMap::with_capacity(orgs.len());
        for some in orgs.chunks(ORGS) {
            let mut select = Query::select();
            select.column("org_id").columns(List::ALL.map(|list| Alias::new(list.word()))).from(TABLE);
            // Padded with the last one, so that few statements have to be prepared.
            let padding = some.iter().rev().take(1).cycle();
            let padded = some.iter().chain(padding).take(some.len().next_power_of_two());
            select.and_where(Expr::col("org_id").is_in(padded.copied()));
            for row in db.query_all(&select).await? {
                found.insert(row.try_get("", "org_id")?, Self::from_query_result(&row, "")?);
            }
        }
        Ok(found)
    }

    /// Adds the versions to a query, whose rows can then be read as [`Versions`], too.
    pub fn join(select: &mut SelectStatement, org: Value) -> &mut SelectStatement {
        for list in List::ALL {
            select.column((TABLE, list.word()));
        }
        select.left_join(TABLE, Expr::col((TABLE, "org_id")).eq(org))
    }
}

pub(super) async fn replace(tx: &Tx, org: OrgId, lists: &BTreeMap<List, i64>) -> Result<(), DbErr> {
    let columns = lists.keys().map(|list| Alias::new(list.word()));
    let versions = lists.values().map(|version| Expr::value(*version));
    let upsert = Query::insert()
        .into_table(TABLE)
        .columns([Alias::new("org_id")].into_iter().chain(columns.clone()))
        .values_panic([Expr::value(org)].into_iter().chain(versions))
        .on_conflict(OnConflict::column("org_id").update_columns(columns).to_owned())
        .take();
    tx.execute(&upsert).await.map(|_| ())
}

/// Orgs whose versions are read or written at once.
const ORGS: usize = 512;

/// Gives all orgs new versions of `lists`, or one of them: those that the schema has, which may be an older one.
///
/// # Errors
/// When the database fails.
pub async fn renew(
    db: &impl ConnectionTrait,
    random: &Random,
    only: Option<OrgId>,
    lists: &[List],
) -> Result<(), DbErr> {
    let mut orgs = Query::select();
    orgs.column("id").from("orgs");
    let mut old = Query::delete();
    old.from_table(TABLE);
    if let Some(org) = only {
        orgs.and_where(Expr::col("id").eq(org));
        old.and_where(Expr::col("org_id").eq(org));
    }
    db.execute(&old).await?;
    let orgs = db.query_all(&orgs).await?;
    let orgs = orgs.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<OrgId>, _>>()?;
    for some in orgs.chunks(ORGS) {
        let columns = lists.iter().map(|list| Alias::new(list.word()));
        let mut new = Query::insert();
        new.into_table(TABLE).columns([Alias::new("org_id")].into_iter().chain(columns));
        for org in some {
            let versions = lists.iter().map(|_| Expr::value(i64::from_be_bytes(random.bytes())));
            new.values_panic([Expr::value(*org)].into_iter().chain(versions));
        }
        db.execute(&new).await?;
    }
    Ok(())
}
