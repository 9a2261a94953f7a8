//! Whether those on a mission see who else is.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    // A column with a default.
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
        let setting = schema::boolean("crew_sees_crew").default(true).take();
        manager.alter_table(Table::alter().table("orgs").add_column(setting).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("orgs").drop_column("crew_sees_crew").take()).await
    }
}
