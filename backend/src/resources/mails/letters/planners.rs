//! Mails to whoever plans: answers, and the digest of a morning.

use super::{Letter, Letterhead, Written, period, zones};
use crate::{
    auth::entity::{Notify, membership},
    error::{Error, NotFound},
    ids::{AccountId, OrgId},
    locale::Locale,
    mail,
    outbox::{Carried, Claimed},
    resources::{
        assignments::{self, Assignment, AssignmentStatus, Told},
        invitations::Briefing,
        mails::{
            delivery::Post,
            digest::{self, Digest, LATE, Listed},
            news::{self, Happened},
        },
        missions::OpenRole,
        users,
    },
    secret::Secret,
    text::ZoneName,
    timestamp::Timestamp,
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

/// Answers listed in one mail; the others are counted.
const LISTED: usize = 100;

/// What people have answered, as it stands now; `None` if the member does not want to know, or may not.
pub(in super::super) async fn answers(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let (org, mail) = (claimed.mail.org_id, &claimed.mail);
    let Some(notify) = wishes(post, org, mail.account_id).await? else { return Ok(None) };
    let events = claimed.carried.notices.values().flatten().copied().collect();
    let happened = news::all_that_happened(&post.db, org, events).await?;
    let ids = claimed.carried.notices.keys().copied();
    let mut answered = Vec::new();
    for row in assignments::by_ids(&post.db, org, ids).await? {
        let event = claimed.carried.notices.get(&row.id).copied().flatten();
        let Some(answer) = answer(&row, event.and_then(|event| happened.get(&event))) else { continue };
        let wanted = notify == Notify::All || row.status == AssignmentStatus::Declined;
        if wanted {
            answered.push((row, event, answer));
        }
    }
    if answered.is_empty() {
        return Ok(None);
    }
    let Some(letterhead) = Letterhead::of(post, mail).await? else { return Ok(None) };
    let zones = zones(post, org, answered.iter().map(|(row, ..)| row.mission_id)).await?;
    let shown = |(row, _, answer): &(Assignment, _, mail::Answered)| {
        let timezone = zones.get(&row.mission_id).unwrap_or(&letterhead.org.timezone).clone();
        let told = Told { start_at: row.start_at, end_at: row.end_at, timezone, location: None };
        let (when, zone) = period(&told, letterhead.locale)?;
        Ok(mail::Answer {
            person: row.user_name.clone(),
            mission: row.mission_title.clone(),
            role: row.role_name.clone(),
            when,
            zone: Some(zone),
            answer: *answer,
            reason: row.decline_reason.clone(),
        })
    };
    let letter = mail::Answers {
        org: letterhead.org.name.clone(),
        answers: answered.iter().take(LISTED).map(shown).collect::<Result<_, Error>>()?,
        more: answered.len().saturating_sub(LISTED) as u64,
    };
    let carried = Carried {
        notices: answered.iter().map(|(row, event, _)| (row.id, *event)).collect(),
        ..Carried::default()
    };
    let unsubscribe = unsubscribe(post, org, mail.account_id)?;
    let mail = mail::answers(letterhead.addressed(mail, post.db.clock().now()), &letter)
        .with_unsubscribe(unsubscribe);
    Ok(Some(Letter { mail, written: Written { carried, ..Written::default() } }))
}

/// What an answer was, if it still stands: what a planner has set since is not the person's answer.
fn answer(row: &Assignment, happened: Option<&Happened>) -> Option<mail::Answered> {
    let before = happened.and_then(Happened::status_before);
    if happened.is_some_and(|happened| happened.status_after() != Some(row.status)) {
        return None;
    }
    match (row.status, before) {
        (AssignmentStatus::Accepted, Some(AssignmentStatus::Accepted)) => Some(mail::Answered::Confirmed),
        (AssignmentStatus::Accepted, _) => Some(mail::Answered::Accepted),
        (AssignmentStatus::Declined, Some(AssignmentStatus::Accepted)) => Some(mail::Answered::Withdrawn),
        (AssignmentStatus::Declined, _) => Some(mail::Answered::Declined),
        (AssignmentStatus::Invited | AssignmentStatus::Cancelled, _) => None,
    }
}

/// What a member wants to be mailed; `None` for who plans no more, or wants nothing.
async fn wishes(post: &Post, org: OrgId, account: Option<AccountId>) -> Result<Option<Notify>, Error> {
    let Some(account) = account else { return Ok(None) };
    let own = news::planning(org).filter(membership::Column::AccountId.eq(account));
    let notify: Option<Notify> =
        own.select_only().column(membership::Column::Notify).into_tuple().one(&post.db).await?;
    Ok(notify.filter(|notify| *notify != Notify::None))
}

/// Where the member stops these mails.
fn unsubscribe(post: &Post, org: OrgId, account: Option<AccountId>) -> Result<Secret, Error> {
    let account = account.ok_or(NotFound)?;
    Ok(post.config.unsubscribe_url(&post.tokens.unsubscribe(org, account)?).into())
}

/// What waits this morning; `None` if nothing does, the morning is over, or the member does not want to know.
pub(in super::super) async fn digest(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let mail = &claimed.mail;
    let now = post.db.clock().now();
    if now.since(mail.created_at) >= LATE || wishes(post, mail.org_id, mail.account_id).await?.is_none() {
        return Ok(None);
    }
    let Some(letterhead) = Letterhead::of(post, mail).await? else { return Ok(None) };
    let Digest { unanswered, open_roles, expiring } = digest::of(&post.db, &letterhead.org, now).await?;
    let more = [unanswered.more(), open_roles.more(), expiring.more()];
    if more == [0; 3] && unanswered.rows.is_empty() && open_roles.rows.is_empty() && expiring.rows.is_empty()
    {
        return Ok(None);
    }
    let locale = letterhead.locale;
    let zone = ZoneName::zone(&letterhead.org.timezone).map_err(|error| Error::internal(error))?;
    let calls = |list: &Listed<Briefing>| {
        list.rows.iter().map(|call| waiting(call, locale)).collect::<Result<Vec<_>, Error>>()
    };
    let open = |role: &OpenRole| {
        let told = Told {
            start_at: role.starts_at,
            end_at: role.ends_at,
            timezone: role.timezone.clone(),
            location: None,
        };
        let (when, _) = period(&told, locale)?;
        let missing = u32::try_from(role.missing).unwrap_or(0);
        Ok(mail::OpenRole { mission: role.title.clone(), role: role.role_name.clone(), when, missing })
    };
    let letter = mail::Digest {
        org: letterhead.org.name.clone(),
        day: locale.day(&now.in_zone(&zone)),
        unanswered: calls(&unanswered)?,
        open_roles: open_roles.rows.iter().map(open).collect::<Result<_, Error>>()?,
        expiring: calls(&expiring)?,
        more,
    };
    let unsubscribe = unsubscribe(post, mail.org_id, mail.account_id)?;
    let mail = mail::digest(letterhead.addressed(mail, now), &letter).with_unsubscribe(unsubscribe);
    Ok(Some(Letter { mail, written: Written::default() }))
}

fn waiting(call: &Briefing, locale: Locale) -> Result<mail::DigestCall, Error> {
    let zone = ZoneName::zone(&call.timezone).map_err(|error| Error::internal(error))?;
    let local = |at: Timestamp| at.in_zone(&zone);
    Ok(mail::DigestCall {
        person: users::display_name(&call.first_name, &call.last_name),
        mission: call.mission_title.clone(),
        role: call.role_name.clone(),
        when: locale.period(&local(call.starts_at), &local(call.ends_at)),
        since: locale.day(&local(call.created_at)),
        until: Some(locale.moment(&local(call.closes_at()))),
    })
}
