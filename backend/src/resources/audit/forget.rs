//! Emptying the details of entries: on a person's request, or when they are old. The entries stay, which say who did what and when.

use crate::{
    db::{Database, OfOrg, Origin, Tx, contains},
    error::Error,
    events::entity::{audit_details, audit_entry},
    ids::{self, AuditId, OrgId},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use std::{
    ops::{Bound, RangeBounds},
    time::Duration,
};
use uuid::Uuid;

/// Rows of one statement: few enough for its timeout.
const AT_ONCE: u64 = 10_000;

/// Empties the details of the org's entries about these objects, and of all that contain one of these texts: ids or addresses of
/// a person.
///
/// # Errors
/// When the database fails.
pub async fn empty_details(tx: &Tx, org: OrgId, objects: &[Uuid], texts: &[String]) -> Result<(), Error> {
    use audit_details::Column;
    // Sought once: nothing but their ids leads to them.
    let about: Vec<AuditId> = audit_entry::Entity::of(org)
        .select_only()
        .column(audit_entry::Column::Id)
        .filter(audit_entry::Column::ObjectId.is_in(objects.iter().copied()))
        .order_by_asc(audit_entry::Column::Id)
        .into_tuple()
        .all(tx)
        .await?;
    let containing = texts.iter().fold(Condition::any(), |any, text| {
        any.add(Column::Before.like(contains(text))).add(Column::After.like(contains(text)))
    });
    empty_chosen(tx, org, |part| {
        let within = about.iter().copied().filter(|id| part.contains(id));
        containing.clone().add(Column::AuditId.is_in(within))
    })
    .await
}

/// Empties the details of all entries of the org.
///
/// # Errors
/// When the database fails.
pub async fn empty_all_details(tx: &Tx, org: OrgId) -> Result<(), Error> {
    empty_chosen(tx, org, |_| Condition::all()).await
}

/// Empties the details that `chosen` says of each part.
async fn empty_chosen(
    tx: &Tx,
    org: OrgId,
    chosen: impl Fn((Bound<AuditId>, Bound<AuditId>)) -> Condition,
) -> Result<(), Error> {
    use audit_details::Column;
    let mut last = None;
    while let Some(next) = end_of_part(tx, org, last).await? {
        let bounds = (last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Included(next));
        let part = Condition::all()
            .add_option(last.map(|last| Column::AuditId.gt(last)))
            .add(Column::AuditId.lte(next));
        audit_details::Entity::update_of(org)
            .set(empty())
            .filter(part)
            .filter(chosen(bounds))
            .exec(tx)
            .await?;
        last = Some(next);
    }
    Ok(())
}

/// The last of the next rows.
async fn end_of_part(tx: &Tx, org: OrgId, after: Option<AuditId>) -> Result<Option<AuditId>, Error> {
    use audit_details::Column;
    let ids: Vec<AuditId> = audit_details::Entity::of(org)
        .select_only()
        .column(Column::AuditId)
        .filter(Condition::all().add_option(after.map(|after| Column::AuditId.gt(after))))
        .order_by_asc(Column::AuditId)
        .limit(AT_ONCE)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids.last().copied())
}

fn empty() -> audit_details::ActiveModel {
    audit_details::ActiveModel { before: Set(None), after: Set(None), ..Default::default() }
}

/// Empties the details of an org that are older than `kept`; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn empty_old_details(db: &Database, org: OrgId, kept: Duration) -> Result<u64, Error> {
    use audit_details::Column;
    let before = db.clock().now().minus(kept);
    let (mut emptied, mut after) = (0, None);
    loop {
        // Sought before there is a transaction, because it is mostly in vain. Details are not written but here.
        let old: Vec<AuditId> = audit_details::Entity::of(org)
            .select_only()
            .column(Column::AuditId)
            // None is younger than its id.
            .filter(Column::AuditId.lt(AuditId(ids::first_after(before))))
            .filter(Condition::all().add_option(after.map(|after| Column::AuditId.gt(after))))
            .filter(Column::CreatedAt.lt(before))
            .filter(Condition::any().add(Column::Before.is_not_null()).add(Column::After.is_not_null()))
            .order_by_asc(Column::AuditId)
            .limit(AT_ONCE)
            .into_tuple()
            .all(db)
            .await?;
        let Some(last) = old.last() else { return Ok(emptied) };
        after = Some(*last);
        let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
        let done = audit_details::Entity::update_of(org)
            .set(empty())
            .filter(Column::AuditId.is_in(old))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        emptied += done.rows_affected;
    }
}
