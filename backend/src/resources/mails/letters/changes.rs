//! Mails to people about calls that they know already: moved, called off.

use super::{Letter, Letterhead, Written, described, period, zones};
use crate::{
    error::Error,
    ical,
    ids::{AssignmentId, AuditId, MissionId, OrgId},
    mail,
    outbox::{Carried, Claimed},
    resources::{
        assignments::{self, AssignmentStatus, Outdated, Told, entity::assignment},
        feeds, invitations,
        mails::{delivery::Post, news},
        orgs,
    },
    text::ZoneName,
    timestamp::Timestamp,
};
use sea_orm::ColumnTrait;
use serde::Deserialize;
use std::collections::HashMap;

/// The person's missions that are still elsewhere than they know; `None` if there are none.
pub(in super::super) async fn moved(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let mail = &claimed.mail;
    let org = mail.org_id;
    let now = post.db.clock().now();
    let gathered: Vec<_> = claimed.carried.notices.keys().copied().collect();
    let mut outdated = assignments::outdated(&post.db, org, assignment::Column::Id.is_in(gathered)).await?;
    outdated.retain(|one| one.now.end_at > now);
    let mut links = Vec::new();
    let mut was = HashMap::new();
    for Outdated { id, was: known, .. } in outdated {
        let keys = (&post.tokens, post.config.invites_seconds());
        let link = invitations::ensure_link(&post.db, keys, (org, id), &mail.address).await?;
        links.extend(link);
        was.insert(id, known);
    }
    let mut calls = invitations::briefings_of(&post.db, org, links.clone()).await?;
    calls.retain(invitations::Briefing::may_be_asked);
    if calls.is_empty() {
        return Ok(None);
    }
    let Some(letterhead) = Letterhead::of(post, mail).await? else { return Ok(None) };
    let locale = letterhead.locale;
    let mut described_calls = Vec::with_capacity(calls.len());
    for call in &calls {
        let Some(known) = was.get(&call.assignment_id) else { continue };
        let (when, zone) = period(known, locale)?;
        let was = mail::Was { when, zone: Some(zone), place: known.location.clone() };
        let accepted = call.status == AssignmentStatus::Accepted;
        described_calls.push(mail::MovedCall { call: described(post, call, locale).await?, was, accepted });
    }
    let letter = mail::Moved {
        org: letterhead.org.name.clone(),
        calls: described_calls,
        contact: letterhead.contact(),
    };
    let notice = |call: &invitations::Briefing| (call.assignment_id, None);
    let carried = Carried { notices: calls.iter().map(notice).collect(), ..Carried::default() };
    let told = calls.iter().map(|call| (call.assignment_id, call.told())).collect();
    let links = calls.iter().map(|call| call.id).collect();
    let shown = calls.iter().zip(&letter.calls);
    let shown = shown.map(|(call, shown)| (call.assignment_id, shown.call.link.clone())).collect();
    let calendar = letterhead.calendar(post, shown).await?;
    let mail = mail::moved(letterhead.addressed(mail, now), &letter).with_calendar(calendar);
    Ok(Some(Letter { mail, written: Written { carried, told, links } }))
}

/// A call that is off: as it was, or as the audit log has it when it was deleted.
struct Off {
    id: AssignmentId,
    mission_id: MissionId,
    mission: String,
    project: Option<String>,
    role: Option<String>,
    told: Told,
    accepted: bool,
}

/// The person's missions that they still need not come to; `None` if there are none.
pub(in super::super) async fn called_off(post: &Post, claimed: &Claimed) -> Result<Option<Letter>, Error> {
    let mail = &claimed.mail;
    let now = post.db.clock().now();
    let off = all_off(post, mail.org_id, claimed).await?;
    let off: Vec<_> = off.into_iter().filter(|one| one.told.end_at > now).collect();
    if off.is_empty() {
        return Ok(None);
    }
    let Some(letterhead) = Letterhead::of(post, mail).await? else { return Ok(None) };
    let call = |one: &Off| {
        let (when, zone) = period(&one.told, letterhead.locale)?;
        Ok(mail::OffCall {
            mission: one.mission.clone(),
            project: one.project.clone(),
            role: one.role.clone(),
            place: one.told.location.clone(),
            when,
            zone: Some(zone),
            accepted: one.accepted,
        })
    };
    let letter = mail::CalledOff {
        org: letterhead.org.name.clone(),
        calls: off.iter().map(call).collect::<Result<_, Error>>()?,
        contact: letterhead.contact(),
    };
    let notice = |one: &Off| (one.id, claimed.carried.notices.get(&one.id).copied().flatten());
    let carried = Carried { notices: off.iter().map(notice).collect(), ..Carried::default() };
    let mut mail = mail::called_off(letterhead.addressed(mail, now), &letter);
    if off.iter().any(|one| one.accepted) {
        mail = mail.with_calendar(cancelled(post, &letterhead, &off).await?);
    }
    Ok(Some(Letter { mail, written: Written { carried, ..Written::default() } }))
}

/// What takes the entries of accepted calls out of a calendar.
async fn cancelled(post: &Post, letterhead: &Letterhead, off: &[Off]) -> Result<mail::Attachment, Error> {
    let contact = orgs::contact(&letterhead.org);
    let ids = off.iter().filter(|one| one.accepted).map(|one| one.id).collect();
    let entries = feeds::entries_of(&post.db, letterhead.org.id, ids).await?;
    let mut events: Vec<_> =
        entries.iter().map(|entry| entry.event(letterhead.locale, &contact, None)).collect();
    for one in off.iter().filter(|one| one.accepted && entries.iter().all(|entry| entry.id != one.id)) {
        events.push(one.deleted(post.db.clock().now())?);
    }
    for event in &mut events {
        event.status = ical::Status::Cancelled;
    }
    let ics = ical::Calendar { method: ical::Method::Cancel, name: None, events }.to_ics();
    Ok(mail::Attachment { name: "called-off.ics", method: "CANCEL", ics })
}

impl Off {
    /// The entry of a deleted assignment.
    fn deleted(&self, now: Timestamp) -> Result<ical::Event, Error> {
        Ok(ical::Event {
            id: self.id.0,
            // Its numbers went with it. Nothing follows, so the highest is later than any that was sent.
            sequence: i64::from(i32::MAX),
            changed_at: now,
            start: self.told.start_at,
            end: self.told.end_at,
            zone: ZoneName::zone(&self.told.timezone).map_err(|error| Error::internal(error))?,
            status: ical::Status::Cancelled,
            summary: self.mission.clone(),
            location: self.told.location.clone(),
            description: None,
            url: None,
        })
    }
}

/// Those of the gathered ones that their person knows of and is neither asked for again nor accepted on.
async fn all_off(post: &Post, org: OrgId, claimed: &Claimed) -> Result<Vec<Off>, Error> {
    #[derive(Deserialize)]
    struct Deleted {
        mission_id: MissionId,
        mission_title: String,
        project_title: Option<String>,
        role_name: Option<String>,
        start_at: Timestamp,
        end_at: Timestamp,
        location: Option<String>,
    }
    let ids: Vec<AssignmentId> = claimed.carried.notices.keys().copied().collect();
    let events: Vec<AuditId> = claimed.carried.notices.values().flatten().copied().collect();
    let happened = news::all_that_happened(&post.db, org, events).await?;
    let event_of = |id: &AssignmentId| happened.get(claimed.carried.notices.get(id)?.as_ref()?);
    let accepted = |id: &AssignmentId| {
        event_of(id).and_then(news::Happened::status_before) == Some(AssignmentStatus::Accepted)
    };
    let rows = assignments::by_ids(&post.db, org, ids.iter().copied()).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let known = assignments::known(&post.db, org, &ids).await?;
    let on = news::still_on(&post.db, org, &ids).await?;
    let off = |id: &AssignmentId| {
        let accepted = accepted(id);
        let Some(row) = rows.get(id) else {
            let gone: Deleted = event_of(id)?.object_before()?;
            let Deleted { start_at, end_at, location, .. } = gone;
            return Some(Off {
                id: *id,
                mission_id: gone.mission_id,
                mission: gone.mission_title,
                project: gone.project_title,
                role: gone.role_name,
                told: Told { start_at, end_at, timezone: String::new(), location },
                accepted,
            });
        };
        let present = || Told {
            start_at: row.start_at,
            end_at: row.end_at,
            timezone: String::new(),
            location: row.location.clone(),
        };
        let worth_telling = (accepted || row.told_at.is_some()) && !on.contains(id);
        worth_telling.then(|| Off {
            id: *id,
            mission_id: row.mission_id,
            mission: row.mission_title.clone(),
            project: row.project_title.clone(),
            role: row.role_name.clone(),
            told: known.get(id).cloned().unwrap_or_else(present),
            accepted,
        })
    };
    with_zones(post, org, ids.iter().filter_map(off).collect()).await
}

/// The assignments' times on the wall clocks of their missions.
async fn with_zones(post: &Post, org: OrgId, all: Vec<Off>) -> Result<Vec<Off>, Error> {
    let zones = zones(post, org, all.iter().map(|one| one.mission_id)).await?;
    let fallback = orgs::timezone(&post.db, org).await?;
    let in_zone = |one: Off| {
        let timezone = zones.get(&one.mission_id).cloned().unwrap_or_else(|| fallback.clone());
        Off { told: Told { timezone, ..one.told }, ..one }
    };
    let mut all: Vec<_> = all.into_iter().map(in_zone).collect();
    all.sort_by_key(|one| (one.told.start_at, one.id));
    Ok(all)
}
