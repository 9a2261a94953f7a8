//! What is done later ([`crate::jobs`]).

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { creates: &["jobs"], ..Rows::NONE }
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
                table("jobs")
                    .col(id("id").primary_key())
                    .col(id_null("org_id"))
                    .col(text("kind"))
                    .col(text("payload"))
                    .col(instant("created_at"))
                    .col(instant("due_at"))
                    .col(schema::big_integer("claims"))
                    .col(schema::integer("attempts"))
                    .col(text_null("last_error"))
                    .col(instant_null("given_up_at"))
                    .foreign_key(&mut refers("jobs_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        // Those that were given up stay, and are not looked through for what is due.
        index(manager, "jobs_due", "jobs (kind, due_at) WHERE given_up_at IS NULL").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["jobs"]).await
    }
}
