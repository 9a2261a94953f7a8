//! Signed tokens (JWT). Each kind has its `typ`, and links in mails their own key, so none passes for another.
//!
//! The library checks signature and algorithm; expiry is checked here, against the clock that is passed in.

use super::key::{Key, Keys, LEEWAY_SECONDS};
use crate::{
    clock::Clock,
    config::Config,
    error::Error,
    ids::{AccountId, InvitationId, MailId, MembershipId, OrgId, ProjectId, SessionId, UserId},
    secret::Secret,
    timestamp::Timestamp,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::time::Duration;
use subtle::ConstantTimeEq;
use uuid::Uuid;

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

impl AccessClaims {
    /// From when on it is not valid any more.
    pub fn until(&self) -> Timestamp {
        Timestamp::from_micros(self.exp.saturating_add(LEEWAY_SECONDS).saturating_mul(1_000_000))
    }
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

pub(super) trait Claims: Serialize + DeserializeOwned {
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
    sessions: Keys,
    invitations: Keys,
    access_ttl: Duration,
    clock: Clock,
}

impl Tokens {
    pub fn new(config: &Config, clock: Clock) -> Self {
        Self {
            sessions: Keys::new(
                &config.secret_key,
                config.secret_key_previous.as_ref(),
                config.jwt_algorithm,
            ),
            invitations: Keys::new(
                &config.invites_secret,
                config.invites_secret_previous.as_ref(),
                config.jwt_algorithm,
            ),
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
        self.sessions.current.sign(&AccessClaims { typ, sub, org, sid, iat, exp, jti })
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
        self.sessions.current.sign(&RefreshClaims {
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

    /// The token of a new link of an invitation and the hash to store. The token is derived, not random, so that a later mail
    /// carries the same link although only its hash is stored; another `version` gives another one.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn invite(&self, org: OrgId, inv: InvitationId, version: i32) -> Result<(String, Vec<u8>), Error> {
        let (token, jti) = invite(&self.invitations.current, (org, inv), version)?;
        Ok((token, hash_secret(jti.as_bytes())))
    }

    /// The token of a link that was made with the key of this id; `None` when that key is gone, and the link with it.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn invite_again(
        &self,
        org: OrgId,
        inv: InvitationId,
        version: i32,
        key_id: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let Some(key) = key_id.and_then(|id| self.invitations.of_id(id)) else { return Ok(None) };
        invite(key, (org, inv), version).map(|(token, _)| Some(token))
    }

    /// The token of the password link that a mail carries. It is derived, so that each attempt to send the mail carries the
    /// same link: of two copies of one mail a mailbox may keep the first.
    ///
    /// Where an earlier attempt's link has expired, the next `generation` takes its place.
    pub fn password_link(&self, mail: MailId, generation: u8) -> String {
        let token = self.sessions.current.derive(b"password link\0", &[mail.0.as_bytes(), &[generation]]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The token of the link to all calls of a mail. It is good as long as they are.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn calls(&self, org: OrgId, mail: MailId) -> Result<String, Error> {
        self.invitations.current.sign(&CallsClaims { typ: CallsClaims::TYPE.into(), org, mail })
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
        feed_key(&self.invitations.current, org, feed, version)
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
        self.invitations.all().any(|own| same_secret(key, &feed_key(own, org, feed, version)))
    }

    /// Names the key that new invitations are derived from and signed with.
    pub fn invites_key_id(&self) -> &str {
        self.invitations.current.id()
    }

    /// Names the keys whose links work.
    pub fn invites_key_ids(&self) -> impl Iterator<Item = &str> {
        self.invitations.all().map(Key::id)
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
        self.invitations.current.sign(&UnsubscribeClaims { typ, org, account })
    }

    /// The claims of an unsubscribe token with a valid signature. Trimmed as in [`Tokens::read_invite`].
    pub fn read_unsubscribe(&self, token: &str) -> Option<UnsubscribeClaims> {
        self.invitations.read(token.trim(), self.clock.now())
    }
}

/// The token of a link and the claim in it that proves it.
fn invite(key: &Key, (org, inv): (OrgId, InvitationId), version: i32) -> Result<(String, Secret), Error> {
    let jti = key.derive(b"invitation jti\0", &[inv.0.as_bytes(), &version.to_be_bytes()]);
    let jti = Secret::from(URL_SAFE_NO_PAD.encode(jti));
    let claims = InviteClaims { typ: InviteClaims::TYPE.into(), org, inv, jti: jti.clone(), exp: None };
    Ok((key.sign(&claims)?, jti))
}

fn feed_key(key: &Key, org: OrgId, feed: Feed, version: i32) -> Secret {
    let mut text = org.0.as_bytes().to_vec();
    let (purpose, id) = match feed {
        Feed::User(user) => (&b"user feed\0"[..], user.0),
        Feed::Project(project, membership) => {
            text.extend(membership.0.as_bytes());
            (&b"project feed\0"[..], project.0)
        }
    };
    let proof = key.derive(purpose, &[id.as_bytes(), &text, &version.to_be_bytes()]);
    text.extend(proof);
    URL_SAFE_NO_PAD.encode(text).into()
}

fn same_secret(sent: &str, derived: &str) -> bool {
    sent.as_bytes().ct_eq(derived.as_bytes()).into()
}

/// SHA-256, for secrets of at least 128 random bits: they cannot be guessed, so they need no slow hash.
pub fn hash_secret(secret: &[u8]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
