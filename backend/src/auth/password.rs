//! Passwords: Argon2id with OWASP's parameters (m = 19456 KiB, t = 2, p = 1; Password Storage Cheat Sheet), hashed
//! few at a time, because each takes 19 MiB and tens of milliseconds, and on threads of their own: always the same ones,
//! because an allocator keeps what a thread freed for that thread, and of a lower priority, because nobody else should
//! wait for those who sign in.

use crate::{error::Error, random::Random};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, time::Duration};
use thread_priority::ThreadPriority;
use tokio::{
    runtime::{self, Runtime},
    sync::Semaphore,
};
use unicode_normalization::UnicodeNormalization;

/// A password that is found with fewer guesses is among the commonest: the lists that `zxcvbn` knows hold 30 000 real ones,
/// and their usual variations, rows of keys and repetitions come to about as many again.
const COMMON_GUESSES: u64 = 100_000;
/// How long a sign-in waits for its turn before it is sent away with a 503.
const PATIENCE: Duration = Duration::from_secs(2);

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
    turns: Arc<Semaphore>,
    threads: Arc<Threads>,
    random: Random,
}

#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
struct HashingFailed(argon2::password_hash::Error);

#[derive(Debug, thiserror::Error)]
#[error("too many sign-ins at once: no turn to hash a password within {PATIENCE:?}")]
struct NoTurn;

impl Passwords {
    /// Half of the processor's cores may hash at a time.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn new(random: Random) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_a_time = (cores / 2).max(1);
        let threads = runtime::Builder::new_multi_thread()
            .worker_threads(at_a_time)
            .thread_name("hashing")
            .on_thread_start(yield_to_others)
            .build()
            .map_err(Error::internal)?;
        let turns = Arc::new(Semaphore::new(at_a_time));
        Ok(Self { turns, threads: Arc::new(Threads(Some(threads))), random })
    }

    /// The hash to store, in PHC form, of a password for the account of this e-mail.
    ///
    /// # Errors
    /// [`Error::Invalid`] at `/new_password` when it is among the commonest or is the e-mail; [`Error::Unavailable`] when
    /// there is no turn in time.
    pub async fn hash(&self, password: NewPassword, email: &str) -> Result<String, Error> {
        let salt = self.random.bytes();
        let email = email.to_owned();
        self.in_turn(move || {
            let password = password.0.expose_secret();
            if is_common(password, &email) {
                let rule = "is among the first that anyone would guess; choose another one";
                return Err(Error::invalid("/new_password", rule));
            }
            hash(password, &salt)
        })
        .await?
    }

    /// Whether `password` belongs to `stored`. Takes the same time when there is nothing stored.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no turn in time.
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool, Error> {
        let password: SecretString = password.nfc().collect::<String>().into();
        let salt = self.random.bytes();
        self.in_turn(move || {
            let password = password.expose_secret();
            match stored.as_deref().map(PasswordHash::new) {
                Some(Ok(stored)) => Argon2::default().verify_password(password.as_bytes(), &stored).is_ok(),
                Some(Err(_)) | None => {
                    // For the time that it takes.
                    let _ = hash(password, &salt);
                    false
                }
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Unavailable(Arc::new(NoTurn)))?.map_err(Error::internal)?;
        let threads = self.threads.0.as_ref().map(Runtime::handle).ok_or_else(|| Error::internal(Stopped))?;
        let work = threads.spawn(async move {
            // Held by the work itself: a client that hangs up must not free the turn while the core is still busy.
            let _turn = turn;
            work()
        });
        work.await.map_err(Error::internal)
    }
}

/// Threads that do nothing but hash; there until the last [`Passwords`] goes.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Its own drop would wait, which is forbidden where others are served.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the program stops: nothing is hashed any more")]
struct Stopped;

/// A thread that wakes up to serve someone does not wait for a hash, which lasts tens of milliseconds. Hashes get what the
/// others leave, and a small part where they leave nothing.
fn yield_to_others() {
    if let Err(error) = step_aside() {
        tracing::debug!(?error, "hashing has the priority of everything else");
    }
}

/// Linux lets a thread of its own class run until the next tick, 4 ms later, however low its priority is; not so one that
/// is there for when the processor is idle.
#[cfg(target_os = "linux")]
fn step_aside() -> Result<(), thread_priority::Error> {
    use thread_priority::unix::{
        NormalThreadSchedulePolicy::Idle, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

#[cfg(not(target_os = "linux"))]
fn step_aside() -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(ThreadPriority::Min)
}

/// The e-mail counts as a word that everyone knows, so it and its usual variations are refused as well.
fn is_common(password: &str, email: &str) -> bool {
    password.eq_ignore_ascii_case(email) || zxcvbn::zxcvbn(password, &[email]).guesses() < COMMON_GUESSES
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    Ok(hashed.map_err(|error| Error::internal(HashingFailed(error)))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

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
        assert_eq!(passwords.turns.available_permits(), turns);
        let here = std::thread::current().id();
        assert_ne!(passwords.in_turn(|| std::thread::current().id()).await.unwrap(), here);

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
                mine.in_turn(work).await
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

    #[test]
    fn counts_characters_not_bytes() {
        assert!(NewPassword::parse("ééééééé").is_err());
        assert!(NewPassword::parse("éééééééé").is_ok());
        assert!(NewPassword::parse(&"é".repeat(128)).is_ok());
        assert!(NewPassword::parse(&"é".repeat(129)).is_err());
    }
}
