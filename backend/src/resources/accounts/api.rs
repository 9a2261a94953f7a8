//! Routes of signing in and out.

use super::{
    event::SessionEvent,
    own_api, read, reset_api,
    sessions::{self, Renewal},
    write,
};
use crate::{
    auth::{
        ForeignOrigin, InvalidCredentials, ThrottleKey, ThrottleKeys, TooManyTries, Unauthenticated,
        entity::account, refuse_foreign_origin,
    },
    db::{Actor, Origin},
    error::Error,
    http::{Body, Done, RequestInfo, base_path, limit_bodies, operations, tagged},
    ids::{AccountId, OrgId, SessionId},
    secret::Secret,
    state::App,
    text::EmailKey,
    timestamp::Timestamp,
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

const COOKIE: &str = "refresh_token";
/// Below the folder of `PUBLIC_URL`.
const COOKIE_PATH: &str = "/api/v1/auth";
/// Body limit of these routes and of the password page, in bytes.
pub const MAX_SIGN_IN_BODY: usize = 4 * 1024;

pub fn routes() -> OpenApiRouter<App> {
    let mut routes = tagged(
        "auth",
        "Signing in and out, sessions, and passwords. The access token goes into `Authorization: Bearer`, the refresh token is a cookie.",
    )
        .routes(operations!(login))
        .routes(operations!(refresh))
        .routes(operations!(logout))
        .merge(reset_api::routes())
        .merge(own_api::routes());
    limit_bodies(routes.get_openapi_mut(), MAX_SIGN_IN_BODY);
    routes
}

/// Who signs in, and where.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = LoginRequest)]
#[deserr(deny_unknown_fields)]
struct Login {
    /// The account's e-mail.
    #[schema(value_type = String, example = "marion@rideau-rouge.example")]
    email: EmailKey,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// The org to act in; the one used last when absent.
    #[deserr(default)]
    org_id: Option<OrgId>,
}

/// What a client needs to act. The refresh token is in a cookie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenResponse)]
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

impl SignedIn {
    /// Signs a new access token.
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
///
/// Starts a session: the answer has the access token, and the cookie `refresh_token` (HttpOnly, for
/// `/api/v1/auth` only) the refresh token. Without `org_id` the session acts in the org used last, else in the
/// one joined first. Every wrong combination is 401 `invalid_credentials` with the same body: an unknown e-mail,
/// a wrong password, an account that is switched off, an org without an active membership. Tries that come too
/// fast are 429 `too_many_tries`.
#[utoipa::path(post, path = "/auth/login", tag = "auth", extensions(("x-problems" = json!([InvalidCredentials::CODE, TooManyTries::CODE]))))]
async fn login(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    Body(login): Body<Login>,
) -> Result<(CookieJar, Json<SignedIn>), Error> {
    // Before any query.
    app.throttle
        .attempt_from(request.client(), ThrottleKey::Address)
        .await
        .inspect_err(|_| app.refusals.count(None))?;
    let known = read::by_email(&app.db, &login.email).await?;
    let account = known.as_ref().map(|account| account.id);
    let signed_in = sign_in(&app, &request, &headers, login, known).await;
    if signed_in.as_ref().is_err_and(|error| error.is::<InvalidCredentials>() || error.is::<TooManyTries>()) {
        app.refusals.count(account);
    }
    signed_in
}

async fn sign_in(
    app: &App,
    request: &RequestInfo,
    headers: &HeaderMap,
    login: Login,
    known: Option<account::Model>,
) -> Result<(CookieJar, Json<SignedIn>), Error> {
    let guessers = guessers(app, request, headers, &login.email, known.as_ref()).await?;
    let begun = app.throttle.begin(guessers, request).await?;
    let stored = known.as_ref().and_then(|account| account.password_hash.clone());
    let matches = app.passwords.verify(&login.password, stored, None).await?;
    let account = known.filter(|account| matches && account.is_active).ok_or(InvalidCredentials)?;
    let org = choose_org(app, account.id, login.org_id).await?.ok_or(InvalidCredentials)?;
    request.note_caller(org, account.id);
    let answer = start_session(app, request, headers, &account, org).await?;
    begun.succeeded().await;
    Ok(answer)
}

/// The `wanted` org if the account may act in it; when none is wanted, the one used last, else the first.
async fn choose_org(app: &App, account: AccountId, wanted: Option<OrgId>) -> Result<Option<OrgId>, Error> {
    let memberships = read::memberships(&app.db, account).await?;
    let orgs: Vec<_> = memberships.iter().map(|membership| membership.org_id).collect();
    let last = sessions::last_org(&app.db, account, orgs.iter().copied()).await?;
    Ok(match wanted {
        Some(org) => Some(org).filter(|org| orgs.contains(org)),
        None => last.or_else(|| orgs.first().copied()),
    })
}

async fn start_session(
    app: &App,
    request: &RequestInfo,
    headers: &HeaderMap,
    account: &account::Model,
    org: OrgId,
) -> Result<(CookieJar, Json<SignedIn>), Error> {
    let tx = app.db.write(request.origin(Actor::Account(account.id))).await?;
    // The password may have been changed, or the account switched off, while the hash was computed.
    let current = write::lock_for_no_key_update(&tx, account.id).await?;
    if current.password_hash != account.password_hash || !current.is_active {
        return Err(InvalidCredentials.into());
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let session = sessions::start(&tx, account.id, org, refresh_seconds(app), agent).await?;
    tx.record(org, &SessionEvent::Started { id: session.id }).await?;
    let answer = signed_in(app, account.id, org, session.id, 0, session.expires_at)?;
    tx.commit().await?;
    Ok(answer)
}

/// What the try counts for. A browser that still has a refresh cookie of the account was let in before, so it does not wait
/// because of strangers. The cookie is looked up whether the e-mail is known or not, so that both take as long.
async fn guessers(
    app: &App,
    request: &RequestInfo,
    headers: &HeaderMap,
    email: &EmailKey,
    known: Option<&account::Model>,
) -> Result<ThrottleKeys, Error> {
    let jar = CookieJar::from_headers(headers);
    let cookie = jar.get(COOKIE).filter(|_| refuse_foreign_origin(headers, &app.config).is_ok());
    if let Some(earlier) = cookie.and_then(|token| app.tokens.read_refresh(token.value())) {
        let owner = sessions::owner_of(&app.db, earlier.sid).await?.map(|(account, _)| account);
        if owner.is_some() && owner == known.map(|account| account.id) {
            return Ok(ThrottleKeys::by_session(earlier.sid));
        }
    }
    Ok(ThrottleKeys::at_account(email, request.client()))
}

/// Renew the session.
///
/// Reads the cookie `refresh_token`, replaces it with the next one and returns a new access token for the
/// session's org. The previous cookie still works for 30 seconds; used later, it ends the session. 401
/// `unauthenticated` without the cookie or when the session has ended; 403 `foreign_origin` when a page of
/// another site sends it.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", extensions(("x-problems" = json!([Unauthenticated::CODE, ForeignOrigin::CODE]))))]
async fn refresh(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(CookieJar, Json<SignedIn>), Error> {
    refuse_foreign_origin(&headers, &app.config)?;
    let token = jar.get(COOKIE).ok_or(Unauthenticated)?;
    let claims = app.tokens.read_refresh(token.value()).ok_or(Unauthenticated)?;
    let tenant = sessions::owner_of(&app.db, claims.sid).await?.and_then(|(_, org)| org);
    let tx = app.db.write(Origin { tenant, ..request.origin(Actor::System) }).await?;
    let session = match sessions::renew(&tx, &claims, refresh_seconds(&app)).await? {
        Renewal::Renewed(session) => session,
        Renewal::Reused(session) => {
            tx.record(session.org_id, &SessionEvent::Reused { id: session.id }).await?;
            tx.commit().await?;
            return Err(Unauthenticated.into());
        }
    };
    let org = session.org_id.ok_or(Unauthenticated)?;
    let answer =
        signed_in(&app, session.account_id, org, session.id, session.refresh_generation, session.expires_at)?;
    tx.commit().await?;
    request.note_caller(org, session.account_id);
    Ok(answer)
}

/// Sign out.
///
/// Ends the session of the cookie `refresh_token`, with its access tokens, and deletes the cookie. Succeeds
/// without a session, too; 403 `foreign_origin` from a page of another site. A client that has only an access
/// token ends its session with `DELETE /auth/sessions/{id}`.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", extensions(("x-problems" = json!([ForeignOrigin::CODE]))))]
async fn logout(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(CookieJar, Json<Done>), Error> {
    refuse_foreign_origin(&headers, &app.config)?;
    let claims = jar.get(COOKIE).and_then(|token| app.tokens.read_refresh(token.value()));
    let owner = match &claims {
        Some(claims) => sessions::owner_of(&app.db, claims.sid).await?,
        None => None,
    };
    if let (Some(claims), Some((account, tenant))) = (claims, owner) {
        let tx = app.db.write(Origin { tenant, ..request.origin(Actor::Account(account)) }).await?;
        if sessions::end(&tx, claims.sid).await? {
            tx.record(tenant, &SessionEvent::Ended { id: claims.sid }).await?;
        }
        tx.commit().await?;
    }
    // Added, not removed: a jar that never held the cookie would send nothing for its removal.
    let mut gone = Cookie::build((COOKIE, "")).path(cookie_path(&app)).build();
    gone.make_removal();
    Ok((CookieJar::new().add(gone), Json(Done::OK)))
}

fn cookie_path(app: &App) -> String {
    format!("{}{COOKIE_PATH}", base_path(&app.config.public_url))
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
) -> Result<(CookieJar, Json<SignedIn>), Error> {
    let body = SignedIn::new(app, account, org, session)?;
    let refresh_token = app.tokens.refresh(session, generation, expires)?;
    let cookie = Cookie::build((COOKIE, refresh_token))
        .path(cookie_path(app))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.secure_cookies())
        // At most a year (`REFRESH_TOKEN_DAYS`), which always converts.
        .max_age(app.config.refresh_token_ttl.try_into().unwrap_or_default());
    Ok((CookieJar::new().add(cookie), Json(body)))
}
