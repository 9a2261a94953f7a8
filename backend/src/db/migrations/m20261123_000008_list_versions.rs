//! A number per org and cached list that changes with every write to what the list shows: see [`crate::db::Versions`].

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { creates: &["list_versions"], goes_through: &["orgs"], ..Rows::NONE }
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
                table("list_versions")
                    .col(id("org_id"))
                    .col(schema::big_integer("projects").default(0))
                    .col(schema::big_integer("missions").default(0))
                    .primary_key(&mut primary_key(&["org_id"]))
                    .foreign_key(&mut refers("list_versions_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        // A number that does not come again: what is cached under those from before this step was taken back is older.
        dialect(
            manager,
            "INSERT INTO list_versions SELECT id, (random() * 9e18)::bigint, (random() * 9e18)::bigint FROM orgs",
            "INSERT INTO list_versions SELECT id, random(), random() FROM orgs",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["list_versions"]).await
    }
}
