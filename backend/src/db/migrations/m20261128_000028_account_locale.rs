//! The language that an account chose for itself.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    // A column without a value.
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
        let locale = schema::string_null("locale").take();
        manager.alter_table(Table::alter().table("accounts").add_column(locale).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("accounts").drop_column("locale").take()).await
    }
}
