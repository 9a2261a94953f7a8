//! Passwords: Argon2id with OWASP's parameters (m = 19456 KiB, t = 2, p = 1; Password Storage Cheat Sheet), hashed few at a
//! time, because each takes 19 MiB and tens of milliseconds. The strength of a new one is judged before, on another thread:
//! that may take long, and nobody who signs in has to wait for it.

use super::strength::is_common;
use crate::{
    error::Error,
    fair::{Fair, Tenant},
    random::Random,
    workers::Workers,
};
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
    time::Duration,
};
use unicode_normalization::UnicodeNormalization;

/// How long a password waits for a worker before it is refused with a 503.
const PATIENCE: Duration = Duration::from_secs(2);
/// Accounts are spread over this many lanes, and one new password per lane is judged at a time, so that no account takes all
/// turns of its org.
const LANES: usize = 256;

/// A password that may be set: 8 to 128 characters of any script (NIST 800-63B), in NFC, so that the same text from another
/// keyboard gives the same bytes.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// # Errors
    /// The rule that is broken, as text for the user.
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
    /// Whether `other` is this password once it is normalised.
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

#[derive(Clone)]
pub struct Passwords {
    hashing: Workers,
    judging: Workers,
    lanes: Arc<[Fair]>,
    random: Random,
}

#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
struct HashingFailed(argon2::password_hash::Error);

impl Passwords {
    /// Half of the cores hash at a time.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn start(random: Random) -> std::io::Result<Self> {
        Ok(Self {
            hashing: Workers::start("password hashes", Workers::half_of_the_cores(), PATIENCE)?,
            judging: Workers::start("new passwords", 1, PATIENCE)?,
            lanes: (0..LANES).map(|_| Fair::new("new passwords of one login", 1, 1)).collect(),
            random,
        })
    }

    /// The hash to store, in PHC form, of a new password for the account with this e-mail; `tenant` is the org whose turn it
    /// takes.
    ///
    /// # Errors
    /// [`Error::Invalid`] at `/new_password` when it is among the commonest or is the e-mail;
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when no worker is free in time.
    pub async fn hash(&self, password: NewPassword, email: &str, tenant: Tenant) -> Result<String, Error> {
        if self.is_common(&password, email, tenant).await? {
            let rule = "is among the first that anyone would guess; choose another one";
            return Err(Error::invalid("/new_password", rule));
        }
        let salt = self.random.bytes();
        self.hashing.run(tenant, async move { hash(password.0.expose_secret(), &salt) }).await?
    }

    /// Whether a new password is among the commonest or is the e-mail.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when no worker is free in time.
    pub async fn is_common(
        &self,
        password: &NewPassword,
        email: &str,
        tenant: Tenant,
    ) -> Result<bool, Error> {
        let mut hasher = DefaultHasher::new();
        email.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        let lane = self.lanes[lane].take(None, 1, PATIENCE).await?;
        let (password, email) = (password.0.clone(), email.to_owned());
        let work = async move {
            let _lane = lane;
            is_common(password.expose_secret(), &email)
        };
        self.judging.run(tenant, work).await
    }

    /// Whether a new password is the stored one.
    ///
    /// # Errors
    /// As [`Passwords::verify`].
    pub async fn is_current(
        &self,
        password: &NewPassword,
        stored: Option<String>,
        tenant: Tenant,
    ) -> Result<bool, Error> {
        match stored {
            Some(stored) => self.verify(password.0.expose_secret(), Some(stored), tenant).await,
            None => Ok(false),
        }
    }

    /// Whether `password` matches `stored`. Takes the same time when nothing is stored. Sign-ins have no org yet and share the
    /// tenant `None`.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when no worker is free in time.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<String>,
        tenant: Tenant,
    ) -> Result<bool, Error> {
        let password: SecretString = password.nfc().collect::<String>().into();
        let salt = self.random.bytes();
        self.hashing
            .run(tenant, async move {
                let password = password.expose_secret();
                match stored.as_deref().map(PasswordHash::new) {
                    Some(Ok(stored)) => {
                        Argon2::default().verify_password(password.as_bytes(), &stored).is_ok()
                    }
                    Some(Err(_)) | None => {
                        // To take as long as a verification.
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
    use crate::error::FailureKind;
    use crate::ids::OrgId;
    use std::time::Instant;

    #[tokio::test]
    async fn hashes_with_the_owasp_parameters_and_normalises() {
        let passwords = Passwords::start(Random::seeded(1)).unwrap();
        let hashed = passwords
            .hash(NewPassword::parse("re\u{301}gisseur en tournée").unwrap(), "m@example.org", None)
            .await
            .unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(
            passwords.verify("r\u{e9}gisseur en tourne\u{301}e", Some(hashed.clone()), None).await.unwrap()
        );
        assert!(!passwords.verify("regisseur", Some(hashed), None).await.unwrap());
        assert!(!passwords.verify("no account has this password", None, None).await.unwrap());
    }

    #[tokio::test]
    async fn refuses_the_commonest_and_the_e_mail() {
        let passwords = Passwords::start(Random::seeded(1)).unwrap();
        let set = async |text: &str| {
            passwords.hash(NewPassword::parse(text).unwrap(), "marion@rideau.example", None).await
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
        let passwords = Passwords::start(Random::seeded(1)).unwrap();
        let turns = Workers::half_of_the_cores();
        assert_eq!(passwords.hashing.free(), turns);
        let here = std::thread::current().id();
        assert_ne!(passwords.hashing.run(None, async { std::thread::current().id() }).await.unwrap(), here);

        // Every worker is busy with work whose client has hung up meanwhile.
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let mut ends = Vec::new();
        for _ in 0..turns {
            let (end, ended) = std::sync::mpsc::channel::<()>();
            let (mine, begun) = (passwords.clone(), begun.clone());
            let client = tokio::spawn(async move {
                let work = async move {
                    begun.send(()).unwrap();
                    ended.recv().unwrap();
                };
                mine.hashing.run(None, work).await
            });
            begins.recv().await.unwrap();
            client.abort();
            assert!(client.await.unwrap_err().is_cancelled());
            ends.push(end);
        }
        let started = Instant::now();
        let refused = passwords.verify("no account has this password", None, None).await;
        assert!(
            refused.as_ref().is_err_and(|error| error.failure() == Some(FailureKind::Unavailable)),
            "{refused:?}"
        );
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(10), "{waited:?}");
        ends.iter().for_each(|end| end.send(()).unwrap());
        assert!(!passwords.verify("no account has this password", None, None).await.unwrap());
    }

    /// Blocks the thread that judges until the returned sender is dropped.
    async fn block_judging(passwords: &Passwords) -> std::sync::mpsc::Sender<()> {
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let judging = passwords.judging.clone();
        tokio::spawn(async move {
            let work = async move {
                begun.send(()).unwrap();
                // Returns when the sender is dropped.
                let _ = ended.recv();
            };
            judging.run(None, work).await
        });
        begins.recv().await.unwrap();
        end
    }

    #[tokio::test]
    async fn whoever_signs_in_does_not_wait_for_passwords_that_are_judged() {
        let passwords = Passwords::start(Random::seeded(1)).unwrap();
        let judging = block_judging(&passwords).await;
        assert!(!passwords.verify("no account has this password", None, None).await.unwrap());
        drop(judging);
    }

    #[tokio::test]
    async fn new_passwords_take_turns_by_org_and_one_login_has_one_place() {
        let passwords = Passwords::start(Random::seeded(1)).unwrap();
        let judging = block_judging(&passwords).await;
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        let new = |who: &'static str, org: u128| {
            let (passwords, sender) = (passwords.clone(), sender.clone());
            let tenant = Some(OrgId(uuid::Uuid::from_u128(org)));
            let password = NewPassword::parse("une longue phrase").unwrap();
            tokio::spawn(async move {
                passwords.is_common(&password, who, tenant).await.unwrap();
                sender.send(who).unwrap();
            })
        };
        let mut waiting = Vec::new();
        for (who, org) in [
            ("a@busy.example", 1),
            ("b@busy.example", 1),
            ("b@busy.example", 1),
            ("c@busy.example", 1),
            ("d@quiet.example", 2),
        ] {
            waiting.push(new(who, org));
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        drop(judging);
        let mut seen = Vec::new();
        for _ in 0..waiting.len() {
            seen.push(order.recv().await.unwrap());
        }
        assert_eq!(seen[1], "d@quiet.example", "{seen:?}");
        assert_eq!(seen[4], "b@busy.example", "{seen:?}");
    }

    #[test]
    fn counts_characters_not_bytes() {
        assert!(NewPassword::parse("ééééééé").is_err());
        assert!(NewPassword::parse("éééééééé").is_ok());
        assert!(NewPassword::parse(&"é".repeat(128)).is_ok());
        assert!(NewPassword::parse(&"é".repeat(129)).is_err());
    }
}
