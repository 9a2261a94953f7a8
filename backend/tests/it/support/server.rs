//! The same program behind a real socket, for what only shows on the wire.

use super::Test;
use std::net::SocketAddr;
use tokio::{net::TcpListener, task::JoinHandle};

/// Stops when dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port.
    pub async fn start(test: &Test) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let router = test.router.clone();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serving works") });
        Self { address, task }
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
