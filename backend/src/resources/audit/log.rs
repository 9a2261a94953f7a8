//! Reading entries.

use super::{
    details_table,
    model::{AuditEntry, AuditQuery},
    table,
};
use crate::{auth::tables::account, db::filter, error::Error, http::Page, ids::OrgId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};

/// A page of an org's entries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AuditQuery,
) -> Result<Page<AuditEntry>, Error> {
    use table::Column;
    let types: Vec<String> = query.object_type.0.into_iter().map(Into::into).collect();
    let mut select = table::Entity::find()
        .column_as(account::Column::Email, "actor_email")
        .columns([details_table::Column::Before, details_table::Column::After])
        .join(
            JoinType::LeftJoin,
            table::Entity::belongs_to(account::Entity).from(Column::ActorId).to(account::Column::Id).into(),
        )
        .join(
            JoinType::LeftJoin,
            table::Entity::belongs_to(details_table::Entity)
                .from(Column::Id)
                .to(details_table::Column::AuditId)
                .into(),
        )
        .filter(Column::OrgId.eq(org))
        .filter(filter::one_of(Column::ObjectType, types))
        .filter(filter::one_of(Column::ObjectId, query.object_id.0))
        .filter(filter::one_of(Column::ActorId, query.actor_id.0))
        .filter(filter::before((Column::CreatedAt, Column::Id), query.cursor.map(|cursor| cursor.0)));
    if let Some(from) = query.from {
        select = select.filter(Column::CreatedAt.gte(from));
    }
    if let Some(to) = query.to {
        select = select.filter(Column::CreatedAt.lt(to));
    }
    let rows = select
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(query.limit.with_lookahead())
        .into_model::<AuditEntry>()
        .all(db)
        .await?;
    Ok(Page::new(rows, query.limit, |entry| (entry.created_at, entry.id)))
}
