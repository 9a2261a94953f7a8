//! Taking from assignments what was written about their user.

use crate::{
    db::{OfOrg, Tx},
    error::Error,
    ids::{OrgId, UserId},
    resources::assignments::entity::assignment::{ActiveModel, Column, Entity},
    text::ERASED,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ExprTrait, QueryFilter};

/// Erases the notes, the reasons of a no and those of an override. Times, roles and statuses stay, and an override stays one.
///
/// # Errors
/// When the database fails.
pub async fn forget_texts(tx: &Tx, org: OrgId, user: UserId) -> Result<(), Error> {
    let written = Condition::any().add(Column::Note.is_not_null()).add(Column::DeclineReason.is_not_null());
    let nothing = ActiveModel {
        note: Set(None),
        decline_reason: Set(None),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    Entity::update_of(org).set(nothing).filter(Column::UserId.eq(user)).filter(written).exec(tx).await?;
    let overridden = ActiveModel {
        conflict_override: Set(Some(ERASED.into())),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let chosen = Column::UserId.eq(user).and(Column::ConflictOverride.is_not_null());
    Entity::update_of(org).set(overridden).filter(chosen).exec(tx).await?;
    Ok(())
}
