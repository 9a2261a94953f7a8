//! Freezing a mail before it is sent, and what became of it.

use super::{
    MailKind, MailState,
    entity::{mail, mail_item, mail_notice},
    queue::SendMail,
};
use crate::{
    db::{Database, OfOrg, Origin, Tx},
    error::Error,
    ids::{AccountId, AssignmentId, AuditId, InvitationId, MailId, OrgId, UserId},
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
    sea_query::{ExprTrait, LockType},
};
use std::collections::{BTreeMap, BTreeSet};

/// A mail that gathers nothing any more.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub mail: mail::Model,
    /// Since when it is being sent.
    pub claimed_at: Timestamp,
    pub carried: Carried,
}

/// What a mail carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    pub invitations: BTreeSet<InvitationId>,
    /// The assignments that it tells of, and the latest that happened to each.
    pub notices: BTreeMap<AssignmentId, Option<AuditId>>,
}

/// Freezes a mail that is due, with all that waits for the same person at the same address; one that was frozen before is as
/// it was. `None` when there is nothing to send: another mail has taken its part, or it was sent.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &Database, job: SendMail) -> Result<Option<Claimed>, Error> {
    let SendMail { org, mail: id } = job;
    let find = || mail::Entity::find_by_id((org, id)).filter(mail::Column::State.eq(MailState::Queued));
    let Some(own) = find().one(db).await? else { return Ok(None) };
    if let Some(claimed_at) = own.claimed_at {
        let carried = Carried::of(db, org, &[id]).await?;
        return Ok(Some(Claimed { mail: own, claimed_at, carried }));
    }
    let tx = db.write(Origin { tenant: Some(org), ..Origin::system() }).await?;
    let open = waiting_for(&tx, &own).await?;
    let Some(own) = open.iter().find(|mail| mail.id == id).cloned() else { return Ok(None) };
    let others: Vec<_> = open.iter().map(|mail| mail.id).filter(|other| *other != id).collect();
    let mut carried = Carried::of(&tx, org, &[id]).await?;
    let theirs = Carried::of(&tx, org, &others).await?;
    carried.take(&tx, (org, id), theirs).await?;
    if !others.is_empty() {
        mail::Entity::delete_of(org).filter(mail::Column::Id.is_in(others)).exec(&tx).await?;
    }
    update(&tx, org, id, mail::ActiveModel { claimed_at: Set(Some(tx.now)), ..Default::default() }).await?;
    let claimed_at = tx.now;
    tx.commit().await?;
    Ok(Some(Claimed { mail: own, claimed_at, carried }))
}

/// Locks the mails that wait for the same person at the same address (`FOR UPDATE`), by id, so that of two that are due at
/// once one takes the other's part.
async fn waiting_for(tx: &Tx, own: &mail::Model) -> Result<Vec<mail::Model>, Error> {
    use mail::Column;
    let open = mail::Entity::of(own.org_id)
        .filter(Column::Address.eq(&*own.address))
        .filter(Column::Kind.is_in(gathered_with(own.kind)))
        .filter(Condition::all().add_option(own.user_id.map(|user| Column::UserId.eq(user))))
        .filter(Condition::all().add_option(own.account_id.map(|account| Column::AccountId.eq(account))))
        .filter(Column::ClaimedAt.is_null())
        .order_by_asc(Column::Id)
        .lock(LockType::Update)
        .all(tx)
        .await?;
    Ok(open)
}

/// What a mail of this kind can carry. A reminder of one call and the first mail of another are one mail.
fn gathered_with(kind: MailKind) -> Vec<MailKind> {
    match kind {
        MailKind::Calls | MailKind::Reminder => vec![MailKind::Calls, MailKind::Reminder],
        kind => vec![kind],
    }
}

impl Carried {
    async fn of(db: &impl ConnectionTrait, org: OrgId, mails: &[MailId]) -> Result<Self, Error> {
        if mails.is_empty() {
            return Ok(Self::default());
        }
        let invitations = mail_item::Entity::of(org)
            .select_only()
            .column(mail_item::Column::InvitationId)
            .filter(mail_item::Column::MailId.is_in(mails.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        // By event, so that the latest of an assignment stays.
        let notices = mail_notice::Entity::of(org)
            .filter(mail_notice::Column::MailId.is_in(mails.iter().copied()))
            .order_by_asc(mail_notice::Column::EventId)
            .all(db)
            .await?;
        let notices = notices.into_iter().map(|row| (row.assignment_id, row.event_id));
        Ok(Self { invitations: invitations.into_iter().collect(), notices: notices.collect() })
    }

    /// Takes over what other mails carried, whose rows are deleted next.
    async fn take(&mut self, tx: &Tx, (org, id): (OrgId, MailId), theirs: Self) -> Result<(), Error> {
        let moved = theirs.invitations.difference(&self.invitations);
        let moved = moved.map(|invitation| {
            mail_item::Model { org_id: org, mail_id: id, invitation_id: *invitation }.into_active_model()
        });
        tx.insert_all(moved.collect()).await?;
        let mut newer = theirs.notices;
        newer.retain(|assignment, event| self.notices.get(assignment).is_none_or(|own| own < event));
        let known: Vec<_> =
            newer.keys().filter(|assignment| self.notices.contains_key(assignment)).copied().collect();
        if !known.is_empty() {
            let replaced =
                mail_notice::Column::MailId.eq(id).and(mail_notice::Column::AssignmentId.is_in(known));
            mail_notice::Entity::delete_of(org).filter(replaced).exec(tx).await?;
        }
        let moved = newer.iter().map(|(assignment_id, event_id)| {
            let (assignment_id, event_id) = (*assignment_id, *event_id);
            mail_notice::Model { org_id: org, mail_id: id, assignment_id, event_id }.into_active_model()
        });
        tx.insert_all(moved.collect()).await?;
        self.invitations.extend(theirs.invitations);
        self.notices.extend(newer);
        Ok(())
    }
}

fn to_mail_of_notice() -> RelationDef {
    mail_notice::Entity::belongs_to(mail::Entity)
        .from((mail_notice::Column::OrgId, mail_notice::Column::MailId))
        .to((mail::Column::OrgId, mail::Column::Id))
        .into()
}

fn to_mail() -> RelationDef {
    mail_item::Entity::belongs_to(mail::Entity)
        .from((mail_item::Column::OrgId, mail_item::Column::MailId))
        .to((mail::Column::OrgId, mail::Column::Id))
        .into()
}

/// Those of the invitations that no later mail carries, and whether an earlier mail carried them to their people.
///
/// # Errors
/// When the database fails.
pub async fn latest_of(
    tx: &Tx,
    (org, id): (OrgId, MailId),
    invitations: &[InvitationId],
) -> Result<BTreeMap<InvitationId, bool>, Error> {
    use mail_item::Column;
    let others: Vec<(InvitationId, MailId, MailState)> = mail_item::Entity::of(org)
        .select_only()
        .columns([Column::InvitationId, Column::MailId])
        .column(mail::Column::State)
        .join(JoinType::InnerJoin, mail::Entity::joined(org, to_mail()))
        .filter(Column::InvitationId.is_in(invitations.iter().copied()))
        .filter(Column::MailId.ne(id))
        .into_tuple()
        .all(tx)
        .await?;
    let mut latest: BTreeMap<_, _> = invitations.iter().map(|invitation| (*invitation, false)).collect();
    for (invitation, other, state) in others {
        if other > id {
            latest.remove(&invitation);
        } else if let Some(arrived) = latest.get_mut(&invitation) {
            *arrived |= state == MailState::Sent;
        }
    }
    Ok(latest)
}

/// Assignments of these users that they were told by mail since `at` that they need not come to, or are being told.
///
/// # Errors
/// When the database fails.
pub async fn called_off_since(
    tx: &Tx,
    org: OrgId,
    users: BTreeSet<UserId>,
    at: Timestamp,
) -> Result<BTreeSet<AssignmentId>, Error> {
    if users.is_empty() {
        return Ok(BTreeSet::new());
    }
    // By its end: it may have begun to gather before.
    let is_sent =
        Condition::all().add(mail::Column::State.eq(MailState::Sent)).add(mail::Column::EndedAt.gte(at));
    let is_under_way = Condition::all()
        .add(mail::Column::State.eq(MailState::Queued))
        .add(mail::Column::ClaimedAt.is_not_null());
    let told = mail_notice::Entity::of(org)
        .select_only()
        .column(mail_notice::Column::AssignmentId)
        .join(JoinType::InnerJoin, mail::Entity::joined(org, to_mail_of_notice()))
        .filter(mail::Column::UserId.is_in(users))
        .filter(mail::Column::Kind.eq(MailKind::CalledOff))
        .filter(Condition::any().add(is_sent).add(is_under_way));
    Ok(told.into_tuple().all(tx).await?.into_iter().collect())
}

/// Whether no later mail goes to this member, and whether an earlier one arrived.
///
/// # Errors
/// When the database fails.
pub async fn latest_of_member(
    tx: &Tx,
    (org, id): (OrgId, MailId),
    account: AccountId,
) -> Result<Option<bool>, Error> {
    let others: Vec<(MailId, MailState)> = mail::Entity::of(org)
        .select_only()
        .columns([mail::Column::Id, mail::Column::State])
        .filter(mail::Column::AccountId.eq(account))
        .filter(mail::Column::Kind.eq(MailKind::Member))
        .filter(mail::Column::Id.ne(id))
        .into_tuple()
        .all(tx)
        .await?;
    let is_latest = others.iter().all(|(other, _)| *other < id);
    Ok(is_latest.then(|| others.iter().any(|(_, state)| *state == MailState::Sent)))
}

/// Ends a mail in the transaction that ends its job; only what it `carried` stays in it. False, and nothing is changed, when it
/// waits no longer: its person was erased meanwhile, or its org was.
///
/// # Errors
/// When the database fails.
pub async fn ended(
    tx: &Tx,
    (org, id): (OrgId, MailId),
    state: MailState,
    error: Option<String>,
    carried: &Carried,
) -> Result<bool, Error> {
    let ended = mail::ActiveModel {
        state: Set(state),
        error: Set(error),
        ended_at: Set(Some(tx.now)),
        ..Default::default()
    };
    let queued = mail::Column::Id.eq(id).and(mail::Column::State.eq(MailState::Queued));
    if mail::Entity::update_of(org).set(ended).filter(queued).exec(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let dropped = mail_item::Column::MailId
        .eq(id)
        .and(mail_item::Column::InvitationId.is_not_in(carried.invitations.iter().copied()));
    mail_item::Entity::delete_of(org).filter(dropped).exec(tx).await?;
    let dropped = mail_notice::Column::MailId
        .eq(id)
        .and(mail_notice::Column::AssignmentId.is_not_in(carried.notices.keys().copied()));
    mail_notice::Entity::delete_of(org).filter(dropped).exec(tx).await?;
    Ok(true)
}

async fn update(tx: &Tx, org: OrgId, id: MailId, with: mail::ActiveModel) -> Result<(), Error> {
    mail::Entity::update_of(org).set(with).filter(mail::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}
