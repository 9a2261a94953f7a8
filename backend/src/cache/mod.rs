//! Where cached lists live: inside the process, or shared between instances in Redis or Valkey.
//!
//! Nothing depends on it being there: [`Cache::status`] is shown by `/readyz` and never makes it fail.

use crate::config::CacheUrl;
use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// The longest that any request waits for the cache.
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

/// A Redis or Valkey server.
pub struct Server {
    client: redis::Client,
    connection: OnceCell<ConnectionManager>,
}

/// The cache. Clones share it.
#[derive(Clone)]
pub enum Cache {
    /// Inside the process.
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
                Self::Redis(Arc::new(Server { client, connection: OnceCell::new() }))
            }
        })
    }

    /// Whether it is there, within half a second.
    pub async fn status(&self) -> CacheStatus {
        match self.run::<String>(&mut redis::cmd("PING")).await {
            Ok(None) => CacheStatus::Memory,
            Ok(Some(_)) => CacheStatus::Ok,
            Err(_) => CacheStatus::Down,
        }
    }

    /// Runs a command on the server; none where the cache is in the process.
    ///
    /// # Errors
    /// When the server does not answer within half a second, or refuses.
    pub async fn run<T: FromRedisValue>(&self, command: &mut Cmd) -> Result<Option<T>, RedisError> {
        let Self::Redis(server) = self else {
            return Ok(None);
        };
        let answer = async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(BUDGET))
                .set_response_timeout(Some(BUDGET));
            let connect = || server.client.get_connection_manager_with_config(config);
            let mut connection = server.connection.get_or_try_init(connect).await?.clone();
            command.query_async(&mut connection).await
        };
        let late = |_| RedisError::from((ErrorKind::Io, "no answer in time"));
        tokio::time::timeout(BUDGET, answer).await.map_err(late)?.map(Some)
    }
}
