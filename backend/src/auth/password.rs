//! Passwords: Argon2id with OWASP's parameters (m = 19456 KiB, t = 2, p = 1; Password Storage Cheat Sheet), hashed
//! few at a time, because each takes 19 MiB and tens of milliseconds. A new one is judged before, elsewhere: how long that
//! takes depends on what is sent, and nobody who signs in waits for it.

use super::{
    strength::is_common,
    workers::{Workers, in_time},
};
use crate::{error::Error, random::Random};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// New passwords that may wait to be judged; each takes at most some 100 ms, so that all get their turn in time.
const WAITING: usize = 16;
/// Accounts are spread over so many lanes, and one new password of a lane is judged at a time: nobody fills the queue alone.
const LANES: usize = 256;

/// A password that may be set: 8 to 128 characters of any script (NIST 800-63B), normalised so that the same keys on
/// another keyboard give the same bytes.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Checks the rules.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text: String = text.nfc().collect();
        match text.chars().count() {
            0..8 => Err("must have at least 8 characters"),
            8..=128 => Ok(Self(text.into())),
            _ => Err("must have at most 128 characters"),
        }
    }
}

impl NewPassword {
    /// Whether it is this one, typed on whatever keyboard.
    pub fn is(&self, other: &str) -> bool {
        self.0.expose_secret().chars().eq(other.nfc())
    }
}

impl<E: DeserializeError> Deserr<E> for NewPassword {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let kind = match value {
            Value::String(text) => match Self::parse(&text) {
                Ok(password) => return Ok(password),
                Err(rule) => ErrorKind::Unexpected { msg: rule.into() },
            },
            actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
        };
        Err(take_cf_content(E::error::<V>(None, kind, at)))
    }
}

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    hashing: Workers,
    judging: Workers,
    lanes: Arc<[Arc<Semaphore>]>,
    random: Random,
}

#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
struct HashingFailed(argon2::password_hash::Error);

impl Passwords {
    /// Half of the processor's cores may hash at a time.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn new(random: Random) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            hashing: Workers::new("hashing", (cores / 2).max(1), usize::MAX)?,
            judging: Workers::new("judging", 1, WAITING)?,
            lanes: (0..LANES).map(|_| Arc::new(Semaphore::new(1))).collect(),
            random,
        })
    }

    /// The hash to store, in PHC form, of a password for the account of this e-mail.
    ///
    /// # Errors
    /// [`Error::Invalid`] at `/new_password` when it is among the commonest or is the e-mail; [`Error::Unavailable`] when
    /// there is no turn in time.
    pub async fn hash(&self, password: NewPassword, email: &str) -> Result<String, Error> {
        if self.is_common(&password, email).await? {
            let rule = "is among the first that anyone would guess; choose another one";
            return Err(Error::invalid("/new_password", rule));
        }
        let salt = self.random.bytes();
        self.hashing.run(move || hash(password.0.expose_secret(), &salt)).await?
    }

    async fn is_common(&self, password: &NewPassword, email: &str) -> Result<bool, Error> {
        let mut hasher = DefaultHasher::new();
        email.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        let lane = in_time(&self.lanes[lane]).await?;
        let (password, email) = (password.0.clone(), email.to_owned());
        let work = move || {
            let _lane = lane;
            is_common(password.expose_secret(), &email)
        };
        self.judging.run(work).await
    }

    /// Whether a password that is about to be set is the one that is stored already.
    ///
    /// # Errors
    /// As [`Passwords::verify`].
    pub async fn is_current(&self, password: &NewPassword, stored: Option<String>) -> Result<bool, Error> {
        match stored {
            Some(stored) => self.verify(password.0.expose_secret(), Some(stored)).await,
            None => Ok(false),
        }
    }

    /// Whether `password` belongs to `stored`. Takes the same time when there is nothing stored.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no turn in time.
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool, Error> {
        let password: SecretString = password.nfc().collect::<String>().into();
        let salt = self.random.bytes();
        self.hashing
            .run(move || {
                let password = password.expose_secret();
                match stored.as_deref().map(PasswordHash::new) {
                    Some(Ok(stored)) => {
                        Argon2::default().verify_password(password.as_bytes(), &stored).is_ok()
                    }
                    Some(Err(_)) | None => {
                        // For the time that it takes.
                        let _ = hash(password, &salt);
                        false
                    }
                }
            })
            .await
    }
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    Ok(hashed.map_err(|error| Error::internal(HashingFailed(error)))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn hashes_with_the_owasp_parameters_and_normalises() {
        let passwords = Passwords::new(Random::seeded(1)).unwrap();
        let hashed = passwords
            .hash(NewPassword::parse("re\u{301}gisseur en tournée").unwrap(), "m@example.org")
            .await
            .unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(passwords.verify("r\u{e9}gisseur en tourne\u{301}e", Some(hashed.clone())).await.unwrap());
        assert!(!passwords.verify("regisseur", Some(hashed)).await.unwrap());
        assert!(!passwords.verify("no account has this password", None).await.unwrap());
    }

    #[tokio::test]
    async fn refuses_the_commonest_and_the_e_mail() {
        let passwords = Passwords::new(Random::seeded(1)).unwrap();
        let set = async |text: &str| {
            passwords.hash(NewPassword::parse(text).unwrap(), "marion@rideau.example").await
        };
        for common in [
            "password",
            "Password1",
            "12345678",
            "azertyuiop",
            "motdepasse",
            "iloveyou",
            "aaaaaaaaaaaa",
            "abcdefgh",
            "Marion@Rideau.Example",
        ] {
            assert!(matches!(set(common).await, Err(Error::Invalid(_))), "{common}");
        }
        for good in ["théâtre!", "une longue phrase", "correct horse", "Coulisses1"] {
            assert!(set(good).await.is_ok(), "{good}");
        }
    }

    #[tokio::test]
    async fn few_hash_at_a_time_on_threads_of_their_own() {
        let passwords = Passwords::new(Random::seeded(1)).unwrap();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = (cores / 2).max(1);
        assert_eq!(passwords.hashing.turns.available_permits(), turns);
        let here = std::thread::current().id();
        assert_ne!(passwords.hashing.run(|| std::thread::current().id()).await.unwrap(), here);

        // Every turn is taken by work that lasts, whose clients have hung up meanwhile.
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let mut ends = Vec::new();
        for _ in 0..turns {
            let (end, ended) = std::sync::mpsc::channel::<()>();
            let (mine, begun) = (passwords.clone(), begun.clone());
            let client = tokio::spawn(async move {
                let work = move || {
                    begun.send(()).unwrap();
                    ended.recv().unwrap();
                };
                mine.hashing.run(work).await
            });
            begins.recv().await.unwrap();
            client.abort();
            assert!(client.await.unwrap_err().is_cancelled());
            ends.push(end);
        }
        let started = Instant::now();
        let refused = passwords.verify("no account has this password", None).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(10), "{waited:?}");
        ends.iter().for_each(|end| end.send(()).unwrap());
        assert!(!passwords.verify("no account has this password", None).await.unwrap());
    }

    /// Takes every thread that judges, until it is dropped.
    async fn block_judging(passwords: &Passwords) -> std::sync::mpsc::Sender<()> {
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let judging = passwords.judging.clone();
        tokio::spawn(async move {
            let work = move || {
                begun.send(()).unwrap();
                // Ends with its sender.
                let _ = ended.recv();
            };
            judging.run(work).await
        });
        begins.recv().await.unwrap();
        end
    }

    #[tokio::test]
    async fn whoever_signs_in_does_not_wait_for_passwords_that_are_judged() {
        let passwords = Passwords::new(Random::seeded(1)).unwrap();
        let judging = block_judging(&passwords).await;
        assert!(!passwords.verify("no account has this password", None).await.unwrap());
        drop(judging);
    }

    #[tokio::test]
    async fn few_new_passwords_wait_and_nobody_fills_the_queue_alone() {
        let passwords = Passwords::new(Random::seeded(1)).unwrap();
        let judging = block_judging(&passwords).await;
        let new = |email: String| {
            let passwords = passwords.clone();
            tokio::spawn(async move {
                passwords.hash(NewPassword::parse("une longue phrase").unwrap(), &email).await
            })
        };
        let places = || passwords.judging.places.available_permits();
        assert_eq!(places(), WAITING);
        let mut of_one: Vec<_> = (0..50).map(|_| new("marion@rideau.example".into())).collect();
        while places() == WAITING {
            tokio::task::yield_now().await;
        }
        let mut others = Vec::new();
        let mut number = 0;
        while places() > 0 {
            let before = places();
            others.push(new(format!("nina{number}@rideau.example")));
            number += 1;
            // One whose lane is taken waits outside.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(before - places() <= 1);
        }
        // At least this many accounts, less those that share a lane, and one place for all fifty of the one.
        assert!(number >= WAITING - 1, "{number}");
        let full = passwords.hash(NewPassword::parse("une longue phrase").unwrap(), "o@other.example").await;
        assert!(matches!(full, Err(Error::Unavailable(_))), "{full:?}");
        others.push(of_one.swap_remove(0));
        of_one.iter().for_each(tokio::task::JoinHandle::abort);
        drop(judging);
        for other in others {
            assert!(other.await.unwrap().is_ok());
        }
    }

    #[test]
    fn counts_characters_not_bytes() {
        assert!(NewPassword::parse("ééééééé").is_err());
        assert!(NewPassword::parse("éééééééé").is_ok());
        assert!(NewPassword::parse(&"é".repeat(128)).is_ok());
        assert!(NewPassword::parse(&"é".repeat(129)).is_err());
    }
}
