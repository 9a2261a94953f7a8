//! Encryption of stored responses that must be sent again, but must not be readable in a copy of the database.

use crate::{error::Error, random::Random};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;

/// Authenticated encryption with a key that is derived from SECRET_KEY for this purpose alone.
#[derive(Clone)]
pub struct Seal(XChaCha20Poly1305);

impl Seal {
    /// # Errors
    /// Never: HMAC takes keys of any length, but the library's signature has an error.
    pub fn new(secret_key: &SecretString) -> Result<Self, Error> {
        let secret = secret_key.expose_secret().as_bytes();
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret)
            .map_err(|error| Error::internal(error))?;
        mac.update(b"sealed answers\0");
        Ok(Self(XChaCha20Poly1305::new(&mac.finalize().into_bytes())))
    }

    /// Encrypts `plain`. Only [`Seal::open`] with the same `context` decrypts it.
    ///
    /// # Errors
    /// When `plain` exceeds the cipher's limit of 256 GiB.
    pub fn close(&self, random: &Random, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = random.bytes::<NONCE_BYTES>();
        let payload = Payload { msg: plain, aad: context };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::internal(SealError))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts; `None` if it was closed with another `context` or SECRET_KEY, or was altered.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an answer could not be encrypted")]
struct SealError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_was_closed_with_the_same_key_and_context() {
        let (random, one) = (Random::seeded(1), Seal::new(&"one".into()).unwrap());
        let sealed = one.close(&random, b"here", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(one.open(b"here", &sealed).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(one.open(b"there", &sealed), None);
        assert_eq!(Seal::new(&"two".into()).unwrap().open(b"here", &sealed), None);
        assert_eq!(one.open(b"here", &sealed[..20]), None);
    }
}
