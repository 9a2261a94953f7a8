//! The same program behind a real socket, for what only shows on the wire.

use super::Test;
use coulisses::http::serving::{self, Patience};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Longer than anything takes that happens at all, on a busy machine, too.
pub const AT_MOST: Duration = Duration::from_secs(20);

/// Stops when dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port.
    pub async fn start(test: &Test) -> Self {
        Self::start_with(test, Patience::default()).await
    }

    /// The same with another patience.
    pub async fn start_with(test: &Test, patience: Patience) -> Self {
        Self::on(Self::listener().await, test, patience)
    }

    /// A free port, for settings that name it before anything is served there.
    pub async fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.expect("a free port")
    }

    /// Serves what connects there.
    pub fn on(listener: TcpListener, test: &Test, patience: Patience) -> Self {
        let address = listener.local_addr().expect("its address");
        let router = test.router.clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task =
            tokio::spawn(serving::serve(listener, router, (patience, serving::Queue::Served), stopped));
        Self { address, stop, task }
    }

    /// Tells it to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether something that it began is not done yet.
    pub fn is_serving(&self) -> bool {
        !self.task.is_finished()
    }

    /// Waits until all that it began is done.
    pub async fn stopped(mut self) {
        tokio::time::timeout(AT_MOST, &mut self.task).await.expect("it ends in time").expect("serving works");
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
