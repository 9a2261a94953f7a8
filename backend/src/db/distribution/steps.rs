//! Distributing the tables of a plain schema, in one transaction.

use super::{FIRST, LOCAL, REFERENCE, by_org, holds, is_done, is_possible};
use crate::db::{Database, migrations::Exclusive};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement};
use std::time::Duration;

/// Locks the row of the org in `orgs`, of which every server has a copy: the changes of the copies would wait for each other.
/// The program itself keeps the last owner, under the same lock (`orgs::write`).
const LAST_OWNER: &str = "org_memberships_last_owner";

/// Why the tables were not distributed. Nothing was changed, but for the workers' settings.
#[derive(Debug, thiserror::Error)]
pub enum DistributeError {
    #[error(
        "SQLite is one file on one machine; only a PostgreSQL with the extension citus distributes tables"
    )]
    Sqlite,
    #[error(
        "this PostgreSQL does not have the extension citus; create it on every server and add the workers \
            (docs/scaling.md), or stay with one PostgreSQL"
    )]
    NoExtension,
    #[error(
        "this coordinator is not among its own servers; run SELECT citus_set_coordinator_host('its name'), because jobs stay \
            on it"
    )]
    NoCoordinator,
    #[error("there is no worker to hold rows; run SELECT citus_add_node('name', 5432) for each")]
    NoWorker,
    #[error("the settings of a worker could not be changed, and nothing was distributed: {0}")]
    Worker(String),
    #[error("the database refused: {0}")]
    Database(#[from] DbErr),
}

/// A constraint or trigger, as it is created.
#[derive(Debug, FromQueryResult)]
struct Definition {
    of_table: String,
    name: String,
    definition: String,
}

/// Distributes the tables, and says through `say` what it did; nothing if they are distributed. `lock_timeout` is what the
/// program sets for its own connections: those between the servers have only what their database says.
///
/// # Errors
/// [`DistributeError`].
pub async fn distribute(
    schema: &Exclusive<'_>,
    lock_timeout: Option<Duration>,
    say: fn(&str),
) -> Result<(), DistributeError> {
    let db = schema.database();
    if db.get_database_backend() != DbBackend::Postgres {
        return Err(DistributeError::Sqlite);
    }
    if !is_possible(db).await? {
        return Err(DistributeError::NoExtension);
    }
    if is_done(db).await? {
        say("the tables are distributed; nothing to do");
        return Ok(());
    }
    if !holds(db, "SELECT EXISTS (SELECT 1 FROM pg_dist_node WHERE groupid = 0) AS found").await? {
        return Err(DistributeError::NoCoordinator);
    }
    if !holds(db, "SELECT EXISTS (SELECT 1 FROM pg_dist_node WHERE isactive AND shouldhaveshards) AS found")
        .await?
    {
        return Err(DistributeError::NoWorker);
    }
    limit_waiting(db, lock_timeout, say).await?;
    let transaction = schema.begin().await?;
    let run = async |sql: String| transaction.execute_unprepared(&sql).await;
    // Tables that refer to each other are changed one shard after the other, and triggers on shards are not forbidden: ours
    // read and write rows of the same org, which are on the same server.
    run("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'".into()).await?;
    run("SET LOCAL citus.enable_unsafe_triggers TO on".into()).await?;

    // A table can refer only to what is distributed, and fires triggers while its rows are moved.
    let references = definitions(&transaction, REFERENCES).await?;
    for Definition { of_table, name, .. } in &references {
        run(format!("ALTER TABLE {of_table} DROP CONSTRAINT {name}")).await?;
    }
    let triggers = definitions(&transaction, TRIGGERS).await?;
    for Definition { of_table, name, .. } in &triggers {
        run(format!("DROP TRIGGER {name} ON {of_table}")).await?;
    }
    say(&format!("put aside            {} foreign keys, {} triggers", references.len(), triggers.len()));

    for table in REFERENCE {
        run(format!("SELECT create_reference_table('{table}')")).await?;
        say(&format!("copied to all        {table}"));
    }
    let distributed = by_org(&transaction).await?;
    for table in &distributed {
        let with = if table == FIRST { "none" } else { FIRST };
        run(format!("SELECT create_distributed_table('{table}', 'org_id', colocate_with => '{with}')"))
            .await?;
        say(&format!("distributed by org   {table}"));
    }
    run(format!("SELECT citus_add_local_table_to_metadata('{}')", LOCAL[0])).await?;
    say(&format!("on the coordinator   {}", LOCAL[0]));
    // What was moved is still on the coordinator's disk.
    for table in REFERENCE.into_iter().chain(distributed.iter().map(String::as_str)) {
        run(format!("SELECT truncate_local_data_after_distributing_table('{table}')")).await?;
    }

    for Definition { of_table, name, definition } in &references {
        run(format!("ALTER TABLE {of_table} ADD CONSTRAINT {name} {definition}")).await?;
    }
    let (dropped, kept): (Vec<_>, Vec<_>) = triggers.iter().partition(|trigger| trigger.name == LAST_OWNER);
    for trigger in &kept {
        run(trigger.definition.clone()).await?;
    }
    say(&format!("put back             {} foreign keys, {} triggers", references.len(), kept.len()));
    for Definition { name, .. } in dropped {
        run(format!("DROP FUNCTION {name}()")).await?;
        say(&format!("left out             {name} (the program keeps that rule)"));
    }
    transaction.commit().await?;
    db.connection().execute_unprepared("ANALYZE").await?;
    say("the tables are distributed; restart every instance, which finds out when it starts");
    Ok(())
}

/// In the order of their names, so that two runs do the same.
async fn definitions(transaction: &DatabaseTransaction, sql: &str) -> Result<Vec<Definition>, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    Definition::find_by_statement(statement).all(transaction).await
}

const REFERENCES: &str = "
    SELECT c.conrelid::regclass::text AS of_table, c.conname::text AS name, pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c
    WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'f' ORDER BY 1, 2";

const TRIGGERS: &str = "
    SELECT t.tgrelid::regclass::text AS of_table, t.tgname::text AS name, pg_get_triggerdef(t.oid) AS definition
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2";

/// Without it a lock on a worker is waited for until the deadlock detection or the statement's own timeout ends it.
async fn limit_waiting(
    db: &Database,
    lock_timeout: Option<Duration>,
    say: fn(&str),
) -> Result<(), DistributeError> {
    #[derive(FromQueryResult)]
    struct OfWorker {
        success: bool,
        worker: String,
        result: Option<String>,
    }
    #[derive(FromQueryResult)]
    struct Name {
        name: String,
    }
    let ask = |sql: &str| Statement::from_string(DbBackend::Postgres, sql);
    let name = Name::find_by_statement(ask("SELECT quote_ident(current_database()) AS name")).one(db).await?;
    let name = name.map(|row| row.name).unwrap_or_default();
    let millis = lock_timeout.map_or(0, |timeout| timeout.as_millis());
    // A worker may change its own database only if it does not pass that on.
    let set = format!(
        "DO $set$ BEGIN PERFORM set_config('citus.enable_ddl_propagation', 'off', true); \
            ALTER DATABASE {name} SET lock_timeout = {millis}; END $set$"
    );
    let sql = format!(
        "SELECT success, nodename || ':' || nodeport AS worker, result FROM run_command_on_workers('{}')",
        set.replace('\'', "''")
    );
    for OfWorker { success, worker, result } in OfWorker::find_by_statement(ask(&sql)).all(db).await? {
        if !success {
            return Err(DistributeError::Worker(format!("{worker}: {}", result.unwrap_or_default())));
        }
        say(&format!("lock_timeout         {worker}"));
    }
    Ok(())
}
