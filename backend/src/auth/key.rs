//! The keys that tokens are signed with and derived from. A secret that is replaced may be read for as long as its holders need.

use super::token::Claims;
use crate::{error::Error, timestamp::Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::sync::Arc;

/// Clocks of two machines may differ this much.
pub(super) const LEEWAY_SECONDS: i64 = 30;

/// The key of one secret.
#[derive(Clone)]
pub(super) struct Key {
    secret: SecretString,
    id: Arc<str>,
    encoding: EncodingKey,
    decoding: DecodingKey,
    algorithm: Algorithm,
    validation: Validation,
}

impl Key {
    fn new(secret: &SecretString, algorithm: Algorithm) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        // The types of the claims say which of them must be there.
        validation.required_spec_claims.clear();
        // Tells keys apart without telling anything of them: 64 bits.
        let mut id = hmac(secret);
        id.update(b"key id\0");
        Self {
            secret: secret.clone(),
            id: URL_SAFE_NO_PAD.encode(&id.finalize().into_bytes()[..8]).into(),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            algorithm,
            validation,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Derives a value that only the holder of the secret can. `purpose` tells it from those for other purposes.
    pub(super) fn derive(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = hmac(&self.secret);
        mac.update(purpose);
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    pub(super) fn sign(&self, claims: &impl Claims) -> Result<String, Error> {
        jsonwebtoken::encode(&Header::new(self.algorithm), claims, &self.encoding)
            .map_err(|error| Error::internal(error))
    }

    fn read<C: Claims>(&self, token: &str, now: Timestamp) -> Option<C> {
        let claims: C = jsonwebtoken::decode(token, &self.decoding, &self.validation).ok()?.claims;
        let expired = |expires: i64| expires.saturating_add(LEEWAY_SECONDS) <= now.as_seconds();
        (claims.kind() == C::TYPE && !claims.expires().is_some_and(expired)).then_some(claims)
    }
}

fn hmac(secret: &SecretString) -> Hmac<Sha256> {
    let secret = secret.expose_secret().as_bytes();
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

/// The key in use, and the one before it while it is still read.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) current: Key,
    previous: Option<Key>,
}

impl Keys {
    pub(super) fn new(current: &SecretString, previous: Option<&SecretString>, algorithm: Algorithm) -> Self {
        let key = |secret| Key::new(secret, algorithm);
        Self { current: key(current), previous: previous.map(key) }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten()
    }

    /// The key of this [`Key::id`], if it is known.
    pub(super) fn of_id(&self, id: &str) -> Option<&Key> {
        self.all().find(|key| key.id() == id)
    }

    /// `None` when the signature, algorithm, `typ` or form is wrong, or when it has expired.
    pub(super) fn read<C: Claims>(&self, token: &str, now: Timestamp) -> Option<C> {
        self.all().find_map(|key| key.read(token, now))
    }
}
