//! Queueing mails in the transaction of their cause.

use super::{
    MailKind, MailState,
    entity::{mail, mail_item, mail_notice},
};
use crate::{
    db::Tx,
    error::Error,
    ids::{AccountId, AssignmentId, AuditId, InvitationId, MailId, OrgId, UserId},
    jobs::{Job, NewJob},
    timestamp::Timestamp,
};
use sea_orm::IntoActiveModel;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Whether mail can be sent, and how long one waits for more to go with it.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    gather: Option<Duration>,
}

/// An invitation to be mailed.
#[derive(Debug, Clone)]
pub struct Asked {
    pub invitation: InvitationId,
    pub user: UserId,
    pub address: String,
}

/// Whose mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    User(UserId),
    Member(AccountId),
}

/// An assignment that somebody is to be told of.
#[derive(Debug, Clone)]
pub struct Notice {
    pub to: Recipient,
    pub address: String,
    pub assignment: AssignmentId,
    /// What happened to it, in the audit log.
    pub event: Option<AuditId>,
}

/// Answers are told to planners after this time, with those that came meanwhile.
const ANSWERS_GATHER: Duration = Duration::from_secs(60);

/// A mail is due.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SendMail {
    pub org: OrgId,
    pub mail: MailId,
}

impl Job for SendMail {
    const KIND: &'static str = "mail";
}

/// What an account is told, whatever its orgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountNews {
    /// A link to reset a forgotten password.
    Reset,
    /// The password was changed at [`AccountMail::since`], however much later the mail is sent.
    Changed,
}

/// A mail to an account is due. It has no row of its own, because it belongs to no org that could look at it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct AccountMail {
    pub mail: MailId,
    pub account: AccountId,
    pub news: AccountNews,
    /// When it was asked for: what is a day old is not news.
    pub since: Timestamp,
}

impl AccountMail {
    pub fn new(tx: &Tx, account: AccountId, news: AccountNews) -> Self {
        Self { mail: tx.new_id(), account, news, since: tx.now }
    }
}

impl Job for AccountMail {
    const KIND: &'static str = "account_mail";
}

impl Outbox {
    /// `gather` is `None` where no mail can be sent.
    pub fn new(gather: Option<Duration>) -> Self {
        Self { gather }
    }

    pub fn can_send(&self) -> bool {
        self.gather.is_some()
    }

    /// Queues the mails of these invitations, as [`MailKind::Calls`] or [`MailKind::Reminder`]: one for each person and
    /// address. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_calls(
        &self,
        tx: &Tx,
        org: OrgId,
        kind: MailKind,
        asked: Vec<Asked>,
    ) -> Result<(), Error> {
        let mut by_recipient: BTreeMap<(UserId, String), Vec<InvitationId>> = BTreeMap::new();
        for Asked { invitation, user, address } in asked {
            by_recipient.entry((user, address)).or_default().push(invitation);
        }
        let (mut mails, mut items) = (Vec::new(), Vec::new());
        for ((user, address), invitations) in by_recipient {
            let mail = Recipient::User(user).of(queued(tx, org, kind, address));
            let item = |invitation_id| mail_item::Model { org_id: org, mail_id: mail.id, invitation_id };
            items.extend(invitations.into_iter().map(item));
            mails.push(mail);
        }
        self.queue(tx, org, mails, Gathered { items, ..Gathered::default() }).await
    }

    /// Queues mails that tell of assignments: one for each recipient and address. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_notices(
        &self,
        tx: &Tx,
        org: OrgId,
        kind: MailKind,
        all: Vec<Notice>,
    ) -> Result<(), Error> {
        let mut by_recipient: BTreeMap<(Recipient, String), BTreeMap<AssignmentId, Option<AuditId>>> =
            BTreeMap::new();
        for Notice { to, address, assignment, event } in all {
            by_recipient.entry((to, address)).or_default().insert(assignment, event);
        }
        let (mut mails, mut notices) = (Vec::new(), Vec::new());
        for ((to, address), told) in by_recipient {
            let mail = to.of(queued(tx, org, kind, address));
            let notice = |(assignment_id, event_id)| mail_notice::Model {
                org_id: org,
                mail_id: mail.id,
                assignment_id,
                event_id,
            };
            notices.extend(told.into_iter().map(notice));
            mails.push(mail);
        }
        self.queue(tx, org, mails, Gathered { notices, ..Gathered::default() }).await
    }

    /// Queues the digest of these members. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_digests(
        &self,
        tx: &Tx,
        org: OrgId,
        members: Vec<(AccountId, String)>,
    ) -> Result<(), Error> {
        let mail =
            |(account, address)| Recipient::Member(account).of(queued(tx, org, MailKind::Digest, address));
        self.queue(tx, org, members.into_iter().map(mail).collect(), Gathered::default()).await
    }

    /// Queues the mail by which a member takes their membership up. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_member(
        &self,
        tx: &Tx,
        org: OrgId,
        account: AccountId,
        address: String,
    ) -> Result<(), Error> {
        let mail = Recipient::Member(account).of(queued(tx, org, MailKind::Member, address));
        self.queue(tx, org, vec![mail], Gathered::default()).await
    }

    async fn queue(
        &self,
        tx: &Tx,
        org: OrgId,
        mails: Vec<mail::Model>,
        Gathered { items, notices }: Gathered,
    ) -> Result<(), Error> {
        let Some(gather) = self.gather else { return Ok(()) };
        let wait = |kind| if kind == MailKind::Answers { ANSWERS_GATHER } else { gather };
        let jobs =
            mails.iter().map(|mail| Ok(NewJob::of(&SendMail { org, mail: mail.id })?.after(wait(mail.kind))));
        let jobs = jobs.collect::<Result<Vec<_>, Error>>()?;
        tx.insert_all(mails.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
        tx.insert_all(items.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
        tx.insert_all(notices.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
        tx.enqueue(org, jobs).await
    }

    /// Queues a mail to an account. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_account(&self, tx: &Tx, mail: AccountMail) -> Result<(), Error> {
        if self.can_send() { tx.enqueue(None, [NewJob::of(&mail)?]).await } else { Ok(()) }
    }
}

/// What mails carry when they are queued.
#[derive(Default)]
struct Gathered {
    items: Vec<mail_item::Model>,
    notices: Vec<mail_notice::Model>,
}

impl Recipient {
    fn of(self, mail: mail::Model) -> mail::Model {
        match self {
            Self::User(user) => mail::Model { user_id: Some(user), ..mail },
            Self::Member(account) => mail::Model { account_id: Some(account), ..mail },
        }
    }
}

fn queued(tx: &Tx, org: OrgId, kind: MailKind, address: String) -> mail::Model {
    mail::Model {
        org_id: org,
        id: tx.new_id(),
        kind,
        user_id: None,
        account_id: None,
        address,
        state: MailState::Queued,
        error: None,
        created_at: tx.now,
        claimed_at: None,
        ended_at: None,
    }
}
