//! Reading entries of the audit log.

use super::model::{AuditEntry, AuditQuery};
use crate::{
    auth::entity::{account, membership},
    db::{OfOrg, filter},
    error::Error,
    events::{
        ActorKind, Event,
        entity::{audit_details, audit_entry},
    },
    http::{MAX_PAGE_BYTES, Page, Part},
    ids::{AccountId, AuditId, OrgId},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const DETAILS_AT_ONCE: usize = 10_000;

/// Whether the org's log has an entry about this object, of the type that `E` is about.
///
/// # Errors
/// When the database fails.
pub async fn is_on_record<E: Event>(
    db: &impl ConnectionTrait,
    org: OrgId,
    object: E::Object,
) -> Result<bool, Error> {
    let found = audit_entry::Entity::of(org)
        .filter(audit_entry::Column::ObjectType.eq(E::OBJECT_TYPE))
        .filter(audit_entry::Column::ObjectId.eq(object.into()))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// A page of an org's entries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AuditQuery,
) -> Result<Page<[AuditEntry]>, Error> {
    use audit_entry::Column;
    let types: Vec<String> = query.object_type.0.into_iter().map(Into::into).collect();
    let mut select = entries(org)
        .filter(filter::one_of(Column::ObjectType, types))
        .filter(filter::one_of(Column::ObjectId, query.object_id.0))
        .filter(filter::one_of(Column::ActorId, query.actor_id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    if let Some(from) = query.from {
        select = select.filter(Column::CreatedAt.gte(from));
    }
    if let Some(to) = query.to {
        select = select.filter(Column::CreatedAt.lt(to));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let mut rows = part.into_model::<Row>().all(db).await?;
            let all = rows.len();
            rows.truncate(fitting(&rows));
            let cut = rows.len() < all;
            let details = match details_of(org, &rows) {
                Some(chosen) => chosen.all(db).await?,
                None => Vec::new(),
            };
            let mut details: HashMap<_, _> = details.into_iter().map(|one| (one.audit_id, one)).collect();
            let entry = |row: Row| ((row.created_at, row.id), row.entry(&mut details));
            let entries = rows.into_iter().map(entry).collect();
            Ok(if cut { Part::cut(entries) } else { Part::from(entries) })
        }
    })
    .await
}

/// Not every entry has details.
fn to_details() -> RelationDef {
    audit_entry::Entity::belongs_to(audit_details::Entity)
        .from((audit_entry::Column::OrgId, audit_entry::Column::Id))
        .to((audit_details::Column::OrgId, audit_details::Column::AuditId))
        .into()
}

/// Whoever did it, as long as they are a member: of somebody who has left, or was forgotten, only the id stays.
pub fn to_member() -> RelationDef {
    audit_entry::Entity::belongs_to(membership::Entity)
        .from((audit_entry::Column::OrgId, audit_entry::Column::ActorId))
        .to((membership::Column::OrgId, membership::Column::AccountId))
        .into()
}

/// The entries of an org with the sizes of their details.
fn entries(org: OrgId) -> Select<audit_entry::Entity> {
    audit_entry::Entity::of(org)
        .column_as(account::Column::Email, "actor_email")
        .column_as(size(audit_details::Column::Before), "before_size")
        .column_as(size(audit_details::Column::After), "after_size")
        .join(JoinType::LeftJoin, membership::Entity::joined(org, to_member()))
        .join(
            JoinType::LeftJoin,
            membership::Entity::belongs_to(account::Entity)
                .from(membership::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        .join(JoinType::LeftJoin, audit_details::Entity::joined(org, to_details()))
}

/// The entries about these objects, and those of what an account did, oldest first. What the account did to other objects is
/// without details: they are about others.
///
/// # Errors
/// When the database fails.
pub async fn about(
    db: &impl ConnectionTrait,
    org: OrgId,
    objects: &[Uuid],
    actor: Option<AccountId>,
) -> Result<Vec<AuditEntry>, Error> {
    use audit_entry::Column;
    let chosen = Condition::any()
        .add(Column::ObjectId.is_in(objects.iter().copied()))
        .add_option(actor.map(|account| Column::ActorId.eq(account.0)));
    let found = entries(org).filter(chosen).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    let mut rows: Vec<Row> = found.into_model().all(db).await?;
    let theirs: HashSet<_> = objects.iter().copied().collect();
    for row in &mut rows {
        if row.object_id.is_none_or(|object| !theirs.contains(&object)) {
            (row.before_size, row.after_size) = (None, None);
        }
    }
    let mut all = Vec::with_capacity(rows.len());
    // As many details at a time as a statement takes ids.
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<_> = rows.by_ref().take(DETAILS_AT_ONCE).collect();
        let details = match details_of(org, &part) {
            Some(chosen) => chosen.all(db).await?,
            None => Vec::new(),
        };
        let mut details: HashMap<_, _> = details.into_iter().map(|one| (one.audit_id, one)).collect();
        all.extend(part.into_iter().map(|row| row.entry(&mut details)));
    }
    Ok(all)
}

/// An entry with the sizes of its details, which are checked first: those of an earlier release have no bound.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: AuditId,
    actor_kind: ActorKind,
    actor_id: Option<Uuid>,
    actor_email: Option<String>,
    action: String,
    object_type: String,
    object_id: Option<Uuid>,
    request_id: Option<String>,
    created_at: Timestamp,
    before_size: Option<i64>,
    after_size: Option<i64>,
}

/// The size of a column in bytes.
fn size(column: audit_details::Column) -> Expr {
    let text = Expr::col((audit_details::Entity, column)).cast_as("text");
    Expr::expr(Func::cust("octet_length").arg(text)).cast_as("bigint")
}

/// How many of the rows fit into one page with their details, at least one.
fn fitting(rows: &[Row]) -> usize {
    let mut room = MAX_PAGE_BYTES;
    let fits = |row: &&Row| {
        let size = row.before_size.unwrap_or(0) + row.after_size.unwrap_or(0);
        let left = room.checked_sub(usize::try_from(size).unwrap_or(usize::MAX));
        room = left.unwrap_or(room);
        left.is_some()
    };
    rows.iter().take_while(fits).count().max(1)
}

/// The query for the details of these rows; `None` when none has any.
fn details_of(org: OrgId, rows: &[Row]) -> Option<Select<audit_details::Entity>> {
    let with_details = rows.iter().filter(|row| row.before_size.is_some() || row.after_size.is_some());
    let ids: Vec<_> = with_details.map(|row| row.id).collect();
    (!ids.is_empty())
        .then(|| audit_details::Entity::of(org).filter(audit_details::Column::AuditId.is_in(ids)))
}

impl Row {
    fn entry(self, details: &mut HashMap<AuditId, audit_details::Model>) -> AuditEntry {
        let details = details.remove(&self.id);
        let (before, after) = details.map_or((None, None), |details| (details.before, details.after));
        AuditEntry {
            id: self.id,
            actor_kind: self.actor_kind,
            actor_id: self.actor_id,
            actor_email: self.actor_email,
            action: self.action,
            object_type: self.object_type,
            object_id: self.object_id,
            request_id: self.request_id,
            created_at: self.created_at,
            before,
            after,
        }
    }
}
