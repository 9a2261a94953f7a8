//! JSON is kept as text. PostgreSQL's `jsonb` keeps a number's value and not its spelling (the largest double becomes 309
//! digits, `-0.0` becomes 0), while SQLite has kept the text all along.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows { goes_through: &["audit_details", "users"], ..Rows::NONE }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = retyped("text", |column| format!("{column}::text"));
        dialect(manager, &text, NOTHING_TO_DO).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let jsonb = retyped("jsonb", |column| format!("legible_json({column})"));
        dialect(manager, &format!("{LEGIBLE} {jsonb} DROP FUNCTION legible_json(text);"), NOTHING_TO_DO).await
    }
}

/// In SQLite a column's type is a hint, and this one's has been text.
const NOTHING_TO_DO: &str = "SELECT 1";

/// What is no JSON to PostgreSQL goes back as the program shows it, rather than keep everything else from going back.
const LEGIBLE: &str = "
    CREATE FUNCTION legible_json(stored text) RETURNS jsonb LANGUAGE plpgsql AS $$
    BEGIN
        RETURN stored::jsonb;
    EXCEPTION WHEN data_exception THEN
        RETURN jsonb_build_object('unreadable', stored);
    END $$;
";

/// Gives every column that holds JSON another type. PostgreSQL changes no column that a trigger looks at, so that one goes
/// meanwhile.
fn retyped(to: &str, value: impl Fn(&str) -> String) -> String {
    let columns = |names: &[&str]| {
        let one = |name: &&str| format!("ALTER COLUMN {name} TYPE {to} USING {}", value(name));
        names.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    format!(
        "DROP TRIGGER audit_details_immutable ON audit_details;
        ALTER TABLE audit_details {};
        {AUDIT_DETAILS_IMMUTABLE}
        ALTER TABLE users {};",
        columns(&["before", "after"]),
        columns(&["rate_profile", "legal_ids", "documents"]),
    )
}

/// As the migration of the audit log made it.
const AUDIT_DETAILS_IMMUTABLE: &str = "
    CREATE TRIGGER audit_details_immutable BEFORE UPDATE ON audit_details FOR EACH ROW
        WHEN (NEW.audit_id <> OLD.audit_id OR NEW.created_at <> OLD.created_at OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL)
        EXECUTE FUNCTION audit_is_immutable();
";
