//! Recording events.

use super::{
    Action, Activity, Event, Subscribers,
    entity::{ActorKind, NO_ORG, audit_details, audit_entry},
};
use crate::{
    db::{Actor, JsonText, List, Tx},
    error::Error,
    ids::{AuditId, OrgId},
};
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

/// An event as it is stored; who did it, and when, is its transaction's.
#[derive(Debug)]
pub struct Recorded {
    pub id: AuditId,
    /// `None` for an event of an account that no org sees.
    pub org: Option<OrgId>,
    pub action: Action,
    pub object_type: &'static str,
    pub object_id: Option<Uuid>,
    pub before: Option<JsonText>,
    pub after: Option<JsonText>,
    /// The cached lists that show the object.
    pub lists: &'static [List],
    pub activity: Option<Activity>,
}

impl Recorded {
    fn of<E: Event>(tx: &Tx, org: Option<OrgId>, event: &E) -> Result<Self, Error> {
        Ok(Self {
            id: tx.new_id(),
            org,
            action: event.action(),
            object_type: E::OBJECT_TYPE,
            object_id: event.object().map(Into::into),
            before: event.before().map_err(|error| Error::internal(error))?,
            after: event.after().map_err(|error| Error::internal(error))?,
            lists: E::LISTS,
            activity: event.activity(),
        })
    }
}

impl Tx {
    /// Records what this transaction did. `org` is `None` for an event of an account that no org sees.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, org: impl Into<Option<OrgId>>, event: &impl Event) -> Result<(), Error> {
        let org = org.into();
        store(self, org, vec![Recorded::of(self, org, event)?]).await
    }

    /// Records many events with few statements.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_all(
        &self,
        org: impl Into<Option<OrgId>>,
        events: &[impl Event],
    ) -> Result<(), Error> {
        let org = org.into();
        let recorded = events.iter().map(|event| Recorded::of(self, org, event));
        store(self, org, recorded.collect::<Result<_, _>>()?).await
    }
}

/// All that is recorded passes here, in the transaction that did it.
async fn store(tx: &Tx, org: Option<OrgId>, events: Vec<Recorded>) -> Result<(), Error> {
    let subscribers = tx.attached::<Subscribers>();
    let mut jobs = Vec::new();
    for event in &events {
        if let Some(org) = org {
            event.lists.iter().for_each(|list| tx.changes(org, *list));
        }
        if let Some(subscribers) = subscribers {
            jobs.extend(subscribers.jobs(event)?);
        }
    }
    tx.enqueue(org, jobs).await?;
    insert(tx, events).await
}

async fn insert(tx: &Tx, events: Vec<Recorded>) -> Result<(), Error> {
    let (actor_kind, actor_id) = match tx.origin.actor {
        Actor::Account(id) => (ActorKind::Account, Some(id.0)),
        Actor::Invitation(id) => (ActorKind::Invitation, Some(id.0)),
        Actor::System => (ActorKind::System, None),
    };
    let mut rows = Vec::with_capacity(events.len());
    let mut details = Vec::with_capacity(events.len());
    for event in events {
        let org = event.org.unwrap_or(NO_ORG);
        rows.push(audit_entry::ActiveModel {
            id: Set(event.id),
            org_id: Set(org),
            actor_kind: Set(actor_kind),
            actor_id: Set(actor_id),
            action: Set(event.action.as_str().to_owned()),
            object_type: Set(event.object_type.to_owned()),
            object_id: Set(event.object_id),
            request_id: Set(tx.origin.request_id.clone()),
            created_at: Set(tx.now),
            activity: Set(event.activity.map(|activity| activity.kind)),
            mission_id: Set(event.activity.map(|activity| activity.mission)),
            project_id: Set(event.activity.and_then(|activity| activity.project)),
            user_id: Set(event.activity.and_then(|activity| activity.user)),
        });
        if event.before.is_some() || event.after.is_some() {
            details.push(audit_details::ActiveModel {
                org_id: Set(org),
                audit_id: Set(event.id),
                before: Set(event.before),
                after: Set(event.after),
                created_at: Set(tx.now),
            });
        }
    }
    tx.insert_all(rows).await?;
    tx.insert_all(details).await?;
    Ok(())
}
