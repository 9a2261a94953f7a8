//! Routes of resetting a forgotten password.

use super::{
    event::{AccountEvent, MembershipEvent},
    links, read, sessions, write,
};
use crate::{
    auth::{InvalidToken, NewPassword, ThrottleKey, ThrottleKeys, TooManyTries, for_link},
    db::{Actor, Origin, Tx},
    error::{Error, FailureKind, FieldError},
    http::{Body, Done, RequestInfo, operations},
    jobs::{Failed, Handler, Handlers, Job, NewJob},
    outbox::{AccountMail, AccountNews, Outbox},
    secret::Secret,
    state::App,
    text::{Email, EmailKey},
};
use axum::{Extension, Json, extract::State};
use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(operations!(reset_request)).routes(operations!(reset_confirm))
}

/// Whose password is to be set anew.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PasswordResetRequest)]
#[deserr(deny_unknown_fields)]
struct ResetRequest {
    /// The account's e-mail.
    email: Email,
}

/// Always the same, whether the e-mail is known or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasswordResetRequested)]
struct ResetRequested {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Only on a developer's own machine: what the mail would carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>)]
    reset_token: Option<Secret>,
}

/// A new password, by permission of a token.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PasswordResetConfirmation)]
#[deserr(deny_unknown_fields)]
struct ResetConfirm {
    /// From the link.
    #[schema(value_type = String)]
    token: Secret,
    /// The password that is good now: for a link by which an organisation lets a login that was there before take up a
    /// membership. Other links do not look at it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Secret>,
    /// 8 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: NewPassword,
}

/// Request a link to reset a password.
///
/// The answer is the same for a known and an unknown e-mail. A link works once, for 30 minutes, and replaces the
/// one before. Of the requests for one e-mail 5 are carried out at once, then one in 10 minutes; the others
/// change nothing. With ENV=dev on the developer's own machine the answer has the link's `reset_token`, too. Where no
/// mail can be sent, the operator makes a link with `coulisses member link`.
#[utoipa::path(post, path = "/auth/reset/request", tag = "auth", extensions(("x-problems" = json!([TooManyTries::CODE]))))]
async fn reset_request(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Body(reset): Body<ResetRequest>,
) -> Result<Json<ResetRequested>, Error> {
    app.throttle.attempt_from(request.client(), ThrottleKey::LinksFrom).await?;
    // Requested too often, the previous link stays valid: nobody can keep an owner's mailbox full of dead links.
    let too_often =
        request.counts_as_a_try() && app.throttle.attempt(&[for_link(&reset.email.key())]).await.is_err();
    if too_often {
        return Ok(Json(ResetRequested { status: "ok", reset_token: None }));
    }
    let tx = app.db.write(request.origin(Actor::System)).await?;
    // In the response only on a developer's machine. Elsewhere whether the account exists is looked up later, so that the time
    // does not tell.
    let reset_token = match app.config.is_developers_machine() {
        true => issue_reset(&app, &tx, &reset.email).await?.map(Secret::from),
        false => {
            tx.enqueue(None, [NewJob::of(&ResetAsked { email: reset.email.to_string() })?]).await?;
            None
        }
    };
    tx.commit().await?;
    Ok(Json(ResetRequested { status: "ok", reset_token }))
}

/// Makes a new link, and queues its mail, if the account exists.
async fn issue_reset(app: &App, tx: &Tx, email: &Email) -> Result<Option<String>, Error> {
    let Some(mail) = queue_reset(tx, app.outbox, &email.key()).await? else { return Ok(None) };
    // Elsewhere the link is made when it is sent.
    let token = app.tokens.password_link(mail.mail, 0);
    links::issue_reset(tx, mail.account, &token).await?;
    Ok(Some(token))
}

async fn queue_reset(tx: &Tx, outbox: Outbox, email: &EmailKey) -> Result<Option<AccountMail>, Error> {
    let Some(account) = read::by_email(tx, email).await?.filter(|account| account.is_active) else {
        return Ok(None);
    };
    let mail = AccountMail::new(tx, account.id, AccountNews::Reset);
    outbox.queue_account(tx, mail).await?;
    write::record_in_each_org(tx, account.id, &AccountEvent::ResetRequested { id: account.id }).await?;
    Ok(Some(mail))
}

/// Somebody has asked for a link to reset the password of this e-mail, which may be unknown.
#[derive(Serialize, Deserialize)]
struct ResetAsked {
    email: String,
}

impl Job for ResetAsked {
    const KIND: &'static str = "reset_asked";
}

/// Those who carry out what was asked, added to `handlers`.
pub fn handlers(handlers: Handlers, outbox: Outbox) -> Handlers {
    handlers.with(ResetsAsked(outbox))
}

struct ResetsAsked(Outbox);

impl Handler for ResetsAsked {
    type Job = ResetAsked;
    type Performed = ();

    async fn perform(&self, _: &ResetAsked) -> Result<(), Failed> {
        Ok(())
    }

    async fn finish(&self, tx: &Tx, job: &ResetAsked, (): &()) -> Result<(), Failed> {
        queue_reset(tx, self.0, &EmailKey::of(&job.email)).await?;
        Ok(())
    }
}

/// Set a new password with a link's token.
///
/// The token comes from a reset link, or from a link that an org or the operator handed out, and works once; else
/// 400 `invalid_token`. All sessions of the account end, and nobody is signed in. What the link was for is taken
/// up: one org's membership, or, for a reset link, all pending ones. A `membership_url` of an account that has a
/// password also needs `current_password`, else 400 at that member.
#[utoipa::path(post, path = "/auth/reset/confirm", tag = "auth", extensions(("x-problems" = json!([InvalidToken::CODE, TooManyTries::CODE]))))]
async fn reset_confirm(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Body(reset): Body<ResetConfirm>,
) -> Result<Json<Done>, Error> {
    set_password(&app, &request, &reset.token, reset.current_password, reset.new_password).await?;
    Ok(Json(Done::OK))
}

/// Sets the password by a link's token and proves the memberships of the link. The HTML page uses it, too.
///
/// # Errors
/// [`InvalidToken`]; [`Error::Invalid`] at `/current_password` or `/new_password`; [`TooManyTries`];
/// [`FailureKind::Unavailable`] when no worker is free in time.
pub async fn set_password(
    app: &App,
    request: &RequestInfo,
    token: &str,
    current: Option<Secret>,
    password: NewPassword,
) -> Result<(), Error> {
    // A bad token must not cost a hash, and a hash must not be computed inside a transaction.
    let link = links::open(&app.db, token, app.db.clock().now()).await?;
    app.throttle.attempt_from(request.client(), ThrottleKey::Address).await?;
    let (account, tenant) = (&link.account, link.org.as_ref().map(|(org, _)| *org));
    if link.wants_password {
        let current = current.ok_or_else(password_is_missing)?;
        if password.is(&current) {
            return Err(must_be_another());
        }
        check_password(app, request, &link, &current).await.inspect_err(|error| {
            // A server that is too busy to verify it has refused nobody.
            if error.failure() != Some(FailureKind::Unavailable) {
                app.refusals.count(Some(account.id));
            }
        })?;
    }
    let same = !link.wants_password
        && app.passwords.is_current(&password, account.password_hash.clone(), tenant).await?;
    let hash = app.passwords.hash(password, &account.email, tenant).await?;
    let tx = app.db.write(Origin { tenant, ..request.origin(Actor::Account(account.id)) }).await?;
    let proven = links::use_up(&tx, token, &link, hash).await?;
    // The current password may be known to another org, which set it: it must not open what is proven now.
    if same && !proven.is_empty() {
        return Err(must_be_another());
    }
    sessions::end_all(&tx, account.id).await?;
    if account.password_hash.is_some() {
        let mail = AccountMail::new(&tx, account.id, AccountNews::Changed);
        app.outbox.queue_account(&tx, mail).await?;
    }
    write::record_in_each_org(&tx, account.id, &AccountEvent::PasswordSet { id: account.id }).await?;
    for org in proven {
        tx.record(org, &MembershipEvent::Proven { account: account.id }).await?;
    }
    tx.commit().await?;
    // Earlier tries were at the old password: the owner does not wait for them.
    app.throttle.forgive_all(&ThrottleKeys::at_account(&account.email_key, request.client())).await;
    Ok(())
}

fn must_be_another() -> Error {
    Error::invalid("/new_password", "must be another one than the current password")
}

fn password_is_missing() -> Error {
    let rule = "is required: this login has a password already; whoever does not know it asks for a reset";
    let missing = FieldError { detail: rule.into(), ..FieldError::missing("/current_password") };
    Error::Invalid(vec![missing])
}

/// Checks that the holder of an org's link knows the account's password.
async fn check_password(
    app: &App,
    request: &RequestInfo,
    link: &links::Opened,
    password: &str,
) -> Result<(), Error> {
    let (account, tenant) = (&link.account, link.org.as_ref().map(|(org, _)| *org));
    let guessers = ThrottleKeys::at_account(&account.email_key, request.client());
    let begun = app.throttle.begin(guessers, request).await?;
    if !app.passwords.verify(password, account.password_hash.clone(), tenant).await? {
        return Err(Error::invalid("/current_password", "is not the current password"));
    }
    begun.succeeded().await;
    Ok(())
}
