//! Writing orgs and members.

use super::{
    model::{Member, MemberForm, NewMember, Org, OrgForm},
    read::{self},
    refusal::LastOwner,
};
use crate::{
    auth::{
        Forbidden, NotAMember,
        entity::{Giver, membership, org},
    },
    db::{Actor, Constraint, OfOrg, Tx},
    error::{Duplicate, Error, NotFound},
    ids::{AccountId, OrgId},
    random::Random,
    resources::{
        accounts::{self, links},
        audit, users,
    },
    role::Role,
    secret::Secret,
    text::Name,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};

/// An org's name is taken once.
const NAME: Constraint = Constraint::unique("orgs_name", "orgs.name_key");

pub(super) fn name_taken(error: DbErr) -> Error {
    let detail = "An organisation of this name exists already; choose another name.";
    NAME.or(error, || Duplicate { pointer: "/name", detail })
}

/// Founds an org. It needs an owner in the same transaction.
///
/// # Errors
/// [`Duplicate`] when the name is taken.
pub async fn create(tx: &Tx, name: Name, timezone: &str) -> Result<OrgId, Error> {
    let row = org::Model {
        id: tx.new_id(),
        name_key: name.key(),
        name: name.into(),
        timezone: timezone.to_owned(),
        created_at: tx.now,
        updated_at: tx.now,
    };
    let (id, name) = (row.id, row.name.clone());
    org::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map_err(name_taken)?;
    audit::Entry::of("org.create", id)
        .after(&serde_json::json!({ "id": id, "name": name, "timezone": timezone }))
        .record(tx, id)
        .await?;
    Ok(id)
}

/// A link for whoever has just been made a member.
#[derive(Debug)]
pub struct MemberLink {
    pub token: Secret,
    /// Whether the login was created for them.
    pub login_is_new: bool,
}

/// Makes someone a member, and the link by which they take it up. The operator vouches for whom they add: that membership
/// is not pending, and has a link only while the login has no password.
///
/// # Errors
/// [`Duplicate`] when they are one already or the person is someone else's; [`UnknownReference`].
pub async fn add_member(
    tx: &Tx,
    random: &Random,
    org: OrgId,
    new: NewMember,
) -> Result<(Member, Option<MemberLink>), Error> {
    let (account, login_is_new) = accounts::find_or_create(tx, &new.email).await?;
    // A first password is set only while no other org would open by it: whoever sets one waits here, and sees this.
    let account = accounts::lock_for_no_key_update(tx, account.id).await?;
    let proven_at = (tx.origin.actor == Actor::System).then_some(tx.now);
    accounts::add_membership(tx, org, account.id, new.role, proven_at).await?;
    if let Some(user) = new.user_id {
        users::account_link(tx, org, user, account.id).await.map_err(Error::referred("/user_id", "user"))?;
    }
    let giver = match proven_at {
        None => Some(Giver::Org),
        Some(_) => account.password_hash.is_none().then_some(Giver::Operator),
    };
    let link = match giver {
        Some(giver) => {
            let token = links::issue(tx, random, org, account.id, giver).await?.into();
            Some(MemberLink { token, login_is_new })
        }
        None => None,
    };
    let user_id = users::of_account(tx, org, account.id).await?;
    let email = Some(account.email);
    let pending = proven_at.is_none();
    let member = Member { account_id: account.id, email, role: new.role, user_id, is_active: true, pending };
    audit::Entry::of("member.add", account.id).after(&member).record(tx, org).await?;
    Ok((member, link))
}

/// An org keeps an active owner.
const LAST_OWNER: Constraint = Constraint::trigger("org_memberships_last_owner");

fn refused(error: DbErr) -> Error {
    LAST_OWNER.or(error, || LastOwner)
}

/// The org, which nobody else changes until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, id: OrgId) -> Result<Org, Error> {
    let found = org::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Gives the locked org its new form. The form it has already changes nothing.
///
/// # Errors
/// [`Duplicate`] when the name is taken.
pub async fn update(tx: &Tx, before: Org, new: OrgForm) -> Result<Org, Error> {
    use org::Column;
    if new == before.form() {
        return Ok(before);
    }
    let after = Org {
        name: new.name.to_string(),
        timezone: new.timezone.to_string(),
        updated_at: tx.now,
        ..before.clone()
    };
    org::Entity::update_many()
        .set(org::ActiveModel {
            name: Set(after.name.clone()),
            name_key: Set(new.name.key()),
            timezone: Set(after.timezone.clone()),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(Column::Id.eq(after.id))
        .exec(tx)
        .await
        .map_err(name_taken)?;
    audit::Entry::of("org.update", after.id).before(&before).after(&after).record(tx, after.id).await?;
    Ok(after)
}

/// A member whom nobody else changes until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_member_for_no_key_update(tx: &Tx, org: OrgId, account: AccountId) -> Result<Member, Error> {
    // The org's row first, as the guard of its last owner does: two owners who change each other wait here.
    lock_for_no_key_update(tx, org).await?;
    read::member(tx, org, account, true).await
}

/// Gives a locked member their new form. The form they have already changes nothing.
///
/// # Errors
/// [`LastOwner`]; [`UnknownReference`] or [`Duplicate`] for the person.
pub async fn update_member(tx: &Tx, org: OrgId, before: Member, new: MemberForm) -> Result<Member, Error> {
    use membership::Column;
    if new == before.form() {
        return Ok(before);
    }
    let account = before.account_id;
    membership::Entity::update_of(org)
        .set(membership::ActiveModel {
            role: Set(new.role),
            is_active: Set(new.is_active),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(Column::AccountId.eq(account))
        .exec(tx)
        .await
        .map_err(refused)?;
    if new.user_id != before.user_id {
        // Both people at once, in the order that everyone locks them.
        users::lock_all_for_no_key_update(tx, org, [before.user_id, new.user_id].into_iter().flatten())
            .await?;
        users::unlink_account(tx, org, account).await?;
        if let Some(user) = new.user_id {
            users::account_link(tx, org, user, account).await.map_err(Error::referred("/user_id", "user"))?;
        }
    }
    let after = Member { role: new.role, is_active: new.is_active, user_id: new.user_id, ..before.clone() };
    audit::Entry::of("member.update", account).before(&before).after(&after).record(tx, org).await?;
    Ok(after)
}

/// Ends the membership of a locked member; the person they are here belongs to no account then.
///
/// # Errors
/// [`LastOwner`].
pub async fn remove_member(tx: &Tx, org: OrgId, member: &Member) -> Result<(), Error> {
    membership::Entity::delete_of(org)
        .filter(membership::Column::AccountId.eq(member.account_id))
        .exec(tx)
        .await
        .map_err(refused)?;
    users::unlink_account(tx, org, member.account_id).await?;
    audit::Entry::of("member.remove", member.account_id).before(member).record(tx, org).await
}

/// What a caller may do now that the org is locked: their role may have changed while they waited for it.
///
/// # Errors
/// [`NotAMember`]; [`Forbidden`] for who is no administrator any more.
pub async fn role_of(tx: &Tx, org: OrgId, account: AccountId) -> Result<Role, Error> {
    let found = membership::Entity::of(org)
        .filter(membership::Column::AccountId.eq(account))
        .filter(membership::Column::IsActive.eq(true))
        .filter(membership::Column::ProvenAt.is_not_null())
        .one(tx)
        .await?;
    let role = found.map(|row| row.role).ok_or(NotAMember)?;
    if role < Role::Admin { Err(Forbidden { needs: Role::Admin }.into()) } else { Ok(role) }
}
