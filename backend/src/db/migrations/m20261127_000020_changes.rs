//! What changes after the first mail: what people were last shown and said yes to, reminders, digests, calendar keys.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            creates: &["mail_notices"],
            goes_through: &["assignments", "invitations", "orgs"],
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
        for (table, columns) in new_columns() {
            for column in columns {
                manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
            }
        }
        // What a mail tells of, besides invitations. The event is in the audit log; the assignment may be deleted meanwhile.
        manager
            .create_table(
                table("mail_notices")
                    .col(id("org_id"))
                    .col(id("mail_id"))
                    .col(id("assignment_id"))
                    .col(id_null("event_id"))
                    .primary_key(&mut primary_key(&["org_id", "mail_id", "assignment_id"]))
                    .foreign_key(
                        refers("mail_notices_mail", &["org_id", "mail_id"], "mails", &["org_id", "id"])
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        index(
            manager,
            "assignments_to_confirm",
            "assignments (org_id, starts_at, id) WHERE needs_confirmation",
        )
        .await?;
        // Whom a reminder may still go to, in all orgs.
        index(
            manager,
            "invitations_to_remind",
            "invitations (org_id, id) WHERE answer IS NULL AND revoked_at IS NULL AND asked_again_at IS NULL",
        )
        .await?;
        index(manager, "orgs_digest", "orgs (digest_at)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // An older program knows none of these kinds. The job of a mail that is gone ends by itself.
        let unsent = "DELETE FROM jobs WHERE kind = 'news';
            DELETE FROM mails WHERE kind NOT IN ('calls', 'member');";
        manager.get_connection().execute_unprepared(unsent).await?;
        for name in ["assignments_to_confirm", "invitations_to_remind", "orgs_digest"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        drop_tables(manager, &["mail_notices"]).await?;
        for (table, columns) in new_columns() {
            for column in columns {
                let name = Alias::new(column.get_column_name());
                manager.alter_table(Table::alter().table(table).drop_column(name).take()).await?;
            }
        }
        Ok(())
    }
}

fn new_columns() -> [(&'static str, Vec<ColumnDef>); 6] {
    let no = |name| schema::boolean(name).default(false).take();
    let zero = |name| schema::integer(name).default(0).take();
    let hours = |name, most: i32, default: i32| {
        schema::integer(name).default(default).check(Expr::col(name).between(0, most)).take()
    };
    [
        (
            "orgs",
            vec![hours("reminder_hours", 720, 48), hours("digest_hours", 720, 24), instant_null("digest_at")],
        ),
        ("users", vec![zero("calendar_version")]),
        (
            "org_memberships",
            vec![
                one_of("notify", &["none", "declines", "all"]).default("declines").take(),
                zero("calendar_version"),
            ],
        ),
        ("missions", vec![zero("sequence"), instant_null("moved_at"), instant_null("moving_since")]),
        (
            "assignments",
            vec![
                zero("sequence"),
                no("needs_confirmation"),
                text_null("agreed"),
                instant_null("told_at"),
                text_null("shown"),
            ],
        ),
        (
            "invitations",
            vec![no("own_address"), instant_null("withdrawn_at"), instant_null("asked_again_at")],
        ),
    ]
}
