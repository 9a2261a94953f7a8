//! Taking the address of a person from what was mailed to them, and mails out of the outbox when they are old.

use super::{
    MailState,
    entity::mail::{ActiveModel, Column, Entity},
};
use crate::{
    db::{Database, OfOrg, Origin, Tx},
    error::Error,
    ids::{self, AccountId, MailId, OrgId, UserId},
    text::ERASED,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use std::time::Duration;

/// Rows of one transaction: few enough for the timeout of a statement.
const AT_ONCE: u64 = 10_000;

/// Erases the address of all mails to a user or to the account of a member. What is not sent yet is dropped.
///
/// # Errors
/// When the database fails.
pub async fn forget_addresses(
    tx: &Tx,
    org: OrgId,
    user: Option<UserId>,
    account: Option<AccountId>,
) -> Result<(), Error> {
    if user.is_none() && account.is_none() {
        return Ok(());
    }
    let theirs = Condition::any()
        .add_option(user.map(|user| Column::UserId.eq(user)))
        .add_option(account.map(|account| Column::AccountId.eq(account)));
    let unsent = ActiveModel {
        state: Set(MailState::Dropped),
        claimed_at: Set(Some(tx.now)),
        ended_at: Set(Some(tx.now)),
        ..Default::default()
    };
    let queued = Column::State.eq(MailState::Queued);
    Entity::update_of(org).set(unsent).filter(theirs.clone()).filter(queued).exec(tx).await?;
    let nameless = ActiveModel { address: Set(ERASED.into()), error: Set(None), ..Default::default() };
    Entity::update_of(org).set(nameless).filter(theirs).exec(tx).await?;
    Ok(())
}

/// Deletes the mails of an org that ended more than `kept` ago, with what they carried; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_old(db: &Database, org: OrgId, kept: Duration) -> Result<u64, Error> {
    let before = db.clock().now().minus(kept);
    let (mut deleted, mut after) = (0, None);
    loop {
        // Sought before there is a transaction, because it is mostly in vain; what ended is not written any more.
        let old: Vec<MailId> = Entity::of(org)
            .select_only()
            .column(Column::Id)
            // None is younger than its id.
            .filter(Column::Id.lt(MailId(ids::first_after(before))))
            .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after))))
            .filter(Column::EndedAt.lt(before))
            .order_by_asc(Column::Id)
            .limit(AT_ONCE)
            .into_tuple()
            .all(db)
            .await?;
        let Some(last) = old.last() else { return Ok(deleted) };
        after = Some(*last);
        let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
        let done = Entity::delete_of(org).filter(Column::Id.is_in(old)).exec(&tx).await?;
        tx.commit().await?;
        deleted += done.rows_affected;
    }
}
