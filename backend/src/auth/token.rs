//! Signed tokens (JWT). Each kind has its `typ`, and links in mails their own key, so none passes for another.
//!
//! The library checks signature and algorithm; expiry is checked here, against the clock that is passed in.

use crate::{
    clock::Clock,
    config::Config,
    error::Error,
    ids::{AccountId, InvitationId, MailId, MembershipId, OrgId, ProjectId, SessionId, UserId},
    secret::Secret,
    timestamp::Timestamp,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Clocks of two machines may differ this much.
const LEEWAY_SECONDS: i64 = 30;

/// Lets an account act in an org, for `ACCESS_TOKEN_MINUTES`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    typ: String,
    pub sub: AccountId,
    pub org: OrgId,
    pub sid: SessionId,
    iat: i64,
    exp: i64,
    jti: Secret,
}

/// Renews a session once; `generation` counts how often it was renewed before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshClaims {
    typ: String,
    pub sid: SessionId,
    pub generation: i32,
    exp: i64,
}

/// Lets its holder answer one invitation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteClaims {
    typ: String,
    /// So that the tenant is known before any query.
    pub org: OrgId,
    pub inv: InvitationId,
    /// Unguessable; only its hash is stored.
    pub jti: Secret,
    /// Of links made before their expiry was kept in the row alone; it is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Lets its holder answer the calls of one mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallsClaims {
    typ: String,
    pub org: OrgId,
    pub mail: MailId,
}

/// A calendar feed, as what its key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The missions of a user.
    User(UserId),
    /// The missions of a project, for a member.
    Project(ProjectId, MembershipId),
}

/// What the key of a feed says of itself. It is proven by [`Tokens::opens_feed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedKey {
    pub org: OrgId,
    /// Of the member whose key it is; `None` for a user's.
    pub membership: Option<MembershipId>,
}

/// Lets its holder stop what an org mails to an account. It never expires: the mail that carries it may be old.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnsubscribeClaims {
    typ: String,
    pub org: OrgId,
    pub account: AccountId,
}

trait Claims: Serialize + DeserializeOwned {
    const TYPE: &'static str;
    fn kind(&self) -> &str;
    /// `None` when the database says until when.
    fn expires(&self) -> Option<i64>;
}

macro_rules! claims {
    ($($type:ident = $name:literal, |$claims:ident| $expires:expr;)+) => {$(
        impl Claims for $type {
            const TYPE: &'static str = $name;
            fn kind(&self) -> &str {
                &self.typ
            }
            fn expires(&self) -> Option<i64> {
                let $claims = self;
                $expires
            }
        }
    )+};
}
claims! {
    AccessClaims = "access", |claims| Some(claims.exp);
    RefreshClaims = "refresh", |claims| Some(claims.exp);
    InviteClaims = "invite", |_claims| None;
    CallsClaims = "calls", |_claims| None;
    UnsubscribeClaims = "unsubscribe", |_claims| None;
}

#[derive(Clone)]
pub struct Tokens {
    sessions: Key,
    invitations: Key,
    secret_key: SecretString,
    invites_secret: SecretString,
    invites_key_id: Arc<str>,
    access_ttl: Duration,
    clock: Clock,
}

#[derive(Clone)]
struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
    algorithm: Algorithm,
    validation: Validation,
}

impl Key {
    fn new(secret: &SecretString, algorithm: Algorithm) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        // The types of the claims say which of them must be there.
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            algorithm,
            validation,
        }
    }

    fn sign(&self, claims: &impl Claims) -> Result<String, Error> {
        jsonwebtoken::encode(&Header::new(self.algorithm), claims, &self.encoding)
            .map_err(|error| Error::internal(error))
    }

    /// `None` when the signature, algorithm, `typ` or form is wrong, or when it has expired.
    fn read<C: Claims>(&self, token: &str, now: Timestamp) -> Option<C> {
        let claims: C = jsonwebtoken::decode(token, &self.decoding, &self.validation).ok()?.claims;
        let expired = |expires: i64| expires.saturating_add(LEEWAY_SECONDS) <= now.as_seconds();
        (claims.kind() == C::TYPE && !claims.expires().is_some_and(expired)).then_some(claims)
    }
}

impl Tokens {
    pub fn new(config: &Config, clock: Clock) -> Self {
        Self {
            sessions: Key::new(&config.secret_key, config.jwt_algorithm),
            invitations: Key::new(&config.invites_secret, config.jwt_algorithm),
            secret_key: config.secret_key.clone(),
            invites_secret: config.invites_secret.clone(),
            invites_key_id: key_id(&config.invites_secret),
            access_ttl: config.access_token_ttl,
            clock,
        }
    }

    /// Lifetime of an access token.
    pub fn access_seconds(&self) -> u64 {
        self.access_ttl.as_secs()
    }

    /// An access token for a session acting in an org; `nonce` makes it unique.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn access(
        &self,
        sub: AccountId,
        org: OrgId,
        sid: SessionId,
        nonce: [u8; 16],
    ) -> Result<String, Error> {
        let iat = self.clock.now().as_seconds();
        let exp = iat.saturating_add_unsigned(self.access_seconds());
        let typ = AccessClaims::TYPE.into();
        let jti = URL_SAFE_NO_PAD.encode(nonce).into();
        self.sessions.sign(&AccessClaims { typ, sub, org, sid, iat, exp, jti })
    }

    /// The claims of a valid access token.
    pub fn read_access(&self, token: &str) -> Option<AccessClaims> {
        self.sessions.read(token, self.clock.now())
    }

    /// The refresh token of a session's `generation`. The same input gives the same token, so that a client that lost the
    /// response gets the same successor without its being stored.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn refresh(&self, sid: SessionId, generation: i32, expires: Timestamp) -> Result<String, Error> {
        self.sessions.sign(&RefreshClaims {
            typ: RefreshClaims::TYPE.into(),
            sid,
            generation,
            exp: expires.as_seconds(),
        })
    }

    /// The claims of a valid refresh token.
    pub fn read_refresh(&self, token: &str) -> Option<RefreshClaims> {
        self.sessions.read(token, self.clock.now())
    }

    /// The token of an invitation and the hash to store. The token is derived, not random, so that a later mail carries the
    /// same link although only its hash is stored; another `version` gives another one.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn invite(&self, org: OrgId, inv: InvitationId, version: i32) -> Result<(String, Vec<u8>), Error> {
        let mut mac = hmac(&self.invites_secret);
        mac.update(b"invitation jti\0");
        mac.update(inv.0.as_bytes());
        mac.update(&version.to_be_bytes());
        let jti = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let hash = hash_secret(jti.as_bytes());
        let typ = InviteClaims::TYPE.into();
        let claims = InviteClaims { typ, org, inv, jti: jti.into(), exp: None };
        Ok((self.invitations.sign(&claims)?, hash))
    }

    /// The token of the password link that a mail carries. It is derived, so that each attempt to send the mail carries the
    /// same link: of two copies of one mail a mailbox may keep the first.
    ///
    /// Where an earlier attempt's link has expired, the next `generation` takes its place.
    pub fn password_link(&self, mail: MailId, generation: u8) -> String {
        let mut mac = hmac(&self.secret_key);
        mac.update(b"password link\0");
        mac.update(mail.0.as_bytes());
        mac.update(&[generation]);
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// The token of the link to all calls of a mail. It is good as long as they are.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn calls(&self, org: OrgId, mail: MailId) -> Result<String, Error> {
        self.invitations.sign(&CallsClaims { typ: CallsClaims::TYPE.into(), org, mail })
    }

    /// The claims of the token of a mail's calls with a valid signature. Trimmed as in [`Tokens::read_invite`].
    pub fn read_calls(&self, token: &str) -> Option<CallsClaims> {
        self.invitations.read(token.trim(), self.clock.now())
    }

    /// The key of a calendar feed, for programs that cannot sign in and ask with the same address for years. It is derived, so
    /// that whoever looks again is shown the same one and nothing is stored; another `version` gives another one.
    ///
    /// It begins with the org, and with the membership where there is one, so that the row with the version is found.
    pub fn feed_key(&self, org: OrgId, feed: Feed, version: i32) -> Secret {
        let mut key = org.0.as_bytes().to_vec();
        let mut mac = hmac(&self.invites_secret);
        match feed {
            Feed::User(user) => {
                mac.update(b"user feed\0");
                mac.update(user.0.as_bytes());
            }
            Feed::Project(project, membership) => {
                key.extend(membership.0.as_bytes());
                mac.update(b"project feed\0");
                mac.update(project.0.as_bytes());
            }
        }
        mac.update(&key);
        mac.update(&version.to_be_bytes());
        key.extend(mac.finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(key).into()
    }

    /// What a key says of itself; `None` for what is no key.
    pub fn read_feed_key(key: &str) -> Option<FeedKey> {
        let key = URL_SAFE_NO_PAD.decode(key).ok()?;
        let id = |from: usize| Some(Uuid::from_bytes(*key.get(from..)?.first_chunk()?));
        let membership = match key.len() {
            48 => None,
            64 => id(16).map(MembershipId),
            _ => return None,
        };
        Some(FeedKey { org: OrgId(id(0)?), membership })
    }

    /// Whether it is the key of this feed.
    pub fn opens_feed(&self, key: &str, org: OrgId, feed: Feed, version: i32) -> bool {
        same_secret(key, &self.feed_key(org, feed, version))
    }

    /// Names the key that invitations are derived and signed with.
    pub fn invites_key_id(&self) -> &str {
        &self.invites_key_id
    }

    /// The claims of an invitation token with a valid signature. The row says until when its link works, and an expired one
    /// is shown as such.
    /// Trimmed, because a copied token may have white space around it.
    pub fn read_invite(&self, token: &str) -> Option<InviteClaims> {
        self.invitations.read(token.trim(), self.clock.now())
    }

    /// The token by which an account stops what an org mails to it. Every mail carries the same one.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn unsubscribe(&self, org: OrgId, account: AccountId) -> Result<String, Error> {
        let typ = UnsubscribeClaims::TYPE.into();
        self.invitations.sign(&UnsubscribeClaims { typ, org, account })
    }

    /// The claims of an unsubscribe token with a valid signature. Trimmed as in [`Tokens::read_invite`].
    pub fn read_unsubscribe(&self, token: &str) -> Option<UnsubscribeClaims> {
        self.invitations.read(token.trim(), self.clock.now())
    }
}

fn hmac(secret: &SecretString) -> Hmac<Sha256> {
    let secret = secret.expose_secret().as_bytes();
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

fn same_secret(sent: &str, derived: &str) -> bool {
    sent.as_bytes().ct_eq(derived.as_bytes()).into()
}

/// Tells keys apart without telling anything of them: 64 bits of an HMAC.
fn key_id(secret: &SecretString) -> Arc<str> {
    let mut mac = hmac(secret);
    mac.update(b"key id\0");
    URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..8]).into()
}

/// SHA-256, for secrets of at least 128 random bits: they cannot be guessed, so they need no slow hash.
pub fn hash_secret(secret: &[u8]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
