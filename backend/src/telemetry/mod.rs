//! Logs, metrics and traces. This module knows no types of `http` or `db`: `http::watch` reports each request, and the caller
//! of [`Metrics::show`] passes the state of the connection pool.

mod lines;
mod logs;
mod metrics;
mod traces;

pub use lines::LastLines;
pub use logs::init;
pub use metrics::{Connections, Metrics};
pub use opentelemetry::trace::SpanContext;
pub use traces::{ServerSpan, TracesError, client_span};

use crate::{clock::Clock, config::Config, random::Random};
use std::sync::Arc;
use traces::Traces;

/// Metrics and traces. Clones share them. The log is global to the process.
#[derive(Clone)]
pub struct Telemetry {
    pub metrics: Metrics,
    traces: Option<Arc<Traces>>,
}

impl Telemetry {
    /// Traces are sent only if OTEL_EXPORTER_OTLP_ENDPOINT is set.
    ///
    /// # Errors
    /// When no exporter can be built for that URL.
    pub fn start(config: &Config, clock: &Clock, random: &Random) -> Result<Self, TracesError> {
        let traces =
            config.otlp_endpoint.as_ref().map(|url| Traces::start(url, clock, random)).transpose()?;
        Ok(Self { metrics: Metrics::new(config.metrics_enabled), traces: traces.map(Arc::new) })
    }

    /// Queues a request's span for the exporter; never blocks. `span` is called only if it is sent.
    pub fn trace<'s>(&self, parent: Option<&SpanContext>, span: impl FnOnce() -> ServerSpan<'s>) {
        if let Some(traces) = &self.traces
            && parent.is_none_or(SpanContext::is_sampled)
        {
            traces.send(span(), parent);
        }
    }

    /// Sends the queued spans, for 5 seconds at most.
    pub async fn stop(&self) {
        if let Some(traces) = self.traces.clone() {
            // Blocks on the exporter's thread, which logs its failures.
            let _ = tokio::task::spawn_blocking(move || traces.stop()).await;
        }
    }
}
