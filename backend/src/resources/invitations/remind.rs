//! Reminding people who have not answered: the same link again, extended.

use super::{
    entity::invitation,
    event::InvitationEvent,
    model::{RemindBody, Reminded, RemindedMany, Skipped},
    read::{
        Briefing, WithStart, awaited, briefings_of, last_asked_until, link, view, with_mission_and_user,
        with_start,
    },
    refusal::{AlreadyAnswered, InvitationRevoked, RemindedRecently},
    write::{Links, asked, asked_again, locked, store_link, with_link},
};
use crate::{
    db::{OfOrg, Tx},
    delivery::Delivery,
    error::{Error, NotFound, UnknownReference},
    ids::{InvitationId, MissionId, OrgId, ProjectId},
    outbox::MailKind,
    resources::{
        assignments::{self, AssignmentStatus, Locked},
        missions, projects,
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use std::collections::HashSet;

/// One reminder an hour for each invitation.
pub(super) const HOUR: i64 = 3600;
/// Most reminders of one request.
const MOST: usize = 1000;

/// Reminds one person.
///
/// # Errors
/// [`NotFound`], [`AlreadyAnswered`], [`InvitationRevoked`], [`RemindedRecently`],
/// [`MissionOver`](missions::MissionOver), or what [`Locked::invitation_address`] refuses.
pub async fn remind(tx: &Tx, org: OrgId, id: InvitationId, links: &Links<'_>) -> Result<Reminded, Error> {
    let (mut reminded, refused) = remind_all(tx, org, &[id], links, By::Planner).await?;
    match (reminded.pop(), refused.into_iter().next()) {
        (Some(reminded), _) => Ok(reminded),
        (None, refused) => Err(refused.map_or(NotFound.into(), |(_, error)| error)),
    }
}

/// Reminds all whom the body names, and says who was left out and why.
///
/// # Errors
/// [`Error::Invalid`] for a body that chooses nobody, [`UnknownReference`] for one that names what is not there.
pub async fn remind_many(
    tx: &Tx,
    org: OrgId,
    body: RemindBody,
    links: &Links<'_>,
) -> Result<RemindedMany, Error> {
    let (ids, more) = chosen(tx, org, body).await?;
    let (reminded, refused) = remind_all(tx, org, &ids, links, By::Planner).await?;
    let skipped = refused.into_iter().map(|(id, error)| Skipped { id, code: error.status_and_code().1 });
    Ok(RemindedMany { reminded, skipped: skipped.collect(), more })
}

/// The invitations that a body chooses, at most [`MOST`], the oldest first, and whether there are more.
async fn chosen(tx: &Tx, org: OrgId, body: RemindBody) -> Result<(Vec<InvitationId>, bool), Error> {
    use assignments::entity::assignment;
    use missions::entity::mission;
    let RemindBody { ids, project_id, mission_id, unanswered_hours } = body;
    if ids.is_none() && project_id.is_none() && mission_id.is_none() && unanswered_hours.is_none() {
        return Err(Error::invalid(
            "/ids",
            "is required, or one of project_id, mission_id and unanswered_hours",
        ));
    }
    if ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MOST) {
        return Err(Error::invalid("/ids", "must have 1 to 1000 items"));
    }
    must_exist(tx, org, ids.as_deref().unwrap_or_default(), (project_id, mission_id)).await?;
    let unanswered =
        unanswered_hours.map(|hours| last_asked_until(tx.now.plus_seconds(-HOUR * i64::from(hours))));
    // Of those that are named it is said why they are left out.
    let awaited = ids.is_none().then(|| awaited(tx.now));
    // Last, so that whoever asks again for `more` comes to the others.
    let recently = invitation::Column::RemindedAt.gt(tx.now.plus_seconds(-HOUR));
    let recently: Expr = Expr::case(recently, 1).finally(0).into();
    let all = with_mission_and_user(org, with_start(org, invitation::Entity::of(org)));
    let mut found: Vec<InvitationId> = all
        .select_only()
        .column(invitation::Column::Id)
        .filter(
            Condition::all()
                .add_option(awaited)
                .add_option(unanswered)
                .add_option(ids.map(|ids| invitation::Column::Id.is_in(ids)))
                .add_option(mission_id.map(|id| assignment::Column::MissionId.eq(id)))
                .add_option(project_id.map(|id| mission::Column::ProjectId.eq(id))),
        )
        .order_by(recently, Order::Asc)
        .order_by_asc(invitation::Column::Id)
        .limit(MOST as u64 + 1)
        .into_tuple()
        .all(tx)
        .await?;
    let more = found.len() > MOST;
    found.truncate(MOST);
    Ok((found, more))
}

/// What a body names must be there.
async fn must_exist(
    tx: &Tx,
    org: OrgId,
    ids: &[InvitationId],
    (project, mission): (Option<ProjectId>, Option<MissionId>),
) -> Result<(), Error> {
    let column = invitation::Column::Id;
    let found =
        invitation::Entity::of(org).select_only().column(column).filter(column.is_in(ids.iter().copied()));
    let found: HashSet<InvitationId> = found.into_tuple().all(tx).await?.into_iter().collect();
    let unknown = ids.iter().enumerate().filter(|(_, id)| !found.contains(id));
    let unknown = unknown.map(|(index, _)| format!("/ids/{index}")).collect::<Vec<_>>();
    if !unknown.is_empty() {
        return Err(UnknownReference::at(unknown, "invitation"));
    }
    if let Some(project) = project {
        projects::get(tx, org, project).await.map_err(Error::referred("/project_id", "project"))?;
    }
    if let Some(mission) = mission {
        missions::lock_for_share(tx, org, mission)
            .await
            .map_err(Error::referred("/mission_id", "mission"))?;
    }
    Ok(())
}

/// Who reminds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Planner,
    /// By itself: once.
    Itself,
}

/// The same locks as for an answer, in the same order.
pub(super) async fn remind_all(
    tx: &Tx,
    org: OrgId,
    ids: &[InvitationId],
    links: &Links<'_>,
    by: By,
) -> Result<(Vec<Reminded>, Vec<(InvitationId, Error)>), Error> {
    let find = || {
        invitation::Entity::of(org)
            .filter(invitation::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(invitation::Column::Id)
    };
    let assignments: Vec<_> = find().all(tx).await?.into_iter().map(|row| row.assignment_id).collect();
    let around = assignments::lock_all_for_no_key_update(tx, org, &assignments).await?;
    let of_projects: HashSet<_> = around.values().filter_map(Locked::project).collect();
    let archived = projects::lock_all_for_share(tx, org, of_projects).await?;
    let rows: Vec<WithStart> = locked(org, find()).into_model().all(tx).await?;
    let mut refused: Vec<_> = ids
        .iter()
        .filter(|id| !rows.iter().any(|one| one.row.id == **id))
        .map(|id| (*id, NotFound.into()))
        .collect();
    let full = full_roles(tx, org, &rows).await?;
    let (mut all, mut changes, mut mailed, mut reminded) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let waits = |one: &WithStart| {
        // Whoever is about to be told of a move is asked again by that.
        let told = around.get(&one.row.assignment_id).is_some_and(|locked| !locked.is_told_otherwise());
        one.row.asked_again_at.is_none() && told
    };
    let rows = rows.into_iter().filter(|one| by == By::Planner || waits(one));
    for WithStart { row, starts_at } in rows {
        let Some(locked) = around.get(&row.assignment_id) else { continue };
        let may = may_remind(&row, locked, &archived, tx.now);
        let own_address = match may.and_then(|own| room(&full, row.id).map(|()| own)) {
            Ok(own_address) => own_address,
            Err(error) => {
                refused.push((row.id, error));
                continue;
            }
        };
        // It may have been corrected since.
        let email = if row.own_address { own_address } else { row.email.clone() };
        let (after, token) = extended(&invitation::Model { email, ..row.clone() }, starts_at, tx.now, links)?;
        if after.email != row.email {
            store_address(tx, org, after.id, after.email.clone()).await?;
        }
        mailed.extend(asked(&after, locked.user()).filter(|_| links.outbox.can_send()));
        reminded.push(Reminded {
            id: after.id,
            expires_at: after.expires_at,
            answer_by: after.answer_by,
            delivery: after.delivery,
            url: (after.delivery == Delivery::None).then(|| link(links.public_url, &token).into()),
        });
        if after.version != row.version {
            store_link(tx, org, after.clone()).await?;
        }
        changes.push((view(row, starts_at, tx.now), view(after.clone(), starts_at, tx.now)));
        all.push(after);
    }
    store(tx, org, &all, links).await?;
    if by == By::Itself {
        asked_again(tx, org, all.iter().map(|row| row.id).collect()).await?;
    }
    links.outbox.queue_calls(tx, org, MailKind::Reminder, mailed).await?;
    let events = changes.iter().map(|(before, after)| InvitationEvent::Reminded { before, after });
    tx.record_all(org, &events.collect::<Vec<_>>()).await?;
    Ok((reminded, refused))
}

/// Those of the invitations whose role is full: a yes would be refused.
async fn full_roles(tx: &Tx, org: OrgId, rows: &[WithStart]) -> Result<HashSet<InvitationId>, Error> {
    let told = briefings_of(tx, org, rows.iter().map(|one| one.row.id).collect()).await?;
    Ok(told.into_iter().filter(Briefing::is_full).map(|told| told.id).collect())
}

fn room(full: &HashSet<InvitationId>, id: InvitationId) -> Result<(), Error> {
    if full.contains(&id) { Err(assignments::QuotaReached.into()) } else { Ok(()) }
}

/// The user's own address, if the person may be reminded.
fn may_remind(
    row: &invitation::Model,
    locked: &Locked,
    archived: &HashSet<ProjectId>,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    if row.answer.is_some() {
        return Err(AlreadyAnswered.into());
    }
    // Before the invitation's own state: a cancelled mission revokes its invitations, and is the reason to name.
    let own_address = locked.invitation_address(archived)?;
    if row.revoked_at.is_some() {
        return Err(InvitationRevoked.into());
    }
    locked.check_answerable(AssignmentStatus::Accepted, now)?;
    let again = row.reminded_at.map(|at| at.plus_seconds(HOUR)).filter(|again| *again > now);
    match again {
        Some(again) => Err(RemindedRecently { seconds: again.since(now).as_secs() + 1 }.into()),
        None => Ok(own_address),
    }
}

async fn store_address(tx: &Tx, org: OrgId, id: InvitationId, email: Option<String>) -> Result<(), Error> {
    let set = invitation::ActiveModel { email: Set(email), ..Default::default() };
    invitation::Entity::update_of(org).set(set).filter(invitation::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// A reminded invitation: its link works as long as a new one. What was wanted by an instant that has passed, or by the
/// start of a mission that has begun, is wanted at any time. With it comes the token of its link.
fn extended(
    row: &invitation::Model,
    starts_at: Timestamp,
    now: Timestamp,
    links: &Links<'_>,
) -> Result<(invitation::Model, String), Error> {
    let expires_at = Ord::max(row.expires_at, now.plus_seconds(links.ttl_seconds));
    let (row, token) = with_link(links.tokens, row.org_id, row.clone())?;
    let after = invitation::Model {
        expires_at,
        answer_by: row.answer_by.filter(|by| *by > now && starts_at > now),
        delivery: links.delivery(row.email.as_ref()),
        delivery_error: None,
        reminded_at: Some(now),
        updated_at: now,
        ..row
    };
    Ok((after, token))
}

/// Stores reminded invitations: in one statement each what is the same for all.
async fn store(tx: &Tx, org: OrgId, all: &[invitation::Model], links: &Links<'_>) -> Result<(), Error> {
    use invitation::{ActiveModel, Column};
    if all.is_empty() {
        return Ok(());
    }
    let ids = || Column::Id.is_in(all.iter().map(|row| row.id));
    let update = async |set: ActiveModel, filter: Expr| {
        invitation::Entity::update_of(org).set(set).filter(filter).exec(tx).await
    };
    let reminded =
        ActiveModel { reminded_at: Set(Some(tx.now)), updated_at: Set(tx.now), ..Default::default() };
    update(reminded, ids()).await?;
    let expires_at = tx.now.plus_seconds(links.ttl_seconds);
    let extended = ActiveModel { expires_at: Set(expires_at), ..Default::default() };
    update(extended, ids().and(Column::ExpiresAt.lt(expires_at))).await?;
    let any_time = ActiveModel { answer_by: Set(None), ..Default::default() };
    let wanted_no_more = all.iter().filter(|row| row.answer_by.is_none()).map(|row| row.id);
    update(any_time, Column::Id.is_in(wanted_no_more).and(Column::AnswerBy.is_not_null())).await?;
    if links.outbox.can_send() {
        let delivery =
            ActiveModel { delivery: Set(Delivery::Queued), delivery_error: Set(None), ..Default::default() };
        update(delivery, ids().and(Column::Email.is_not_null())).await?;
    }
    Ok(())
}
