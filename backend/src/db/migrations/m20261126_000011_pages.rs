//! For pages that cost what they show. Conflicts are found in the order of their list: the overridden assignments
//! of a person and of a whole org have indexes in that order, and so has what each person has accepted without an override. The keys that people
//! are sorted by get a bound: a name can fold to eighteen times as many letters, and the key is part of an index and of the
//! list's cursors.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["users", "assignments"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // As many characters as `users::rules` gives a new one. Earlier releases sort by such keys as well.
        let cut = "UPDATE users SET sort_key = substr(sort_key, 1, 200) WHERE length(sort_key) > 200";
        manager.get_connection().execute_unprepared(cut).await?;
        // Now in the order of the list.
        drop(manager, "assignments_overridden").await?;
        let columns = "assignments (org_id, user_id, starts_at, id, ends_at)";
        index(manager, "assignments_overridden", &format!("{columns} WHERE {OVERRIDDEN}")).await?;
        let columns = "assignments (org_id, starts_at, id, ends_at, user_id)";
        index(manager, "assignments_overridden_by_start", &format!("{columns} WHERE {OVERRIDDEN}")).await?;
        let columns = "assignments (org_id, user_id, starts_at, ends_at, id)";
        let undisputed = "status = 'ACCEPTED' AND conflict_override IS NULL";
        index(manager, "assignments_undisputed", &format!("{columns} WHERE {undisputed}")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["assignments_undisputed", "assignments_overridden_by_start", "assignments_overridden"] {
            drop(manager, name).await?;
        }
        let columns = "assignments (org_id, user_id, starts_at, ends_at, id)";
        index(manager, "assignments_overridden", &format!("{columns} WHERE {OVERRIDDEN}")).await
    }
}

const OVERRIDDEN: &str = "status = 'ACCEPTED' AND conflict_override IS NOT NULL";

async fn drop(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    manager.drop_index(Index::drop().name(name).table("assignments").to_owned()).await
}
