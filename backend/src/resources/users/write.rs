//! Writing users, their skills and tags.

use super::{
    entity::{user, user_skill, user_tag},
    event::UserEvent,
    metadata::Metadata,
    model::{NewProfile, NewUser, Profile, User},
    money::RateProfile,
    read::{SkillsAndTags, Visibility, get, profile, view},
    refusal::UserHasHistory,
    rules,
    skills::NewSkill,
};
use crate::{
    db::{Constraint, List, OfOrg, OrRefusal, Tx, is_referenced},
    error::{Duplicate, Error, NotFound},
    ids::{AccountId, OrgId, UserId},
    search,
    text::Label,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use std::collections::HashMap;

/// An account is linked to at most one user of an org.
const ONE_ACCOUNT: Constraint = Constraint::unique("users_account", "users.org_id, users.account_id");

fn meaning_of(error: &DbErr) -> Option<Error> {
    let detail = "This account already belongs to another person of the organisation.";
    ONE_ACCOUNT.meaning(error, || Duplicate { pointer: "/user_id", detail })
}

/// Creates a user, linked to `account` if there is one.
///
/// # Errors
/// [`Error::Invalid`], or [`Duplicate`] when the account is linked to another user of the org.
pub async fn create(
    tx: &Tx,
    org: OrgId,
    mut new: NewUser,
    account: Option<AccountId>,
) -> Result<User, Error> {
    let (first_name, last_name) = rules::check(None, &mut new)?;
    let row = user::Model {
        org_id: org,
        id: tx.new_id(),
        sort_key: rules::sort_key(&first_name, &last_name),
        name_search: search::stored([&*first_name, &*last_name]),
        first_name,
        last_name,
        contact_search: search::contacts(new.email.as_deref(), new.phone.as_deref()),
        email: new.email.map(Into::into),
        phone: new.phone.map(Into::into),
        employment_type: new.employment_type,
        bio: new.bio.map(Into::into),
        rate_profile: None,
        active: new.active,
        account_id: account,
        legal_ids: new.legal_ids.as_ref().map(Metadata::to_stored),
        documents: new.documents.as_ref().map(Metadata::to_stored),
        locale: new.locale,
        calendar_version: 0,
        created_at: tx.now,
        updated_at: tx.now,
    };
    user::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx)
        .await
        .or_refusal(meaning_of)?;
    replace_skills_and_tags(tx, org, row.id, &new.skills, Some(&new.tags)).await?;
    let user = view(row.into(), &mut SkillsAndTags::of(&new.skills, &new.tags), Visibility::All);
    tx.record(org, &UserEvent::Created { after: &user }).await?;
    Ok(user)
}

/// What decisions about the assignments of a locked user depend on.
#[derive(Debug, Clone)]
pub struct Locked {
    pub email: Option<String>,
    /// Whether they can be invited and accepted.
    pub active: bool,
}

/// Locks the user (`FOR NO KEY UPDATE`), which serialises changes of their assignments.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, org: OrgId, id: UserId) -> Result<Locked, Error> {
    let row =
        user::Entity::find_by_id((org, id)).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(NotFound)?;
    Ok(row.into())
}

impl From<user::Model> for Locked {
    fn from(row: user::Model) -> Self {
        Self { email: row.email, active: row.active }
    }
}

/// Locks users (`FOR NO KEY UPDATE`), by id; those that do not exist are absent.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_for_no_key_update(
    tx: &Tx,
    org: OrgId,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Locked>, Error> {
    let rows = user::Entity::of(org)
        .filter(user::Column::Id.is_in(ids))
        .order_by_asc(user::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, Locked::from(row))).collect())
}

/// Links a user to an account.
///
/// # Errors
/// [`NotFound`], or [`Duplicate`] when the user or the account is linked to another one in the org.
pub async fn account_link(tx: &Tx, org: OrgId, id: UserId, account: AccountId) -> Result<(), Error> {
    let row =
        user::Entity::find_by_id((org, id)).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(NotFound)?;
    if row.account_id.is_some_and(|linked| linked != account) {
        return Err(Duplicate {
            pointer: "/user_id",
            detail: "This person belongs to another account already; choose another person.",
        }
        .into());
    }
    user::Entity::update_of(org)
        .set(user::ActiveModel {
            account_id: Set(Some(account)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(user::Column::Id.eq(id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    tx.changes(org, List::Planning);
    Ok(())
}

/// Unlinks an account from its user in the org, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn unlink_account(tx: &Tx, org: OrgId, account: AccountId) -> Result<(), Error> {
    user::Entity::update_of(org)
        .set(user::ActiveModel {
            account_id: Set(None::<AccountId>),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(user::Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    tx.changes(org, List::Planning);
    Ok(())
}

/// Replaces a user's skills, and their tags when they are given.
pub(super) async fn replace_skills_and_tags(
    tx: &Tx,
    org: OrgId,
    user: UserId,
    skills: &[NewSkill],
    tags: Option<&Vec<Label>>,
) -> Result<(), Error> {
    user_skill::Entity::delete_of(org).filter(user_skill::Column::UserId.eq(user)).exec(tx).await?;
    let rows = skills.iter().map(|skill| {
        user_skill::Model {
            org_id: org,
            user_id: user,
            skill: skill.skill.to_string(),
            skill_key: skill.skill.word_key(),
            level: skill.level(),
            created_at: tx.now,
        }
        .into_active_model()
    });
    tx.insert_all(rows.collect()).await?;
    let Some(tags) = tags else { return Ok(()) };
    user_tag::Entity::delete_of(org).filter(user_tag::Column::UserId.eq(user)).exec(tx).await?;
    let rows = tags.iter().map(|tag| {
        user_tag::Model {
            org_id: org,
            user_id: user,
            tag: tag.to_string(),
            tag_key: tag.word_key(),
            created_at: tx.now,
        }
        .into_active_model()
    });
    tx.insert_all(rows.collect()).await?;
    Ok(())
}

/// Locks the user (`FOR UPDATE`): no other transaction changes or assigns them until this one ends. Returns what managers see.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_update(tx: &Tx, org: OrgId, id: UserId) -> Result<User, Error> {
    let found = user::Entity::find_by_id((org, id)).lock(LockType::Update).one(tx).await?;
    found.ok_or(NotFound)?;
    get(tx, org, id, Visibility::All).await
}

/// Updates a locked user; an unchanged one is not written.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn update(tx: &Tx, org: OrgId, before: User, mut new: NewUser) -> Result<User, Error> {
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
    // Not written when unchanged: a damaged text stays in the database until it is replaced.
    let stored = |new: &Option<Metadata>, is: &Option<Metadata>| match new == is {
        true => NotSet,
        false => Set(new.as_ref().map(Metadata::to_stored)),
    };
    let row = user::ActiveModel {
        legal_ids: stored(&new.legal_ids, &current.legal_ids),
        documents: stored(&new.documents, &current.documents),
        sort_key: Set(rules::sort_key(&first_name, &last_name)),
        name_search: Set(search::stored([&*first_name, &*last_name])),
        first_name: Set(first_name),
        last_name: Set(last_name),
        contact_search: Set(search::contacts(new.email.as_deref(), new.phone.as_deref())),
        email: Set(new.email.map(String::from)),
        phone: Set(new.phone.map(String::from)),
        employment_type: Set(new.employment_type),
        bio: Set(new.bio.map(String::from)),
        locale: Set(new.locale),
        active: Set(new.active),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    user::Entity::update_of(org).set(row).filter(user::Column::Id.eq(before.id)).exec(tx).await?;
    replace_skills_and_tags(tx, org, before.id, &new.skills, Some(&new.tags)).await?;
    let after = get(tx, org, before.id, Visibility::All).await?;
    tx.record(org, &UserEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Deletes a locked user, whose availabilities must be deleted already.
///
/// # Errors
/// [`UserHasHistory`] while they have an assignment, whatever its status.
pub async fn delete(tx: &Tx, org: OrgId, user: &User) -> Result<(), Error> {
    if is_referenced(tx, ("assignments", "user_id"), org, user.id).await? {
        return Err(UserHasHistory.into());
    }
    user::Entity::delete_by_id((org, user.id)).exec(tx).await?;
    tx.record(org, &UserEvent::Deleted { before: user }).await
}

/// Locks the user (`FOR NO KEY UPDATE`) and reads their profile.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_profile_for_no_key_update(tx: &Tx, org: OrgId, id: UserId) -> Result<Profile, Error> {
    lock_for_no_key_update(tx, org, id).await?;
    profile(tx, org, id).await
}

/// Replaces a locked profile; an unchanged one is not written. With `own`, only the members that users may set themselves.
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
    let words = SkillsAndTags::of(&new.skills, &tags);
    let mut after = Profile {
        skills: words.skills(),
        skill_levels: words.levels,
        bio: new.bio.map(String::from),
        locale: new.locale,
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
    let rate_profile = match after.rate_profile == before.rate_profile {
        true => NotSet,
        false => Set(after.rate_profile.as_ref().map(RateProfile::to_stored)),
    };
    let row = user::ActiveModel {
        rate_profile,
        bio: Set(after.bio.clone()),
        locale: Set(after.locale),
        employment_type: Set(after.employment_type),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    user::Entity::update_of(org).set(row).filter(user::Column::Id.eq(id)).exec(tx).await?;
    replace_skills_and_tags(tx, org, id, &new.skills, (!own).then_some(&tags)).await?;
    tx.record(org, &UserEvent::ProfileChanged { before: &before, after: &after }).await?;
    Ok(after)
}

/// Replaces the rates in a locked profile; unchanged ones are not written.
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
    user::Entity::update_of(org)
        .set(user::ActiveModel {
            rate_profile: Set(rates.as_ref().map(RateProfile::to_stored)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(user::Column::Id.eq(before.user_id))
        .exec(tx)
        .await?;
    let after = Profile { rate_profile: rates, ..before.clone() };
    tx.record(org, &UserEvent::RatesChanged { before: &before, after: &after }).await
}
