//! Erasing who an account belonged to.

use super::{event::AccountEvent, read::is_a_member};
use crate::{
    auth::entity::{account, membership_link, password_token, session},
    db::Tx,
    error::Error,
    ids::AccountId,
    text::Email,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// Erases a locked account that is no member of any org: nobody can sign in with it, and nothing tells whose it was. Its row
/// stays, because the audit log names its id. False, and nothing is changed, when it is a member somewhere.
///
/// # Errors
/// When the database fails.
pub async fn erase(tx: &Tx, id: AccountId) -> Result<bool, Error> {
    if is_a_member(tx, id).await? {
        return Ok(false);
    }
    // A name that RFC 2606 keeps from ever having a mailbox.
    let email = Email::stored(format!("{}@erased.invalid", id.0.simple()));
    let row = account::ActiveModel {
        id: Set(id),
        email_key: Set(email.key()),
        email: Set(email.into()),
        password_hash: Set(None),
        is_active: Set(false),
        locale: Set(None),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    account::Entity::update(row).exec(tx).await?;
    session::Entity::delete_many().filter(session::Column::AccountId.eq(id)).exec(tx).await?;
    password_token::Entity::delete_many().filter(password_token::Column::AccountId.eq(id)).exec(tx).await?;
    membership_link::Entity::delete_many().filter(membership_link::Column::AccountId.eq(id)).exec(tx).await?;
    tx.record(None, &AccountEvent::Erased { id }).await?;
    Ok(true)
}
