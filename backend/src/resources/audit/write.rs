//! Writing entries of the audit log.

use super::{
    entity::{audit_details, audit_entry},
    model::ActorKind,
};
use crate::{
    db::{Actor, JsonText, List, Tx},
    error::Error,
    ids::{AuditId, Id, OrgId},
};
use sea_orm::ActiveValue::Set;
use serde::Serialize;
use uuid::Uuid;

/// An entry that is still to be recorded.
#[derive(Debug)]
pub struct Entry {
    action: &'static str,
    object_type: &'static str,
    object_id: Option<Uuid>,
    before: Option<Result<JsonText, serde_json::Error>>,
    after: Option<Result<JsonText, serde_json::Error>>,
}

impl Entry {
    /// `action` is the object's type and what was done to it: `mission.create`.
    pub fn of(action: &'static str, object: impl Id + Into<Uuid>) -> Self {
        Self { object_id: Some(object.into()), ..Self::event(action) }
    }

    /// An entry about no single object.
    pub fn event(action: &'static str) -> Self {
        let object_type = action.split('.').next().unwrap_or(action);
        Self { action, object_type, object_id: None, before: None, after: None }
    }

    /// The object as it was.
    #[must_use]
    pub fn before(self, object: &impl Serialize) -> Self {
        Self { before: Some(JsonText::of(object)), ..self }
    }

    /// The object as it is now.
    #[must_use]
    pub fn after(self, object: &impl Serialize) -> Self {
        Self { after: Some(JsonText::of(object)), ..self }
    }

    /// Inserts the entry in the transaction of the change that it describes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(self, tx: &Tx, org: OrgId) -> Result<(), Error> {
        Self::record_all(vec![self], tx, Some(org)).await
    }

    /// An entry about an account rather than an org's object.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_for_account(self, tx: &Tx, org: Option<OrgId>) -> Result<(), Error> {
        Self::record_all(vec![self], tx, org).await
    }

    /// Writes many entries with few statements.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_all(entries: Vec<Self>, tx: &Tx, org: Option<OrgId>) -> Result<(), Error> {
        let (actor_kind, actor_id) = match tx.origin.actor {
            Actor::Account(id) => (ActorKind::Account, Some(id.0)),
            Actor::Invitation(id) => (ActorKind::Invitation, Some(id.0)),
            Actor::System => (ActorKind::System, None),
        };
        let mut rows = Vec::with_capacity(entries.len());
        let mut details = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(org) = org {
                lists_showing(entry.object_type).iter().for_each(|list| tx.changes(org, *list));
            }
            let id: AuditId = tx.new_id();
            rows.push(audit_entry::ActiveModel {
                id: Set(id),
                org_id: Set(org),
                actor_kind: Set(actor_kind),
                actor_id: Set(actor_id),
                action: Set(entry.action.to_owned()),
                object_type: Set(entry.object_type.to_owned()),
                object_id: Set(entry.object_id),
                request_id: Set(tx.origin.request_id.clone()),
                created_at: Set(tx.now),
            });
            if entry.before.is_some() || entry.after.is_some() {
                details.push(audit_details::ActiveModel {
                    audit_id: Set(id),
                    before: Set(entry.before.transpose().map_err(|error| Error::internal(error))?),
                    after: Set(entry.after.transpose().map_err(|error| Error::internal(error))?),
                    created_at: Set(tx.now),
                });
            }
        }
        tx.insert_all(rows).await?;
        tx.insert_all(details).await?;
        Ok(())
    }
}

/// The cached lists that show objects of a type. Recording an entry gives them a new version,
/// so that no recorded write can forget to.
fn lists_showing(object_type: &str) -> &'static [List] {
    match object_type {
        "project" => &[List::Projects],
        // A mission shows the number of its assignments.
        "mission" | "assignment" => &[List::Missions],
        "account" | "availability" | "invitation" | "member" | "org" | "session" | "user" => &[],
        // For an unknown type, all: an unnecessary new version is better than a stale list.
        _ => &List::ALL,
    }
}
