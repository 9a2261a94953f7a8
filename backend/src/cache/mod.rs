//! What instances share in Redis or Valkey: the counts of guesses (`auth::guessing`) and cached lists ([`Lists`]). Without
//! a server, each has only what is inside its own process.
//!
//! Nothing depends on it being there: [`Cache::status`] is shown by `/readyz` and never makes it fail.

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

/// The longest that one command is waited for.
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

/// How long a server that did not answer is left alone: its absence costs one request the budget, not each of them.
const REST: Duration = Duration::from_secs(2);

/// How often it is told that the server refuses something.
const REFUSALS: Duration = Duration::from_secs(60);

/// A Redis or Valkey server.
pub struct Server {
    client: redis::Client,
    state: Mutex<State>,
    refusal_told: Mutex<Option<Instant>>,
}

enum State {
    /// Connected to at the next command.
    Apart,
    Connected(MultiplexedConnection),
    /// Did not answer; not asked again before this instant.
    Resting(Instant),
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        // It is replaced whole, so a panic elsewhere leaves nothing half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        match &*self.state() {
            State::Connected(connection) => return Ok(connection.clone()),
            State::Resting(until) if Instant::now() < *until => {
                return Err((ErrorKind::Io, "it did not answer a moment ago").into());
            }
            State::Resting(_) | State::Apart => {}
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
                    State::Apart | State::Connected(_) => {
                        tracing::warn!(%error, "the cache is out of reach; requests do without it");
                    }
                }
                // A connection that did not answer is not trusted again.
                *state = State::Resting(Instant::now() + REST);
                Err(error)
            }
        }
    }

    /// One that has no memory left refuses every list.
    fn tell_refusal(&self, error: &RedisError) {
        // It is one instant, so a panic elsewhere leaves nothing half-done.
        let mut told = self.refusal_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= REFUSALS) {
            *told = Some(Instant::now());
            tracing::warn!(%error, "the cache refuses a command; requests do without");
        }
    }
}

/// Whether the server is there and does not want to do this: it has no memory left, or the account may not. What says that it
/// cannot serve for now (it is loading, or a replica) is an outage.
fn is_refusal(error: &RedisError) -> bool {
    use ServerErrorKind::{ExecAbort, NoPerm, NoScript, ResponseError};
    let refusals = [ExecAbort, NoPerm, NoScript, ResponseError].map(ErrorKind::Server);
    // OOM and MISCONF are unknown to the library.
    error.kind() == ErrorKind::Extension || refusals.contains(&error.kind())
}

/// The cache. Clones share it.
#[derive(Clone)]
pub enum Cache {
    InProcess,
    /// A server, connected to when it is first needed and again whenever it was lost.
    Redis(Arc<Server>),
}

impl Cache {
    /// Checks the address; a server that is down now does not matter.
    ///
    /// # Errors
    /// When the address is no Redis URL.
    pub fn connect(url: &CacheUrl) -> Result<Self, RedisError> {
        Ok(match url {
            CacheUrl::InProcess => Self::InProcess,
            CacheUrl::Redis(url) => {
                let client = redis::Client::open(url.as_str())?;
                Self::Redis(Arc::new(Server {
                    client,
                    state: Mutex::new(State::Apart),
                    refusal_told: Mutex::default(),
                }))
            }
        })
    }

    /// Whether it is there, within half a second.
    pub async fn status(&self) -> CacheStatus {
        match self.run::<String>(&redis::cmd("PING")).await {
            Ok(None) => CacheStatus::Memory,
            Ok(Some(_)) => CacheStatus::Ok,
            Err(_) => CacheStatus::Down,
        }
    }

    /// Runs a command on the server; none where the cache is in the process.
    ///
    /// # Errors
    /// When the server does not answer within half a second, or refuses.
    pub async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<Option<T>, RedisError> {
        let Self::Redis(server) = self else {
            return Ok(None);
        };
        server.run(command).await.map(Some)
    }
}
