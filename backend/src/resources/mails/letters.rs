//! Writing the mails of orgs, from what is true when they are sent.

use super::delivery::Post;
use crate::{
    auth::entity::{LinkIssuer, org},
    db::{OfOrg, Origin},
    error::Error,
    ids::{AccountId, InvitationId, OrgId, UserId},
    locale::Locale,
    mail::{self, Addressed, Outgoing},
    outbox::{Claimed, entity},
    resources::assignments::AssignmentStatus,
    resources::{
        accounts::{
            self,
            links::{self, Issued},
        },
        invitations::{self, Briefing, LinkStatus},
        orgs,
        users::{self, entity::user},
    },
    text::{Email, ZoneName},
    timestamp::Timestamp,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// A mail that is ready to be sent.
pub(super) struct Letter {
    pub mail: Outgoing,
    /// The invitations in it.
    pub carried: Vec<InvitationId>,
}

/// The person's calls that still want an answer; `None` if there are none.
pub(super) async fn calls(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let Claimed { mail, invitations, .. } = claimed;
    let org_id = mail.org_id;
    let now = post.db.clock().now();
    let waits = |call: &Briefing| {
        call.link_status(now) == LinkStatus::Pending
            && call.status == AssignmentStatus::Invited
            && call.may_be_asked()
    };
    let mut waiting = invitations::briefings_of(&post.db, org_id, invitations.clone()).await?;
    waiting.retain(waits);
    let (Some(first), Some(org)) = (waiting.first(), org_of(post, org_id).await?) else { return Ok(None) };
    let person = match mail.user_id {
        Some(user) => person(post, org_id, user).await?,
        None => None,
    };
    let locale = person.as_ref().and_then(|person| person.locale).unwrap_or(org.locale);
    let reminder = waiting.iter().all(Briefing::was_reminded);
    let name = users::display_name(&first.first_name, &first.last_name);
    let mut calls = Vec::with_capacity(waiting.len());
    for call in &waiting {
        let link =
            invitations::link_to(&post.db, &post.tokens, org_id, call, &post.config.public_url).await?;
        calls.push(described(call, locale, link)?);
    }
    let contact = orgs::contact(&org);
    let contact = mail::Contact { name: contact.name, phone: contact.phone, email: contact.email };
    let to = Addressed { name: Some(name), ..addressed(mail, &org, locale, now) };
    let letter = mail::Calls { org: org.name, calls, reminder, all: None, contact };
    let carried = waiting.iter().map(|call| call.id).collect();
    Ok(Some(Letter { mail: mail::calls(to, &letter), carried }))
}

fn described(call: &Briefing, locale: Locale, link: String) -> Result<mail::Call, Error> {
    let zone = ZoneName::zone(&call.timezone).map_err(|error| Error::internal(error))?;
    let local = |at: Timestamp| at.in_zone(&zone);
    Ok(mail::Call {
        mission: call.mission_title.clone(),
        project: call.project_title.clone(),
        role: call.role_name.clone(),
        place: call.location.clone(),
        note: call.note(),
        when: locale.period(&local(call.starts_at), &local(call.ends_at)),
        zone: Some(locale.zone(&zone)),
        answer_by: call.answer_by().map(|_| locale.moment(&local(call.closes_at()))),
        link: link.into(),
    })
}

/// The link by which a member takes their membership up; `None` if they have, or cannot any more. The link is made here, in
/// a transaction of its own; another attempt finds and extends it.
pub(super) async fn member(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let mail = &claimed.mail;
    let (org_id, Some(account_id)) = (mail.org_id, mail.account_id) else { return Ok(None) };
    let Some(org) = org_of(post, org_id).await? else { return Ok(None) };
    let tx = post.db.write(Origin { tenant: Some(org_id), ..Origin::system() }).await?;
    let Some(member) = orgs::member_if_any(&tx, org_id, account_id).await? else { return Ok(None) };
    let account = accounts::by_id(&tx, account_id).await?;
    let has_login = account.password_hash.is_some();
    if !(member.is_active && account.is_active && (member.pending || !has_login)) {
        return Ok(None);
    }
    let token = post.tokens.password_link(mail.id, 0);
    // It lives longer than a mail is tried.
    if links::issue_with(&tx, org_id, account_id, LinkIssuer::Org, &token).await? != Issued::Ready {
        return Ok(None);
    }
    tx.commit().await?;
    let locale = locale_of_member(post, &org, account_id).await?;
    let letter = mail::Member {
        org: org.name.clone(),
        account: Email::stored(account.email),
        has_login,
        link: post.config.password_url(&token).into(),
        days: links::HANDED_SECONDS / (24 * 3600),
    };
    let to = addressed(mail, &org, locale, post.db.clock().now());
    Ok(Some(Letter { mail: mail::member(to, &letter), carried: Vec::new() }))
}

async fn locale_of_member(post: &Post, org: &org::Model, account: AccountId) -> Result<Locale, Error> {
    let user = user::Entity::of(org.id).filter(user::Column::AccountId.eq(account)).one(&post.db).await?;
    Ok(user.and_then(|user| user.locale).unwrap_or(org.locale))
}

async fn person(post: &Post, org: OrgId, user: UserId) -> Result<Option<user::Model>, Error> {
    Ok(user::Entity::find_by_id((org, user)).one(&post.db).await?)
}

async fn org_of(post: &Post, org: OrgId) -> Result<Option<org::Model>, Error> {
    Ok(org::Entity::find_by_id(org).one(&post.db).await?)
}

fn addressed(mail: &entity::mail::Model, org: &org::Model, locale: Locale, at: Timestamp) -> Addressed {
    Addressed {
        id: mail.id.0,
        to: Email::stored(&*mail.address),
        name: None,
        reply_to: org.reply_to.as_deref().map(Email::stored),
        at,
        locale,
    }
}
