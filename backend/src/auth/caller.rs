//! The caller of a request. A handler that takes a `Caller<Manager>` runs only for managers and above; the role comes
//! from the database at each request, never from the token.

use super::{
    AccessClaims, Asker, Authorities, Authority, Tokens,
    refusal::{Forbidden, ForeignOrigin, NotAMember, Unauthenticated},
};
use crate::{
    clock::Clock,
    config::{Config, Environment},
    db::{Actor, Origin, Tx, Versions},
    error::{Error, FailureKind, NotFound},
    fair::Fair,
    http::{self, Admit, RequestInfo},
    ids::{AccountId, OrgId, SessionId, UserId},
    role::Role,
};
use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use std::{marker::PhantomData, sync::Arc, time::Duration};

/// How old an answer to "who may do what" may be where a handler begins: about as long as a body that is sent at once is on its
/// way. After a slower one it is asked for again, because a removal takes effect at once.
const FRESH: Duration = Duration::from_millis(100);

/// A minimum role, as a type.
pub trait Rank: Send + Sync + 'static {
    /// The lowest role that passes.
    const NEEDS: Role;
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Rank for $name {
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
pub struct Caller<R: Rank> {
    /// The org the request acts in: pass it on to every query.
    pub org: OrgId,
    pub account: AccountId,
    pub session: SessionId,
    pub role: Role,
    /// The person in the org that the account belongs to.
    pub user: Option<UserId>,
    /// Which state of the org's cached lists the caller is to see at least.
    pub versions: Versions,
    pub request: RequestInfo,
    /// When the database was asked, on the clock that never goes back.
    asked: Duration,
    rank: PhantomData<R>,
}

impl<R: Rank> Caller<R> {
    /// Where a write by this caller comes from.
    pub fn origin(&self) -> Origin {
        self.request.origin(Actor::Account(self.account))
    }

    /// Whether the caller plans for others; else personal things are narrowed to their own.
    pub fn plans(&self) -> bool {
        self.role >= Role::Manager
    }

    /// A colleague's personal things are, for those who do not plan, as if they were not there.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn may_see_personal_things_of(&self, user: UserId) -> Result<(), Error> {
        if self.plans() || self.is(user) { Ok(()) } else { Err(NotFound.into()) }
    }

    /// Whether `user` is the caller's own person.
    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }
}

/// Someone signed in, whether or not their org still has them: for what is their account's own.
#[derive(Debug)]
pub struct Account {
    pub account: AccountId,
    pub session: SessionId,
    pub request: RequestInfo,
}

impl Account {
    /// Where a write about their account comes from.
    pub fn origin(&self) -> Origin {
        self.request.origin(Actor::Account(self.account))
    }
}

/// Authenticates requests: whose token it is, and what they may do. Clones share it.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    tokens: Tokens,
    authorities: Authorities,
    clock: Clock,
    /// Turns for whatever a signed-in member asks: from the moment that their token was read until the answer is there, or
    /// the request waits for something else.
    requests: Fair,
    /// How long a request waits for its turn.
    patience: Duration,
}

impl Gate {
    /// Requests take their turns of `requests`, and wait no longer than `patience` for one.
    pub fn new(
        tokens: Tokens,
        authorities: Authorities,
        clock: Clock,
        requests: Fair,
        patience: Duration,
    ) -> Self {
        Self(Arc::new(Inner { tokens, authorities, clock, requests, patience }))
    }

    /// What the caller may do, to be asked about again.
    pub fn standing<R: Rank>(&self, caller: &Caller<R>) -> Standing {
        Standing {
            asker: Asker { org: caller.org, account: caller.account, session: caller.session },
            found: (Some(caller.role), caller.user),
            asked: caller.asked,
            authorities: self.0.authorities.clone(),
            clock: self.0.clock.clone(),
        }
    }

    /// Whose valid token a request carries.
    fn claims(&self, parts: &Parts) -> Result<AccessClaims, Error> {
        let token = bearer(&parts.headers).ok_or(Unauthenticated)?;
        self.0.tokens.read_access(token).ok_or(Unauthenticated.into())
    }

    /// What they may do, as of now.
    async fn authority(&self, claims: AccessClaims) -> Result<Admitted, Error> {
        let asked = self.0.clock.elapsed();
        let asker = Asker { org: claims.org, account: claims.sub, session: claims.sid };
        let authority = self.0.authorities.of(asker).await?;
        Ok(Admitted { claims, authority, asked })
    }

    /// The same as of now, or of the moment before the body was received. From here on the request has its org's turn.
    async fn authority_in_turn(&self, parts: &Parts) -> Result<Admitted, Error> {
        let admitted = parts.extensions.get::<Admitted>();
        let claims = match admitted {
            Some(admitted) => admitted.claims.clone(),
            None => self.claims(parts)?,
        };
        // Before the database is asked, or a flood of one org's questions would stand before those of others.
        self.take_turn(&RequestInfo::of(&parts.extensions), claims.org).await?;
        let now = self.0.clock.elapsed();
        match admitted {
            Some(admitted) if now.saturating_sub(admitted.asked) <= FRESH => Ok(admitted.clone()),
            _ => self.authority(claims).await,
        }
    }

    /// Waits for the request's turn, unless it has it. It ends with [`RequestInfo::end_turn`].
    async fn take_turn(&self, request: &RequestInfo, org: OrgId) -> Result<(), Error> {
        if !request.has_turn() {
            request.keep_turn(self.0.requests.take(Some(org), 1, self.0.patience).await?);
        }
        Ok(())
    }
}

impl Admit for Gate {
    /// As [`Caller`] does once the body is there: refused with [`Unauthenticated`], [`NotAMember`] or
    /// [`Forbidden`].
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
        // What a login does about itself waits for hashes and for other writes.
        request.end_turn();
        request.note_caller(claims.org, claims.sub);
        Ok(Self { account: claims.sub, session: claims.sid, request })
    }
}

/// What a caller may do, as it was when their request began.
pub struct Standing {
    asker: Asker,
    found: (Option<Role>, Option<UserId>),
    asked: Duration,
    authorities: Authorities,
    clock: Clock,
}

/// Asked again only where it was found long ago. [`Unauthenticated`] when the session has ended; [`FailureKind::Contended`]
/// when they may do something else by now: the request is to begin again, as what they are.
impl http::Standing for Standing {
    async fn holds_as_it_begins(&self, tx: &Tx) -> Result<(), Error> {
        if self.is_fresh() {
            return Ok(());
        }
        self.is(&self.authorities.within(tx, self.asker).await?)
    }

    async fn holds_as_it_ends(&self) -> Result<(), Error> {
        // Beside the transaction, which may change what its own caller may do.
        if self.is_fresh() || !self.authorities.can_change_beside_a_write() {
            return Ok(());
        }
        self.is(&self.authorities.of(self.asker).await?)
    }
}

impl Standing {
    fn is_fresh(&self) -> bool {
        self.clock.elapsed().saturating_sub(self.asked) <= FRESH
    }

    fn is(&self, now: &Authority) -> Result<(), Error> {
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

/// What was found when the request was admitted, or a handler's caller looked for.
#[derive(Clone)]
struct Admitted {
    claims: AccessClaims,
    authority: Authority,
    /// On the clock that never goes back.
    asked: Duration,
}

fn member(authority: &Authority, needs: Role) -> Result<Role, Error> {
    let role = authority.role.ok_or(NotAMember)?;
    if role < needs { Err(Forbidden { needs }.into()) } else { Ok(role) }
}

impl<S, R: Rank> FromRequestParts<S> for Caller<R>
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
            request,
            asked,
            rank: PhantomData,
        })
    }
}

impl<S, R: Rank> OptionalFromRequestParts<S> for Caller<R>
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Error;

    /// None without an `Authorization` header; a bad one is still refused.
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

/// Cookies are sent by any site that a browser visits: the endpoints that read one refuse a foreign `Origin`. Own are
/// PUBLIC_URL's and CORS_ORIGINS; while developing also the address that the browser talks to, whatever name it was
/// reached by (elsewhere the `Host` is only what the client says).
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
