//! Whether the rows of an org's export are that org's. A file may come from somebody else: whatever it says, it may not touch
//! another org, sign anybody in, or be somebody who is there already.

use super::{
    cell::Cell,
    format::{Header, Layout, Scope},
    scope::{EMPTIED, REPLACED, WITHOUT_ROWS},
};
use crate::{ids::OrgId, text::EmailKey};
use std::collections::HashSet;
use uuid::Uuid;

/// Since this step keys of e-mails are canonical. It makes those anew that are not plain ASCII.
const CANONICAL_KEYS: &str = "m20261126_000013_canonical_keys";

/// What a file of one org may have, as far as it has been read.
pub(super) struct Belongings {
    org: OrgId,
    has_canonical_keys: bool,
    /// Their rows come first.
    accounts: HashSet<Uuid>,
}

impl Belongings {
    /// `None` for an export of everything, which is trusted as the database is that it came from.
    pub fn of(header: &Header) -> Option<Self> {
        let Scope::Org(org) = header.scope else { return None };
        let has_canonical_keys = header.steps.iter().any(|step| step == CANONICAL_KEYS);
        Some(Self { org, has_canonical_keys, accounts: HashSet::new() })
    }

    /// # Errors
    /// What is wrong with the row, if no export of this org can have it.
    pub fn admit(&mut self, layout: &Layout, cells: &[Cell]) -> Result<(), String> {
        let table = &*layout.name;
        let row = Row { layout, cells };
        if WITHOUT_ROWS.iter().any(|(name, _)| *name == table) {
            return Err(format!("is a row of {table}, of which an export of one organisation has none"));
        }
        for (_, column, _) in EMPTIED.iter().filter(|(name, ..)| *name == table) {
            if !row.is_empty(column) {
                return Err(format!("has a {column}, which an export of one organisation leaves out"));
            }
        }
        for (_, column, word, _) in REPLACED.iter().filter(|(name, ..)| *name == table) {
            if matches!(row.cell(column), Some(Cell::Text(text)) if text == word) {
                return Err(format!("is {word}, which nothing in an export of one organisation is"));
            }
        }
        match table {
            "accounts" => self.admit_account(&row),
            "orgs" => self.admit_org(&row),
            _ => self.admit_other(&row),
        }
    }

    fn admit_account(&mut self, row: &Row<'_>) -> Result<(), String> {
        let Some(Cell::Uuid(id)) = row.cell("id") else { return Err("is an account without an id".into()) };
        if *id == self.org.0 || !self.accounts.insert(*id) {
            return Err("has an id that another row has".into());
        }
        let (Some(Cell::Text(email)), Some(Cell::Text(key))) = (row.cell("email"), row.cell("email_key"))
        else {
            return Err("is an account without an e-mail".into());
        };
        // It is found by the key, and mailed at the e-mail. Of two that became the same by that step, one has a number.
        let own = EmailKey::of(email);
        let is_own = key.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || is_number(rest));
        if (self.has_canonical_keys || email.is_ascii()) && !is_own {
            return Err("has an e-mail that is found as another".into());
        }
        Ok(())
    }

    fn admit_org(&self, row: &Row<'_>) -> Result<(), String> {
        if row.cell("id") != Some(&Cell::Uuid(self.org.0)) {
            return Err("is another organisation than that of the header".into());
        }
        match row.cell("deleted_at") {
            None | Some(Cell::Null) => Ok(()),
            Some(_) => Err("is an organisation that was deleted".into()),
        }
    }

    fn admit_other(&self, row: &Row<'_>) -> Result<(), String> {
        match row.cell("org_id") {
            Some(Cell::Uuid(org)) if *org == self.org.0 => {}
            // Before the step by_org they had their org from their entry.
            None if row.layout.name == "audit_details" => {}
            _ => {
                return Err(format!(
                    "is a row of {} of another organisation than the header's",
                    row.layout.name
                ));
            }
        }
        match row.cell("account_id") {
            // The record of mails and the audit log may name somebody who has left since.
            _ if !["org_memberships", "users"].contains(&&*row.layout.name) => Ok(()),
            Some(Cell::Uuid(account)) if !self.accounts.contains(account) => {
                Err(format!("names the account {account}, which the export does not have"))
            }
            _ => Ok(()),
        }
    }
}

/// What the step writes behind a key that another has.
fn is_number(rest: &str) -> bool {
    rest.strip_prefix('~').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

struct Row<'a> {
    layout: &'a Layout,
    cells: &'a [Cell],
}

impl Row<'_> {
    fn cell(&self, column: &str) -> Option<&Cell> {
        let place = self.layout.columns.iter().position(|(name, _)| name == column)?;
        self.cells.get(place)
    }

    fn is_empty(&self, column: &str) -> bool {
        match self.cell(column) {
            None | Some(Cell::Null) => true,
            Some(Cell::Bytes(bytes)) => bytes.is_empty(),
            Some(_) => false,
        }
    }
}
