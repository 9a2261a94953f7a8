//! Queueing mails in the transaction of their cause.

use super::{
    MailKind, MailState,
    entity::{mail, mail_item},
};
use crate::{
    db::Tx,
    error::Error,
    ids::{AccountId, InvitationId, MailId, OrgId, UserId},
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

    /// Queues the mails of these invitations: one for each person and address. Nothing where no mail can be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_calls(&self, tx: &Tx, org: OrgId, asked: Vec<Asked>) -> Result<(), Error> {
        let mut by_recipient: BTreeMap<(UserId, String), Vec<InvitationId>> = BTreeMap::new();
        for Asked { invitation, user, address } in asked {
            by_recipient.entry((user, address)).or_default().push(invitation);
        }
        let (mut mails, mut items) = (Vec::new(), Vec::new());
        for ((user, address), invitations) in by_recipient {
            let mail = mail::Model { user_id: Some(user), ..queued(tx, org, MailKind::Calls, address) };
            let item = |invitation_id| mail_item::Model { org_id: org, mail_id: mail.id, invitation_id };
            items.extend(invitations.into_iter().map(item));
            mails.push(mail);
        }
        self.queue(tx, org, mails, items).await
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
        let mail = mail::Model { account_id: Some(account), ..queued(tx, org, MailKind::Member, address) };
        self.queue(tx, org, vec![mail], Vec::new()).await
    }

    async fn queue(
        &self,
        tx: &Tx,
        org: OrgId,
        mails: Vec<mail::Model>,
        items: Vec<mail_item::Model>,
    ) -> Result<(), Error> {
        let Some(gather) = self.gather else { return Ok(()) };
        let jobs = mails.iter().map(|mail| Ok(NewJob::of(&SendMail { org, mail: mail.id })?.after(gather)));
        let jobs = jobs.collect::<Result<Vec<_>, Error>>()?;
        tx.insert_all(mails.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
        tx.insert_all(items.into_iter().map(IntoActiveModel::into_active_model).collect()).await?;
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
