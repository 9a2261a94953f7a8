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
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// Pause after accepting a connection failed: connections being served may end meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
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

/// Serves until `stop`, then waits for the requests in progress. Another holder of the socket may go on listening.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.header).max_buf_size(MAX_HEAD);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    let (mut told, mut stopping) = (None, false);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut stop, if !stopping => {
                stopping = true;
                continue;
            }
            // What the system has connected already has no other server to go to; only when there is none more this one ends.
            accepted = accept(&listener, &mut told) => accepted,
            () = std::future::ready(()), if stopping => break,
        };
        let stream = Heads::of(Box::pin(limited(stream, patience)));
        let (router, framing) = (router.clone(), stream.framing());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let last = framing.parsed(&mut request);
            answer(router.clone(), request, last)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    // No new connection may wait for a response.
    drop(listener);
    connections.shutdown().await;
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
