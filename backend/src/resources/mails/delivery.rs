//! Sending the mails of orgs.

use super::{
    account::AccountMails,
    letters::{self, Letter},
};
use crate::{
    auth::Tokens,
    config::Config,
    db::{Database, Tx},
    delivery::Delivery,
    error::{Error, FailureKind},
    ids::InvitationId,
    jobs::{Failed, Handler, Handlers},
    mail::{Mailer, Outgoing, Undelivered},
    outbox::{self, MailKind, MailState, SendMail, entity::mail},
    resources::{invitations, orgs},
    telemetry::Metrics,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{sync::Arc, time::Duration};

/// A mail that could not be sent for so long is given up.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
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

/// Those who send mail, added to `handlers`.
pub fn handlers(handlers: Handlers, post: Post) -> Handlers {
    handlers.with(OrgMails(post.clone())).with(AccountMails(post))
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
    gathered: Vec<InvitationId>,
    /// What of that was still true.
    carried: Vec<InvitationId>,
}

impl Handler for OrgMails {
    type Job = SendMail;
    /// `None` when there is nothing to send.
    type Performed = Option<Ended>;

    async fn perform(&self, job: &SendMail) -> Result<Option<Ended>, Failed> {
        let post = &self.0;
        let Some(claimed) = outbox::claim(&post.db, *job).await? else { return Ok(None) };
        let ended = |state, error, carried| {
            let (mail, gathered) = (claimed.mail.clone(), claimed.invitations.clone());
            Ok(Some(Ended { mail, state, error, gathered, carried }))
        };
        let written = match claimed.mail.kind {
            MailKind::Calls => letters::calls(post, &claimed).await?,
            MailKind::Member => letters::member(post, &claimed).await?,
        };
        let Some(Letter { mail, carried }) = written else {
            post.metrics.mail(claimed.mail.kind.word(), "dropped");
            return ended(MailState::Dropped, None, Vec::new());
        };
        let waited = post.db.clock().now().since(claimed.claimed_at);
        match post.send(&mail).await {
            Ok(()) => ended(MailState::Sent, None, carried),
            Err(Undelivered::Refused(text)) => ended(MailState::Failed, Some(text), carried),
            Err(Undelivered::Later(text)) if waited >= PATIENCE => {
                ended(MailState::Failed, Some(text), carried)
            }
            Err(Undelivered::Later(text)) => Err(later(text)),
        }
    }

    async fn finish(&self, tx: &Tx, job: &SendMail, ended: &Option<Ended>) -> Result<(), Failed> {
        let Some(Ended { mail, state, error, gathered, carried }) = ended else { return Ok(()) };
        let delivery = match state {
            MailState::Sent => Delivery::Sent,
            MailState::Failed => Delivery::Failed,
            MailState::Dropped | MailState::Queued => Delivery::None,
        };
        outbox::ended(tx, (job.org, job.mail), *state, error.clone(), carried).await?;
        match (mail.kind, mail.account_id) {
            (MailKind::Calls, _) => {
                // One that was reminded of meanwhile is queued again: it stands where its last mail stands.
                invitations::lock_all(tx, job.org, gathered).await?;
                let queued = outbox::still_queued(tx, job.org, gathered).await?;
                let ended = gathered.iter().filter(|id| !queued.contains(id)).copied();
                let (carried, dropped) = ended.partition(|id| carried.contains(id));
                invitations::delivered(tx, job.org, carried, (delivery, error.clone())).await?;
                invitations::delivered(tx, job.org, dropped, (Delivery::None, None)).await?;
            }
            (MailKind::Member, Some(account)) => {
                orgs::set_delivery(tx, job.org, account, (delivery, error.clone())).await?;
            }
            (MailKind::Member, None) => {}
        }
        Ok(())
    }

    /// Without end: [`PATIENCE`] is.
    fn retry_after(&self, attempts: usize) -> Option<Duration> {
        delay(attempts)
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
