//! What an export of one org has of each table. An export of everything has all rows as they are.

use super::{
    TransferError,
    cell::Cell,
    format::Scope,
    schema::{self, Table},
};

/// Tables of which an org's export has no rows, and why.
pub const WITHOUT_ROWS: [(&str, &str); 5] = [
    ("sessions", "whoever holds the file must not be signed in by it"),
    ("password_tokens", "they set passwords"),
    ("membership_links", "they open an org"),
    ("idempotency_keys", "sealed for the server that answered"),
    ("jobs", "the server that has them carries them out"),
];

/// Columns that an org's export empties, and why.
pub const EMPTIED: [(&str, &str, &str); 2] = [
    ("accounts", "password_hash", "passwords can be guessed from it; a new one is set by a link"),
    ("invitations", "token_hash", "the link belongs to the server that sent it; asking again makes another"),
];

/// Words of a column that are not true of the copy: nobody there has the job of sending it.
pub(super) const REPLACED: [(&str, &str, &str, &str); 3] = [
    ("mails", "state", "queued", "dropped"),
    ("invitations", "delivery", "queued", "none"),
    ("org_memberships", "delivery", "queued", "none"),
];

impl Scope {
    /// The tables that this export has rows of.
    pub(super) fn narrow(self, tables: Vec<Table>) -> Vec<Table> {
        let has_rows = |table: &Table| WITHOUT_ROWS.iter().all(|(name, _)| *name != table.name);
        match self {
            Self::Whole => tables,
            Self::Org(_) => tables.into_iter().filter(has_rows).collect(),
        }
    }

    /// The condition for rows of a table; `$1` is the org.
    ///
    /// # Errors
    /// For a table without an `org_id` that was forgotten here.
    pub(super) fn condition(self, table: &Table) -> Result<&'static str, TransferError> {
        Ok(match (self, &*table.name) {
            (Self::Whole, _) => "",
            (Self::Org(_), "orgs") if table.place("deleted_at").is_some() => {
                r#""id" = $1 AND "deleted_at" IS NULL"#
            }
            (Self::Org(_), "orgs") => r#""id" = $1"#,
            (Self::Org(_), "accounts") => {
                "(EXISTS (SELECT 1 FROM org_memberships m WHERE m.org_id = $1 AND m.account_id = accounts.id)
                OR EXISTS (SELECT 1 FROM users u WHERE u.org_id = $1 AND u.account_id = accounts.id))"
            }
            (Self::Org(_), _) if table.place("org_id").is_some() => r#""org_id" = $1"#,
            // Before the step by_org.
            (Self::Org(_), "audit_details") => {
                "EXISTS (SELECT 1 FROM audit_log l WHERE l.id = audit_details.audit_id AND l.org_id = $1)"
            }
            (Self::Org(_), name) => {
                return Err(TransferError::Refused(format!(
                    "the table {name} has no org_id, and transfer/scope.rs does not say what an org has of it"
                )));
            }
        })
    }

    /// Empties and replaces what this export must not have.
    pub(super) fn redact(self, table: &Table, row: &mut [Cell]) {
        if self == Self::Whole {
            return;
        }
        for (_, column, _) in EMPTIED.iter().filter(|(name, ..)| *name == table.name) {
            if let Some(cell) = table.place(column).and_then(|place| row.get_mut(place)) {
                *cell = if matches!(cell, Cell::Bytes(_)) { Cell::Bytes(Vec::new()) } else { Cell::Null };
            }
        }
        for (_, column, from, to) in REPLACED.iter().filter(|(name, ..)| *name == table.name) {
            if let Some(cell) = table.place(column).and_then(|place| row.get_mut(place))
                && *cell == Cell::Text((*from).to_owned())
            {
                *cell = Cell::Text((*to).to_owned());
            }
        }
    }
}

/// The tables whose rows are inserted in two parts, and the column whose NULLs come first. Whoever is accepted with an override
/// may overlap others, but the guard against double booking lets nobody without one come after them.
const NULLS_FIRST: [(&str, &str); 1] = [("assignments", "conflict_override")];

/// The parts in which the rows of a table are exported, as conditions; each is in the order of the primary key.
pub(super) fn parts(table: &Table) -> Vec<String> {
    let two = NULLS_FIRST.iter().find(|(name, column)| *name == table.name && table.place(column).is_some());
    match two {
        Some((_, column)) => vec![format!("\"{column}\" IS NULL"), format!("\"{column}\" IS NOT NULL")],
        None => vec![String::new()],
    }
}

/// Whether a table stays behind whatever is exported.
pub fn stays_behind(table: &str) -> bool {
    schema::LEFT_BEHIND.iter().any(|(name, _)| *name == table)
}
