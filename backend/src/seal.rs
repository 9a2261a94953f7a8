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
pub struct Seal {
    current: XChaCha20Poly1305,
    /// Of the SECRET_KEY before: it opens what was closed with it.
    previous: Option<XChaCha20Poly1305>,
}

impl Seal {
    /// # Errors
    /// Never: HMAC takes keys of any length, but the library's signature has an error.
    pub fn new(secret_key: &SecretString, previous: Option<&SecretString>) -> Result<Self, Error> {
        Ok(Self { current: cipher(secret_key)?, previous: previous.map(cipher).transpose()? })
    }

    /// Encrypts `plain`. Only [`Seal::open`] with the same `context` decrypts it.
    ///
    /// # Errors
    /// When `plain` exceeds the cipher's limit of 256 GiB.
    pub fn close(&self, random: &Random, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = random.bytes::<NONCE_BYTES>();
        let payload = Payload { msg: plain, aad: context };
        let sealed =
            self.current.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::internal(SealError))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts; `None` if it was closed with another `context` or SECRET_KEY, or was altered.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let open = |cipher: &XChaCha20Poly1305| {
            cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
        };
        open(&self.current).or_else(|| self.previous.as_ref().and_then(open))
    }
}

fn cipher(secret_key: &SecretString) -> Result<XChaCha20Poly1305, Error> {
    let secret = secret_key.expose_secret().as_bytes();
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret).map_err(|error| Error::internal(error))?;
    mac.update(b"sealed answers\0");
    Ok(XChaCha20Poly1305::new(&mac.finalize().into_bytes()))
}

#[derive(Debug, thiserror::Error)]
#[error("an answer could not be encrypted")]
struct SealError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_was_closed_with_the_same_key_and_context() {
        let (random, one) = (Random::seeded(1), Seal::new(&"one".into(), None).unwrap());
        let sealed = one.close(&random, b"here", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(one.open(b"here", &sealed).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(one.open(b"there", &sealed), None);
        assert_eq!(Seal::new(&"two".into(), None).unwrap().open(b"here", &sealed), None);
        let next = Seal::new(&"two".into(), Some(&"one".into())).unwrap();
        assert_eq!(next.open(b"here", &sealed).as_deref(), Some(b"secret".as_slice()));
        let closed_by_next = next.close(&random, b"here", b"more").unwrap();
        assert_eq!(one.open(b"here", &closed_by_next), None);
        assert_eq!(one.open(b"here", &sealed[..20]), None);
    }
}
