//! Sending the mails of orgs.

use super::{
    account::AccountMails,
    letters::{self, Letter, Written},
    news::{self, Announcer, News},
};
use crate::{
    auth::Tokens,
    config::Config,
    db::{Database, Tx},
    delivery::Delivery,
    error::{Error, FailureKind},
    ids::{InvitationId, MailId, OrgId},
    jobs::{Failed, Handler, Handlers},
    mail::{Mailer, Outgoing, Undelivered},
    outbox::{self, Carried, Claimed, MailKind, MailState, Outbox, SendMail, entity::mail},
    resources::{assignments, invitations, orgs},
    telemetry::Metrics,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// A mail that could not be sent for so long is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(24 * 3600);
const FIRST_DELAY: Duration = Duration::from_secs(5);
/// With the jitter, which at most doubles it, an hour.
const LONGEST_DELAY: Duration = Duration::from_secs(30 * 60);

/// What sending takes.
#[derive(Clone)]
pub struct Post {
    pub db: Database,
    pub tokens: Tokens,
    pub mailer: Mailer,
    pub metrics: Metrics,
    pub config: Arc<Config>,
}

/// Those who queue and send mail, added to `handlers`.
pub fn handlers(handlers: Handlers, post: Post, outbox: Outbox) -> Handlers {
    handlers.with(Announcer(outbox)).with(OrgMails(post.clone())).with(AccountMails(post))
}

impl Post {
    /// Sends a mail once, and counts how that went.
    pub(super) async fn send(&self, mail: &Outgoing) -> Result<(), Undelivered> {
        let outcome = self.mailer.send(mail).await;
        let result = match &outcome {
            Ok(()) => "sent",
            Err(Undelivered::Refused(_)) => "refused",
            Err(Undelivered::Later(_)) => "delayed",
        };
        self.metrics.mail(mail.about.word(), result);
        outcome
    }
}

/// When to try again, however often; with jitter, so that what failed together is not tried together.
pub(super) fn delay(attempts: usize) -> Option<Duration> {
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_factor(4.0)
        .with_max_delay(LONGEST_DELAY)
        .with_jitter()
        .without_max_times()
        .build();
    // Beyond these all are the longest.
    delays.nth(attempts.saturating_sub(1).min(8))
}

/// The mail server is not to be had now; worth another try.
pub(super) fn later(text: String) -> Failed {
    Failed::Retry(Error::failed(FailureKind::Unavailable, NotTaken(text)))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotTaken(String);

struct OrgMails(Post);

/// What became of a mail.
struct Ended {
    mail: mail::Model,
    state: MailState,
    error: Option<String>,
    /// What it gathered.
    gathered: Carried,
    written: Written,
}

impl Handler for OrgMails {
    type Job = SendMail;
    /// `None` when there is nothing to send.
    type Performed = Option<Ended>;

    async fn perform(&self, job: &SendMail) -> Result<Option<Ended>, Failed> {
        let Some(claimed) = outbox::claim(&self.0.db, *job).await? else { return Ok(None) };
        let waited = self.0.db.clock().now().since(claimed.claimed_at);
        // It was tried beyond that only where an attempt never came to its end.
        let outcome = match waited > PATIENCE + 2 * LONGEST_DELAY {
            true => Err(Failed::Retry(Error::timed_out())),
            false => self.attempt(&claimed).await,
        };
        match outcome {
            Err(Failed::Retry(error)) if waited >= PATIENCE => {
                let about = claimed.mail.kind.word();
                self.0.metrics.mail(about, "given_up");
                let text = error.cause().map_or_else(|| error.to_string(), |cause| cause.to_string());
                let written = Written { carried: claimed.carried.clone(), ..Written::default() };
                Ok(Some(Ended::of(&claimed, MailState::Failed, Some(text), written)))
            }
            outcome => outcome.map(Some),
        }
    }

    async fn finish(&self, tx: &Tx, job: &SendMail, ended: &Option<Ended>) -> Result<(), Failed> {
        let Some(ended) = ended else { return Ok(()) };
        let (org, id) = (job.org, (job.org, job.mail));
        if !outbox::ended(tx, id, ended.state, ended.error.clone(), &ended.written.carried).await? {
            return Ok(());
        }
        match (ended.mail.kind, ended.mail.account_id) {
            (MailKind::Calls | MailKind::Reminder, _) => {
                ended.note_told(tx, org).await?;
                ended.note_delivery(tx, id).await?;
            }
            (MailKind::Moved, _) => {
                ended.note_told(tx, org).await?;
                ended.note_asked_again(tx, org).await?;
            }
            (MailKind::CalledOff, _) => {
                if ended.state == MailState::Sent {
                    let mut known: Vec<_> = ended.written.carried.notices.keys().copied().collect();
                    // Who was asked again meanwhile has been told something newer.
                    assignments::lock_all_for_no_key_update(tx, org, &known).await?;
                    let on = news::still_on(tx, org, &known).await?;
                    known.retain(|id| !on.contains(id));
                    assignments::note_called_off(tx, org, known).await?;
                }
            }
            (MailKind::Member, Some(account)) => {
                if let Some(arrived) = outbox::latest_of_member(tx, id, account).await? {
                    let dropped = ended.state == MailState::Dropped;
                    let became = if dropped { before(arrived) } else { ended.delivery() };
                    orgs::set_delivery(tx, org, account, became).await?;
                }
            }
            (MailKind::Member, None) | (MailKind::Answers | MailKind::Digest, _) => {}
        }
        Ok(())
    }

    /// Without end: [`PATIENCE`] is.
    fn retry_after(&self, attempts: usize) -> Option<Duration> {
        delay(attempts)
    }
}

/// What was left out of a mail is as it was before: an earlier one may have arrived.
fn before(arrived: bool) -> (Delivery, Option<String>) {
    (if arrived { Delivery::Sent } else { Delivery::None }, None)
}

impl Ended {
    fn of(claimed: &Claimed, state: MailState, error: Option<String>, written: Written) -> Self {
        Self { mail: claimed.mail.clone(), state, error, gathered: claimed.carried.clone(), written }
    }

    fn delivery(&self) -> (Delivery, Option<String>) {
        let delivery = match self.state {
            MailState::Sent => Delivery::Sent,
            MailState::Failed => Delivery::Failed,
            MailState::Dropped | MailState::Queued => Delivery::None,
        };
        (delivery, self.error.clone())
    }

    /// The people know now what the mail says. A mission that has moved meanwhile is told of once more.
    async fn note_told(&self, tx: &Tx, org: OrgId) -> Result<(), Error> {
        if self.state != MailState::Sent {
            return Ok(());
        }
        let told = &self.written.told;
        let ids: Vec<_> = told.keys().copied().collect();
        let locked = assignments::lock_all_for_no_key_update(tx, org, &ids).await?;
        let known = told.iter().filter_map(|(id, told)| Some((locked.get(id)?, told)));
        let outdated = assignments::note_told(tx, org, known).await?;
        let missions: BTreeSet<_> =
            outdated.iter().filter_map(|id| Some(locked.get(id)?.mission())).collect();
        let again = missions.into_iter().map(|mission| News::moved_meanwhile(org, mission));
        tx.enqueue(org, again.collect::<Result<Vec<_>, Error>>()?).await
    }

    /// Stores with each invitation what became of its latest mail.
    async fn note_delivery(&self, tx: &Tx, id: (OrgId, MailId)) -> Result<(), Error> {
        let org = id.0;
        let gathered: Vec<_> = self.gathered.invitations.iter().copied().collect();
        // One that is reminded of at this moment is queued again, or waits here.
        invitations::lock_all(tx, org, &gathered).await?;
        let latest = outbox::latest_of(tx, id, &gathered).await?;
        let is_in = |invitation: &InvitationId| self.written.carried.invitations.contains(invitation);
        let sent = latest.keys().copied().filter(is_in).collect();
        invitations::delivered(tx, org, sent, self.delivery()).await?;
        for arrived in [true, false] {
            let left_out = latest.iter().filter(|(id, its)| !is_in(id) && **its == arrived);
            let left_out = left_out.map(|(id, _)| *id).collect();
            invitations::delivered(tx, org, left_out, before(arrived)).await?;
        }
        Ok(())
    }

    /// The links in this mail ask again, and are what the person was mailed last.
    async fn note_asked_again(&self, tx: &Tx, org: OrgId) -> Result<(), Error> {
        let links = self.written.links.clone();
        invitations::lock_all(tx, org, &links).await?;
        invitations::delivered(tx, org, links.clone(), self.delivery()).await?;
        if self.state == MailState::Sent {
            invitations::asked_again(tx, org, links).await?;
        }
        Ok(())
    }
}

impl OrgMails {
    /// Writes and sends a claimed mail once.
    async fn attempt(&self, claimed: &Claimed) -> Result<Ended, Failed> {
        let post = &self.0;
        let letter = match claimed.mail.kind {
            MailKind::Calls | MailKind::Reminder => letters::calls(post, claimed).await?,
            MailKind::Moved => letters::moved(post, claimed).await?,
            MailKind::CalledOff => letters::called_off(post, claimed).await?,
            MailKind::Answers => letters::answers(post, claimed).await?,
            MailKind::Digest => letters::digest(post, claimed).await?,
            MailKind::Member => letters::member(post, claimed).await?,
        };
        let Some(Letter { mail, written }) = letter else {
            post.metrics.mail(claimed.mail.kind.word(), "dropped");
            return Ok(Ended::of(claimed, MailState::Dropped, None, Written::default()));
        };
        match post.send(&mail).await {
            Ok(()) => Ok(Ended::of(claimed, MailState::Sent, None, written)),
            Err(Undelivered::Refused(text)) => Ok(Ended::of(claimed, MailState::Failed, Some(text), written)),
            Err(Undelivered::Later(text)) => Err(later(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_is_tried_again_after_seconds_and_then_within_the_hour() {
        let first = delay(1).expect("another try");
        assert!((FIRST_DELAY..=2 * FIRST_DELAY).contains(&first), "{first:?}");
        for attempts in [7, 50, usize::MAX] {
            let wait = delay(attempts).expect("another try");
            assert!((LONGEST_DELAY..=2 * LONGEST_DELAY).contains(&wait), "{attempts}: {wait:?}");
        }
    }
}
