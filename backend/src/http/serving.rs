//! Connections: HTTP/1.1 over TCP, with the timeouts of the security rules (`axum::serve` sets none).
//!
//! [`super::limits`] limits the time of a whole request, a slowly sent body included; this module limits the time until
//! there is a request and while its response is sent.

use super::heads::Heads;
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// Pause after accepting a connection failed: connections being served may end meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a new connection is left to send its first request although the server stops. hyper closes one from which it has read
/// nothing yet, while its request may be on the way.
const FRESH: Duration = Duration::from_secs(1);
/// The parser's buffer for a head, in bytes. More than [`super::limits`] allows, so that a head somewhat too large still
/// gets a problem+json response; beyond this, the parser's response is empty.
const MAX_HEAD: usize = 64 * 1024;

/// Timeouts for a client.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From an idle connection, new or kept alive, to a complete head.
    pub header: Duration,
    /// The longest pause in which the client takes nothing of its response.
    pub answer: Duration,
}

impl Default for Patience {
    /// 30 seconds to a head, from the security rules; the same for a response.
    fn default() -> Self {
        Self { header: Duration::from_secs(30), answer: Duration::from_secs(30) }
    }
}

/// What becomes at the end of connections that the system has made and nobody has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// They are served: nobody else listens.
    Served,
    /// They are left to another holder of the socket, which goes on listening.
    Left,
}

/// Serves until `stop`, then waits for the requests in progress.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    (patience, queue): (Patience, Queue),
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.header).max_buf_size(MAX_HEAD);
    let connections =
        Connections { http, router, patience, stopping: CancellationToken::new(), open: TaskTracker::new() };
    let mut stop = std::pin::pin!(stop);
    let mut told = None;
    loop {
        let (stream, peer) = tokio::select! {
            // First, so that none is taken from whoever goes on listening.
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &mut told) => accepted,
        };
        connections.serve(stream, peer);
    }
    match queue {
        Queue::Left => drop(listener),
        // They would be reset, and a proxy may not repeat a POST.
        Queue::Served => {
            if let Err(error) = connections.serve_connected(listener) {
                tracing::warn!(%error, "connections that were waiting are closed");
            }
        }
    }
    connections.stopping.cancel();
    connections.open.close();
    connections.open.wait().await;
}

struct Connections {
    http: http1::Builder,
    router: Router,
    patience: Patience,
    stopping: CancellationToken,
    open: TaskTracker,
}

impl Connections {
    fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let stream = Heads::of(Box::pin(limited(stream, self.patience)));
        let (router, framing) = (self.router.clone(), stream.framing());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let last = framing.parsed(&mut request);
            answer(router.clone(), request, last)
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let (stopping, fresh_until) = (self.stopping.clone(), tokio::time::Instant::now() + FRESH);
        self.open.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let over = async move {
                stopping.cancelled().await;
                tokio::time::sleep_until(fresh_until).await;
            };
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = over => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }

    /// Serves all that wait in the listener's queue, and closes it: no new connection may wait for a response.
    fn serve_connected(&self, listener: TcpListener) -> io::Result<()> {
        // Asked directly: the runtime knows of new ones only when it has looked again.
        let listener = listener.into_std()?;
        loop {
            let (stream, peer) = match listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if is_the_clients(&error) => continue,
                accepted => accepted?,
            };
            stream.set_nonblocking(true)?;
            self.serve(TcpStream::from_std(stream)?, peer);
        }
    }
}

async fn answer(router: Router, request: Request<Incoming>, last: bool) -> Result<Response, Infallible> {
    let mut response = router.oneshot(request).await?;
    if last {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn limited(stream: TcpStream, patience: Patience) -> TimeoutStream<TcpStream> {
    // Responses are written in one go; Nagle's algorithm would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.answer));
    stream
}

/// The next connection. If none can be accepted (mostly: too many open files), that is logged once a minute, even if one
/// succeeds now and then.
async fn accept(listener: &TcpListener, told: &mut Option<Instant>) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() >= Duration::from_secs(60)) {
                    tracing::error!(%error, "no connection can be accepted; trying again every second");
                    *told = Some(Instant::now());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether the client went away before its connection was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
