//! What keeps the tables from being distributed by org ([`crate::db::distribution`]), changed on both databases alike: every
//! unique key of an org's table has `org_id`, and no foreign key cascades into it.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["invitations", "assignments", "audit_log", "audit_details"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands(manager, &[LOCK], &[]).await?;
        command(manager, "DROP INDEX invitations_id").await?;
        index(manager, "invitations_id", "invitations (id)").await?;
        reword_reference(manager, CASCADES, DEFERRED).await?;
        commands(manager, &FOLLOW_THEIR_MISSION.0, &FOLLOW_THEIR_MISSION.1).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            return commands(manager, &AUDIT_BY_ORG, &[]).await;
        }
        // The table and not its keys alone: SQLite changes no primary key.
        manager.create_table(audit_log("audit_log_new", id("org_id"), &["org_id", "id"]).take()).await?;
        let mut details = audit_details("audit_details_new", text_null);
        details.col(id("org_id")).primary_key(&mut primary_key(&["org_id", "audit_id"]));
        details.foreign_key(&mut refers(
            "audit_details_entry",
            &["org_id", "audit_id"],
            "audit_log_new",
            &["org_id", "id"],
        ));
        manager.create_table(details).await?;
        for sql in [
            "INSERT INTO audit_log_new (id, org_id, actor_kind, actor_id, action, object_type, object_id, request_id, created_at)
                SELECT id, coalesce(org_id, zeroblob(16)), actor_kind, actor_id, action, object_type, object_id, request_id, created_at
                FROM audit_log ORDER BY rowid",
            "INSERT INTO audit_details_new (audit_id, before, after, created_at, org_id)
                SELECT d.audit_id, d.before, d.after, d.created_at, coalesce(l.org_id, zeroblob(16))
                FROM audit_details d CROSS JOIN audit_log l ON l.id = d.audit_id ORDER BY d.rowid",
        ] {
            command(manager, sql).await?;
        }
        take_the_place_of_the_old(manager).await?;
        commands(manager, &[], &GUARDS_BY_ORG).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands(manager, &[LOCK], &[]).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            commands(manager, &AUDIT_BY_ID, &[]).await?;
        } else {
            let org = audit_log("audit_log_new", id_null("org_id"), &["id"])
                .foreign_key(&mut refers("audit_log_org", &["org_id"], "orgs", &["id"]))
                .take();
            manager.create_table(org).await?;
            let mut details = audit_details("audit_details_new", schema::json_binary_null);
            details.primary_key(&mut primary_key(&["audit_id"]));
            details.foreign_key(&mut refers("audit_details_entry", &["audit_id"], "audit_log_new", &["id"]));
            manager.create_table(details).await?;
            for sql in [
                "INSERT INTO audit_log_new (id, org_id, actor_kind, actor_id, action, object_type, object_id, request_id, created_at)
                    SELECT id, nullif(org_id, zeroblob(16)), actor_kind, actor_id, action, object_type, object_id, request_id, created_at
                    FROM audit_log ORDER BY rowid",
                "INSERT INTO audit_details_new (audit_id, before, after, created_at)
                    SELECT audit_id, before, after, created_at FROM audit_details ORDER BY rowid",
            ] {
                command(manager, sql).await?;
            }
            take_the_place_of_the_old(manager).await?;
            for old in [m20261123_000004_audit::IMMUTABLE_SQLITE, m20261126_000015_replacing::AUDIT] {
                dialect(manager, "", old).await?;
            }
        }
        let [postgres, sqlite] = STAY_WHERE_THEY_ARE;
        commands(manager, postgres, sqlite).await?;
        reword_reference(manager, DEFERRED, CASCADES).await?;
        command(manager, "DROP INDEX invitations_id").await?;
        index(manager, "unique invitations_id", "invitations (id)").await
    }
}

/// All that the step changes, at once and in the order of writers, who lock a mission first: whoever has begun ends before. Taken one
/// by one, the tables would be wanted by writers who have others already, and one of the two would be rolled back.
const LOCK: &str =
    "LOCK TABLE missions, assignments, invitations, audit_log, audit_details IN ACCESS EXCLUSIVE MODE";

/// What a cascade did: of a distributed table no foreign key may write the column by which it is distributed. The reference is
/// checked at the end of the transaction, because the mission moves before its assignments.
const FOLLOW_THEIR_MISSION: ([&str; 2], [&str; 1]) = (
    [
        "CREATE FUNCTION missions_move_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE assignments SET starts_at = NEW.starts_at, ends_at = NEW.ends_at
                WHERE org_id = NEW.org_id AND mission_id = NEW.id;
            RETURN NULL;
        END $$",
        "CREATE TRIGGER missions_move_assignments AFTER UPDATE OF starts_at, ends_at ON missions FOR EACH ROW
            WHEN (NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at)
            EXECUTE FUNCTION missions_move_assignments()",
    ],
    ["CREATE TRIGGER missions_move_assignments AFTER UPDATE OF starts_at, ends_at ON missions
        WHEN NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
        BEGIN
            UPDATE assignments SET starts_at = NEW.starts_at, ends_at = NEW.ends_at
                WHERE org_id = NEW.org_id AND mission_id = NEW.id;
        END"],
);

const STAY_WHERE_THEY_ARE: [&[&str]; 2] = [
    &["DROP TRIGGER missions_move_assignments ON missions", "DROP FUNCTION missions_move_assignments()"],
    &["DROP TRIGGER missions_move_assignments"],
];

const CASCADES: &str = "ON UPDATE CASCADE";
const DEFERRED: &str = "DEFERRABLE INITIALLY DEFERRED";

/// The one foreign key of the schema that says either.
async fn reword_reference(manager: &SchemaManager<'_>, old: &str, new: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        command(manager, "ALTER TABLE assignments DROP CONSTRAINT assignments_mission").await?;
        let add = format!(
            "ALTER TABLE assignments ADD CONSTRAINT assignments_mission
                FOREIGN KEY (org_id, mission_id, starts_at, ends_at)
                REFERENCES missions (org_id, id, starts_at, ends_at) {new}"
        );
        return command(manager, &add).await;
    }
    match sqlite_schema::reword(manager.get_connection(), old, new).await? {
        1 => Ok(()),
        places => Err(DbErr::Custom(format!("\"{old}\" is in {places} places of this schema instead of 1"))),
    }
}

fn audit_log(name: &'static str, org: ColumnDef, key: &[&'static str]) -> TableCreateStatement {
    table(name)
        .col(id("id"))
        .col(org)
        .col(one_of("actor_kind", &["account", "invitation", "system"]))
        .col(id_null("actor_id"))
        .col(text("action"))
        .col(text("object_type"))
        .col(id_null("object_id"))
        .col(text_null("request_id"))
        .col(instant("created_at"))
        .primary_key(&mut primary_key(key))
        .take()
}

fn audit_details(name: &'static str, json: impl Fn(&'static str) -> ColumnDef) -> TableCreateStatement {
    table(name).col(id("audit_id")).col(json("before")).col(json("after")).col(instant("created_at")).take()
}

/// The triggers and indexes of the old tables go with them. Dropping a table fires no trigger.
async fn take_the_place_of_the_old(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    drop_tables(manager, &["audit_details", "audit_log"]).await?;
    for name in ["audit_log", "audit_details"] {
        let rename = format!("ALTER TABLE {name}_new RENAME TO {name}");
        command(manager, &rename).await?;
    }
    index(manager, "audit_log_by_age", "audit_log (org_id, created_at, id)").await?;
    index(manager, "audit_log_by_object", "audit_log (org_id, object_type, object_id, created_at)").await
}

/// The nil UUID stands for no org, which has no row in `orgs`: so nothing refers there. The rows of orgs are never deleted.
///
/// The triggers at the end are for instances of the release before, which go on serving until they are restarted and name no org
/// where they knew none and in no detail. They find it by looking through the log, and go with the next step that changes it.
const AUDIT_BY_ORG: [&str; 18] = [
    "ALTER TABLE audit_details DROP CONSTRAINT audit_details_entry",
    "ALTER TABLE audit_log DROP CONSTRAINT audit_log_org",
    "ALTER TABLE audit_log DISABLE TRIGGER audit_log_immutable",
    "UPDATE audit_log SET org_id = '00000000-0000-0000-0000-000000000000' WHERE org_id IS NULL",
    "ALTER TABLE audit_log ENABLE TRIGGER audit_log_immutable",
    "ALTER TABLE audit_log ALTER COLUMN org_id SET NOT NULL",
    "ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey",
    "ALTER TABLE audit_log ADD PRIMARY KEY (org_id, id)",
    "DROP TRIGGER audit_details_immutable ON audit_details",
    "ALTER TABLE audit_details ADD COLUMN org_id uuid",
    "UPDATE audit_details d SET org_id = l.org_id FROM audit_log l WHERE l.id = d.audit_id",
    "ALTER TABLE audit_details DROP CONSTRAINT audit_details_pkey",
    "ALTER TABLE audit_details ADD PRIMARY KEY (org_id, audit_id)",
    "ALTER TABLE audit_details ADD CONSTRAINT audit_details_entry
        FOREIGN KEY (org_id, audit_id) REFERENCES audit_log (org_id, id)",
    "CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details FOR EACH ROW
        WHEN (NEW.org_id <> OLD.org_id OR NEW.audit_id <> OLD.audit_id OR NEW.created_at <> OLD.created_at
            OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL)
        EXECUTE FUNCTION audit_is_immutable()",
    "CREATE FUNCTION audit_names_its_org() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = 'audit_log' THEN
            NEW.org_id := '00000000-0000-0000-0000-000000000000';
        ELSE
            SELECT l.org_id INTO NEW.org_id FROM audit_log l WHERE l.id = NEW.audit_id;
        END IF;
        RETURN NEW;
    END $$",
    "CREATE TRIGGER audit_log_names_its_org BEFORE INSERT ON audit_log FOR EACH ROW
        WHEN (NEW.org_id IS NULL) EXECUTE FUNCTION audit_names_its_org()",
    "CREATE TRIGGER audit_details_names_its_org BEFORE INSERT ON audit_details FOR EACH ROW
        WHEN (NEW.org_id IS NULL) EXECUTE FUNCTION audit_names_its_org()",
];

const AUDIT_BY_ID: [&str; 17] = [
    "DROP TRIGGER audit_details_names_its_org ON audit_details",
    "DROP TRIGGER audit_log_names_its_org ON audit_log",
    "DROP FUNCTION audit_names_its_org()",
    "ALTER TABLE audit_details DROP CONSTRAINT audit_details_entry",
    "ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey",
    "ALTER TABLE audit_log ALTER COLUMN org_id DROP NOT NULL",
    "ALTER TABLE audit_log DISABLE TRIGGER audit_log_immutable",
    "UPDATE audit_log SET org_id = NULL WHERE org_id = '00000000-0000-0000-0000-000000000000'",
    "ALTER TABLE audit_log ENABLE TRIGGER audit_log_immutable",
    "ALTER TABLE audit_log ADD PRIMARY KEY (id)",
    "ALTER TABLE audit_log ADD CONSTRAINT audit_log_org FOREIGN KEY (org_id) REFERENCES orgs (id)",
    "DROP TRIGGER audit_details_immutable ON audit_details",
    "ALTER TABLE audit_details DROP CONSTRAINT audit_details_pkey",
    "ALTER TABLE audit_details DROP COLUMN org_id",
    "ALTER TABLE audit_details ADD PRIMARY KEY (audit_id)",
    "ALTER TABLE audit_details ADD CONSTRAINT audit_details_entry FOREIGN KEY (audit_id) REFERENCES audit_log (id)",
    "CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details FOR EACH ROW
        WHEN (NEW.audit_id <> OLD.audit_id OR NEW.created_at <> OLD.created_at OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL)
        EXECUTE FUNCTION audit_is_immutable()",
];

/// As before, by the new keys.
const GUARDS_BY_ORG: [&str; 7] = [
    "CREATE TRIGGER audit_log_immutable BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_log_undeletable BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details
    WHEN NEW.org_id IS NOT OLD.org_id OR NEW.audit_id IS NOT OLD.audit_id OR NEW.created_at IS NOT OLD.created_at
        OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_details_undeletable BEFORE DELETE ON audit_details
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_log_not_replaced BEFORE INSERT ON audit_log
    WHEN EXISTS (
        SELECT 1 FROM audit_log a
        WHERE a.org_id = NEW.org_id AND a.id = NEW.id OR a.rowid = NEW.rowid AND NEW.rowid <> -1
    )
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_details_not_replaced BEFORE INSERT ON audit_details
    WHEN EXISTS (
        SELECT 1 FROM audit_details d
        WHERE d.org_id = NEW.org_id AND d.audit_id = NEW.audit_id OR d.rowid = NEW.rowid AND NEW.rowid <> -1
    )
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
    "CREATE TRIGGER audit_details_emptied_in_place BEFORE UPDATE ON audit_details
    WHEN NEW.rowid IS NOT OLD.rowid
    BEGIN SELECT RAISE(ABORT, 'audit_is_immutable'); END",
];
