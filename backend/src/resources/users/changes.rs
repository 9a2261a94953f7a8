//! Changing people and their profiles: the writes.

use super::{
    entity::user,
    metadata::Metadata,
    model::{NewProfile, NewUser, Profile, User},
    money::RateProfile,
    refusal::UserHasHistory,
    rules,
    store::{Sight, Words, get, words, write_words},
};
use crate::{
    db::{Tx, is_named},
    error::{Error, NotFound},
    ids::{OrgId, UserId},
    resources::audit,
    search,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};

/// A person whom nobody else changes or plans until the transaction ends, as planners see them.
///
/// # Errors
/// [`NotFound`].
pub async fn hold(tx: &Tx, org: OrgId, id: UserId) -> Result<User, Error> {
    let found = user::Entity::find_by_id((org, id)).lock(LockType::Update).one(tx).await?;
    found.ok_or(NotFound)?;
    get(tx, org, id, Sight::All).await
}

/// Gives a held person their new form. The form they have already changes nothing.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn update(tx: &Tx, org: OrgId, before: User, mut new: NewUser) -> Result<User, Error> {
    use user::Column;
    let (first_name, last_name) = rules::check(Some(&before), &mut new)?;
    // The order of skills and tags means nothing; they are shown sorted.
    new.skills.sort_by(|a, b| str::cmp(&a.skill, &b.skill));
    new.tags.sort_by(|a, b| str::cmp(a, b));
    let same_name = (&first_name, &last_name) == (&before.first_name, &before.last_name);
    let current = before.form();
    let (first, last) = (current.first_name.clone(), current.last_name.clone());
    if same_name && current == (NewUser { name: None, first_name: first, last_name: last, ..new.clone() }) {
        return Ok(before);
    }
    let mut update = user::Entity::update_many();
    // What stays is not written: a text that is damaged stays as it is until someone decides about it.
    if new.legal_ids != current.legal_ids {
        let legal_ids = new.legal_ids.as_ref().map(Metadata::to_stored);
        update = update.col_expr(Column::LegalIds, Expr::value(legal_ids));
    }
    if new.documents != current.documents {
        let documents = new.documents.as_ref().map(Metadata::to_stored);
        update = update.col_expr(Column::Documents, Expr::value(documents));
    }
    update
        .col_expr(Column::SortKey, Expr::value(rules::sort_key(&first_name, &last_name)))
        .col_expr(Column::NameSearch, Expr::value(search::stored([&*first_name, &*last_name])))
        .col_expr(Column::FirstName, Expr::value(first_name))
        .col_expr(Column::LastName, Expr::value(last_name))
        .col_expr(
            Column::ContactSearch,
            Expr::value(search::contacts(new.email.as_deref(), new.phone.as_deref())),
        )
        .col_expr(Column::Email, Expr::value(new.email.map(String::from)))
        .col_expr(Column::Phone, Expr::value(new.phone.map(String::from)))
        .col_expr(Column::EmploymentType, Expr::value(new.employment_type))
        .col_expr(Column::Bio, Expr::value(new.bio.map(String::from)))
        .col_expr(Column::Active, Expr::value(new.active))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now))
        .filter(Column::OrgId.eq(org))
        .filter(Column::Id.eq(before.id))
        .exec(tx)
        .await?;
    write_words(tx, org, before.id, &new.skills, Some(&new.tags)).await?;
    let after = get(tx, org, before.id, Sight::All).await?;
    audit::Entry::of("user.update", after.id).before(&before).after(&after).record(tx, org).await?;
    Ok(after)
}

/// Deletes a held person who was never assigned and whose availabilities are gone.
///
/// # Errors
/// [`UserHasHistory`].
pub async fn delete(tx: &Tx, org: OrgId, user: &User) -> Result<(), Error> {
    if is_named(tx, ("assignments", "user_id"), org, user.id).await? {
        return Err(UserHasHistory.into());
    }
    user::Entity::delete_by_id((org, user.id)).exec(tx).await?;
    audit::Entry::of("user.delete", user.id).before(user).record(tx, org).await
}

/// What planners know about a person.
pub async fn profile(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<Profile, Error> {
    let row = user::Entity::find_by_id((org, id)).one(db).await?.ok_or(NotFound)?;
    let words = words(db, org, vec![id]).await?.remove(&id).unwrap_or_default();
    Ok(Profile {
        user_id: id,
        skills: words.skills(),
        skill_levels: words.levels,
        tags: words.tags,
        employment_type: row.employment_type,
        rate_profile: row.rate_profile.map(RateProfile::from_stored),
        bio: row.bio,
    })
}

/// The profile of a person whom nobody else changes until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn hold_profile(tx: &Tx, org: OrgId, id: UserId) -> Result<Profile, Error> {
    super::store::lock(tx, org, id).await?;
    profile(tx, org, id).await
}

/// Replaces a held profile. With `own`, only what a person may set themselves; the rest stays. What it is already changes
/// nothing.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn replace_profile(
    tx: &Tx,
    org: OrgId,
    before: Profile,
    mut new: NewProfile,
    own: bool,
) -> Result<Profile, Error> {
    rules::check_profile(&before, &mut new, own)?;
    let id = before.user_id;
    let tags = new.tags.unwrap_or_default();
    let words = Words::of(&new.skills, &tags);
    let mut after = Profile {
        skills: words.skills(),
        skill_levels: words.levels,
        bio: new.bio.map(String::from),
        ..before.clone()
    };
    if !own {
        after.tags = words.tags;
        after.employment_type = new.employment_type.unwrap_or(before.employment_type);
        after.rate_profile = new.rate_profile;
    }
    if after == before {
        return Ok(before);
    }
    let mut update = user::Entity::update_many();
    if after.rate_profile != before.rate_profile {
        let rates = after.rate_profile.as_ref().map(RateProfile::to_stored);
        update = update.col_expr(user::Column::RateProfile, Expr::value(rates));
    }
    update
        .col_expr(user::Column::Bio, Expr::value(after.bio.clone()))
        .col_expr(user::Column::EmploymentType, Expr::value(after.employment_type))
        .col_expr(user::Column::UpdatedAt, Expr::value(tx.now))
        .filter(user::Column::OrgId.eq(org))
        .filter(user::Column::Id.eq(id))
        .exec(tx)
        .await?;
    write_words(tx, org, id, &new.skills, (!own).then_some(&tags)).await?;
    audit::Entry::of("user.profile", id).before(&before).after(&after).record(tx, org).await?;
    Ok(after)
}

/// Replaces what a person with a held profile is paid. What it is already changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn set_rates(
    tx: &Tx,
    org: OrgId,
    before: Profile,
    rates: Option<RateProfile>,
) -> Result<(), Error> {
    if before.rate_profile == rates {
        return Ok(());
    }
    user::Entity::update_many()
        .col_expr(user::Column::RateProfile, Expr::value(rates.as_ref().map(RateProfile::to_stored)))
        .col_expr(user::Column::UpdatedAt, Expr::value(tx.now))
        .filter(user::Column::OrgId.eq(org))
        .filter(user::Column::Id.eq(before.user_id))
        .exec(tx)
        .await?;
    let after = Profile { rate_profile: rates, ..before.clone() };
    audit::Entry::of("user.rates", before.user_id).before(&before).after(&after).record(tx, org).await
}
