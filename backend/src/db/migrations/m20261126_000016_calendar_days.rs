//! A period lasts at most 31 days of the calendar, which are an hour more where the clocks give one, and would be a day more
//! where a place crossed the date line westward. The program checks that, in the zone; what the database checks and looks
//! back by becomes 32 days, the same number everywhere.

use super::*;

const CALENDAR: &str = "2764800000000";
const HOURS: &str = "2678400000000";
/// The checks of missions and of availabilities, and the functions of triggers.
const PLACES_ON_POSTGRES: u32 = 3;
/// The two tables with their checks, and the triggers.
const PLACES_ON_SQLITE: u64 = 6;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    // Checks that are not run on what is there.
    fn rows(&self) -> Rows {
        Rows::NONE
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, HOURS, CALENDAR).await
    }

    /// Longer periods stay as they are; the older schema refuses them when they are written again.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, CALENDAR, HOURS).await
    }
}

/// In the checks of tables and in the code of triggers.
async fn replace(manager: &SchemaManager<'_>, old: &str, new: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        // Rows that are there need no check: `NOT VALID` skips it, and with it the wait.
        db.execute_unprepared(&format!(
            "DO $$
            DECLARE
                found record;
                replaced integer := 0;
            BEGIN
                FOR found IN
                    SELECT c.conname, c.conrelid::regclass AS of, pg_get_constraintdef(c.oid) AS definition
                    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
                    WHERE n.nspname = current_schema() AND c.contype = 'c'
                        AND pg_get_constraintdef(c.oid) LIKE '%{old}%'
                LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.of, found.conname);
                    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', found.of, found.conname,
                        replace(replace(found.definition, '{old}', '{new}'), ' NOT VALID', ''));
                    replaced := replaced + 1;
                END LOOP;
                FOR found IN
                    SELECT pg_get_functiondef(p.oid) AS definition
                    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                    WHERE n.nspname = current_schema() AND p.prokind = 'f' AND p.prosrc LIKE '%{old}%'
                LOOP
                    EXECUTE replace(found.definition, '{old}', '{new}');
                    replaced := replaced + 1;
                END LOOP;
                IF replaced <> {PLACES_ON_POSTGRES} THEN
                    RAISE EXCEPTION 'the longest period, {old}, is in % places of this schema instead of {PLACES_ON_POSTGRES}',
                        replaced;
                END IF;
            END $$"
        ))
        .await?;
        return Ok(());
    }
    let replaced = sqlite_schema::reword(db, old, new).await?;
    if replaced != PLACES_ON_SQLITE {
        return Err(DbErr::Custom(format!(
            "the longest period, {old}, is in {replaced} places of this schema instead of {PLACES_ON_SQLITE}"
        )));
    }
    Ok(())
}
