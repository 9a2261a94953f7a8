//! Erasing a person: names, addresses and free texts go; what happened, and how often, stays.

use crate::{
    auth::entity::account,
    db::Tx,
    error::Error,
    ids::{AccountId, OrgId, UserId},
    outbox,
    resources::{
        accounts, assignments, audit, availabilities, invitations,
        orgs::{self, LastOwner},
        users,
    },
};
use uuid::Uuid;

/// What became of the login of a person who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// They had none.
    WithoutLogin,
    /// It was this org's alone, and is erased.
    WithLogin,
    /// It is a member of other orgs, and stays.
    LoginElsewhere,
}

/// Why a person is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(
        "they are invited to or accepted for {0} missions that are not over: set these assignments to CANCELLED first"
    )]
    StillPlanned(u64),
    #[error("they are the last owner of the organisation: make somebody else an owner first")]
    LastOwner,
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Erases a user of an org with all that it has about them, and their login unless another org needs it.
///
/// # Errors
/// [`EraseError`]; [`NotFound`](crate::error::NotFound) in it when the org has no such user.
pub async fn erase(tx: &Tx, org: OrgId, id: UserId) -> Result<Erased, EraseError> {
    let locale = orgs::lock_for_no_key_update(tx, org).await?.form().locale;
    let user = users::lock_for_update(tx, org, id).await?;
    let (_, ahead) = assignments::upcoming(tx, org, id).await?;
    if ahead > 0 {
        return Err(EraseError::StillPlanned(ahead));
    }
    let login = match user.account_id {
        Some(account) => Some(accounts::lock_for_no_key_update(tx, account).await?),
        None => None,
    };
    if let Some(login) = &login {
        end_membership(tx, org, login.id).await?;
    }
    let known = known(tx, org, id, login.as_ref(), user.email.flatten()).await?;
    assignments::forget_texts(tx, org, id).await?;
    invitations::forget_addresses(tx, org, id).await?;
    availabilities::forget(tx, org, id).await?;
    outbox::forget_addresses(tx, org, id, login.as_ref().map(|login| login.id)).await?;
    users::erase(tx, org, id, locale).await?;
    // Last, because what was recorded above is about them, too.
    audit::empty_details(tx, org, &known.objects, &known.texts).await?;
    Ok(match login {
        None => Erased::WithoutLogin,
        Some(login) if accounts::erase(tx, login.id).await? => Erased::WithLogin,
        Some(_) => Erased::LoginElsewhere,
    })
}

async fn end_membership(tx: &Tx, org: OrgId, account: AccountId) -> Result<(), EraseError> {
    let Some(member) = orgs::member_if_any(tx, org, account).await? else { return Ok(()) };
    orgs::remove_member(tx, org, &member).await.map_err(|error| match error.is::<LastOwner>() {
        true => EraseError::LastOwner,
        false => error.into(),
    })
}

/// By what the audit log may know a person.
struct Known {
    objects: Vec<Uuid>,
    texts: Vec<String>,
}

async fn known(
    tx: &Tx,
    org: OrgId,
    user: UserId,
    login: Option<&account::Model>,
    email: Option<String>,
) -> Result<Known, Error> {
    let assignments = assignments::of_user(tx, org, user).await?;
    let invitations = invitations::of_user(tx, org, user, tx.now).await?;
    let availabilities = availabilities::of_user(tx, org, user).await?;
    let addresses = invitations.iter().filter_map(|one| one.email.clone());
    let addresses = addresses.chain(email).chain(login.map(|login| login.email.clone()));
    // As they stand inside the JSON of details.
    let mut texts: Vec<_> = addresses.map(|address| format!("\"{address}\"")).collect();
    texts.push(user.to_string());
    texts.extend(login.map(|login| login.id.to_string()));
    texts.sort();
    texts.dedup();
    let objects = assignments.iter().map(|one| one.id.0);
    let objects = objects.chain(invitations.iter().map(|one| one.id.0));
    let objects = objects.chain(availabilities.iter().map(|one| one.id.0)).collect();
    Ok(Known { objects, texts })
}
