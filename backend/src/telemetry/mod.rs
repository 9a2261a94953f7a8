//! What the running program tells of itself: log lines, metrics, traces. Nothing here knows a request's types or the
//! database's: `http::watch` tells what became of a request, whoever owns a number says it when asked.

mod lines;
mod logs;
mod metrics;
mod traces;

pub use lines::LastLines;
pub use logs::init;
pub use metrics::{Connections, Metrics};
pub use traces::{Parent, ServerSpan, TracesError};

use crate::{clock::Clock, config::Config, random::Random};
use std::sync::Arc;
use traces::Traces;

/// Counts and traces of one running program; clones share them. Log lines are the process's own.
#[derive(Clone)]
pub struct Telemetry {
    pub metrics: Metrics,
    traces: Option<Arc<Traces>>,
}

impl Telemetry {
    /// Nothing counted yet; traces go where the configuration says, if it says so.
    ///
    /// # Errors
    /// When no exporter can be made for the collector's address.
    pub fn start(config: &Config, clock: &Clock, random: &Random) -> Result<Self, TracesError> {
        let traces =
            config.otlp_endpoint.as_ref().map(|url| Traces::start(url, clock, random)).transpose()?;
        Ok(Self { metrics: Metrics::new(config.metrics_enabled), traces: traces.map(Arc::new) })
    }

    /// Hands a request's span to the exporter, which never keeps anyone waiting. `span` is made only when it is sent.
    pub fn trace<'s>(&self, parent: Option<&Parent>, span: impl FnOnce() -> ServerSpan<'s>) {
        if let Some(traces) = &self.traces
            && parent.is_none_or(|parent| parent.sampled)
        {
            traces.send(span(), parent);
        }
    }

    /// Sends the spans that are still here, for a few seconds at most.
    pub async fn stop(&self) {
        if let Some(traces) = self.traces.clone() {
            // It waits for the exporter's thread. A failure was logged there.
            let _ = tokio::task::spawn_blocking(move || traces.stop()).await;
        }
    }
}
