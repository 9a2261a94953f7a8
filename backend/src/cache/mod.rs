//! What instances share in Redis or Valkey: the counts of guesses (`auth::throttle`) and cached lists ([`Lists`]). Without
//! a server, each instance has its own.
//!
//! The server is optional: `/readyz` shows [`Cache::status`] and never fails because of it.

mod lists;
mod shares;

pub use lists::{Found, Key, Lists};

use crate::config::CacheUrl;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind,
    aio::MultiplexedConnection,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The timeout of a command.
const BUDGET: Duration = Duration::from_millis(500);

crate::words::words! {
    /// Whether the cache is there.
    pub enum CacheStatus {
        /// Inside the process.
        Memory = "memory",
        /// The server answers.
        Ok = "ok",
        /// The server does not answer; requests do without.
        Down = "down",
    }
}

/// How long a server that did not respond is not asked: its absence costs one request the timeout, not each of them.
const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(2);

/// How often a refusal by the server is logged.
const REFUSALS: Duration = Duration::from_secs(60);

/// A Redis or Valkey server.
pub struct Server {
    client: redis::Client,
    state: Mutex<State>,
    refusal_told: Mutex<Option<Instant>>,
}

enum State {
    /// Connects at the next command.
    Disconnected,
    Connected(MultiplexedConnection),
    /// Did not respond; not asked again before this instant.
    Resting(Instant),
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        // It is replaced whole, so a panic cannot leave it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        match &*self.state() {
            State::Connected(connection) => return Ok(connection.clone()),
            State::Resting(until) if Instant::now() < *until => {
                return Err((ErrorKind::Io, "it did not answer a moment ago").into());
            }
            State::Resting(_) | State::Disconnected => {}
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(BUDGET))
            .set_response_timeout(Some(BUDGET));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let answer = async {
            let mut connection = self.connection().await?;
            match command.query_async(&mut connection).await {
                Err(error) if !is_refusal(&error) => Err(error),
                answer => Ok((connection, answer)),
            }
        };
        let late = |_| RedisError::from((ErrorKind::Io, "no answer in time"));
        let outcome = tokio::time::timeout(BUDGET, answer).await.unwrap_or_else(|elapsed| Err(late(elapsed)));
        let mut state = self.state();
        match outcome {
            Ok((connection, answer)) => {
                if matches!(*state, State::Resting(_)) {
                    tracing::info!("the cache is back");
                }
                *state = State::Connected(connection);
                drop(state);
                answer.inspect_err(|error| self.tell_refusal(error))
            }
            Err(error) => {
                match &*state {
                    State::Resting(until) if Instant::now() < *until => return Err(error),
                    State::Resting(_) => {}
                    State::Disconnected | State::Connected(_) => {
                        tracing::warn!(%error, "the cache is out of reach; requests do without it");
                    }
                }
                // A connection that did not respond is not used again.
                *state = State::Resting(Instant::now() + RETRY_AFTER_FAILURE);
                Err(error)
            }
        }
    }

    /// Logs it, but not each time: a server that is out of memory refuses every list.
    fn tell_refusal(&self, error: &RedisError) {
        // It is one value, so a panic cannot leave it half-changed.
        let mut told = self.refusal_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= REFUSALS) {
            *told = Some(Instant::now());
            tracing::warn!(%error, "the cache refuses a command; requests do without");
        }
    }
}

/// Whether the server responds and refuses the command: it is out of memory, or the account lacks a permission. What says
/// that it cannot serve for now (it is loading, or a replica) is an outage.
fn is_refusal(error: &RedisError) -> bool {
    use ServerErrorKind::{ExecAbort, NoPerm, NoScript, ResponseError};
    let refusals = [ExecAbort, NoPerm, NoScript, ResponseError].map(ErrorKind::Server);
    // The library has no kinds for OOM and MISCONF.
    error.kind() == ErrorKind::Extension || refusals.contains(&error.kind())
}

/// The cache. Clones share it.
#[derive(Clone)]
pub enum Cache {
    InProcess,
    /// A server, connected to at first use and again after the connection is lost.
    Redis(Arc<Server>),
}

impl Cache {
    /// Checks the URL; a server that is down now is no error.
    ///
    /// # Errors
    /// When it is no Redis URL.
    pub fn connect(url: &CacheUrl) -> Result<Self, RedisError> {
        Ok(match url {
            CacheUrl::InProcess => Self::InProcess,
            CacheUrl::Redis(url) => {
                let client = redis::Client::open(url.as_str())?;
                Self::Redis(Arc::new(Server {
                    client,
                    state: Mutex::new(State::Disconnected),
                    refusal_told: Mutex::default(),
                }))
            }
        })
    }

    /// Whether the server responds within half a second.
    pub async fn status(&self) -> CacheStatus {
        match self.run::<String>(&redis::cmd("PING")).await {
            Ok(None) => CacheStatus::Memory,
            Ok(Some(_)) => CacheStatus::Ok,
            Err(_) => CacheStatus::Down,
        }
    }

    /// Runs a command on the server; `None` without a server.
    ///
    /// # Errors
    /// When the server does not respond within half a second, or refuses.
    pub async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<Option<T>, RedisError> {
        let Self::Redis(server) = self else {
            return Ok(None);
        };
        server.run(command).await.map(Some)
    }
}
