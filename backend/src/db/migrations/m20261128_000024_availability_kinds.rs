//! Periods in which somebody is not available, beside those in which they are. Approved ones of one person overlap within no
//! kind; those of two kinds may.
//!
//! Instances of the release before know no kind: what they write is `available`, and what is `unavailable` they show like the
//! others until they are replaced.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            goes_through: &["availabilities"],
            also_loses: Some(AlsoLost {
                table: "availabilities",
                condition: "kind = 'unavailable'",
                thing: "period of being unavailable",
                fate: ", to be kept as a rejected availability",
            }),
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
        // A distributed table takes no new column that has a CHECK.
        let mut kind = match manager.get_database_backend() == DbBackend::Postgres {
            true => text("kind"),
            false => one_of("kind", &["available", "unavailable"]),
        };
        let kind = kind.default("available").take();
        manager.alter_table(Table::alter().table("availabilities").add_column(kind).take()).await?;
        commands(manager, &[ONE_OF_TWO], &[]).await?;
        refuse_overlaps(manager, Overlaps::WithinOneKind).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Nobody counts on a rejected one. Kept as they are, they would say the opposite of what was declared.
        command(manager, "UPDATE availabilities SET status = 'REJECTED' WHERE kind = 'unavailable'").await?;
        refuse_overlaps(manager, Overlaps::OfAll).await?;
        manager.alter_table(Table::alter().table("availabilities").drop_column("kind").take()).await
    }
}

/// Under the name that PostgreSQL gives the CHECK of a column.
const ONE_OF_TWO: &str = "ALTER TABLE availabilities ADD CONSTRAINT availabilities_kind_check
    CHECK (kind IN ('available', 'unavailable'))";

/// Which approved availabilities of a user must not overlap.
#[derive(Clone, Copy)]
enum Overlaps {
    OfAll,
    WithinOneKind,
}

/// Puts the guard in the place of the one that is there, under the same names: an instance of the release before knows them.
async fn refuse_overlaps(manager: &SchemaManager<'_>, which: Overlaps) -> Result<(), DbErr> {
    let (same_kind, of_kind, written) = match which {
        Overlaps::OfAll => ("", "", ""),
        Overlaps::WithinOneKind => (" kind WITH =,", " AND a.kind = NEW.kind", ", kind"),
    };
    let postgres = format!(
        "ALTER TABLE availabilities ADD CONSTRAINT availabilities_no_overlap
            EXCLUDE USING gist (org_id WITH =, user_id WITH =,{same_kind} int8range(starts_at, ends_at) WITH &&)
            WHERE (status = 'APPROVED')"
    );
    let sqlite = |trigger: &str, event: &str| {
        format!(
            "CREATE TRIGGER availabilities_no_overlap_{trigger} BEFORE {event} ON availabilities
            WHEN NEW.status = 'APPROVED' AND EXISTS (
                SELECT 1 FROM availabilities a
                WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id{of_kind} AND a.status = 'APPROVED'
                    AND a.id <> NEW.id AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                    AND a.starts_at > NEW.starts_at - {LONGEST}
            )
            BEGIN SELECT RAISE(ABORT, 'availabilities_no_overlap'); END"
        )
    };
    let update = format!("UPDATE OF status, user_id, starts_at, ends_at{written}");
    commands(
        manager,
        &["ALTER TABLE availabilities DROP CONSTRAINT availabilities_no_overlap", &postgres],
        &[
            "DROP TRIGGER availabilities_no_overlap_insert",
            "DROP TRIGGER availabilities_no_overlap_update",
            &sqlite("insert", "INSERT"),
            &sqlite("update", &update),
        ],
    )
    .await
}

/// The 32 days of the 16th step, whose text a step back looks for.
const LONGEST: &str = "2764800000000";
