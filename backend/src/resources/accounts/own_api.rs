//! Routes on the caller's own account: its current org, its password, its sessions.

use super::{
    api::SignedIn,
    event::{AccountEvent, SessionEvent},
    links, read,
    sessions::{self, OwnSession, SessionQuery},
    write,
};
use crate::{
    auth::{Account, NewPassword, ThrottleKeys, TooManyTries, Unauthenticated, entity::account},
    db::Reader,
    error::{Error, FailureKind, FieldError, NotFound, UnknownReference},
    http::{Answer, Body, Done, Listed, Path, Precondition, Query, Reading, Tagged, operations},
    ids::{OrgId, SessionId},
    outbox::{AccountMail, AccountNews},
    secret::Secret,
    state::App,
};
use axum::extract::{OriginalUri, State};
use deserr::Deserr;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(operations!(switch_org))
        .routes(operations!(password_change))
        .routes(operations!(sessions_list))
        .routes(operations!(sessions_get, sessions_end))
}

/// Where to act from now on.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = SwitchOrgRequest)]
#[deserr(deny_unknown_fields)]
struct Switch {
    /// One of the account's orgs.
    org_id: OrgId,
}

/// A new password, by whoever knows the one before.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PasswordChangeRequest)]
#[deserr(deny_unknown_fields)]
struct PasswordChange {
    /// The one that is good now.
    #[schema(value_type = String, format = Password, min_length = 1)]
    current_password: Secret,
    /// 8 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: NewPassword,
}

/// Switch the session to another org.
///
/// Returns an access token for that org; the session stays there when it is refreshed. The refresh cookie does
/// not change. An org without an active membership of the account, or with a pending one, is 404
/// `unknown_reference`.
#[utoipa::path(post, path = "/auth/switch", tag = "auth", extensions(("x-problems" = json!([UnknownReference::CODE]))))]
async fn switch_org(
    State(app): State<App>,
    own: Account,
    Body(Switch { org_id }): Body<Switch>,
) -> Result<Answer<SignedIn>, Error> {
    let tx = app.db.write(own.origin()).await?;
    let memberships = read::memberships(&tx, own.account).await?;
    if !memberships.iter().any(|membership| membership.org_id == org_id) {
        return Err(UnknownReference { pointer: "/org_id", name: "organisation" }.into());
    }
    sessions::switch(&tx, own.session, org_id).await?;
    tx.record(org_id, &SessionEvent::Switched { id: own.session }).await?;
    tx.commit().await?;
    Answer::of(&SignedIn::new(&app, own.account, org_id, own.session)?)
}

/// Change the password.
///
/// Needs the current password; a wrong one is 400 at `/current_password`. All other sessions of the account end,
/// and its open reset links stop working. The new password has 8 to 128 characters; common ones and the account's
/// own e-mail are refused. Tries that come too fast are 429 `too_many_tries`.
#[utoipa::path(post, path = "/auth/password", tag = "auth", extensions(("x-problems" = json!([TooManyTries::CODE]))))]
async fn password_change(
    State(app): State<App>,
    own: Account,
    Body(change): Body<PasswordChange>,
) -> Result<Answer<Done>, Error> {
    let account = read::by_id(&app.db, own.account).await?;
    if account.password_hash.is_none() {
        let rule = "cannot be known: this login has no password yet; its link sets one";
        return Err(Error::invalid("/current_password", rule));
    }
    let checked = check_password(&app, &own, &change.current_password, &account).await;
    checked.inspect_err(|error| {
        // A server that is too busy to verify it has refused nobody.
        if error.failure() != Some(FailureKind::Unavailable) {
            app.refusals.count(Some(own.account));
        }
    })?;
    // Hashes take long: none is computed inside a transaction.
    let hash = app.passwords.hash(change.new_password, &account.email, own.request.tenant()).await?;
    let tx = app.db.write(own.origin()).await?;
    let current = write::lock_for_no_key_update(&tx, own.account).await?;
    // The owner may have ended this session meanwhile, because it was a thief's.
    if !sessions::lives(&tx, own.session).await? {
        return Err(Unauthenticated.into());
    }
    if current.password_hash != account.password_hash {
        return Err(Error::Invalid(vec![FieldError::invalid("/current_password", "was changed meanwhile")]));
    }
    if !links::replace_password(&tx, own.account, hash).await? {
        return Err(Unauthenticated.into());
    }
    sessions::end_others(&tx, own.account, own.session).await?;
    let mail = AccountMail::new(&tx, own.account, AccountNews::Changed);
    app.outbox.queue_account(&tx, mail).await?;
    tx.record(own.request.tenant(), &AccountEvent::PasswordChanged { id: own.account }).await?;
    tx.commit().await?;
    Answer::of(&Done::OK)
}

/// Checks that the holder of the session knows the password, too.
async fn check_password(
    app: &App,
    own: &Account,
    password: &str,
    account: &account::Model,
) -> Result<(), Error> {
    let begun = app.throttle.begin(ThrottleKeys::by_session(own.session), &own.request).await?;
    if !app.passwords.verify(password, account.password_hash.clone(), own.request.tenant()).await? {
        return Err(Error::invalid("/current_password", "is not the current password"));
    }
    begun.succeeded().await;
    Ok(())
}

/// List the caller's sessions.
///
/// Newest first. Only sessions of the same account that have neither ended nor expired, in any org. `current`
/// marks the one that asks. Works without an active membership, too.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth")]
async fn sessions_list(
    State(app): State<App>,
    own: Account,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<SessionQuery>,
) -> Result<Listed<[OwnSession]>, Error> {
    let now = app.db.clock().now();
    let (account, session) = (own.account, own.session);
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { sessions::list(&db, account, session, query, now).await };
    app.listed(&own.request, &uri, reading, read).await
}

/// Get one of the caller's sessions.
///
/// 404 when it has ended or expired, or belongs to another account.
#[utoipa::path(get, path = "/auth/sessions/{id}", tag = "auth")]
async fn sessions_get(
    State(app): State<App>,
    own: Account,
    Path(id): Path<SessionId>,
) -> Result<Tagged<OwnSession>, Error> {
    let now = app.db.clock().now();
    let found = sessions::find(&app.db, own.account, own.session, id, now).await?;
    Tagged::of(&found.ok_or(NotFound)?)
}

/// End one of the caller's sessions.
///
/// Its refresh and access tokens stop working at once. The current session can be ended, too. Ending it again
/// changes nothing and is 200. 404 for a session of another account.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth")]
async fn sessions_end(
    State(app): State<App>,
    own: Account,
    Path(id): Path<SessionId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.db.write(own.origin()).await?;
    // A session that has ended has no ETag.
    let current = sessions::find(&tx, own.account, own.session, id, tx.now).await?;
    precondition.check(&current)?;
    if sessions::end(&tx, id).await? {
        tx.record(own.request.tenant(), &SessionEvent::Ended { id }).await?;
    }
    tx.commit().await?;
    Answer::of(&Done::OK)
}
