//! Sending what an account is told, whatever its orgs.

use super::delivery::{PATIENCE, Post, delay, later};
use crate::{
    auth::entity::{account, membership, org},
    db::{OfOrg, Origin},
    error::Error,
    jobs::{Failed, Handler},
    locale::Locale,
    mail::{self, Addressed, Outgoing, Undelivered},
    outbox::{AccountMail, AccountNews},
    resources::{
        accounts::links::{self, Issued},
        users::entity::user,
    },
    text::{Email, ZoneName},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::time::Duration;

/// Tries before it is given up: with the delays of [`delay`] about a day.
const MOST_ATTEMPTS: usize = 38;

pub(super) struct AccountMails(pub(super) Post);

impl Handler for AccountMails {
    type Job = AccountMail;
    type Performed = ();

    async fn perform(&self, job: &AccountMail) -> Result<(), Failed> {
        let Some(mail) = self.written(job).await? else { return Ok(()) };
        match self.0.send(&mail).await {
            Ok(()) => Ok(()),
            // The address is dead. Nobody waits for an answer, and another try would be refused as well.
            Err(Undelivered::Refused(_)) => {
                tracing::warn!(mail = %job.mail, "a mail to an account was refused");
                Ok(())
            }
            Err(Undelivered::Later(text)) => Err(later(text)),
        }
    }

    fn retry_after(&self, attempts: usize) -> Option<Duration> {
        if attempts < MOST_ATTEMPTS { delay(attempts) } else { None }
    }
}

impl AccountMails {
    /// `None` when it is not to be sent any more.
    async fn written(&self, job: &AccountMail) -> Result<Option<Outgoing>, Error> {
        let post = &self.0;
        let found = account::Entity::find_by_id(job.account).filter(account::Column::IsActive.eq(true));
        let Some(account) = found.one(&post.db).await? else { return Ok(None) };
        let Home { locale, timezone } = self.home(&account).await?;
        let now = post.db.clock().now();
        if now.since(job.since) > PATIENCE {
            return Ok(None);
        }
        let address = Email::stored(&*account.email);
        let to =
            Addressed { id: job.mail.0, to: address.clone(), name: None, reply_to: None, at: now, locale };
        match job.news {
            AccountNews::Reset => {
                let Some(token) = self.reset_token(job).await? else { return Ok(None) };
                let link = post.config.password_url(&token).into();
                let reset =
                    mail::PasswordReset { account: address, link, minutes: links::MAILED_SECONDS / 60 };
                Ok(Some(mail::password_reset(to, &reset)))
            }
            AccountNews::Changed => {
                let zone = ZoneName::zone(&timezone).map_err(|error| Error::internal(error))?;
                let when = format!("{} ({})", locale.moment(&job.since.in_zone(&zone)), locale.zone(&zone));
                Ok(Some(mail::password_changed(to, &mail::PasswordChanged { account: address, when })))
            }
        }
    }

    /// The token of a reset link that works, made in a transaction of its own; `None` when it was used or revoked.
    async fn reset_token(&self, job: &AccountMail) -> Result<Option<String>, Error> {
        let tx = self.0.db.write(Origin::system()).await?;
        for generation in 0..=u8::MAX {
            let token = self.0.tokens.password_link(job.mail, generation);
            match links::issue_reset(&tx, job.account, &token).await? {
                Issued::Ready => {
                    tx.commit().await?;
                    return Ok(Some(token));
                }
                Issued::Gone => return Ok(None),
                Issued::Expired => {}
            }
        }
        Ok(None)
    }

    /// The zone of the org that the account joined first. The language is the account's own, else that of its user there, else the org's.
    async fn home(&self, account: &account::Model) -> Result<Home, Error> {
        let db = &self.0.db;
        let joined = membership::Entity::find()
            .filter(membership::Column::AccountId.eq(account.id))
            .order_by_asc(membership::Column::CreatedAt)
            .order_by_asc(membership::Column::Id);
        let Some(joined) = joined.one(db).await? else { return Ok(Home::default()) };
        let Some(org) = org::Entity::find_by_id(joined.org_id).one(db).await? else {
            return Ok(Home::default());
        };
        let its_user =
            user::Entity::of(org.id).filter(user::Column::AccountId.eq(account.id)).one(db).await?;
        let of_user = || its_user.and_then(|user| user.locale);
        let locale = account.locale.or_else(of_user).unwrap_or(org.locale);
        Ok(Home { locale, timezone: org.timezone })
    }
}

/// Where an account is at home.
struct Home {
    locale: Locale,
    timezone: String,
}

impl Default for Home {
    fn default() -> Self {
        Self { locale: Locale::French, timezone: "Europe/Paris".into() }
    }
}
