//! Orgs, logins, memberships, sessions, and the tokens that set a password.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            creates: &["orgs", "accounts", "org_memberships", "sessions", "password_tokens"],
            ..Rows::NONE
        }
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
                table("orgs")
                    .col(id("id").primary_key())
                    .col(text("name"))
                    .col(text("name_key"))
                    .col(text("timezone"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .take(),
            )
            .await?;
        index(manager, "unique orgs_name", "orgs (name_key)").await?;

        manager
            .create_table(
                table("accounts")
                    .col(id("id").primary_key())
                    .col(text("email"))
                    .col(text("email_key"))
                    .col(text_null("password_hash"))
                    .col(schema::boolean("is_active"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .take(),
            )
            .await?;
        index(manager, "unique accounts_email", "accounts (email_key)").await?;

        manager
            .create_table(
                table("org_memberships")
                    .col(id("org_id"))
                    .col(id("id"))
                    .col(id("account_id"))
                    .col(one_of("role", &["owner", "admin", "manager", "tech"]))
                    .col(schema::boolean("is_active"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .primary_key(&mut primary_key(&["org_id", "id"]))
                    .foreign_key(&mut refers("org_memberships_org", &["org_id"], "orgs", &["id"]))
                    .foreign_key(&mut refers("org_memberships_of", &["account_id"], "accounts", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "unique org_memberships_account", "org_memberships (org_id, account_id)").await?;
        index(manager, "org_memberships_by_account", "org_memberships (account_id)").await?;

        manager
            .create_table(
                table("sessions")
                    .col(id("id").primary_key())
                    .col(id("account_id"))
                    .col(id_null("org_id"))
                    .col(schema::integer("refresh_generation"))
                    .col(instant("rotated_at"))
                    .col(instant("last_used_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("revoked_at"))
                    .col(text_null("user_agent"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("sessions_account", &["account_id"], "accounts", &["id"]))
                    .foreign_key(&mut refers("sessions_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "sessions_by_account", "sessions (account_id, last_used_at)").await?;

        manager
            .create_table(
                table("password_tokens")
                    .col(id("id").primary_key())
                    .col(id("account_id"))
                    .col(one_of("purpose", &["welcome", "reset"]))
                    .col(schema::blob("token_hash"))
                    .col(instant("expires_at"))
                    .col(instant_null("used_at"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("password_tokens_account", &["account_id"], "accounts", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "unique password_tokens_hash", "password_tokens (token_hash)").await?;
        index(manager, "password_tokens_by_account", "password_tokens (account_id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["password_tokens", "sessions", "org_memberships", "accounts", "orgs"]).await
    }
}
