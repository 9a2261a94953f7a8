//! An index of what people have accepted, in order of time, with all that finding overlaps needs.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["assignments"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = "assignments (org_id, user_id, starts_at, ends_at, id) WHERE status = 'ACCEPTED'";
        index(manager, "assignments_accepted", columns).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("assignments_accepted").table("assignments").to_owned()).await
    }
}
