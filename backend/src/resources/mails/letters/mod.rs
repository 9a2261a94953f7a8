//! Writing the mails of orgs, from what is true when they are sent.

mod changes;
mod planners;

use super::delivery::Post;
use crate::{
    auth::entity::{LinkIssuer, org},
    db::{OfOrg, Origin},
    error::Error,
    ical,
    ids::{AccountId, AssignmentId, InvitationId, MissionId, OrgId, UserId},
    locale::{Locale, Period},
    mail::{self, Addressed, Attachment, Outgoing},
    outbox::{Carried, Claimed, entity},
    resources::{
        accounts::{
            self,
            links::{self, Issued},
        },
        assignments::{AssignmentStatus, Told},
        feeds,
        invitations::{self, Briefing, LinkStatus},
        missions::entity::mission,
        orgs,
        users::{self, entity::user},
    },
    secret::Secret,
    text::{Email, ZoneName},
    timestamp::Timestamp,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeMap, HashMap};

pub(super) use changes::{called_off, moved};
pub(super) use planners::{answers, digest};

/// A mail that is ready to be sent.
pub(super) struct Letter {
    pub mail: Outgoing,
    pub written: Written,
}

/// What a mail says.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    /// Of what it gathered, what was still true.
    pub carried: Carried,
    /// When and where missions are, in its words.
    pub told: BTreeMap<AssignmentId, Told>,
    /// The invitations whose links it has, besides those that it carries.
    pub links: Vec<InvitationId>,
}

/// The person's calls that still want an answer; `None` if there are none.
pub(super) async fn calls(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let mail = &claimed.mail;
    let org_id = mail.org_id;
    let now = post.db.clock().now();
    let waits = |call: &Briefing| {
        call.link_status(now) == LinkStatus::Pending
            && call.status == AssignmentStatus::Invited
            && call.may_be_asked()
    };
    let gathered = claimed.carried.invitations.iter().copied().collect();
    let mut waiting = invitations::briefings_of(&post.db, org_id, gathered).await?;
    waiting.retain(waits);
    if waiting.is_empty() {
        return Ok(None);
    }
    let Some(letterhead) = Letterhead::of(post, mail).await? else { return Ok(None) };
    let reminder = waiting.iter().all(Briefing::was_reminded);
    let mut calls = Vec::with_capacity(waiting.len());
    for call in &waiting {
        calls.push(described(post, call, letterhead.locale).await?);
    }
    let all = post.config.calls_url(&post.tokens.calls(org_id, mail.id)?);
    let letter = mail::Calls {
        org: letterhead.org.name.clone(),
        calls,
        reminder,
        all: Some(all.into()),
        contact: letterhead.contact(),
    };
    let carried = Carried { invitations: waiting.iter().map(|call| call.id).collect(), ..Carried::default() };
    let told = waiting.iter().map(|call| (call.assignment_id, call.told())).collect();
    let links =
        waiting.iter().zip(&letter.calls).map(|(call, shown)| (call.assignment_id, shown.link.clone()));
    let calendar = letterhead.calendar(post, links.collect()).await?;
    let mail = mail::calls(letterhead.addressed(mail, now), &letter).with_calendar(calendar);
    Ok(Some(Letter { mail, written: Written { carried, told, links: Vec::new() } }))
}

/// What the mails to one person have in common.
struct Letterhead {
    org: org::Model,
    locale: Locale,
    name: Option<String>,
}

impl Letterhead {
    /// `None` when the org is gone.
    async fn of(post: &Post, mail: &entity::mail::Model) -> Result<Option<Self>, Error> {
        let Some(org) = org_of(post, mail.org_id).await? else { return Ok(None) };
        let person = match mail.user_id {
            Some(user) => person(post, mail.org_id, user).await?,
            None => None,
        };
        let locale = match (person.as_ref(), mail.account_id) {
            (Some(person), _) => locale_of_user(post, &org, person).await?,
            (None, Some(account)) => locale_of_member(post, &org, account).await?,
            (None, None) => org.locale,
        };
        let name = person.map(|person| users::display_name(&person.first_name, &person.last_name));
        Ok(Some(Self { org, locale, name }))
    }

    fn contact(&self) -> mail::Contact {
        let contact = orgs::contact(&self.org);
        mail::Contact { name: contact.name, phone: contact.phone, email: contact.email }
    }

    /// The calendar entries of assignments, each with its link.
    async fn calendar(
        &self,
        post: &Post,
        mut links: HashMap<AssignmentId, Secret>,
    ) -> Result<Attachment, Error> {
        let entries = feeds::entries_of(&post.db, self.org.id, links.keys().copied().collect()).await?;
        let contact = orgs::contact(&self.org);
        let event = |entry: &feeds::Entry| entry.event(self.locale, &contact, links.remove(&entry.id));
        let events = entries.iter().map(event).collect();
        let ics = ical::Calendar { method: ical::Method::Publish, name: None, events }.to_ics();
        Ok(Attachment { name: "calls.ics", method: "PUBLISH", ics })
    }

    fn addressed(&self, mail: &entity::mail::Model, at: Timestamp) -> Addressed {
        Addressed { name: self.name.clone(), ..addressed(mail, &self.org, self.locale, at) }
    }
}

/// A call as its mail shows it, with its link.
async fn described(post: &Post, call: &Briefing, locale: Locale) -> Result<mail::Call, Error> {
    let org = call.org_id;
    let link = invitations::link_to(&post.db, &post.tokens, org, call, &post.config.public_url).await?;
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
        answer_by: call.deadline().map(|at| locale.moment(&local(at))),
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
    Ok(Some(Letter { mail: mail::member(to, &letter), written: Written::default() }))
}

/// The language of mails to a login: its own, else that of its user, else the org's.
async fn locale_of_member(post: &Post, org: &org::Model, account: AccountId) -> Result<Locale, Error> {
    if let Some(own) = accounts::by_id(&post.db, account).await?.locale {
        return Ok(own);
    }
    let user = user::Entity::of(org.id).filter(user::Column::AccountId.eq(account)).one(&post.db).await?;
    Ok(user.and_then(|user| user.locale).unwrap_or(org.locale))
}

/// The language of mails to a user: theirs, else that of their account, else the org's.
async fn locale_of_user(post: &Post, org: &org::Model, user: &user::Model) -> Result<Locale, Error> {
    match (user.locale, user.account_id) {
        (Some(own), _) => Ok(own),
        (None, Some(account)) => Ok(accounts::by_id(&post.db, account).await?.locale.unwrap_or(org.locale)),
        (None, None) => Ok(org.locale),
    }
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

/// A time on its own wall clock, and the zone in words.
fn period(told: &Told, locale: Locale) -> Result<(Period, String), Error> {
    let zone = ZoneName::zone(&told.timezone).map_err(|error| Error::internal(error))?;
    let local = |at: Timestamp| at.in_zone(&zone);
    Ok((locale.period(&local(told.start_at), &local(told.end_at)), locale.zone(&zone)))
}

/// The time zones of missions; those that are deleted are absent.
async fn zones(
    post: &Post,
    org: OrgId,
    missions: impl Iterator<Item = MissionId>,
) -> Result<HashMap<MissionId, String>, Error> {
    let zones = mission::Entity::of(org)
        .select_only()
        .columns([mission::Column::Id, mission::Column::Timezone])
        .filter(mission::Column::Id.is_in(missions))
        .into_tuple()
        .all(&post.db)
        .await?;
    Ok(zones.into_iter().collect())
}
