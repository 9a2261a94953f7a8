//! Routes of signing in and out.

use super::{
    Caller, Guesser, NewPassword, PasswordTokenPurpose, Role, Tech, accounts,
    accounts::OrgMembership,
    own_api, refuse_foreign_origin,
    sessions::{self, Renewal},
    tables::account,
};
use crate::{
    app::{App, Done},
    db::{Actor, Origin, Timestamp},
    error::Error,
    http::{Body, RequestInfo},
    ids::{AccountId, OrgId, SessionId, UserId},
    resources::audit,
    secret::Secret,
    text::Email,
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const COOKIE: &str = "refresh_token";
const COOKIE_PATH: &str = "/api/v1/auth";

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(request_reset))
        .routes(routes!(confirm_reset))
        .merge(own_api::routes())
}

/// Who signs in, and where.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
struct Login {
    /// The account's e-mail.
    #[schema(example = "marion@rideau-rouge.example")]
    email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// The org to act in; the one used last when absent.
    #[deserr(default)]
    org_id: Option<OrgId>,
}

/// What a client needs to act. The refresh token is in a cookie.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Send it as `Authorization: Bearer …`.
    #[schema(value_type = String)]
    access_token: Secret,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 1800)]
    expires_in: u64,
    /// The org it acts in.
    org_id: OrgId,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// The account.
    id: AccountId,
    /// Its e-mail.
    email: String,
    /// The org it acts in.
    org_id: OrgId,
    /// What it may do there.
    role: Role,
    /// The person it is there.
    user_id: Option<UserId>,
    /// All orgs it may act in.
    memberships: Vec<OrgMembership>,
}

/// Whose password is to be set anew.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
struct ResetRequest {
    /// The account's e-mail.
    email: Email,
}

/// Always the same, whether the e-mail is known or not.
#[derive(Debug, Serialize, ToSchema)]
struct ResetRequested {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Only on a developer's own machine: what the mail would carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reset_token: Option<Secret>,
}

/// A new password, by permission of a token.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
struct ResetConfirm {
    /// From the link.
    #[schema(value_type = String)]
    token: Secret,
    /// 8 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: NewPassword,
}

impl SignedIn {
    /// A new access token of a session, to act in an org.
    pub(super) fn new(
        app: &App,
        account: AccountId,
        org_id: OrgId,
        session: SessionId,
    ) -> Result<Self, Error> {
        let access_token = app.tokens.access(account, org_id, session, app.random.bytes())?.into();
        Ok(Self { access_token, token_type: "bearer", expires_in: app.tokens.access_seconds(), org_id })
    }
}

/// Sign in with e-mail and password.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, body = SignedIn)),
    extensions(("x-problems" = json!(["invalid_credentials", "too_many_tries"]))))]
async fn login(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    jar: CookieJar,
    Body(login): Body<Login>,
) -> Result<Response, Error> {
    slow_down(&app, &request).await?;
    // An e-mail that cannot exist takes the same way as one that does not.
    let email = Email::parse(&login.email).ok();
    let known = match &email {
        Some(email) => accounts::by_email(&app.db, email).await?,
        None => None,
    };
    let key = email.map_or_else(|| login.email.clone(), |email| email.key());
    let guesser = guesser(&app, known.as_ref(), &key, &headers, &jar).await?;
    if let Err(too_soon) = app.guessing.attempt(guesser).await {
        app.refusals.count(known.map(|account| account.id));
        return Err(too_soon);
    }
    let refused = known.as_ref().map(|account| account.id);
    let stored = known.as_ref().and_then(|account| account.password_hash.clone());
    let matches = app.passwords.verify(&login.password, stored).await?;
    let account = known.filter(|account| matches && account.is_active);
    let Some(account) = account else {
        app.refusals.count(refused);
        return Err(Error::InvalidCredentials);
    };
    let memberships = accounts::memberships(&app.db, account.id).await?;
    let last = sessions::last_org(&app.db, account.id).await?;
    let may_act_in = |org: OrgId| memberships.iter().any(|membership| membership.org_id == org);
    let org = match login.org_id {
        Some(org) => Some(org).filter(|org| may_act_in(*org)),
        None => last
            .filter(|org| may_act_in(*org))
            .or_else(|| memberships.first().map(|membership| membership.org_id)),
    };
    let Some(org) = org else {
        app.refusals.count(refused);
        return Err(Error::InvalidCredentials);
    };
    let tx = app.db.write(origin(Actor::Account(account.id), &request)).await?;
    // The password may have been changed, or the account switched off, while the hash was computed.
    let current = accounts::lock(&tx, account.id).await?;
    if current.password_hash != account.password_hash || !current.is_active {
        return Err(Error::InvalidCredentials);
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let session = sessions::start(&tx, account.id, org, refresh_seconds(&app), agent).await?;
    audit::Entry::of("session.start", session.id).record(&tx, org).await?;
    let answer = signed_in(&app, account.id, org, session.id, 0, session.expires_at)?;
    tx.commit().await?;
    app.guessing.forgive(guesser).await;
    request.note_caller(org, account.id);
    Ok(answer)
}

/// The address is slowed before anything is looked up.
async fn slow_down(app: &App, request: &RequestInfo) -> Result<(), Error> {
    let Some(client) = request.client() else { return Ok(()) };
    app.guessing.attempt(Guesser::address(client)).await.inspect_err(|_| app.refusals.count(None))
}

/// Whose tries count together. A browser that still has a refresh cookie of the account has been let in before, so it
/// does not wait for what strangers try.
async fn guesser(
    app: &App,
    known: Option<&account::Model>,
    key: &str,
    headers: &HeaderMap,
    jar: &CookieJar,
) -> Result<Guesser, Error> {
    let cookie = jar.get(COOKIE).filter(|_| refuse_foreign_origin(headers, &app.config).is_ok());
    let earlier = cookie.and_then(|token| app.tokens.read_refresh(token.value()));
    if let (Some(account), Some(claims)) = (known, earlier)
        && sessions::account_of(&app.db, claims.sid).await? == Some(account.id)
    {
        return Ok(Guesser::Session(claims.sid));
    }
    Ok(Guesser::account(key))
}

/// Renew the session: a new access token, and the next refresh token in the cookie.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth",
    responses((status = 200, body = SignedIn)), extensions(("x-problems" = json!(["unauthenticated", "foreign_origin"]))))]
async fn refresh(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<Response, Error> {
    refuse_foreign_origin(&headers, &app.config)?;
    let token = jar.get(COOKIE).ok_or(Error::Unauthenticated)?;
    let claims = app.tokens.read_refresh(token.value()).ok_or(Error::Unauthenticated)?;
    let tx = app.db.write(origin(Actor::System, &request)).await?;
    let session = match sessions::renew(&tx, &claims, refresh_seconds(&app)).await? {
        Renewal::Renewed(session) => session,
        Renewal::Reused(session) => {
            audit::Entry::of("session.reuse", session.id).record_for_account(&tx, session.org_id).await?;
            tx.commit().await?;
            return Err(Error::Unauthenticated);
        }
    };
    let org = session.org_id.ok_or(Error::Unauthenticated)?;
    let answer =
        signed_in(&app, session.account_id, org, session.id, session.refresh_generation, session.expires_at)?;
    tx.commit().await?;
    request.note_caller(org, session.account_id);
    Ok(answer)
}

/// Sign out. Harmless without a session.
#[utoipa::path(post, path = "/auth/logout", tag = "auth",
    responses((status = 200, body = Done)), extensions(("x-problems" = json!(["foreign_origin"]))))]
async fn logout(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<Response, Error> {
    refuse_foreign_origin(&headers, &app.config)?;
    let claims = jar.get(COOKIE).and_then(|token| app.tokens.read_refresh(token.value()));
    let account = match &claims {
        Some(claims) => sessions::account_of(&app.db, claims.sid).await?,
        None => None,
    };
    if let (Some(claims), Some(account)) = (claims, account) {
        let tx = app.db.write(origin(Actor::Account(account), &request)).await?;
        if sessions::end(&tx, claims.sid).await? {
            audit::Entry::of("session.end", claims.sid).record_for_account(&tx, None).await?;
        }
        tx.commit().await?;
    }
    // Added, not removed: a jar that never held the cookie would send nothing for its removal.
    let mut gone = Cookie::build((COOKIE, "")).path(COOKIE_PATH).build();
    gone.make_removal();
    Ok((CookieJar::new().add(gone), Json(Done::OK)).into_response())
}

/// Who is signed in, and where they may act.
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = ["tech"])),
    responses((status = 200, body = Me)))]
async fn me(State(app): State<App>, caller: Caller<Tech>) -> Result<Json<Me>, Error> {
    let account = accounts::by_id(&app.db, caller.account).await?;
    let memberships = accounts::memberships(&app.db, caller.account).await?;
    Ok(Json(Me {
        id: caller.account,
        email: account.email,
        org_id: caller.org,
        role: caller.role,
        user_id: caller.user,
        memberships,
    }))
}

/// Ask for a link to set a new password.
#[utoipa::path(post, path = "/auth/reset/request", tag = "auth", request_body = ResetRequest,
    responses((status = 200, body = ResetRequested)), extensions(("x-problems" = json!(["too_many_tries"]))))]
async fn request_reset(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Body(reset): Body<ResetRequest>,
) -> Result<Json<ResetRequested>, Error> {
    slow_down(&app, &request).await?;
    let tx = app.db.write(origin(Actor::System, &request)).await?;
    let known = accounts::by_email(&tx, &reset.email).await?.filter(|account| account.is_active);
    let token = match known {
        Some(account) => {
            let token =
                accounts::issue_password_token(&tx, &app.random, account.id, PasswordTokenPurpose::Reset)
                    .await?;
            audit::Entry::of("account.reset_requested", account.id).record_for_account(&tx, None).await?;
            Some(token)
        }
        None => None,
    };
    tx.commit().await?;
    Ok(Json(ResetRequested {
        status: "ok",
        reset_token: token.filter(|_| app.config.is_developers_machine()).map(Secret::from),
    }))
}

/// Set a new password with the token from the link. Every session of the account ends.
#[utoipa::path(post, path = "/auth/reset/confirm", tag = "auth", request_body = ResetConfirm,
    responses((status = 200, body = Done)), extensions(("x-problems" = json!(["invalid_token"]))))]
async fn confirm_reset(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Body(reset): Body<ResetConfirm>,
) -> Result<Json<Done>, Error> {
    set_password(&app, &request, &reset.token, reset.new_password).await?;
    Ok(Json(Done::OK))
}

/// Sets the password that a token permits to set. The page uses it, too.
///
/// # Errors
/// [`Error::InvalidToken`], or [`Error::Unavailable`] when there is no turn to hash.
pub async fn set_password(
    app: &App,
    request: &RequestInfo,
    token: &str,
    password: NewPassword,
) -> Result<(), Error> {
    // A bad token must not cost a hash, and a hash must not be computed inside a transaction.
    let account = accounts::password_token_account(&app.db, token, app.db.clock().now()).await?;
    let hash = app.passwords.hash(password, &account.email).await?;
    let tx = app.db.write(origin(Actor::Account(account.id), request)).await?;
    let account = accounts::set_password(&tx, token, hash).await?;
    sessions::end_all(&tx, account).await?;
    audit::Entry::of("account.password_set", account).record_for_account(&tx, None).await?;
    tx.commit().await
}

fn origin(actor: Actor, request: &RequestInfo) -> Origin {
    Origin { actor, request_id: Some(request.to_string()) }
}

fn refresh_seconds(app: &App) -> i64 {
    i64::try_from(app.config.refresh_token_ttl.as_secs()).unwrap_or(i64::MAX)
}

fn signed_in(
    app: &App,
    account: AccountId,
    org: OrgId,
    session: SessionId,
    generation: i32,
    expires: Timestamp,
) -> Result<Response, Error> {
    let body = SignedIn::new(app, account, org, session)?;
    let refresh_token = app.tokens.refresh(session, generation, expires)?;
    let cookie = Cookie::build((COOKIE, refresh_token))
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.secure_cookies())
        .max_age(max_age(app));
    Ok((CookieJar::new().add(cookie), Json(body)).into_response())
}

fn max_age(app: &App) -> time::Duration {
    time::Duration::seconds(refresh_seconds(app))
}
