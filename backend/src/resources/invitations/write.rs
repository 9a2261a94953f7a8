//! Writing invitations.

use super::{
    entity::invitation,
    event::InvitationEvent,
    model::{Answered, Created, Invitation, NewInvitation},
    read::{Briefing, WithStart, link, same_secret, state, view, with_start},
    refusal::{AlreadyAnswered, ChangedSinceSeen},
    rules::{self, Decision},
    seen::Seen,
};
use crate::{
    auth::{InvalidToken, InviteClaims, Tokens},
    db::{Constraint, Database, List, OfOrg, OrRefusal, Origin, Tx},
    delivery::Delivery,
    error::{Duplicate, Error, NotFound, Within},
    ids::{AssignmentId, InvitationId, MissionId, OrgId, ProjectId, UserId},
    outbox::{Asked, MailKind, Outbox},
    resources::{
        assignments::{self, AssignmentStatus, Change, DecidedBy, Locked},
        projects,
    },
    state::App,
    text::Email,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{ExprTrait, LockType},
};
use std::collections::{HashMap, HashSet};

const ANSWERED_ONCE: Constraint = Constraint::trigger("invitations_answered_once");

/// How links are made and reach their people.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    pub(super) tokens: &'a Tokens,
    pub(super) ttl_seconds: i64,
    pub(super) public_url: &'a str,
    pub(super) outbox: Outbox,
}

impl<'a> Links<'a> {
    pub fn of(app: &'a App) -> Self {
        Self {
            tokens: &app.tokens,
            ttl_seconds: app.config.invites_seconds(),
            public_url: &app.config.public_url,
            outbox: app.outbox,
        }
    }

    /// The same, mailed by another outbox.
    #[must_use]
    pub fn through(self, outbox: Outbox) -> Self {
        Self { outbox, ..self }
    }

    /// What becomes of a mail to this address.
    pub(super) fn delivery(&self, address: Option<&String>) -> Delivery {
        if address.is_some() && self.outbox.can_send() { Delivery::Queued } else { Delivery::None }
    }
}

/// Makes a link for an assignment and revokes the open ones before it.
///
/// # Errors
/// [`UnknownReference`](crate::error::UnknownReference), or what [`Locked::invitation_address`] refuses.
pub async fn create(tx: &Tx, org: OrgId, new: NewInvitation, links: &Links<'_>) -> Result<Created, Error> {
    let id = new.assignment_id;
    // The same locks as for an answer, so that no link is made for an assignment that is being cancelled.
    let locked = assignments::lock_for_no_key_update(tx, org, id)
        .await
        .map_err(Error::referred("/assignment_id", "assignment"))?;
    let archived = projects::lock_all_for_share(tx, org, locked.project().into_iter().collect()).await?;
    revoke_of_assignment(tx, org, id).await?;
    let (start_at, user) = (locked.start_at(), locked.user());
    let address = address(&new, &locked, &archived, tx.now)?;
    let (row, created) = new_link(tx, org, new, address, links)?;
    invitation::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    links.outbox.queue_calls(tx, org, MailKind::Calls, asked(&row, user).into_iter().collect()).await?;
    tx.record(org, &InvitationEvent::Created { after: &view(row, start_at, tx.now) }).await?;
    Ok(created)
}

/// Makes links for many assignments, in the order of the items; all or none.
///
/// # Errors
/// [`Error::Items`] with the refusals by item.
pub async fn create_all(
    tx: &Tx,
    org: OrgId,
    items: Vec<NewInvitation>,
    links: &Links<'_>,
) -> Result<Vec<Created>, Error> {
    let assignments: Vec<_> = items.iter().map(|item| item.assignment_id).collect();
    // The same locks as for an answer, so that no link is made for an assignment that is being cancelled.
    let mut locked = assignments::lock_all_for_no_key_update(tx, org, &assignments).await?;
    let projects: HashSet<_> = locked.values().filter_map(Locked::project).collect();
    let archived = projects::lock_all_for_share(tx, org, projects).await?;
    revoke_chosen(tx, open_links(org).filter(invitation::Column::AssignmentId.is_in(assignments)), org)
        .await?;
    let (mut rows, mut views, mut mailed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut created, mut refused) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (index, item) in items.into_iter().enumerate() {
        match once(&item, &mut locked, &mut seen).and_then(|locked| {
            Ok((locked.start_at(), locked.user(), address(&item, &locked, &archived, tx.now)?))
        }) {
            Ok((start_at, user, address)) => {
                let (row, answer) = new_link(tx, org, item, address, links)?;
                mailed.extend(asked(&row, user));
                views.push(view(row.clone(), start_at, tx.now));
                rows.push(row);
                created.push(answer);
            }
            Err(error) => refused.push((index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Items(Within::Body, refused));
    }
    tx.insert_all(rows.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
    links.outbox.queue_calls(tx, org, MailKind::Calls, mailed).await?;
    let events: Vec<_> = views.iter().map(|after| InvitationEvent::Created { after }).collect();
    tx.record_all(org, &events).await?;
    Ok(created)
}

/// The locked assignment of an item, which is not listed before.
fn once(
    item: &NewInvitation,
    locked: &mut HashMap<AssignmentId, Locked>,
    seen: &mut HashSet<AssignmentId>,
) -> Result<Locked, Error> {
    if !seen.insert(item.assignment_id) {
        return Err(Duplicate {
            pointer: "/assignment_id",
            detail: "This assignment is listed twice; a new link ends the one before.",
        }
        .into());
    }
    let found = locked.remove(&item.assignment_id).ok_or(NotFound.into());
    found.map_err(Error::referred("/assignment_id", "assignment"))
}

/// Where a link goes.
struct Address {
    email: Option<String>,
    /// Whether it is the user's own.
    own: bool,
}

/// The address for a link, when its assignment may be asked.
fn address(
    new: &NewInvitation,
    locked: &Locked,
    archived: &HashSet<ProjectId>,
    now: Timestamp,
) -> Result<Address, Error> {
    let email_of_user = locked.invitation_address(archived)?;
    locked.check_answerable(AssignmentStatus::Accepted, now)?;
    if new.answer_by.is_some_and(|by| by <= now) {
        return Err(Error::invalid("/answer_by", "must be in the future"));
    }
    let key = |email: &String| Email::stored(email.as_str()).key();
    let given = new.email.as_ref().filter(|given| email_of_user.as_ref().map(key) != Some(given.key()));
    Ok(Address { email: given.cloned().map(String::from).or(email_of_user), own: given.is_none() })
}

/// What is mailed of an invitation, if it has an address.
pub(super) fn asked(row: &invitation::Model, user: UserId) -> Option<Asked> {
    row.email.clone().map(|address| Asked { invitation: row.id, user, address })
}

/// The first version of an invitation's link.
const FIRST_VERSION: i32 = 1;

fn new_link(
    tx: &Tx,
    org: OrgId,
    new: NewInvitation,
    address: Address,
    links: &Links<'_>,
) -> Result<(invitation::Model, Created), Error> {
    let NewInvitation { assignment_id, answer_by, .. } = new;
    // A link lives at least until its answer is wanted.
    let expires_at = Ord::max(Some(tx.now.plus_seconds(links.ttl_seconds)), answer_by).unwrap_or(tx.now);
    let delivery = links.delivery(address.email.as_ref());
    let (row, token) = NewLink { tokens: links.tokens, expires_at, delivery }.make(
        tx,
        org,
        (assignment_id, answer_by),
        address,
    )?;
    let id = row.id;
    let url = link(links.public_url, &token);
    let created =
        Created { id, assignment_id, token: token.into(), url: url.into(), expires_at, answer_by, delivery };
    Ok((row, created))
}

/// How a new link is made.
struct NewLink<'a> {
    tokens: &'a Tokens,
    expires_at: Timestamp,
    delivery: Delivery,
}

impl NewLink<'_> {
    /// An invitation that is not stored yet, and its token.
    fn make(
        &self,
        tx: &Tx,
        org: OrgId,
        (assignment_id, answer_by): (AssignmentId, Option<Timestamp>),
        Address { email, own }: Address,
    ) -> Result<(invitation::Model, String), Error> {
        let id: InvitationId = tx.new_id();
        let (token, token_hash) = self.tokens.invite(org, id, FIRST_VERSION)?;
        let row = invitation::Model {
            org_id: org,
            id,
            assignment_id,
            token_hash,
            version: FIRST_VERSION,
            key_id: Some(self.tokens.invites_key_id().to_owned()),
            email,
            own_address: own,
            expires_at: self.expires_at,
            answer_by,
            delivery: self.delivery,
            delivery_error: None,
            reminded_at: None,
            asked_again_at: None,
            answered_at: None,
            answer: None,
            withdrawn_at: None,
            revoked_at: None,
            created_at: tx.now,
            updated_at: tx.now,
        };
        Ok((row, token))
    }
}

/// Locks an invitation (`FOR NO KEY UPDATE`) until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, org: OrgId, id: InvitationId) -> Result<Invitation, Error> {
    let found =
        locked(org, invitation::Entity::find_by_id((org, id))).into_model::<WithStart>().one(tx).await?;
    Ok(found.ok_or(NotFound)?.view(tx.now))
}

/// Locks the chosen invitations, not the assignments that they are joined with.
pub(super) fn locked(org: OrgId, chosen: Select<invitation::Entity>) -> Select<invitation::Entity> {
    let mut select = with_start(org, chosen);
    QuerySelect::query(&mut select).lock_with_tables(LockType::NoKeyUpdate, [invitation::Entity]);
    select
}

/// Revokes a locked invitation. One that was answered or revoked stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn revoke(tx: &Tx, org: OrgId, id: InvitationId) -> Result<(), Error> {
    revoke_chosen(tx, open_links(org).filter(invitation::Column::Id.eq(id)), org).await
}

/// Revokes the open invitations of a locked assignment.
///
/// # Errors
/// When the database fails.
pub async fn revoke_of_assignment(tx: &Tx, org: OrgId, assignment: AssignmentId) -> Result<(), Error> {
    revoke_chosen(tx, open_links(org).filter(invitation::Column::AssignmentId.eq(assignment)), org).await
}

/// Revokes the open invitations of a mission.
///
/// # Errors
/// When the database fails.
pub async fn revoke_of_mission(tx: &Tx, org: OrgId, mission: MissionId) -> Result<(), Error> {
    use assignments::entity::assignment;
    let of_mission = assignment::Entity::of(org)
        .select_only()
        .column(assignment::Column::Id)
        .filter(assignment::Column::MissionId.eq(mission));
    let chosen =
        open_links(org).filter(invitation::Column::AssignmentId.in_subquery(of_mission.into_query()));
    revoke_chosen(tx, chosen, org).await
}

/// Deletes the invitations of an assignment before it is deleted.
///
/// # Errors
/// When the database fails.
pub async fn delete_of_assignment(tx: &Tx, org: OrgId, assignment: AssignmentId) -> Result<(), Error> {
    let mut deleted = invitation::Entity::delete_of(org)
        .filter(invitation::Column::AssignmentId.eq(assignment))
        .exec_with_returning(tx)
        .await?;
    // In order of creation, so that the audit log does not depend on the order in which the database deletes.
    deleted.sort_by_key(|row| row.id);
    let start_at = assignments::get(tx, org, assignment).await?.start_at;
    let deleted: Vec<_> = deleted.into_iter().map(|row| view(row, start_at, tx.now)).collect();
    let events: Vec<_> = deleted.iter().map(|before| InvitationEvent::Deleted { before }).collect();
    tx.record_all(org, &events).await
}

/// Neither answered nor revoked; expired ones are among them.
fn open_links(org: OrgId) -> Select<invitation::Entity> {
    invitation::Entity::of(org)
        .filter(invitation::Column::RevokedAt.is_null())
        .filter(invitation::Column::Answer.is_null())
}

async fn revoke_chosen(tx: &Tx, chosen: Select<invitation::Entity>, org: OrgId) -> Result<(), Error> {
    let chosen = locked(org, chosen).order_by_asc(invitation::Column::Id);
    let rows: Vec<WithStart> = chosen.into_model().all(tx).await?;
    if rows.is_empty() {
        return Ok(());
    }
    invitation::Entity::update_of(org)
        .set(invitation::ActiveModel {
            revoked_at: Set(Some(tx.now)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(invitation::Column::Id.is_in(rows.iter().map(|one| one.row.id)))
        .exec(tx)
        .await?;
    let change = |WithStart { row, starts_at }| {
        let after = invitation::Model { revoked_at: Some(tx.now), ..row.clone() };
        (view(row, starts_at, tx.now), view(after, starts_at, tx.now))
    };
    let changes: Vec<_> = rows.into_iter().map(change).collect();
    let revoked = changes.iter().map(|(before, after)| InvitationEvent::Revoked { before, after });
    tx.record_all(org, &revoked.collect::<Vec<_>>()).await
}

/// Carries out the answer of a link's holder, who saw what `seen` tells.
///
/// # Errors
/// [`InvalidToken`], [`AlreadyAnswered`], [`ChangedSinceSeen`], or what keeps the assignment from being accepted or declined.
pub async fn answer(
    tx: &Tx,
    claims: &InviteClaims,
    answer: Decision,
    seen: Option<&str>,
) -> Result<Answered, Error> {
    let (org, id) = (claims.org, claims.inv);
    let (locked, row) = opened(tx, claims).await?;
    let wanted = answer.status();
    let state = state(&row, locked.start_at());
    if locked.needs_confirmation() && rules::is_a_standing_yes(state) && !is_superseded(tx, org, &row).await?
    {
        check_seen(tx, org, &locked, seen).await?;
        return answer_again(tx, locked, row, answer).await;
    }
    let must_answer = rules::must_answer(state, wanted, tx.now)?;
    check_seen(tx, org, &locked, seen).await?;
    let decline_reason = match answer {
        Decision::Accept => None,
        Decision::Decline { reason } => reason,
    };
    if must_answer {
        rules::link_may(wanted, locked.status())?;
        locked.check_answerable(wanted, tx.now)?;
        let start_at = locked.start_at();
        if wanted == AssignmentStatus::Accepted && locked.needs_confirmation() {
            // Accepted otherwise than by this link.
            assignments::confirm(tx, &locked).await?;
        } else {
            let by = DecidedBy::User;
            let change = Change { status: wanted, override_reason: None, decline_reason, by };
            assignments::set_status(tx, locked, change).await?;
        }
        invitation::Entity::update_of(org)
            .set(invitation::ActiveModel {
                answer: Set(Some(wanted)),
                answered_at: Set(Some(tx.now)),
                updated_at: Set(tx.now),
                ..Default::default()
            })
            .filter(invitation::Column::Id.eq(id))
            .exec(tx)
            .await
            .or_refusal(|error| ANSWERED_ONCE.meaning(error, || AlreadyAnswered))?;
        let after = invitation::Model { answer: Some(wanted), answered_at: Some(tx.now), ..row.clone() };
        let (before, after) = (view(row.clone(), start_at, tx.now), view(after, start_at, tx.now));
        tx.record(org, &InvitationEvent::Answered { before: &before, after: &after }).await?;
    } else {
        rules::answer_stands(wanted, locked.status())?;
        if let Some(reason) = decline_reason {
            assignments::explain_decline(tx, org, &locked, reason).await?;
        }
    }
    Ok(answered(&row, wanted))
}

fn answered(row: &invitation::Model, status: AssignmentStatus) -> Answered {
    let accepted = status == AssignmentStatus::Accepted;
    let message = if accepted { "Thank you, you are expected." } else { "Thank you for your answer." };
    Answered { invitation_id: row.id, assignment_id: row.assignment_id, accepted, status, message }
}

/// Locks the assignment of a link, then its invitation, as all answers do: concurrent answers and revocations wait here, then see
/// what the first one did.
async fn opened(tx: &Tx, claims: &InviteClaims) -> Result<(Locked, invitation::Model), Error> {
    let find = || invitation::Entity::find_by_id((claims.org, claims.inv));
    let assignment = find().one(tx).await?.ok_or(InvalidToken)?.assignment_id;
    let locked = assignments::lock_for_no_key_update(tx, claims.org, assignment).await?;
    let found = find().lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = found.filter(|row| same_secret(&claims.jti, &row.token_hash)).ok_or(InvalidToken)?;
    Ok((locked, row))
}

/// Whether the assignment of a locked invitation has a newer one: then what this one said counts no more.
async fn is_superseded(tx: &Tx, org: OrgId, row: &invitation::Model) -> Result<bool, Error> {
    let newer: Option<InvitationId> = invitation::Entity::of(org)
        .select_only()
        .column(invitation::Column::Id)
        .filter(invitation::Column::AssignmentId.eq(row.assignment_id))
        .filter(invitation::Column::Id.gt(row.id))
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(newer.is_some())
}

/// Confirms or withdraws the yes that this link gave, because the mission has moved since.
async fn answer_again(
    tx: &Tx,
    locked: Locked,
    row: invitation::Model,
    answer: Decision,
) -> Result<Answered, Error> {
    let (org, start_at) = (row.org_id, locked.start_at());
    let done = answered(&row, answer.status());
    locked.check_answerable(answer.status(), tx.now)?;
    let Decision::Decline { reason } = answer else {
        assignments::confirm(tx, &locked).await?;
        return Ok(done);
    };
    let (status, by) = (AssignmentStatus::Declined, DecidedBy::User);
    let change = Change { status, override_reason: None, decline_reason: reason, by };
    assignments::set_status(tx, locked, change).await?;
    let withdrawn = invitation::ActiveModel {
        withdrawn_at: Set(Some(tx.now)),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    invitation::Entity::update_of(org)
        .set(withdrawn)
        .filter(invitation::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    let after = invitation::Model { withdrawn_at: Some(tx.now), ..row.clone() };
    let (before, after) = (view(row, start_at, tx.now), view(after, start_at, tx.now));
    tx.record(org, &InvitationEvent::Withdrawn { before: &before, after: &after }).await?;
    Ok(done)
}

/// Confirms the yes of a link's holder, given by it or otherwise.
///
/// # Errors
/// [`InvalidToken`], also for a link that was taken back or has a successor; [`AlreadyAnswered`] for one that said no;
/// [`ChangedSinceSeen`]; or as [`assignments::confirm`].
pub async fn confirm(tx: &Tx, claims: &InviteClaims, seen: Option<&str>) -> Result<AssignmentStatus, Error> {
    let (locked, row) = opened(tx, claims).await?;
    rules::may_confirm(state(&row, locked.start_at()), tx.now)?;
    if is_superseded(tx, claims.org, &row).await? {
        return Err(InvalidToken.into());
    }
    check_seen(tx, claims.org, &locked, seen).await?;
    Ok(assignments::confirm(tx, &locked).await?.status)
}

/// A link by which the user of an active assignment can say whether they still come, at a time that it works: the latest one,
/// if it said yes or, extended, if it waits for an answer; a new one for who was accepted otherwise. `None` for any other
/// assignment, and for who is invited but not asked.
///
/// # Errors
/// When the database fails.
pub async fn ensure_link(
    db: &Database,
    (tokens, ttl_seconds): (&Tokens, i64),
    (org, assignment): (OrgId, AssignmentId),
    address: &str,
) -> Result<Option<InvitationId>, Error> {
    let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
    let locked = match assignments::lock_for_no_key_update(&tx, org, assignment).await {
        Ok(locked) => locked,
        Err(error) if error.is::<NotFound>() => return Ok(None),
        Err(error) => return Err(error),
    };
    if !matches!(locked.status(), AssignmentStatus::Invited | AssignmentStatus::Accepted) {
        return Ok(None);
    }
    let latest = invitation::Entity::of(org)
        .filter(invitation::Column::AssignmentId.eq(assignment))
        .order_by_desc(invitation::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx)
        .await?;
    let expires_at = tx.now.plus_seconds(ttl_seconds);
    let accepted = locked.status() == AssignmentStatus::Accepted;
    let is_open = |row: &invitation::Model| row.answer.is_none() && row.revoked_at.is_none();
    let said_yes = |row: &invitation::Model| rules::is_a_standing_yes(state(row, locked.start_at()));
    let id = match latest {
        Some(row) if accepted && said_yes(&row) => row.id,
        Some(row) if is_open(&row) && row.expires_at >= expires_at && row.answer_by.is_none() => row.id,
        Some(row) if is_open(&row) => {
            let extended = invitation::ActiveModel {
                expires_at: Set(Ord::max(row.expires_at, expires_at)),
                answer_by: Set(row.answer_by.filter(|by| *by > tx.now)),
                updated_at: Set(tx.now),
                ..Default::default()
            };
            let chosen = invitation::Column::Id.eq(row.id);
            invitation::Entity::update_of(org).set(extended).filter(chosen).exec(&tx).await?;
            tx.changes(org, List::Planning);
            row.id
        }
        _ if !accepted => return Ok(None),
        _ => {
            // Until the mail that carries it has gone: it may be dropped.
            let links = NewLink { tokens, expires_at, delivery: Delivery::None };
            let own = locked.own_address() == Some(address);
            let to = Address { email: Some(address.to_owned()), own };
            let (row, _) = links.make(&tx, org, (assignment, None), to)?;
            invitation::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
            let after = view(row, locked.start_at(), tx.now);
            tx.record(org, &InvitationEvent::Created { after: &after }).await?;
            after.id
        }
    };
    tx.commit().await?;
    Ok(Some(id))
}

/// Notes that these people have been asked again, so that no reminder follows.
///
/// # Errors
/// When the database fails.
pub async fn asked_again(tx: &Tx, org: OrgId, ids: Vec<InvitationId>) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let row = invitation::ActiveModel { asked_again_at: Set(Some(tx.now)), ..Default::default() };
    let chosen = invitation::Column::Id.is_in(ids).and(invitation::Column::Answer.is_null());
    invitation::Entity::update_of(org).set(row).filter(chosen).exec(tx).await?;
    Ok(())
}

/// Refuses an answer to something else than what is asked now. Time, place and role of the locked assignment stay until the
/// transaction ends, because its mission is locked.
///
/// # Errors
/// [`ChangedSinceSeen`].
pub async fn check_seen(tx: &Tx, org: OrgId, locked: &Locked, seen: Option<&str>) -> Result<(), Error> {
    let Some(seen) = seen else { return Ok(()) };
    if Seen::decode(seen).as_ref() == Some(&assignments::seen(tx, org, locked).await?) {
        Ok(())
    } else {
        Err(ChangedSinceSeen.into())
    }
}

/// The link of an invitation, for its mail. A link that was made with another key is dead; a new one takes its place.
///
/// # Errors
/// When the database fails.
pub async fn link_to(
    db: &Database,
    tokens: &Tokens,
    org: OrgId,
    told: &Briefing,
    public_url: &str,
) -> Result<String, Error> {
    if let Some(token) = told.token(tokens, org)? {
        return Ok(link(public_url, &token));
    }
    let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
    let found = invitation::Entity::find_by_id((org, told.id)).lock(LockType::NoKeyUpdate).one(&tx).await?;
    let row = found.ok_or(NotFound)?;
    // Another mail may have made it meanwhile.
    let (row, token) = with_link(tokens, org, row)?;
    store_link(&tx, org, row).await?;
    tx.commit().await?;
    Ok(link(public_url, &token))
}

/// The invitation with a link that works, and its token: the link it has or, if its key is gone, a new one.
pub(super) fn with_link(
    tokens: &Tokens,
    org: OrgId,
    row: invitation::Model,
) -> Result<(invitation::Model, String), Error> {
    if let Some(token) = tokens.invite_again(org, row.id, row.version, row.key_id.as_deref())? {
        return Ok((row, token));
    }
    let version = row.version + 1;
    let (token, token_hash) = tokens.invite(org, row.id, version)?;
    let key_id = Some(tokens.invites_key_id().to_owned());
    Ok((invitation::Model { version, key_id, token_hash, ..row }, token))
}

/// Gives a link that was made anew to its invitation.
pub(super) async fn store_link(tx: &Tx, org: OrgId, after: invitation::Model) -> Result<(), Error> {
    let invitation::Model { id, version, key_id, token_hash, .. } = after;
    invitation::Entity::update_of(org)
        .set(invitation::ActiveModel {
            version: Set(version),
            key_id: Set(key_id),
            token_hash: Set(token_hash),
            ..Default::default()
        })
        .filter(invitation::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Locks invitations (`FOR NO KEY UPDATE`) until the transaction ends, by id as every request does.
///
/// # Errors
/// When the database fails.
pub async fn lock_all(tx: &Tx, org: OrgId, ids: &[InvitationId]) -> Result<(), Error> {
    let chosen = invitation::Entity::of(org).filter(invitation::Column::Id.is_in(ids.iter().copied()));
    locked(org, chosen.order_by_asc(invitation::Column::Id)).into_model::<WithStart>().all(tx).await?;
    Ok(())
}

/// Locks the open invitations of assignments in the same way.
///
/// # Errors
/// When the database fails.
pub async fn lock_open_of(tx: &Tx, org: OrgId, assignments: Vec<AssignmentId>) -> Result<(), Error> {
    let chosen = open_links(org).filter(invitation::Column::AssignmentId.is_in(assignments));
    locked(org, chosen.order_by_asc(invitation::Column::Id)).into_model::<WithStart>().all(tx).await?;
    Ok(())
}

/// Stores what became of the mail of these locked invitations, of which it is the latest.
///
/// # Errors
/// When the database fails.
pub async fn delivered(
    tx: &Tx,
    org: OrgId,
    ids: Vec<InvitationId>,
    (delivery, error): (Delivery, Option<String>),
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let set =
        invitation::ActiveModel { delivery: Set(delivery), delivery_error: Set(error), ..Default::default() };
    let chosen = invitation::Column::Id.is_in(ids);
    invitation::Entity::update_of(org).set(set).filter(chosen).exec(tx).await?;
    tx.changes(org, List::Planning);
    Ok(())
}
