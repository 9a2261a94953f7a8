//! Memberships that their account has not proven yet, and the links that prove one. The memberships that exist stay as they
//! are: proven. A link for a first password becomes that of the org which the account joined first, because it was given to
//! whoever added the login; one that replaces a password was the operator's.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Memberships that a schema without pending ones cannot represent: all unproven ones but that of a new account that waits
/// for its first password. They are deleted: if only deactivated, they would count as proven after the next migration up.
const TOO_NEW: &str = "proven_at IS NULL AND (
    EXISTS (SELECT 1 FROM accounts a WHERE a.id = org_memberships.account_id AND a.password_hash IS NOT NULL)
    OR EXISTS (SELECT 1 FROM org_memberships o WHERE o.account_id = org_memberships.account_id
        AND o.org_id <> org_memberships.org_id))";

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            creates: &["membership_links"],
            goes_through: &["org_memberships", "password_tokens"],
            also_loses: Some(AlsoLost {
                table: "org_memberships",
                condition: TOO_NEW,
                thing: "pending membership",
                fate: ", to be removed",
            }),
        }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = async |sql: &str| manager.get_connection().execute_unprepared(sql).await;
        let (postgres, sqlite) = m20261123_000003_guards::DROP_LAST_OWNER;
        dialect(manager, postgres, sqlite).await?;
        let proven_at = Table::alter().table("org_memberships").add_column(instant_null("proven_at")).take();
        manager.alter_table(proven_at).await?;
        run("UPDATE org_memberships SET proven_at = created_at").await?;
        let (postgres, sqlite) = LAST_OWNER;
        dialect(manager, postgres, sqlite).await?;

        let membership = ["org_id", "account_id"];
        manager
            .create_table(
                table("membership_links")
                    .col(id("org_id"))
                    .col(id("id"))
                    .col(id("account_id"))
                    .col(one_of("giver", &["org", "operator"]))
                    .col(schema::blob("token_hash"))
                    .col(instant("expires_at"))
                    .col(instant_null("used_at"))
                    .col(instant("created_at"))
                    .primary_key(&mut primary_key(&["org_id", "id"]))
                    .foreign_key(
                        refers("membership_links_of", &membership, "org_memberships", &membership)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        index(manager, "membership_links_by_membership", "membership_links (org_id, account_id)").await?;
        index(manager, "membership_links_by_hash", "membership_links (token_hash)").await?;
        run(MOVE_LINKS).await?;
        run("DELETE FROM password_tokens WHERE purpose = 'welcome'").await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = async |sql: &str| manager.get_connection().execute_unprepared(sql).await;
        let (postgres, sqlite) = m20261123_000003_guards::DROP_LAST_OWNER;
        dialect(manager, postgres, sqlite).await?;
        // Without the column they would open what nobody has proven.
        run(&format!(
            "UPDATE users SET account_id = NULL WHERE EXISTS (
                SELECT 1 FROM org_memberships
                WHERE org_memberships.org_id = users.org_id AND org_memberships.account_id = users.account_id AND {TOO_NEW}
            )"
        ))
        .await?;
        run(&format!("DELETE FROM org_memberships WHERE {TOO_NEW}")).await?;
        run(MOVE_LINKS_BACK).await?;
        drop_tables(manager, &["membership_links"]).await?;
        let proven_at = Table::alter().table("org_memberships").drop_column("proven_at").take();
        manager.alter_table(proven_at).await?;
        let (postgres, sqlite) = m20261123_000003_guards::LAST_OWNER;
        dialect(manager, postgres, sqlite).await
    }
}

/// As before, but only an owner who has proven their membership is one to rely on.
const LAST_OWNER: (&str, &str) = (
    "
    CREATE FUNCTION org_memberships_last_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF NEW.role = 'owner' AND NEW.is_active AND NEW.proven_at IS NOT NULL AND NEW.org_id = OLD.org_id THEN
                RETURN NEW;
            END IF;
        END IF;
        PERFORM 1 FROM orgs WHERE id = OLD.org_id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
                AND m.proven_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'org_memberships_last_owner',
                MESSAGE = 'org_memberships_last_owner';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER org_memberships_last_owner BEFORE UPDATE OR DELETE ON org_memberships
        FOR EACH ROW WHEN (OLD.role = 'owner' AND OLD.is_active AND OLD.proven_at IS NOT NULL)
        EXECUTE FUNCTION org_memberships_last_owner();
    ",
    "
    CREATE TRIGGER org_memberships_last_owner_update BEFORE UPDATE ON org_memberships
    WHEN OLD.role = 'owner' AND OLD.is_active AND OLD.proven_at IS NOT NULL
        AND NOT (NEW.role = 'owner' AND NEW.is_active AND NEW.proven_at IS NOT NULL AND NEW.org_id = OLD.org_id)
        AND NOT EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
                AND m.proven_at IS NOT NULL
        )
    BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END;
    CREATE TRIGGER org_memberships_last_owner_delete BEFORE DELETE ON org_memberships
    WHEN OLD.role = 'owner' AND OLD.is_active AND OLD.proven_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM org_memberships m
        WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
            AND m.proven_at IS NOT NULL
    )
    BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END;
    ",
);

const MOVE_LINKS: &str = "
    INSERT INTO membership_links (org_id, id, account_id, giver, token_hash, expires_at, used_at, created_at)
    SELECT m.org_id, t.id, t.account_id, CASE WHEN a.password_hash IS NULL THEN 'org' ELSE 'operator' END,
        token_hash, t.expires_at, t.used_at, t.created_at
    FROM password_tokens t
    JOIN accounts a ON a.id = t.account_id
    JOIN org_memberships m ON m.account_id = t.account_id
    WHERE t.purpose = 'welcome' AND NOT EXISTS (
        SELECT 1 FROM org_memberships e WHERE e.account_id = m.account_id
            AND (e.created_at < m.created_at OR e.created_at = m.created_at AND e.id < m.id)
    )";

/// What the program before could not tell from a link of its own stays behind: an org's, where it would open more than
/// that org.
const MOVE_LINKS_BACK: &str = "
    INSERT INTO password_tokens (id, account_id, purpose, token_hash, expires_at, used_at, created_at)
    SELECT l.id, l.account_id, 'welcome', token_hash, l.expires_at, l.used_at, l.created_at
    FROM membership_links l
    JOIN accounts a ON a.id = l.account_id
    WHERE l.giver = 'operator' OR a.password_hash IS NULL AND NOT EXISTS (
        SELECT 1 FROM org_memberships o WHERE o.account_id = l.account_id AND o.org_id <> l.org_id
    )";
