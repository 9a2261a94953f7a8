//! Requests that may come again, and the answers they got, for a day.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { creates: &["idempotency_keys"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("idempotency_keys")
                    .col(id("org_id"))
                    .col(id("caller_id"))
                    .col(text("path"))
                    .col(text("key"))
                    .col(schema::blob("request_hash"))
                    .col(schema::blob("answer"))
                    .col(instant("created_at"))
                    .primary_key(&mut primary_key(&["org_id", "caller_id", "path", "key"]))
                    .foreign_key(&mut refers("idempotency_keys_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "idempotency_keys_by_age", "idempotency_keys (created_at)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency_keys"]).await
    }
}
