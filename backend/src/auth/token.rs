//! Signed tokens (JWT). Each kind has its `typ`, and invitations their own key, so none passes for another.
//!
//! The library checks signature and algorithm; expiry is checked here, against the clock that is passed in.

use crate::{
    clock::Clock,
    config::Config,
    error::Error,
    ids::{AccountId, InvitationId, OrgId, SessionId},
    secret::Secret,
    timestamp::Timestamp,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::time::Duration;

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
    exp: i64,
}

trait Claims: Serialize + DeserializeOwned {
    const TYPE: &'static str;
    fn kind(&self) -> &str;
    fn expires(&self) -> i64;
}

macro_rules! claims {
    ($($type:ident = $name:literal),+) => {$(
        impl Claims for $type {
            const TYPE: &'static str = $name;
            fn kind(&self) -> &str {
                &self.typ
            }
            fn expires(&self) -> i64 {
                self.exp
            }
        }
    )+};
}
claims!(AccessClaims = "access", RefreshClaims = "refresh", InviteClaims = "invite");

#[derive(Clone)]
pub struct Tokens {
    sessions: Key,
    invitations: Key,
    invites_secret: SecretString,
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
        validation.required_spec_claims = ["exp".to_owned()].into();
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
        let alive = claims.expires().saturating_add(LEEWAY_SECONDS) > now.as_seconds();
        (claims.kind() == C::TYPE && alive).then_some(claims)
    }
}

impl Tokens {
    pub fn new(config: &Config, clock: Clock) -> Self {
        Self {
            sessions: Key::new(&config.secret_key, config.jwt_algorithm),
            invitations: Key::new(&config.invites_secret, config.jwt_algorithm),
            invites_secret: config.invites_secret.clone(),
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

    /// The token of an invitation and the hash to store. It is derived, not random, so that a later mail can carry the same
    /// link although only its hash is stored.
    ///
    /// # Errors
    /// Only when signing itself fails.
    pub fn invite(
        &self,
        org: OrgId,
        inv: InvitationId,
        expires: Timestamp,
    ) -> Result<(String, Vec<u8>), Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.invites_secret.expose_secret().as_bytes())
            .map_err(|error| Error::internal(error))?;
        mac.update(b"invitation jti\0");
        mac.update(inv.0.as_bytes());
        mac.update(&expires.as_micros().to_be_bytes());
        let jti = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let hash = hash_secret(jti.as_bytes());
        let claims = InviteClaims {
            typ: InviteClaims::TYPE.into(),
            org,
            inv,
            jti: jti.into(),
            exp: expires.as_seconds(),
        };
        Ok((self.invitations.sign(&claims)?, hash))
    }

    /// The claims of an invitation token with a valid signature, expired or not, so that an expired link can be shown as such.
    /// Trimmed, because a copied token may have white space around it.
    pub fn read_invite(&self, token: &str) -> Option<InviteClaims> {
        self.invitations.read(token.trim(), Timestamp::from_micros(0))
    }
}

/// SHA-256, for secrets of at least 128 random bits: they cannot be guessed, so they need no slow hash.
pub fn hash_secret(secret: &[u8]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
