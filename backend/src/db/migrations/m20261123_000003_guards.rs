//! The rules that no code path may break, upheld by the database itself.
//!
//! On PostgreSQL a trigger locks the row that the rule counts over (the user, the role, the org) before it looks, so
//! that of two transactions the second sees the first; on SQLite there is one writer anyway. The names raised here are
//! those that [`crate::db::Constraint`]s name. 2678400000000 microseconds are 31 days, the longest period (32 since
//! migration 16): nothing that began earlier reaches into the new one, so the index is read no further back.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["assignments", "availabilities"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (postgres, sqlite) in
            [NO_DOUBLE_BOOKING, QUOTA, QUOTA_LOWERED, NO_AVAILABILITY_OVERLAP, LAST_OWNER, ANSWERED_ONCE]
        {
            dialect(manager, postgres, sqlite).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (postgres, sqlite) = DROP_LAST_OWNER;
        dialect(manager, postgres, sqlite).await?;
        dialect(manager, DROP_POSTGRES, DROP_SQLITE).await
    }
}

const NO_DOUBLE_BOOKING: (&str, &str) = (
    "
    CREATE EXTENSION IF NOT EXISTS btree_gist;
    ALTER TABLE assignments ADD CONSTRAINT assignments_no_double_booking
        EXCLUDE USING gist (org_id WITH =, user_id WITH =, int8range(starts_at, ends_at) WITH &&)
        WHERE (status = 'ACCEPTED' AND conflict_override IS NULL);
    CREATE FUNCTION assignments_no_double_booking() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM users WHERE org_id = NEW.org_id AND id = NEW.user_id FOR NO KEY UPDATE;
        IF NEW.conflict_override IS NULL AND EXISTS (
            SELECT 1 FROM assignments a
            WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id AND a.status = 'ACCEPTED' AND a.id <> NEW.id
                AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                AND a.starts_at > NEW.starts_at - 2678400000000
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'assignments_no_double_booking',
                MESSAGE = 'assignments_no_double_booking';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER assignments_no_double_booking
        BEFORE INSERT OR UPDATE OF status, user_id, starts_at, ends_at, conflict_override ON assignments
        FOR EACH ROW WHEN (NEW.status = 'ACCEPTED') EXECUTE FUNCTION assignments_no_double_booking();
    ",
    "
    CREATE TRIGGER assignments_no_double_booking_insert BEFORE INSERT ON assignments
    WHEN NEW.status = 'ACCEPTED' AND NEW.conflict_override IS NULL AND EXISTS (
        SELECT 1 FROM assignments a
        WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id AND a.status = 'ACCEPTED' AND a.id <> NEW.id
            AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                AND a.starts_at > NEW.starts_at - 2678400000000
    )
    BEGIN SELECT RAISE(ABORT, 'assignments_no_double_booking'); END;
    CREATE TRIGGER assignments_no_double_booking_update
    BEFORE UPDATE OF status, user_id, starts_at, ends_at, conflict_override ON assignments
    WHEN NEW.status = 'ACCEPTED' AND NEW.conflict_override IS NULL AND EXISTS (
        SELECT 1 FROM assignments a
        WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id AND a.status = 'ACCEPTED' AND a.id <> NEW.id
            AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                AND a.starts_at > NEW.starts_at - 2678400000000
    )
    BEGIN SELECT RAISE(ABORT, 'assignments_no_double_booking'); END;
    ",
);

const QUOTA: (&str, &str) = (
    "
    CREATE FUNCTION assignments_quota() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE allowed integer;
    BEGIN
        SELECT quota INTO allowed FROM mission_roles
            WHERE org_id = NEW.org_id AND id = NEW.mission_role_id FOR NO KEY UPDATE;
        IF allowed IS NOT NULL AND allowed <= (
            SELECT count(*) FROM assignments a
            WHERE a.org_id = NEW.org_id AND a.mission_role_id = NEW.mission_role_id AND a.status = 'ACCEPTED'
                AND a.id <> NEW.id
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'assignments_quota',
                MESSAGE = 'assignments_quota';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER assignments_quota BEFORE INSERT OR UPDATE OF status, mission_role_id ON assignments
        FOR EACH ROW WHEN (NEW.status = 'ACCEPTED' AND NEW.mission_role_id IS NOT NULL)
        EXECUTE FUNCTION assignments_quota();
    ",
    "
    CREATE TRIGGER assignments_quota_insert BEFORE INSERT ON assignments
    WHEN NEW.status = 'ACCEPTED' AND NEW.mission_role_id IS NOT NULL AND (
        SELECT r.quota <= (
            SELECT count(*) FROM assignments a
            WHERE a.org_id = r.org_id AND a.mission_role_id = r.id AND a.status = 'ACCEPTED' AND a.id <> NEW.id
        ) FROM mission_roles r WHERE r.org_id = NEW.org_id AND r.id = NEW.mission_role_id
    )
    BEGIN SELECT RAISE(ABORT, 'assignments_quota'); END;
    CREATE TRIGGER assignments_quota_update BEFORE UPDATE OF status, mission_role_id ON assignments
    WHEN NEW.status = 'ACCEPTED' AND NEW.mission_role_id IS NOT NULL AND (
        SELECT r.quota <= (
            SELECT count(*) FROM assignments a
            WHERE a.org_id = r.org_id AND a.mission_role_id = r.id AND a.status = 'ACCEPTED' AND a.id <> NEW.id
        ) FROM mission_roles r WHERE r.org_id = NEW.org_id AND r.id = NEW.mission_role_id
    )
    BEGIN SELECT RAISE(ABORT, 'assignments_quota'); END;
    ",
);

const QUOTA_LOWERED: (&str, &str) = (
    "
    CREATE FUNCTION mission_roles_quota() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.quota < (
            SELECT count(*) FROM assignments a
            WHERE a.org_id = NEW.org_id AND a.mission_role_id = NEW.id AND a.status = 'ACCEPTED'
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'mission_roles_quota',
                MESSAGE = 'mission_roles_quota';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER mission_roles_quota BEFORE UPDATE OF quota ON mission_roles
        FOR EACH ROW WHEN (NEW.quota IS NOT NULL) EXECUTE FUNCTION mission_roles_quota();
    ",
    "
    CREATE TRIGGER mission_roles_quota BEFORE UPDATE OF quota ON mission_roles
    WHEN NEW.quota < (
        SELECT count(*) FROM assignments a
        WHERE a.org_id = NEW.org_id AND a.mission_role_id = NEW.id AND a.status = 'ACCEPTED'
    )
    BEGIN SELECT RAISE(ABORT, 'mission_roles_quota'); END;
    ",
);

const NO_AVAILABILITY_OVERLAP: (&str, &str) = (
    "
    ALTER TABLE availabilities ADD CONSTRAINT availabilities_no_overlap
        EXCLUDE USING gist (org_id WITH =, user_id WITH =, int8range(starts_at, ends_at) WITH &&)
        WHERE (status = 'APPROVED');
    ",
    "
    CREATE TRIGGER availabilities_no_overlap_insert BEFORE INSERT ON availabilities
    WHEN NEW.status = 'APPROVED' AND EXISTS (
        SELECT 1 FROM availabilities a
        WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id AND a.status = 'APPROVED' AND a.id <> NEW.id
            AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                AND a.starts_at > NEW.starts_at - 2678400000000
    )
    BEGIN SELECT RAISE(ABORT, 'availabilities_no_overlap'); END;
    CREATE TRIGGER availabilities_no_overlap_update BEFORE UPDATE OF status, user_id, starts_at, ends_at ON availabilities
    WHEN NEW.status = 'APPROVED' AND EXISTS (
        SELECT 1 FROM availabilities a
        WHERE a.org_id = NEW.org_id AND a.user_id = NEW.user_id AND a.status = 'APPROVED' AND a.id <> NEW.id
            AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at
                AND a.starts_at > NEW.starts_at - 2678400000000
    )
    BEGIN SELECT RAISE(ABORT, 'availabilities_no_overlap'); END;
    ",
);

pub(super) const LAST_OWNER: (&str, &str) = (
    "
    CREATE FUNCTION org_memberships_last_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF NEW.role = 'owner' AND NEW.is_active AND NEW.org_id = OLD.org_id THEN RETURN NEW; END IF;
        END IF;
        PERFORM 1 FROM orgs WHERE id = OLD.org_id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'org_memberships_last_owner',
                MESSAGE = 'org_memberships_last_owner';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER org_memberships_last_owner BEFORE UPDATE OR DELETE ON org_memberships
        FOR EACH ROW WHEN (OLD.role = 'owner' AND OLD.is_active) EXECUTE FUNCTION org_memberships_last_owner();
    ",
    "
    CREATE TRIGGER org_memberships_last_owner_update BEFORE UPDATE ON org_memberships
    WHEN OLD.role = 'owner' AND OLD.is_active AND NOT (NEW.role = 'owner' AND NEW.is_active AND NEW.org_id = OLD.org_id)
        AND NOT EXISTS (
            SELECT 1 FROM org_memberships m
            WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
        )
    BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END;
    CREATE TRIGGER org_memberships_last_owner_delete BEFORE DELETE ON org_memberships
    WHEN OLD.role = 'owner' AND OLD.is_active AND NOT EXISTS (
        SELECT 1 FROM org_memberships m
        WHERE m.org_id = OLD.org_id AND m.id <> OLD.id AND m.role = 'owner' AND m.is_active
    )
    BEGIN SELECT RAISE(ABORT, 'org_memberships_last_owner'); END;
    ",
);

const ANSWERED_ONCE: (&str, &str) = (
    "
    CREATE FUNCTION invitations_answered_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'invitations_answered_once',
            MESSAGE = 'invitations_answered_once';
    END $$;
    CREATE TRIGGER invitations_answered_once BEFORE UPDATE ON invitations FOR EACH ROW
        WHEN (OLD.answer IS NOT NULL
            AND (NEW.answer IS DISTINCT FROM OLD.answer OR NEW.answered_at IS DISTINCT FROM OLD.answered_at))
        EXECUTE FUNCTION invitations_answered_once();
    ",
    "
    CREATE TRIGGER invitations_answered_once BEFORE UPDATE ON invitations
    WHEN OLD.answer IS NOT NULL AND (NEW.answer IS NOT OLD.answer OR NEW.answered_at IS NOT OLD.answered_at)
    BEGIN SELECT RAISE(ABORT, 'invitations_answered_once'); END;
    ",
);

pub(super) const DROP_LAST_OWNER: (&str, &str) = (
    "
    DROP TRIGGER org_memberships_last_owner ON org_memberships;
    DROP FUNCTION org_memberships_last_owner();
    ",
    "
    DROP TRIGGER org_memberships_last_owner_delete;
    DROP TRIGGER org_memberships_last_owner_update;
    ",
);

/// The extension stays: other schemas of the database may use it.
const DROP_POSTGRES: &str = "
    DROP TRIGGER invitations_answered_once ON invitations;
    DROP FUNCTION invitations_answered_once();
    ALTER TABLE availabilities DROP CONSTRAINT availabilities_no_overlap;
    DROP TRIGGER mission_roles_quota ON mission_roles;
    DROP FUNCTION mission_roles_quota();
    DROP TRIGGER assignments_quota ON assignments;
    DROP FUNCTION assignments_quota();
    DROP TRIGGER assignments_no_double_booking ON assignments;
    DROP FUNCTION assignments_no_double_booking();
    ALTER TABLE assignments DROP CONSTRAINT assignments_no_double_booking;
";

const DROP_SQLITE: &str = "
    DROP TRIGGER invitations_answered_once;
    DROP TRIGGER availabilities_no_overlap_update;
    DROP TRIGGER availabilities_no_overlap_insert;
    DROP TRIGGER mission_roles_quota;
    DROP TRIGGER assignments_quota_update;
    DROP TRIGGER assignments_quota_insert;
    DROP TRIGGER assignments_no_double_booking_update;
    DROP TRIGGER assignments_no_double_booking_insert;
";
