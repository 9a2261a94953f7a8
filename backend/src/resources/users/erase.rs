//! Erasing who a user was.

use super::{
    entity::{user, user_skill, user_tag},
    event::UserEvent,
    rules,
};
use crate::{
    db::{OfOrg, Tx},
    error::Error,
    ids::{OrgId, UserId},
    locale::Locale,
    search,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

/// Replaces the name of a locked user by one that says nothing, and erases all that tells who they were; they are inactive and
/// linked to no account. Their employment type and rates stay, because totals are made of them.
///
/// # Errors
/// When the database fails.
pub async fn erase(tx: &Tx, org: OrgId, id: UserId, locale: Locale) -> Result<(), Error> {
    let (first_name, last_name) = nobody(id, locale);
    let row = user::ActiveModel {
        sort_key: Set(rules::sort_key(&first_name, &last_name)),
        name_search: Set(search::stored([&*first_name, &*last_name])),
        first_name: Set(first_name),
        last_name: Set(last_name),
        email: Set(None),
        phone: Set(None),
        contact_search: Set(None),
        bio: Set(None),
        legal_ids: Set(None),
        documents: Set(None),
        locale: Set(None),
        account_id: Set(None),
        active: Set(false),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let next = Expr::col(user::Column::CalendarVersion).add(1);
    user::Entity::update_of(org)
        .set(row)
        .col_expr(user::Column::CalendarVersion, next)
        .filter(user::Column::Id.eq(id))
        .exec(tx)
        .await?;
    user_skill::Entity::delete_of(org).filter(user_skill::Column::UserId.eq(id)).exec(tx).await?;
    user_tag::Entity::delete_of(org).filter(user_tag::Column::UserId.eq(id)).exec(tx).await?;
    tx.record(org, &UserEvent::Erased { id }).await
}

/// Names for somebody who has none any more: two of them can still be told apart.
fn nobody(id: UserId, locale: Locale) -> (String, String) {
    let first = match locale {
        Locale::French => "Anonyme",
        Locale::English | Locale::American => "Anonymous",
    };
    let id = id.0.simple().to_string();
    (first.to_owned(), id[id.len() - 6..].to_uppercase())
}
