//! The version of an org's plan: see [`crate::db::Versions`].

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["list_versions"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let planning = schema::big_integer("planning").default(0).take();
        manager.alter_table(Table::alter().table("list_versions").add_column(planning).take()).await?;
        // A number that does not come again: what is cached under those from before this step was taken back is older.
        commands(
            manager,
            &["UPDATE list_versions SET planning = (random() * 9e18)::bigint"],
            &["UPDATE list_versions SET planning = random()"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("list_versions").drop_column("planning").take()).await
    }
}
