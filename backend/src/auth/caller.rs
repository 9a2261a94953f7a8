//! The caller of a request. A handler that takes a `Caller<Manager>` runs only for managers and above; the role comes
//! from the database at each request, never from the token.

use super::{
    AccessClaims, Authorities, Authority, AuthorityKey, Tokens,
    refusal::{Forbidden, ForeignOrigin, NotAMember, Unauthenticated},
};
use crate::{
    clock::Clock,
    config::{Config, Environment},
    db::{Actor, Origin, Tx, Versions},
    error::{Error, FailureKind, NotFound},
    fair::Fair,
    http::{self, Admit, Describe, Description, RequestInfo},
    ids::{AccountId, OrgId, SessionId, UserId},
    role::Role,
    timestamp::Timestamp,
};
use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use std::{marker::PhantomData, sync::Arc, time::Duration};
use utoipa::openapi::security::SecurityRequirement;

/// How old an authority may be when a handler begins: about as long as a body that is sent at once takes to arrive. After a
/// slower body it is read again, because a removal takes effect at once.
const FRESH: Duration = Duration::from_millis(100);

/// A minimum role, as a type.
pub trait MinimumRole: Send + Sync + 'static {
    /// The lowest role that passes.
    const NEEDS: Role;
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl MinimumRole for $name {
            const NEEDS: Role = Role::$name;
        }
    )+};
}
ranks! {
    Tech,
    Manager,
    Admin,
    Owner
}

/// A signed-in member of an org with at least the role `R`.
#[derive(Debug)]
pub struct Caller<R: MinimumRole> {
    /// The org the request acts in: pass it on to every query.
    pub org: OrgId,
    pub account: AccountId,
    pub session: SessionId,
    pub role: Role,
    /// The org's user that is linked to the account.
    pub user: Option<UserId>,
    /// The versions of the org's cached lists: the caller may see these or newer ones.
    pub versions: Versions,
    /// When the access token ends.
    pub until: Timestamp,
    pub request: RequestInfo,
    /// When the authority was asked for, on the monotonic clock.
    asked: Duration,
    rank: PhantomData<R>,
}

impl<R: MinimumRole> Caller<R> {
    pub fn origin(&self) -> Origin {
        self.request.origin(Actor::Account(self.account))
    }

    /// Whether the caller is a manager or above; others see only their own personal data.
    pub fn is_manager(&self) -> bool {
        self.role >= Role::Manager
    }

    /// Hides personal data of other users from callers below manager.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn require_personal_access(&self, user: UserId) -> Result<(), Error> {
        if self.is_manager() || self.is(user) { Ok(()) } else { Err(NotFound.into()) }
    }

    /// Whether the caller's account is linked to `user`.
    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }
}

/// A signed-in account, whether or not it is still a member of the org: for what belongs to the account itself.
#[derive(Debug)]
pub struct Account {
    pub account: AccountId,
    pub session: SessionId,
    pub request: RequestInfo,
}

impl Account {
    pub fn origin(&self) -> Origin {
        self.request.origin(Actor::Account(self.account))
    }
}

/// Authenticates requests and looks up what their callers may do. Clones share it.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    tokens: Tokens,
    authorities: Authorities,
    clock: Clock,
    /// Turns for requests of members, by org: held from when the token was read until the response is ready, or the request
    /// waits for something else.
    requests: Fair,
    /// How long a request waits for its turn.
    patience: Duration,
}

impl Gate {
    /// Requests take turns of `requests`, and are refused after `patience`.
    pub fn new(
        tokens: Tokens,
        authorities: Authorities,
        clock: Clock,
        requests: Fair,
        patience: Duration,
    ) -> Self {
        Self(Arc::new(Inner { tokens, authorities, clock, requests, patience }))
    }

    /// What the caller may do, to be checked again during a write.
    pub fn authority_check<R: MinimumRole>(&self, caller: &Caller<R>) -> CallerCheck {
        CallerCheck {
            asker: AuthorityKey { org: caller.org, account: caller.account, session: caller.session },
            found: (Some(caller.role), caller.user),
            asked: caller.asked,
            authorities: self.0.authorities.clone(),
            clock: self.0.clock.clone(),
        }
    }

    /// The claims of the request's bearer token, if it is valid.
    fn claims(&self, parts: &Parts) -> Result<AccessClaims, Error> {
        let token = bearer(&parts.headers).ok_or(Unauthenticated)?;
        self.0.tokens.read_access(token).ok_or(Unauthenticated.into())
    }

    /// Reads what the caller may do.
    async fn authority(&self, claims: AccessClaims) -> Result<Admitted, Error> {
        let asked = self.0.clock.elapsed();
        let asker = AuthorityKey { org: claims.org, account: claims.sub, session: claims.sid };
        let authority = self.0.authorities.of(asker).await?;
        Ok(Admitted { claims, authority, asked })
    }

    /// The same, in the turn of the caller's org; reuses what was read before the body was received while it is `FRESH`.
    async fn authority_in_turn(&self, parts: &Parts) -> Result<Admitted, Error> {
        let admitted = parts.extensions.get::<Admitted>();
        let claims = match admitted {
            Some(admitted) => admitted.claims.clone(),
            None => self.claims(parts)?,
        };
        // Before the query, or a flood of one org would queue before the requests of others.
        self.take_turn(&RequestInfo::of(&parts.extensions), claims.org).await?;
        let now = self.0.clock.elapsed();
        match admitted {
            Some(admitted) if now.saturating_sub(admitted.asked) <= FRESH => Ok(admitted.clone()),
            _ => self.authority(claims).await,
        }
    }

    /// Waits for the request's turn, unless it has one. [`RequestInfo::end_turn`] gives it back.
    async fn take_turn(&self, request: &RequestInfo, org: OrgId) -> Result<(), Error> {
        if !request.has_turn() {
            request.keep_turn(self.0.requests.take(Some(org), 1, self.0.patience).await?);
        }
        Ok(())
    }
}

impl<R: MinimumRole> Describe for Caller<R> {
    fn describe(operation: &mut Description) {
        operation.security(SecurityRequirement::new("bearer", [R::NEEDS.word()]));
        operation.refuses(&[Unauthenticated::CODE, NotAMember::CODE]);
        if R::NEEDS > Role::Tech {
            operation.refuses(&[Forbidden::CODE]);
        }
    }
}

impl<R: MinimumRole> Describe for Option<Caller<R>> {
    fn describe(operation: &mut Description) {
        Caller::<R>::describe(operation);
        operation.security(SecurityRequirement::default());
    }
}

impl Describe for Account {
    fn describe(operation: &mut Description) {
        operation.security(SecurityRequirement::new("bearer", [""; 0]));
        operation.refuses(&[Unauthenticated::CODE]);
    }
}

impl Admit for Gate {
    /// The check of [`Caller`], before the body is read: refused with [`Unauthenticated`], [`NotAMember`] or [`Forbidden`].
    async fn admit(&self, parts: &mut Parts, needs: Role) -> Result<OrgId, Error> {
        let admitted = self.authority(self.claims(parts)?).await?;
        member(&admitted.authority, needs)?;
        let org = admitted.claims.org;
        parts.extensions.insert(admitted);
        Ok(org)
    }
}

impl<S> FromRequestParts<S> for Account
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Admitted { claims, .. } = Gate::from_ref(state).authority_in_turn(parts).await?;
        let request = RequestInfo::of(&parts.extensions);
        // Its handlers wait for password hashes and for other writes.
        request.end_turn();
        request.note_caller(claims.org, claims.sub);
        Ok(Self { account: claims.sub, session: claims.sid, request })
    }
}

/// What a caller was found to be when the request began, to be compared with what they are now.
pub struct CallerCheck {
    asker: AuthorityKey,
    found: (Option<Role>, Option<UserId>),
    asked: Duration,
    authorities: Authorities,
    clock: Clock,
}

/// Read again only when older than `FRESH`. [`Unauthenticated`] when the session has ended; [`FailureKind::Contended`] when
/// role or user have changed, so that the request is run again.
impl http::AuthorityCheck for CallerCheck {
    async fn check_at_begin(&self, tx: &Tx) -> Result<(), Error> {
        if self.is_fresh() {
            return Ok(());
        }
        self.require_unchanged(&self.authorities.within(tx, self.asker).await?)
    }

    async fn check_before_commit(&self) -> Result<(), Error> {
        // Outside the transaction, which may itself change its caller's role.
        if self.is_fresh() || !self.authorities.allows_concurrent_writes() {
            return Ok(());
        }
        self.require_unchanged(&self.authorities.of(self.asker).await?)
    }
}

impl CallerCheck {
    /// Whether the session is alive and role and user are what they were, read now.
    ///
    /// # Errors
    /// When that cannot be read.
    pub async fn still_holds(&self) -> Result<bool, Error> {
        match self.authorities.of(self.asker).await {
            Ok(now) => Ok((now.role, now.user_id) == self.found),
            Err(Error::Refused(_)) => Ok(false),
            Err(failed) => Err(failed),
        }
    }

    fn is_fresh(&self) -> bool {
        self.clock.elapsed().saturating_sub(self.asked) <= FRESH
    }

    fn require_unchanged(&self, now: &Authority) -> Result<(), Error> {
        if (now.role, now.user_id) == self.found {
            Ok(())
        } else {
            Err(Error::failed(FailureKind::Contended, BecameAnother))
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the caller's role changed while the write was under way")]
struct BecameAnother;

/// A caller's claims and authority, kept from admission to the handler.
#[derive(Clone)]
struct Admitted {
    claims: AccessClaims,
    authority: Authority,
    /// On the monotonic clock.
    asked: Duration,
}

fn member(authority: &Authority, needs: Role) -> Result<Role, Error> {
    let role = authority.role.ok_or(NotAMember)?;
    if role < needs { Err(Forbidden { needs }.into()) } else { Ok(role) }
}

impl<S, R: MinimumRole> FromRequestParts<S> for Caller<R>
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Admitted { claims, authority, asked } = Gate::from_ref(state).authority_in_turn(parts).await?;
        let role = member(&authority, R::NEEDS)?;
        let request = RequestInfo::of(&parts.extensions);
        request.note_caller(claims.org, claims.sub);
        Ok(Self {
            org: claims.org,
            account: claims.sub,
            session: claims.sid,
            role,
            user: authority.user_id,
            versions: authority.versions,
            until: claims.until(),
            request,
            asked,
            rank: PhantomData,
        })
    }
}

impl<S, R: MinimumRole> OptionalFromRequestParts<S> for Caller<R>
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Error;

    /// `None` without an `Authorization` header; an invalid one is still refused.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Error> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

/// The token of `Authorization: Bearer …`; the scheme's case does not matter (RFC 9110 section 11.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Refuses a foreign `Origin`, for endpoints that read a cookie: a browser may send it with requests of any site. Own origins
/// are those of PUBLIC_URL and CORS_ORIGINS; in development also that of `Host`, whatever name the server was reached by
/// (elsewhere the client could claim any `Host`).
///
/// # Errors
/// [`ForeignOrigin`].
pub fn refuse_foreign_origin(headers: &HeaderMap, config: &Config) -> Result<(), Error> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let own = origin.as_bytes() == origin_of(&config.public_url).as_bytes()
        || config.cors_origins.contains(origin)
        || config.environment == Environment::Dev && is_of_host(origin, headers);
    if own { Ok(()) } else { Err(ForeignOrigin.into()) }
}

fn origin_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// A developer's machine has no TLS.
fn is_of_host(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    headers
        .get(header::HOST)
        .is_some_and(|host| origin.as_bytes().strip_prefix(b"http://") == Some(host.as_bytes()))
}
