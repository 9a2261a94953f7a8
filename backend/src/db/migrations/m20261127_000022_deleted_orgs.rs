//! Orgs that are deleted: their row stays for the audit log, without a name and without an owner.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            also_loses: Some(AlsoLost {
                table: "orgs",
                condition: "deleted_at IS NOT NULL",
                thing: "org",
                fate: " that would not count as deleted any more",
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
        let deleted_at = Table::alter().table("orgs").add_column(instant_null("deleted_at")).take();
        manager.alter_table(deleted_at).await?;
        keep_an_owner(manager, OrgsThat::AreNotDeleted).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        keep_an_owner(manager, OrgsThat::AreThere).await?;
        let deleted_at = Table::alter().table("orgs").drop_column("deleted_at").take();
        manager.alter_table(deleted_at).await
    }
}

/// Which orgs keep an owner.
#[derive(Clone, Copy)]
enum OrgsThat {
    AreThere,
    AreNotDeleted,
}

async fn keep_an_owner(manager: &SchemaManager<'_>, orgs: OrgsThat) -> Result<(), DbErr> {
    let condition = match orgs {
        OrgsThat::AreThere => "",
        OrgsThat::AreNotDeleted => " AND deleted_at IS NULL",
    };
    // Where the tables are distributed no trigger calls it, and replacing it does no harm.
    let postgres = format!(
        "CREATE OR REPLACE FUNCTION org_memberships_last_owner() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF NEW.role = 'owner' AND NEW.is_active AND NEW.proven_at IS NOT NULL AND NEW.org_id = OLD.org_id THEN
                    RETURN NEW;
                END IF;
            END IF;
            PERFORM 1 FROM orgs WHERE id = OLD.org_id{condition} FOR NO KEY UPDATE;
            IF FOUND AND NOT EXISTS (
                SELECT 1 FROM org_memberships m
                WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
                    AND m.proven_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'org_memberships_last_owner',
                    MESSAGE = 'org_memberships_last_owner';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END $$"
    );
    let sqlite = format!(
        "CREATE TRIGGER org_memberships_last_owner_delete BEFORE DELETE ON org_memberships
        WHEN OLD.role = 'owner' AND OLD.is_active AND OLD.proven_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
                AND m.proven_at IS NOT NULL
        ) AND EXISTS (SELECT 1 FROM orgs WHERE id = OLD.org_id{condition})
        BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END"
    );
    commands(manager, &[&postgres], &["DROP TRIGGER org_memberships_last_owner_delete", &sqlite]).await
}
