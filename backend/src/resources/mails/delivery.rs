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
    outbox::{self, Claimed, MailKind, MailState, SendMail, entity::mail},
    resources::{invitations, orgs},
    telemetry::Metrics,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{sync::Arc, time::Duration};

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
                Ok(Some(Ended::of(&claimed, MailState::Failed, Some(text), claimed.invitations.clone())))
            }
            outcome => outcome.map(Some),
        }
    }

    async fn finish(&self, tx: &Tx, job: &SendMail, ended: &Option<Ended>) -> Result<(), Failed> {
        let Some(Ended { mail, state, error, gathered, carried }) = ended else { return Ok(()) };
        let (org, id) = (job.org, (job.org, job.mail));
        let delivery = match state {
            MailState::Sent => Delivery::Sent,
            MailState::Failed => Delivery::Failed,
            MailState::Dropped | MailState::Queued => Delivery::None,
        };
        outbox::ended(tx, id, *state, error.clone(), carried).await?;
        // What was left out of this mail is as it was before: an earlier one may have arrived.
        let before = |arrived: bool| (if arrived { Delivery::Sent } else { Delivery::None }, None);
        match (mail.kind, mail.account_id) {
            (MailKind::Calls, _) => {
                // One that is reminded of at this moment is queued again, or waits here.
                invitations::lock_all(tx, org, gathered).await?;
                let latest = outbox::latest_of(tx, id, gathered).await?;
                let is_in = |invitation: &InvitationId| carried.contains(invitation);
                let sent = latest.keys().copied().filter(is_in).collect();
                invitations::delivered(tx, org, sent, (delivery, error.clone())).await?;
                for arrived in [true, false] {
                    let left_out = latest.iter().filter(|(id, its)| !is_in(id) && **its == arrived);
                    let left_out = left_out.map(|(id, _)| *id).collect();
                    invitations::delivered(tx, org, left_out, before(arrived)).await?;
                }
            }
            (MailKind::Member, Some(account)) => {
                if let Some(arrived) = outbox::latest_of_member(tx, id, account).await? {
                    let dropped = *state == MailState::Dropped;
                    let became = if dropped { before(arrived) } else { (delivery, error.clone()) };
                    orgs::set_delivery(tx, org, account, became).await?;
                }
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

impl Ended {
    fn of(claimed: &Claimed, state: MailState, error: Option<String>, carried: Vec<InvitationId>) -> Self {
        Self { mail: claimed.mail.clone(), state, error, gathered: claimed.invitations.clone(), carried }
    }
}

impl OrgMails {
    /// Writes and sends a claimed mail once.
    async fn attempt(&self, claimed: &Claimed) -> Result<Ended, Failed> {
        let post = &self.0;
        let written = match claimed.mail.kind {
            MailKind::Calls => letters::calls(post, claimed).await?,
            MailKind::Member => letters::member(post, claimed).await?,
        };
        let Some(Letter { mail, carried }) = written else {
            post.metrics.mail(claimed.mail.kind.word(), "dropped");
            return Ok(Ended::of(claimed, MailState::Dropped, None, Vec::new()));
        };
        match post.send(&mail).await {
            Ok(()) => Ok(Ended::of(claimed, MailState::Sent, None, carried)),
            Err(Undelivered::Refused(text)) => Ok(Ended::of(claimed, MailState::Failed, Some(text), carried)),
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
