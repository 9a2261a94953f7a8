//! Connections: HTTP/1.1 over TCP, with as much patience as the security rules have (`axum::serve` sets no time limit).
//!
//! A whole request is limited by [`super::limits`], so a body that drips in is, too; what is limited here is what happens
//! before there is a request and after it was answered.

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

/// How long to wait before connections are accepted again after that failed: those that are served may end meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// What the parser holds of a request's head. More than [`super::limits`] allows, so that a head that is somewhat too
/// large is still answered with a problem; beyond, the parser's answer is empty.
const MAX_HEAD: usize = 64 * 1024;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From an idle connection, new or kept alive, to a complete header.
    pub header: Duration,
    /// Between two moments at which the client takes some of its answer.
    pub answer: Duration,
}

impl Default for Patience {
    /// The security rules' 30 seconds to a header; the same for an answer.
    fn default() -> Self {
        Self { header: Duration::from_secs(30), answer: Duration::from_secs(30) }
    }
}

/// Serves until `stop`, then waits for the requests that were begun.
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
    let mut told = None;
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener, &mut told) => accepted,
            () = &mut stop => break,
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
    // Nobody new may wait for an answer.
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
    // Answers are written at once; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.answer));
    stream
}

/// The next connection. Where none can be accepted (mostly: too many open files), that is logged once a minute, not in a
/// loop, also while now and then one gets in.
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

/// Whether a client went away before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
