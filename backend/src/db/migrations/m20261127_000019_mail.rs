//! Mail: what is to be sent, and what links, orgs and users need for it. Invitations that exist stay as they are: handed
//! over by hand, with links of version 0, which are not derived from a version.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// All that [`crate::outbox::MailKind`] has; SQLite could not add one without building the table anew.
const KINDS: [&str; 7] = ["calls", "reminder", "moved", "called_off", "answers", "digest", "member"];

impl Step for Migration {
    // New columns with a default rewrite nothing in either database.
    fn rows(&self) -> Rows {
        Rows { creates: &["mails", "mail_items"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in new_columns() {
            for column in columns {
                manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
            }
        }
        manager
            .create_table(
                table("mails")
                    .col(id("org_id"))
                    .col(id("id"))
                    .col(one_of("kind", &KINDS))
                    .col(id_null("user_id"))
                    .col(id_null("account_id"))
                    .col(text("address"))
                    .col(one_of("state", &["queued", "sent", "failed", "dropped"]))
                    .col(text_null("error"))
                    .col(instant("created_at"))
                    .col(instant_null("claimed_at"))
                    .col(instant_null("ended_at"))
                    .primary_key(&mut primary_key(&["org_id", "id"]))
                    .foreign_key(&mut refers("mails_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "mails_newest", "mails (org_id, created_at, id)").await?;
        index(manager, "mails_by_user", "mails (org_id, user_id, created_at, id)").await?;
        index(manager, "mails_failed", "mails (org_id, created_at, id) WHERE state = 'failed'").await?;
        // What one mail gathers: the ones that nobody has begun to send.
        index(manager, "mails_open", "mails (org_id, address, kind) WHERE claimed_at IS NULL").await?;
        index(manager, "mails_queued", "mails (created_at) WHERE state = 'queued'").await?;
        let invitation = ["org_id", "invitation_id"];
        manager
            .create_table(
                table("mail_items")
                    .col(id("org_id"))
                    .col(id("mail_id"))
                    .col(id("invitation_id"))
                    .primary_key(&mut primary_key(&["org_id", "mail_id", "invitation_id"]))
                    .foreign_key(
                        refers("mail_items_mail", &["org_id", "mail_id"], "mails", &["org_id", "id"])
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        refers("mail_items_invitation", &invitation, "invitations", &["org_id", "id"])
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        index(manager, "mail_items_by_invitation", "mail_items (org_id, invitation_id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // An older program knows of neither kind.
        let unsent = "DELETE FROM jobs WHERE kind IN ('mail', 'account_mail')";
        manager.get_connection().execute_unprepared(unsent).await?;
        drop_tables(manager, &["mail_items", "mails"]).await?;
        for (table, columns) in new_columns() {
            for column in columns {
                let name = Alias::new(column.get_column_name());
                manager.alter_table(Table::alter().table(table).drop_column(name).take()).await?;
            }
        }
        Ok(())
    }
}

fn new_columns() -> [(&'static str, Vec<ColumnDef>); 4] {
    let locales = ["fr", "en", "en-US"];
    let delivery = || one_of("delivery", &["none", "queued", "sent", "failed"]).default("none").take();
    [
        (
            "orgs",
            vec![
                one_of("locale", &locales).default("fr").take(),
                text_null("contact_name"),
                text_null("contact_phone"),
                text_null("contact_email"),
                text_null("reply_to"),
            ],
        ),
        (
            "users",
            vec![ColumnDef::new("locale").text().null().check(Expr::col("locale").is_in(locales)).take()],
        ),
        ("org_memberships", vec![delivery(), text_null("delivery_error")]),
        (
            "invitations",
            vec![
                instant_null("answer_by"),
                schema::integer("version").default(0).take(),
                text_null("key_id"),
                delivery(),
                text_null("delivery_error"),
                instant_null("reminded_at"),
            ],
        ),
    ]
}
