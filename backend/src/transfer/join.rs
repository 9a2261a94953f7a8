//! Importing an org into a database that has others. An account whose e-mail is there already is that account: its id takes
//! the place of the exported one in every column.

use super::{
    Moved, Progress, TransferError,
    cell::Cell,
    format::Layout,
    import::{self, Import},
    insert::{self, Fate},
    reading::{self, Reading},
};
use crate::{
    db::{List, migrations::Exclusive, renew_versions},
    ids::{AccountId, OrgId},
};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value as SqlValue};
use sea_orm_migration::MigratorTrait;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Accounts that are asked for at once.
const ACCOUNTS: usize = 500;

pub(super) async fn join(
    import: &Import<'_>,
    schema: &Exclusive<'_>,
    reading: Reading,
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    let db = schema.database();
    let steps = crate::db::migrations::Migrator::migrations();
    let applied = crate::db::migrations::applied(db).await?;
    if applied.len() != steps.len() || reading.header.steps != applied {
        return Err(TransferError::Refused(
            "the export and the database must both have this program's schema: run `coulisses migrate up`; an older export goes into an \
                empty database, which exports it anew"
                .into(),
        ));
    }
    let total = reading::check(import.file, progress)?.total();
    let tx = schema.begin().await?;
    let Ahead { org, accounts } = Ahead::of(import)?;
    refuse_present(&tx, &org).await?;
    let there = Accounts::find(&tx, import, &accounts).await?;
    let tables = import::matching(&tx, &reading.header.tables).await?;
    let mut change = |layout: &Layout, cells: &mut Vec<Cell>| there.change(layout, cells);
    let moved = insert::insert(&tx, reading, &tables, total, &mut change, progress).await?;
    renew_versions(&tx, &import.random, Some(org.id), &List::ALL).await?;
    tx.commit().await?;
    db.analyze().await?;
    Ok(moved)
}

struct Org {
    id: OrgId,
    name: String,
    name_key: String,
}

/// What has to be known before the first row is inserted. Accounts and the org refer to nothing, so their rows come first.
struct Ahead {
    org: Org,
    accounts: Vec<(Uuid, String)>,
}

impl Ahead {
    fn of(import: &Import<'_>) -> Result<Self, TransferError> {
        let mut reading = Reading::open(import.file)?;
        let (mut org, mut accounts) = (None, Vec::new());
        while let Some(row) = reading.next()? {
            let layout = &reading.header.tables[row.table];
            let cell = |name: &str| layout.columns.iter().position(|(column, _)| column == name);
            let cell = |name: &str| cell(name).and_then(|place| row.cells.get(place));
            let text = |name: &str| match cell(name) {
                Some(Cell::Text(text)) => Ok(text.clone()),
                _ => Err(reading.wrong(format!("lacks the column {name}"))),
            };
            let Some(Cell::Uuid(id)) = cell("id") else { break };
            match &*layout.name {
                "orgs" => {
                    org = Some(Org { id: OrgId(*id), name: text("name")?, name_key: text("name_key")? });
                }
                "accounts" => accounts.push((*id, text("email_key")?)),
                _ => break,
            }
        }
        match org {
            Some(org) => Ok(Self { org, accounts }),
            None => Err(reading.wrong("comes before any organisation: the export has none")),
        }
    }
}

async fn refuse_present(tx: &impl ConnectionTrait, org: &Org) -> Result<(), TransferError> {
    let sql = "SELECT id, deleted_at IS NOT NULL FROM orgs WHERE id = $1 OR name_key = $2";
    let values: [SqlValue; 2] = [org.id.into(), org.name_key.clone().into()];
    let found = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let found = tx.query_all_raw(found).await?;
    let state = |row: &QueryResult| Ok::<_, DbErr>((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    let found = found.iter().map(state).collect::<Result<Vec<(OrgId, bool)>, _>>()?;
    let refused = |what: &str| {
        Err(TransferError::Refused(format!("the organisation {} ({}) {what}", org.name, org.id)))
    };
    match found.as_slice() {
        [] => Ok(()),
        found if found.contains(&(org.id, true)) => {
            refused("was deleted from this database, whose audit log stays: import it into another one")
        }
        found if found.contains(&(org.id, false)) => {
            refused("is in the database already: nothing was changed")
        }
        _ => refused(
            "cannot have its name there, because another has it: `coulisses org rename` gives that one another name",
        ),
    }
}

/// Whose id changes, and who is there already.
struct Accounts {
    ids: HashMap<Uuid, Uuid>,
    there: HashSet<Uuid>,
}

impl Accounts {
    async fn find(
        tx: &impl ConnectionTrait,
        import: &Import<'_>,
        accounts: &[(Uuid, String)],
    ) -> Result<Self, TransferError> {
        let mut found = Self { ids: HashMap::new(), there: HashSet::new() };
        let now = import.clock.now();
        for (number, some) in (0_u32..).zip(accounts.chunks(ACCOUNTS)) {
            let by_email = column(tx, "email_key", some.iter().map(|(_, key)| key.clone().into())).await?;
            let by_id = column(tx, "id", some.iter().map(|(id, _)| (*id).into())).await?;
            let taken: HashSet<Uuid> = by_id.into_iter().map(|(_, id)| id).collect();
            let by_email: HashMap<String, Uuid> = by_email.into_iter().collect();
            for (id, email_key) in some {
                if let Some(there) = by_email.get(email_key) {
                    found.ids.insert(*id, *there);
                    found.there.insert(*id);
                } else if taken.contains(id) {
                    // Somebody who has another e-mail by now.
                    found.ids.insert(*id, import.random.id::<AccountId>(now, number).0);
                }
            }
        }
        Ok(found)
    }

    /// An id is nobody else's: wherever it stands, it is that account.
    fn change(&self, layout: &Layout, cells: &mut [Cell]) -> Fate {
        let mut fate = Fate::Insert;
        for (cell, (column, _)) in cells.iter_mut().zip(&layout.columns) {
            if let Cell::Uuid(id) = cell {
                if layout.name == "accounts" && column == "id" && self.there.contains(id) {
                    fate = Fate::Skip;
                }
                if let Some(new) = self.ids.get(id) {
                    *id = *new;
                }
            }
        }
        fate
    }
}

/// The accounts whose `column` has one of these values: the value of `email_key`, and the id.
async fn column(
    tx: &impl ConnectionTrait,
    column: &str,
    values: impl Iterator<Item = SqlValue>,
) -> Result<Vec<(String, Uuid)>, DbErr> {
    let values: Vec<_> = values.collect();
    let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
    let sql = format!("SELECT email_key, id FROM accounts WHERE {column} IN ({})", places.join(", "));
    let rows =
        tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}
