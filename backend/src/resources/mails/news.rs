//! Who is told of what happened: events become jobs, and jobs queue mails when things have settled.

use crate::{
    auth::entity::{Notify, account, membership},
    clock::Clock,
    db::{JsonText, OfOrg, Tx},
    error::Error,
    events::{
        ActorKind, Recorded, Subscriber,
        entity::{audit_details, audit_entry},
    },
    ids::{AccountId, AssignmentId, AuditId, MissionId, OrgId, UserId},
    jobs::{Failed, Handler, Job, NewJob},
    outbox::{MailKind, Notice, Outbox, Recipient},
    resources::{
        assignments::{self, AssignmentEvent, AssignmentStatus, Told, entity::assignment},
        invitations::{self, InvitationEvent},
        missions::{self, MissionEvent, entity::mission},
        users::entity::user,
    },
    role::Role,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::LockType,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// The people of a mission are told where it is once it has stayed there for so long,
const SETTLED: Duration = Duration::from_secs(10 * 60);
/// or has been moving for so long,
const LONGEST: Duration = Duration::from_secs(3600);
/// or at once when it begins within this time.
const URGENT: Duration = Duration::from_secs(3 * 3600);

/// Something happened that people may have to be told of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum News {
    /// A mission is at another time or place. Without an event, its people were told something outdated just now.
    Moved { org: OrgId, mission: MissionId, event: Option<AuditId> },
    /// An assignment was cancelled or deleted, or an invitation was revoked.
    CalledOff { org: OrgId, event: AuditId },
    /// An assignment was answered or confirmed.
    Answered { org: OrgId, event: AuditId },
}

impl Job for News {
    const KIND: &'static str = "news";
}

impl News {
    /// The people of a mission that moved while they were being told.
    pub(super) fn moved_meanwhile(org: OrgId, mission: MissionId) -> Result<NewJob, Error> {
        Ok(NewJob::of(&Self::Moved { org, mission, event: None })?.after(SETTLED))
    }
}

/// Makes jobs of the events that people may have to be told of.
pub struct Announcements {
    pub clock: Clock,
}

impl Subscriber for Announcements {
    fn jobs(&self, event: &Recorded) -> Result<Vec<NewJob>, Error> {
        let (Some(org), Some(object)) = (event.org, event.object_id) else { return Ok(Vec::new()) };
        let id = event.id;
        let (news, after) = match event.action {
            MissionEvent::UPDATED => match self.moved(event) {
                Some(after) => (News::Moved { org, mission: MissionId(object), event: Some(id) }, after),
                None => return Ok(Vec::new()),
            },
            AssignmentEvent::DELETED => (News::CalledOff { org, event: id }, Duration::ZERO),
            InvitationEvent::REVOKED => (News::CalledOff { org, event: id }, Duration::ZERO),
            AssignmentEvent::RESTORED => match status(event.after.as_ref()) {
                Some(AssignmentStatus::Cancelled) => (News::CalledOff { org, event: id }, Duration::ZERO),
                _ => return Ok(Vec::new()),
            },
            AssignmentEvent::STATUS_CHANGED => match status(event.after.as_ref()) {
                Some(AssignmentStatus::Cancelled) => (News::CalledOff { org, event: id }, Duration::ZERO),
                Some(AssignmentStatus::Accepted | AssignmentStatus::Declined) => {
                    (News::Answered { org, event: id }, Duration::ZERO)
                }
                _ => return Ok(Vec::new()),
            },
            AssignmentEvent::CONFIRMED => (News::Answered { org, event: id }, Duration::ZERO),
            _ => return Ok(Vec::new()),
        };
        Ok(vec![NewJob::of(&news)?.after(after)])
    }
}

impl Announcements {
    /// How long to wait for the mission to settle; `None` if it has not moved, or is over.
    fn moved(&self, event: &Recorded) -> Option<Duration> {
        let (was, is): (Told, Told) = (read(event.before.as_ref())?, read(event.after.as_ref())?);
        let now = self.clock.now();
        let over = is.end_at <= now && was.end_at <= now;
        let first = Ord::min(was.start_at, is.start_at);
        match was == is || over {
            true => None,
            // Its mail gathers, too.
            false if first.since(now) < URGENT => Some(Duration::ZERO),
            false => Some(SETTLED),
        }
    }
}

/// Of an object in the audit log, the members that `T` has.
fn read<T: DeserializeOwned>(object: Option<&JsonText>) -> Option<T> {
    serde_json::from_str(object?.as_str()).ok()
}

fn status(assignment: Option<&JsonText>) -> Option<AssignmentStatus> {
    #[derive(Deserialize)]
    struct Shown {
        status: String,
    }
    read::<Shown>(assignment)?.status.parse().ok()
}

/// Queues the mails of what happened.
pub(super) struct Announcer(pub Outbox);

impl Handler for Announcer {
    type Job = News;
    type Performed = ();

    async fn perform(&self, _: &News) -> Result<(), Failed> {
        Ok(())
    }

    async fn finish(&self, tx: &Tx, job: &News, (): &()) -> Result<(), Failed> {
        match *job {
            News::Moved { org, mission, event } => self.moved(tx, org, mission, event).await?,
            News::CalledOff { org, event } => {
                let called_off = called_off(tx, org, event).await?;
                self.0.queue_notices(tx, org, MailKind::CalledOff, called_off.into_iter().collect()).await?;
            }
            News::Answered { org, event } => {
                let answered = answered(tx, org, event).await?;
                self.0.queue_notices(tx, org, MailKind::Answers, answered).await?;
            }
        }
        Ok(())
    }
}

impl Announcer {
    /// Tells the people of a mission that it has moved from where they know it to be, once it has settled.
    async fn moved(&self, tx: &Tx, org: OrgId, id: MissionId, event: Option<AuditId>) -> Result<(), Error> {
        let found = mission::Entity::find_by_id((org, id)).lock(LockType::NoKeyUpdate).one(tx).await?;
        let Some(mission) = found.filter(|mission| mission.cancelled_at.is_none()) else { return Ok(()) };
        if let Some(event) = event
            && moves_still(tx, &mission, event).await?
        {
            return Ok(());
        }
        let outdated = assignments::outdated(tx, org, assignment::Column::MissionId.eq(id)).await?;
        let people = addresses(tx, org, outdated.iter().map(|one| (one.id, one.user_id)).collect()).await?;
        let notice = |one: assignments::Outdated| {
            let address = people.get(&one.id)?.clone();
            Some(Notice { to: Recipient::User(one.user_id), address, assignment: one.id, event: None })
        };
        let notices = outdated.into_iter().filter_map(notice).collect();
        self.0.queue_notices(tx, org, MailKind::Moved, notices).await?;
        missions::note_settled(tx, org, id).await
    }
}

/// Whether the mission has moved again since, so that a later job tells of it.
async fn moves_still(tx: &Tx, mission: &mission::Model, event: AuditId) -> Result<bool, Error> {
    let Some(happened) = happened(tx, mission.org_id, event).await? else { return Ok(false) };
    let again = mission.moved_at.is_some_and(|at| at > happened.entry.created_at);
    let since = mission.moving_since.unwrap_or(tx.now);
    Ok(again && tx.now.since(since) < LONGEST)
}

/// What happened, as the audit log has it.
pub(super) struct Happened {
    pub entry: audit_entry::Model,
    pub before: Option<JsonText>,
    pub after: Option<JsonText>,
}

impl Happened {
    /// The status of an assignment before it.
    pub(super) fn status_before(&self) -> Option<AssignmentStatus> {
        status(self.before.as_ref())
    }

    /// The status of an assignment after it.
    pub(super) fn status_after(&self) -> Option<AssignmentStatus> {
        status(self.after.as_ref())
    }

    /// Of the object before it, the members that `T` has.
    pub(super) fn object_before<T: DeserializeOwned>(&self) -> Option<T> {
        read(self.before.as_ref())
    }

    fn is(&self, action: crate::events::Action) -> bool {
        self.entry.action == action.as_str()
    }
}

/// `None` when the audit log has forgotten it.
async fn happened(tx: &Tx, org: OrgId, id: AuditId) -> Result<Option<Happened>, Error> {
    Ok(all_that_happened(tx, org, vec![id]).await?.remove(&id))
}

/// What happened, by its ids.
pub(super) async fn all_that_happened(
    db: &impl sea_orm::ConnectionTrait,
    org: OrgId,
    ids: Vec<AuditId>,
) -> Result<HashMap<AuditId, Happened>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let entries = audit_entry::Entity::of(org).filter(audit_entry::Column::Id.is_in(ids)).all(db).await?;
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    let details =
        audit_details::Entity::of(org).filter(audit_details::Column::AuditId.is_in(ids)).all(db).await?;
    let mut objects: HashMap<_, _> =
        details.into_iter().map(|row| (row.audit_id, (row.before, row.after))).collect();
    let happened = |entry: audit_entry::Model| {
        let (before, after) = objects.remove(&entry.id).unwrap_or_default();
        (entry.id, Happened { entry, before, after })
    };
    Ok(entries.into_iter().map(happened).collect())
}

/// Whom to tell that they need not come, if anybody knew that they should.
async fn called_off(tx: &Tx, org: OrgId, event: AuditId) -> Result<Option<Notice>, Error> {
    #[derive(Deserialize)]
    struct Deleted {
        user_id: UserId,
        told_at: Option<Timestamp>,
        end_at: Timestamp,
    }
    #[derive(Deserialize)]
    struct Revoked {
        assignment_id: AssignmentId,
    }
    let Some(happened) = happened(tx, org, event).await? else { return Ok(None) };
    let of_invitation = happened.is(InvitationEvent::REVOKED);
    let id = match (of_invitation, happened.entry.object_id) {
        (true, _) => happened.object_before::<Revoked>().map(|invitation| invitation.assignment_id),
        (false, object) => object.map(AssignmentId),
    };
    let Some(id) = id else { return Ok(None) };
    let was_accepted = happened.status_before() == Some(AssignmentStatus::Accepted);
    let was_active =
        of_invitation || was_accepted || happened.status_before() == Some(AssignmentStatus::Invited);
    let row = assignment::Entity::find_by_id((org, id)).one(tx).await?;
    // With its mission it was called off itself, and that says whether it was accepted.
    if of_invitation && row.as_ref().is_some_and(|row| row.status == AssignmentStatus::Cancelled) {
        return Ok(None);
    }
    let (user, told, end_at) = match (row, happened.object_before::<Deleted>()) {
        (Some(row), _) => (row.user_id, row.told_at.is_some(), row.ends_at),
        (None, Some(gone)) if !of_invitation => (gone.user_id, gone.told_at.is_some(), gone.end_at),
        _ => return Ok(None),
    };
    if !(was_active && (told || was_accepted))
        || end_at <= tx.now
        || still_on(tx, org, &[id]).await?.contains(&id)
    {
        return Ok(None);
    }
    let address = addresses(tx, org, vec![(id, user)]).await?.remove(&id);
    Ok(address.map(|address| Notice {
        to: Recipient::User(user),
        address,
        assignment: id,
        event: Some(event),
    }))
}

/// Those of the assignments that their users are accepted on, or asked for by a link.
pub(super) async fn still_on(
    db: &impl sea_orm::ConnectionTrait,
    org: OrgId,
    ids: &[AssignmentId],
) -> Result<HashSet<AssignmentId>, Error> {
    use assignment::Column;
    let rows: Vec<(AssignmentId, AssignmentStatus)> = assignment::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::Status])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Status.is_in([
            AssignmentStatus::Accepted,
            AssignmentStatus::Invited,
            AssignmentStatus::Declined,
        ]))
        .into_tuple()
        .all(db)
        .await?;
    let asked = invitations::open_of(db, org, ids).await?;
    // Who said no knows that they do not come.
    let on = |(id, status): &(AssignmentId, AssignmentStatus)| {
        *status != AssignmentStatus::Invited || asked.contains(id)
    };
    Ok(rows.into_iter().filter(on).map(|(id, _)| id).collect())
}

/// Where the users of assignments are mailed: where their invitation went, or else at their own address.
async fn addresses(
    tx: &Tx,
    org: OrgId,
    of: Vec<(AssignmentId, UserId)>,
) -> Result<HashMap<AssignmentId, String>, Error> {
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let own: HashMap<UserId, Option<String>> = user::Entity::of(org)
        .select_only()
        .columns([user::Column::Id, user::Column::Email])
        .filter(user::Column::Id.is_in(of.iter().map(|(_, user)| *user)))
        .filter(user::Column::Active.eq(true))
        .into_tuple()
        .all(tx)
        .await?
        .into_iter()
        .collect();
    let asked = invitations::given_addresses(tx, org, of.iter().map(|(id, _)| *id)).await?;
    let address = |(id, user)| Some((id, asked.get(&id).cloned().or_else(|| own.get(&user)?.clone())?));
    // Who is inactive is told nothing.
    Ok(of.into_iter().filter(|(_, user)| own.contains_key(user)).filter_map(address).collect())
}

/// The members who want to hear of an answer that somebody gave for themselves.
async fn answered(tx: &Tx, org: OrgId, event: AuditId) -> Result<Vec<Notice>, Error> {
    let Some(happened) = happened(tx, org, event).await? else { return Ok(Vec::new()) };
    let Some(id) = happened.entry.object_id.map(AssignmentId) else { return Ok(Vec::new()) };
    let Some(row) = assignment::Entity::find_by_id((org, id)).one(tx).await? else { return Ok(Vec::new()) };
    let user = user::Entity::find_by_id((org, row.user_id)).one(tx).await?;
    let account = user.and_then(|user| user.account_id);
    let actor = happened.entry.actor_id.map(AccountId);
    let their_own = match happened.entry.actor_kind {
        ActorKind::Invitation => true,
        ActorKind::Account => account.is_some() && actor == account,
        ActorKind::System => false,
    };
    if !their_own {
        return Ok(Vec::new());
    }
    let declined = row.status == AssignmentStatus::Declined;
    let wanted: &[Notify] = if declined { &[Notify::Declines, Notify::All] } else { &[Notify::All] };
    let members = planners(tx, org, wanted).await?.into_iter().filter(|(member, _)| Some(*member) != account);
    let notice = |(member, address)| Notice {
        to: Recipient::Member(member),
        address,
        assignment: id,
        event: Some(event),
    };
    Ok(members.map(notice).collect())
}

/// The managers and above with one of these settings, and their addresses.
pub(super) async fn planners(
    db: &impl sea_orm::ConnectionTrait,
    org: OrgId,
    wanted: &[Notify],
) -> Result<Vec<(AccountId, String)>, Error> {
    let found = planning(org)
        .select_only()
        .column(membership::Column::AccountId)
        .column(account::Column::Email)
        .filter(membership::Column::Notify.is_in(wanted.iter().copied()))
        .order_by_asc(membership::Column::AccountId);
    Ok(found.into_tuple().all(db).await?)
}

/// The memberships, joined with their accounts, of managers and above.
pub(super) fn planning(org: OrgId) -> Select<membership::Entity> {
    membership::Entity::of(org)
        .join(
            JoinType::InnerJoin,
            membership::Entity::belongs_to(account::Entity)
                .from(membership::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        .filter(membership::Column::Role.is_in([Role::Manager, Role::Admin, Role::Owner]))
        .filter(membership::Column::IsActive.eq(true))
        .filter(membership::Column::ProvenAt.is_not_null())
        .filter(account::Column::IsActive.eq(true))
}
