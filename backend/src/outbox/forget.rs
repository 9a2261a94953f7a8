//! Taking the address of a person from what was mailed to them, and mails out of the outbox when they are old.

use super::{
    MailState,
    entity::mail::{ActiveModel, Column, Entity},
};
use crate::{
    db::{Database, OfOrg, Origin, Tx},
    error::Error,
    ids::{AccountId, MailId, OrgId, UserId},
    text::ERASED,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, QuerySelect};
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
    user: UserId,
    account: Option<AccountId>,
) -> Result<(), Error> {
    let theirs = Condition::any()
        .add(Column::UserId.eq(user))
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
    let mut deleted = 0;
    loop {
        let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
        let old: Vec<MailId> = Entity::of(org)
            .select_only()
            .column(Column::Id)
            .filter(Column::EndedAt.lt(tx.now.minus(kept)))
            .limit(AT_ONCE)
            .into_tuple()
            .all(&tx)
            .await?;
        if old.is_empty() {
            return Ok(deleted);
        }
        let done = Entity::delete_of(org).filter(Column::Id.is_in(old)).exec(&tx).await?;
        tx.commit().await?;
        deleted += done.rows_affected;
    }
}
