//! Who did what, when, to which object. The rows are never changed or deleted; only the details can be emptied, when a
//! person asks for the erasure of their data.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { creates: &["audit_log", "audit_details"], ..Rows::NONE }
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
                table("audit_log")
                    .col(id("id").primary_key())
                    .col(id_null("org_id"))
                    .col(one_of("actor_kind", &["account", "invitation", "system"]))
                    .col(id_null("actor_id"))
                    .col(text("action"))
                    .col(text("object_type"))
                    .col(id_null("object_id"))
                    .col(text_null("request_id"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("audit_log_org", &["org_id"], "orgs", &["id"]))
                    .take(),
            )
            .await?;
        index(manager, "audit_log_by_age", "audit_log (org_id, created_at, id)").await?;
        index(manager, "audit_log_by_object", "audit_log (org_id, object_type, object_id, created_at)")
            .await?;

        manager
            .create_table(
                table("audit_details")
                    .col(id("audit_id").primary_key())
                    .col(schema::json_binary_null("before"))
                    .col(schema::json_binary_null("after"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("audit_details_entry", &["audit_id"], "audit_log", &["id"]))
                    .take(),
            )
            .await?;
        dialect(manager, IMMUTABLE_POSTGRES, IMMUTABLE_SQLITE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["audit_details", "audit_log"]).await?;
        dialect(manager, "DROP FUNCTION audit_is_immutable()", "SELECT 1").await
    }
}

const IMMUTABLE_POSTGRES: &str = "
    CREATE FUNCTION audit_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_is_immutable',
            MESSAGE = 'audit_is_immutable';
    END $$;
    CREATE TRIGGER audit_log_immutable BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION audit_is_immutable();
    CREATE TRIGGER audit_log_kept BEFORE TRUNCATE ON audit_log EXECUTE FUNCTION audit_is_immutable();
    CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details FOR EACH ROW
        WHEN (NEW.audit_id <> OLD.audit_id OR NEW.created_at <> OLD.created_at OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL)
        EXECUTE FUNCTION audit_is_immutable();
    CREATE TRIGGER audit_details_undeletable BEFORE DELETE ON audit_details
        FOR EACH ROW EXECUTE FUNCTION audit_is_immutable();
    CREATE TRIGGER audit_details_kept BEFORE TRUNCATE ON audit_details EXECUTE FUNCTION audit_is_immutable();
";

pub(super) const IMMUTABLE_SQLITE: &str = "
    CREATE TRIGGER audit_log_immutable BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
    CREATE TRIGGER audit_log_undeletable BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
    CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details
    WHEN NEW.audit_id IS NOT OLD.audit_id OR NEW.created_at IS NOT OLD.created_at OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
    CREATE TRIGGER audit_details_undeletable BEFORE DELETE ON audit_details
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END;
";
