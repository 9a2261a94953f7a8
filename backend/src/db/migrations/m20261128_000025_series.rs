//! Which availabilities were declared as one series.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    // A column that is empty.
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
        let series = Table::alter().table("availabilities").add_column(id_null("series_id")).take();
        manager.alter_table(series).await
    }

    /// Each stays, on its own.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("availabilities").drop_column("series_id").take()).await
    }
}
