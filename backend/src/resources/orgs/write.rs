//! Writing orgs and members.

use super::{
    event::{MemberEvent, OrgEvent},
    model::{Contact, Member, MemberForm, NewMember, Org, OrgForm},
    read::{self},
    refusal::{LastOwner, NothingToSend},
    rules::next_morning,
};
use crate::{
    auth::{
        Forbidden, NotAMember,
        entity::{LinkIssuer, account, membership, org},
    },
    db::{Actor, Constraint, OfOrg, OrRefusal, Tx},
    delivery::Delivery,
    error::{Duplicate, Error, NotFound},
    ids::{AccountId, OrgId},
    outbox::Outbox,
    random::Random,
    resources::{
        accounts::{self, AccountEvent, links},
        users,
    },
    role::Role,
    secret::Secret,
    state::App,
    text::NameKey,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};

/// What stands for the name of a deleted org.
const DELETED: &str = "—";

/// Org names are unique.
const NAME: Constraint = Constraint::unique("orgs_name", "orgs.name_key");

pub(super) fn meaning_of_name(error: &DbErr) -> Option<Error> {
    let detail = "An organisation of this name exists already; choose another name.";
    NAME.meaning(error, || Duplicate { pointer: "/name", detail })
}

/// Creates an org; the caller adds an owner in the same transaction.
///
/// # Errors
/// [`Duplicate`] when the name is taken.
pub async fn create(tx: &Tx, new: OrgForm) -> Result<OrgId, Error> {
    let OrgForm { name, timezone, locale, contact, reply_to, reminder_hours, digest_hours, crew_sees_crew } =
        new;
    let contact = Contact::from(contact);
    let row = org::Model {
        id: tx.new_id(),
        name_key: name.key(),
        name: name.into(),
        timezone: timezone.clone().into(),
        locale,
        contact_name: contact.name,
        contact_phone: contact.phone,
        contact_email: contact.email,
        reply_to: reply_to.map(Into::into),
        reminder_hours: reminder_hours.into(),
        digest_hours: digest_hours.into(),
        crew_sees_crew,
        digest_at: Some(next_morning(tx.now, &timezone)?),
        deleted_at: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    org::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx)
        .await
        .or_refusal(meaning_of_name)?;
    let org = Org::from(row);
    tx.record(org.id, &OrgEvent::Created { after: &org }).await?;
    Ok(org.id)
}

/// The link for a new member.
#[derive(Debug)]
pub struct MemberLink {
    pub token: Secret,
    /// Whether the account was created with the membership.
    pub login_is_new: bool,
}

/// How a member gets the link by which they take their membership up.
#[derive(Debug, Clone, Copy)]
pub enum LinkBy<'a> {
    /// By mail. It is made when it is sent.
    Mail(Outbox),
    /// By hand.
    Hand(&'a Random),
}

impl<'a> LinkBy<'a> {
    /// By mail wherever mail can be sent.
    pub fn of(app: &'a App) -> Self {
        if app.outbox.can_send() { Self::Mail(app.outbox) } else { Self::Hand(&app.random) }
    }

    fn delivery(self) -> Delivery {
        match self {
            Self::Mail(_) => Delivery::Queued,
            Self::Hand(_) => Delivery::None,
        }
    }

    /// The link's token, if it is handed over.
    async fn send(
        self,
        tx: &Tx,
        org: OrgId,
        (account, giver): (&account::Model, LinkIssuer),
    ) -> Result<Option<Secret>, Error> {
        match self {
            Self::Mail(outbox) => {
                outbox.queue_member(tx, org, account.id, account.email.clone()).await?;
                Ok(None)
            }
            Self::Hand(random) => Ok(Some(links::issue(tx, random, org, account.id, giver).await?.into())),
        }
    }
}

/// Adds a member, and gives them the link by which they take the membership up. The operator vouches for whom they add: that
/// membership is not pending, and has a link only while the account has no password.
///
/// # Errors
/// [`NotFound`] when the org is deleted; [`Duplicate`] when the account is a member already or the user has another account;
/// [`UnknownReference`](crate::error::UnknownReference) for the user.
pub async fn add_member(
    tx: &Tx,
    link_by: LinkBy<'_>,
    org: OrgId,
    new: NewMember,
) -> Result<(Member, Option<MemberLink>), Error> {
    lock_for_no_key_update(tx, org).await?;
    // A link sets a first password only where that opens no other org; it takes this lock, too, so it sees this membership.
    let (account, login_is_new) = accounts::lock_or_create(tx, &new.email).await?;
    let proven_at = (tx.origin.actor == Actor::System).then_some(tx.now);
    let giver = match proven_at {
        None => Some(LinkIssuer::Org),
        Some(_) => account.password_hash.is_none().then_some(LinkIssuer::Operator),
    };
    let delivery = giver.map_or(Delivery::None, |_| link_by.delivery());
    accounts::add_membership(tx, org, account.id, new.role, (proven_at, delivery)).await?;
    if let Some(user) = new.user_id {
        users::account_link(tx, org, user, account.id).await.map_err(Error::referred("/user_id", "user"))?;
    }
    let token = match giver {
        Some(giver) => link_by.send(tx, org, (&account, giver)).await?,
        None => None,
    };
    let member = read::member(tx, org, account.id, true).await?;
    tx.record(org, &MemberEvent::Added { after: &member }).await?;
    Ok((member, token.map(|token| MemberLink { token, login_is_new })))
}

/// Gives a locked member another link by which to take their membership up; earlier ones stop working.
///
/// # Errors
/// [`NothingToSend`] when they have taken it up, or are deactivated.
pub async fn resend(
    tx: &Tx,
    link_by: LinkBy<'_>,
    org: OrgId,
    member: &Member,
) -> Result<Option<MemberLink>, Error> {
    let account = accounts::lock_for_no_key_update(tx, member.account_id).await?;
    let login_is_new = account.password_hash.is_none();
    if !(member.is_active && account.is_active && (member.pending || login_is_new)) {
        return Err(NothingToSend.into());
    }
    let token = link_by.send(tx, org, (&account, LinkIssuer::Org)).await?;
    set_delivery(tx, org, account.id, (link_by.delivery(), None)).await?;
    tx.record(org, &AccountEvent::LinkIssued { id: account.id }).await?;
    Ok(token.map(|token| MemberLink { token, login_is_new }))
}

/// Stores what became of the mail with a member's link.
///
/// # Errors
/// When the database fails.
pub async fn set_delivery(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    (delivery, error): (Delivery, Option<String>),
) -> Result<(), Error> {
    let set =
        membership::ActiveModel { delivery: Set(delivery), delivery_error: Set(error), ..Default::default() };
    let its = membership::Column::AccountId.eq(account);
    membership::Entity::update_of(org).set(set).filter(its).exec(tx).await?;
    Ok(())
}

/// An org keeps an active owner. Where the tables are distributed there is no such trigger: [`keeps_an_owner`] decides first.
const LAST_OWNER: Constraint = Constraint::trigger("org_memberships_last_owner");

fn meaning_of(error: &DbErr) -> Option<Error> {
    LAST_OWNER.meaning(error, || LastOwner)
}

/// Locks the org (`FOR NO KEY UPDATE`) until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, id: OrgId) -> Result<Org, Error> {
    let found = read::find().filter(org::Column::Id.eq(id)).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Updates the locked org. The form that it has already changes nothing.
///
/// # Errors
/// [`Duplicate`] when the name is taken.
pub async fn update(tx: &Tx, before: Org, new: OrgForm) -> Result<Org, Error> {
    use org::Column;
    if new == before.form() {
        return Ok(before);
    }
    let OrgForm { name, timezone, locale, contact, reply_to, reminder_hours, digest_hours, crew_sees_crew } =
        new;
    let name_key = name.key();
    let after = Org {
        name: name.into(),
        timezone: timezone.into(),
        locale,
        contact: contact.into(),
        reply_to: reply_to.map(Into::into),
        reminder_hours: reminder_hours.into(),
        digest_hours: digest_hours.into(),
        crew_sees_crew,
        updated_at: tx.now,
        ..before.clone()
    };
    // The next digest was due at an hour of the old zone.
    let digest_at = match after.timezone == before.timezone {
        true => NotSet,
        false => Set(Some(next_morning(tx.now, &after.timezone)?)),
    };
    org::Entity::update_many()
        .set(org::ActiveModel {
            name: Set(after.name.clone()),
            name_key: Set(name_key),
            timezone: Set(after.timezone.clone()),
            locale: Set(after.locale),
            contact_name: Set(after.contact.name.clone()),
            contact_phone: Set(after.contact.phone.clone()),
            contact_email: Set(after.contact.email.clone()),
            reply_to: Set(after.reply_to.clone()),
            reminder_hours: Set(after.reminder_hours),
            digest_hours: Set(after.digest_hours),
            crew_sees_crew: Set(after.crew_sees_crew),
            digest_at,
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(Column::Id.eq(after.id))
        .exec(tx)
        .await
        .or_refusal(meaning_of_name)?;
    tx.record(after.id, &OrgEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Leaves of a locked org a row that says nothing but its id, and when it was there. Its members may go then, owners included.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &Tx, org: OrgId) -> Result<(), Error> {
    org::Entity::update_many()
        .set(org::ActiveModel {
            name: Set(DELETED.into()),
            name_key: Set(NameKey::placeholder(org)),
            contact_name: Set(None),
            contact_phone: Set(None),
            contact_email: Set(None),
            reply_to: Set(None),
            digest_at: Set(None),
            deleted_at: Set(Some(tx.now)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(org::Column::Id.eq(org))
        .exec(tx)
        .await?;
    tx.record(org, &OrgEvent::Deleted { id: org }).await
}

/// Locks the org of a member (`FOR NO KEY UPDATE`) until the transaction ends, and reads the member.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_member_for_no_key_update(tx: &Tx, org: OrgId, account: AccountId) -> Result<Member, Error> {
    // The org's row, as the trigger for the last owner does: two owners who change each other wait here.
    lock_for_no_key_update(tx, org).await?;
    read::member(tx, org, account, true).await
}

/// Whether the org has an owner without a member who is to be one no longer; a write locks them before.
///
/// # Errors
/// [`LastOwner`].
pub async fn keeps_an_owner(db: &impl ConnectionTrait, org: OrgId, leaving: &Member) -> Result<(), Error> {
    use membership::Column;
    if leaving.role != Role::Owner || !leaving.is_active || leaving.pending {
        return Ok(());
    }
    let others = membership::Entity::of(org)
        .filter(Column::AccountId.ne(leaving.account_id))
        .filter(Column::Role.eq(Role::Owner))
        .filter(Column::IsActive.eq(true))
        .filter(Column::ProvenAt.is_not_null());
    others.one(db).await?.map(drop).ok_or(LastOwner.into())
}

/// Updates a locked member. The form that they have already changes nothing.
///
/// # Errors
/// [`LastOwner`]; [`UnknownReference`](crate::error::UnknownReference) or [`Duplicate`] for the user.
pub async fn update_member(tx: &Tx, org: OrgId, before: Member, new: MemberForm) -> Result<Member, Error> {
    use membership::Column;
    if new == before.form() {
        return Ok(before);
    }
    let MemberForm { role, is_active, user_id, notify } = new;
    let account = before.account_id;
    if role != Role::Owner || !is_active {
        keeps_an_owner(tx, org, &before).await?;
    }
    membership::Entity::update_of(org)
        .set(membership::ActiveModel {
            role: Set(role),
            is_active: Set(is_active),
            notify: Set(notify),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(Column::AccountId.eq(account))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    if user_id != before.user_id {
        // Both users in one statement, in the order in which all transactions lock them.
        users::lock_all_for_no_key_update(tx, org, [before.user_id, user_id].into_iter().flatten()).await?;
        users::unlink_account(tx, org, account).await?;
        if let Some(user) = user_id {
            users::account_link(tx, org, user, account).await.map_err(Error::referred("/user_id", "user"))?;
        }
    }
    let after = Member { role, is_active, user_id, notify, ..before.clone() };
    tx.record(org, &MemberEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Ends the membership of a locked member and unlinks their user from the account.
///
/// # Errors
/// [`LastOwner`].
pub async fn remove_member(tx: &Tx, org: OrgId, member: &Member) -> Result<(), Error> {
    keeps_an_owner(tx, org, member).await?;
    membership::Entity::delete_of(org)
        .filter(membership::Column::AccountId.eq(member.account_id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    users::unlink_account(tx, org, member.account_id).await?;
    tx.record(org, &MemberEvent::Removed { before: member }).await
}

/// The caller's role, read again under the org's lock: it may have changed while they waited for it.
///
/// # Errors
/// [`NotAMember`]; [`Forbidden`] below admin.
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
