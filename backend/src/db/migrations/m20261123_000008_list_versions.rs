//! A number per org and cached list that changes with every write to what the list shows: see [`crate::db::Versions`].

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("list_versions")
                    .col(id("org_id"))
                    .col(schema::big_integer("projects").default(0))
                    .col(schema::big_integer("missions").default(0))
                    .primary_key(&mut primary_key(&["org_id"]))
                    .foreign_key(&mut refers("list_versions_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["list_versions"]).await
    }
}
