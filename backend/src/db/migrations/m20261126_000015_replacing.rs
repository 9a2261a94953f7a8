//! REPLACE and UPDATE OR REPLACE of SQLite delete the rows that are in their way, and fire no trigger for it unless the
//! connection has set `recursive_triggers`, as ours do. Whoever opens the file with another program has not. So what may
//! not be deleted or changed may not be in the way either, whichever connection writes.
//!
//! Rows are in the way by a unique key, or by their rowid, which can be written as well; where an INSERT names none, it is
//! -1 in a BEFORE trigger. PostgreSQL has no such statement.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    // Triggers only.
    fn rows(&self) -> Rows {
        Rows::NONE
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sqlite in [AUDIT, LAST_OWNER, ANSWERED_ONCE, QUOTA] {
            dialect(manager, "SELECT 1", sqlite).await?;
        }
        let (postgres, sqlite) = STAYS_IN_ITS_ORG;
        dialect(manager, postgres, sqlite).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect(manager, DROP_POSTGRES, DROP_SQLITE).await
    }
}

pub(super) const AUDIT: &str = "
    CREATE TRIGGER audit_log_not_replaced BEFORE INSERT ON audit_log
    WHEN EXISTS (SELECT 1 FROM audit_log a WHERE a.id = NEW.id OR a.rowid = NEW.rowid AND NEW.rowid <> -1)
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
    CREATE TRIGGER audit_details_not_replaced BEFORE INSERT ON audit_details
    WHEN EXISTS (SELECT 1 FROM audit_details d WHERE d.audit_id = NEW.audit_id OR d.rowid = NEW.rowid AND NEW.rowid <> -1)
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
    CREATE TRIGGER audit_details_emptied_in_place BEFORE UPDATE ON audit_details
    WHEN NEW.rowid IS NOT OLD.rowid
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
";

/// As if the owners in the way were deleted. Adding the last owner a second time is the duplicate that it always was.
const LAST_OWNER: &str = "
    CREATE TRIGGER org_memberships_last_owner_not_replaced BEFORE INSERT ON org_memberships
    WHEN EXISTS (
        SELECT 1 FROM org_memberships m
        WHERE m.role = 'owner' AND m.is_active AND m.proven_at IS NOT NULL
            AND (m.org_id = NEW.org_id AND (m.id = NEW.id OR m.account_id = NEW.account_id)
                OR m.rowid = NEW.rowid AND NEW.rowid <> -1)
            AND NOT EXISTS (
                SELECT 1 FROM org_memberships o
                WHERE o.org_id = m.org_id AND o.role = 'owner' AND o.is_active AND o.proven_at IS NOT NULL
                    AND NOT (o.org_id = NEW.org_id AND (o.id = NEW.id OR o.account_id = NEW.account_id)
                        OR o.rowid = NEW.rowid AND NEW.rowid <> -1)
            )
    )
    BEGIN
        SELECT CASE WHEN EXISTS (
            SELECT 1 FROM org_memberships m WHERE m.org_id = NEW.org_id AND m.account_id = NEW.account_id
        )
        THEN RAISE(ABORT, 'UNIQUE constraint failed: org_memberships.org_id, org_memberships.account_id')
        ELSE RAISE(ABORT, 'org_memberships_last_owner') END;
    END;
    CREATE TRIGGER org_memberships_last_owner_not_taken_over BEFORE UPDATE ON org_memberships
    WHEN (NEW.rowid IS NOT OLD.rowid OR NEW.org_id IS NOT OLD.org_id OR NEW.id IS NOT OLD.id
            OR NEW.account_id IS NOT OLD.account_id)
        AND EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.role = 'owner' AND m.is_active AND m.proven_at IS NOT NULL AND m.rowid <> OLD.rowid
                AND (m.org_id = NEW.org_id AND (m.id = NEW.id OR m.account_id = NEW.account_id) OR m.rowid = NEW.rowid)
                AND NOT (NEW.org_id = m.org_id AND NEW.role = 'owner' AND NEW.is_active AND NEW.proven_at IS NOT NULL)
                AND NOT EXISTS (
                    SELECT 1 FROM org_memberships o
                    WHERE o.org_id = m.org_id AND o.role = 'owner' AND o.is_active AND o.proven_at IS NOT NULL AND o.rowid <> OLD.rowid
                        AND NOT (o.org_id = NEW.org_id AND (o.id = NEW.id OR o.account_id = NEW.account_id)
                            OR o.rowid = NEW.rowid)
                )
        )
    BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END;
";

const ANSWERED_ONCE: &str = "
    CREATE TRIGGER invitations_answered_not_replaced BEFORE INSERT ON invitations
    WHEN EXISTS (
        SELECT 1 FROM invitations i
        WHERE (i.id = NEW.id OR i.rowid = NEW.rowid AND NEW.rowid <> -1) AND i.answer IS NOT NULL
    )
    BEGIN SELECT RAISE(ABORT, 'invitations_answered_once'); END;
    CREATE TRIGGER invitations_answered_not_taken_over BEFORE UPDATE ON invitations
    WHEN (NEW.rowid IS NOT OLD.rowid OR NEW.id IS NOT OLD.id) AND EXISTS (
        SELECT 1 FROM invitations i
        WHERE (i.id = NEW.id OR i.rowid = NEW.rowid) AND i.rowid <> OLD.rowid AND i.answer IS NOT NULL
    )
    BEGIN SELECT RAISE(ABORT, 'invitations_answered_once'); END;
";

/// A role that takes the place of another is given its people.
const QUOTA: &str = "
    CREATE TRIGGER mission_roles_quota_not_replaced BEFORE INSERT ON mission_roles
    WHEN NEW.quota < (
        SELECT count(*) FROM assignments a
        WHERE a.org_id = NEW.org_id AND a.mission_role_id = NEW.id AND a.status = 'ACCEPTED'
    )
    BEGIN SELECT RAISE(ABORT, 'mission_roles_quota'); END;
    CREATE TRIGGER mission_roles_quota_not_taken_over BEFORE UPDATE OF org_id, id ON mission_roles
    WHEN (NEW.org_id IS NOT OLD.org_id OR NEW.id IS NOT OLD.id) AND NEW.quota < (
        SELECT count(*) FROM assignments a
        WHERE a.org_id = NEW.org_id AND a.mission_role_id = NEW.id AND a.status = 'ACCEPTED'
    )
    BEGIN SELECT RAISE(ABORT, 'mission_roles_quota'); END;
";

/// The other guards look at what is in the row's org. Nothing of ours moves a row to another one; in SQLite not even the
/// foreign keys keep it where it is, because they, too, are a setting of the connection.
const STAYS_IN_ITS_ORG: (&str, &str) = (
    "
    CREATE FUNCTION stays_in_its_org() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, MESSAGE = TG_NAME;
    END $$;
    CREATE TRIGGER assignments_stay_in_their_org BEFORE UPDATE OF org_id ON assignments
        FOR EACH ROW WHEN (NEW.org_id <> OLD.org_id) EXECUTE FUNCTION stays_in_its_org();
    CREATE TRIGGER availabilities_stay_in_their_org BEFORE UPDATE OF org_id ON availabilities
        FOR EACH ROW WHEN (NEW.org_id <> OLD.org_id) EXECUTE FUNCTION stays_in_its_org();
    ",
    "
    CREATE TRIGGER assignments_stay_in_their_org BEFORE UPDATE OF org_id ON assignments
    WHEN NEW.org_id IS NOT OLD.org_id
    BEGIN SELECT RAISE(ABORT, 'assignments_stay_in_their_org'); END;
    CREATE TRIGGER availabilities_stay_in_their_org BEFORE UPDATE OF org_id ON availabilities
    WHEN NEW.org_id IS NOT OLD.org_id
    BEGIN SELECT RAISE(ABORT, 'availabilities_stay_in_their_org'); END;
    ",
);

const DROP_POSTGRES: &str = "
    DROP TRIGGER availabilities_stay_in_their_org ON availabilities;
    DROP TRIGGER assignments_stay_in_their_org ON assignments;
    DROP FUNCTION stays_in_its_org();
";

const DROP_SQLITE: &str = "
    DROP TRIGGER availabilities_stay_in_their_org;
    DROP TRIGGER assignments_stay_in_their_org;
    DROP TRIGGER mission_roles_quota_not_taken_over;
    DROP TRIGGER mission_roles_quota_not_replaced;
    DROP TRIGGER invitations_answered_not_taken_over;
    DROP TRIGGER invitations_answered_not_replaced;
    DROP TRIGGER org_memberships_last_owner_not_taken_over;
    DROP TRIGGER org_memberships_last_owner_not_replaced;
    DROP TRIGGER audit_details_emptied_in_place;
    DROP TRIGGER audit_details_not_replaced;
    DROP TRIGGER audit_log_not_replaced;
";
