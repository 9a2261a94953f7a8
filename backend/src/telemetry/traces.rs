//! Traces: one server span per request, sent by OTLP over HTTP to a collector. Spans wait in a bounded queue for a thread of
//! their own, so that a slow or unreachable collector delays no request; what does not fit is dropped.

use crate::{clock::Clock, random::Random};
use axum::http::HeaderMap;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter as Otlp, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanExporter, SpanLinks, SpanProcessor},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, UNIX_EPOCH},
};
use url::Url;

/// Timeout for sending a batch, and for stopping.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an unreachable collector is logged.
const MENTION: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent: {0}; correct OTEL_EXPORTER_OTLP_ENDPOINT, or leave it out")]
pub struct TracesError(#[from] ExporterBuildError);

/// The client's span, from a well-formed `traceparent` header (W3C Trace Context).
pub fn client_span(headers: &HeaderMap) -> Option<SpanContext> {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(headers));
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}

/// Shows the propagator `traceparent` only: a `tracestate` is for whom the trace goes on to, and from here it does not.
struct Traceparent<'h>(&'h HeaderMap);

impl Extractor for Traceparent<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let headers = Some(self.0).filter(|_| name == "traceparent")?;
        headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// What is sent of a request: nothing that may contain a secret, except its path, which is logged as well.
#[derive(Debug)]
pub struct ServerSpan<'s> {
    pub trace_id: &'s str,
    pub method: &'s str,
    /// The template in its public form.
    pub route: Option<&'s str>,
    pub path: &'s str,
    /// `None` if the client hung up before the response.
    pub status: Option<u16>,
    /// The time from the request until now.
    pub took: Duration,
}

pub(super) struct Traces {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    clock: Clock,
    random: Random,
}

impl Traces {
    /// Starts the thread; does not connect to the collector yet.
    pub(super) fn start(collector: &Url, clock: &Clock, random: &Random) -> Result<Self, TracesError> {
        let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let otlp = Otlp::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build()?;
        let exporter = Mentioned { otlp, failed: Mutex::default() };
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let about = [
            KeyValue::new("service.name", "coulisses"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ];
        processor.set_resource(&Resource::builder_empty().with_attributes(about).build());
        let scope = InstrumentationScope::builder("coulisses").build();
        Ok(Self { processor, scope, clock: clock.clone(), random: random.clone() })
    }

    pub(super) fn send(&self, span: ServerSpan<'_>, parent: Option<&SpanContext>) {
        let end_micros = u64::try_from(self.clock.now().as_micros()).unwrap_or(0);
        let end_time = UNIX_EPOCH + Duration::from_micros(end_micros);
        let context = SpanContext::new(
            TraceId::from_hex(span.trace_id).unwrap_or(TraceId::INVALID),
            SpanId::from_bytes(self.random.bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        let failed = span.status.is_some_and(|status| status >= 500);
        self.processor.on_end(SpanData {
            span_context: context,
            parent_span_id: parent.map_or(SpanId::INVALID, SpanContext::span_id),
            parent_span_is_remote: parent.is_some(),
            span_kind: SpanKind::Server,
            name: span.name().into(),
            start_time: end_time.checked_sub(span.took).unwrap_or(end_time),
            end_time,
            attributes: span.attributes(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if failed { Status::error("") } else { Status::Unset },
            instrumentation_scope: self.scope.clone(),
        });
    }

    /// Sends the queued spans; blocks for [`PATIENCE`] at most.
    pub(super) fn stop(&self) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(PATIENCE)
    }
}

/// Names follow OpenTelemetry's semantic conventions for HTTP servers.
impl ServerSpan<'_> {
    fn known_method(&self) -> Option<&'static str> {
        Some(super::metrics::known(self.method)).filter(|known| *known == self.method)
    }

    fn name(&self) -> String {
        let method = self.known_method().unwrap_or("HTTP");
        self.route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
    }

    fn attributes(&self) -> Vec<KeyValue> {
        let mut all = vec![
            KeyValue::new("http.request.method", self.known_method().unwrap_or("_OTHER")),
            KeyValue::new("url.path", self.path.to_owned()),
            // This program serves without TLS; a proxy in front may terminate it.
            KeyValue::new("url.scheme", "http"),
        ];
        all.extend(self.route.map(|route| KeyValue::new("http.route", route.to_owned())));
        match self.status {
            Some(status) => {
                all.push(KeyValue::new("http.response.status_code", i64::from(status)));
                all.extend((status >= 500).then(|| KeyValue::new("error.type", status.to_string())));
            }
            None => all.push(KeyValue::new("error.type", "cancelled")),
        }
        all
    }
}

/// An exporter that logs when spans cannot be sent, and when they can again.
#[derive(Debug)]
struct Mentioned {
    otlp: Otlp,
    /// When a failure was last logged; `None` since the last success.
    failed: Mutex<Option<Instant>>,
}

impl Mentioned {
    fn mention(&self, sent: &OTelSdkResult) {
        // It is replaced whole, so a panic in another thread cannot leave it half-changed.
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match (sent, *failed) {
            (Ok(()), Some(_)) => {
                tracing::info!("the trace collector is back");
                *failed = None;
            }
            (Err(error), told) if told.is_none_or(|told| told.elapsed() >= MENTION) => {
                tracing::warn!(%error, "the trace collector does not take what is sent; spans are lost");
                *failed = Some(Instant::now());
            }
            _ => {}
        }
    }
}

impl SpanExporter for Mentioned {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.otlp.export(batch).await;
        self.mention(&sent);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn client(traceparent: &str) -> Option<(String, String, bool)> {
        let mut headers = HeaderMap::new();
        headers.append("traceparent", traceparent.parse().expect("a header"));
        headers.append("traceparent", GOOD.replace("4bf9", "ffff").parse().expect("a header"));
        headers.append("tracestate", "vendor=secret".parse().expect("a header"));
        let span = client_span(&headers)?;
        assert_eq!(span.trace_state(), &TraceState::default());
        Some((span.trace_id().to_string(), span.span_id().to_string(), span.is_sampled()))
    }

    #[test]
    fn the_first_traceparent_counts_if_it_is_well_formed() {
        let wanted = |sampled| {
            Some(("4bf92f3577b34da6a3ce929d0e0e4736".to_owned(), "00f067aa0ba902b7".to_owned(), sampled))
        };
        for (flags, sampled) in [("01", true), ("00", false), ("02", false), ("03", true)] {
            assert_eq!(client(&GOOD.replace("-01", &format!("-{flags}"))), wanted(sampled), "{flags}");
        }
        assert_eq!(
            client(&format!("{}-more", GOOD.replacen("00", "01", 1))),
            wanted(true),
            "a later version"
        );
        assert_eq!(client_span(&HeaderMap::new()), None);
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47360-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        ] {
            assert_eq!(client(bad), None, "{bad}");
        }
    }
}
