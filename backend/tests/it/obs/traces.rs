//! Traces: what a collector is sent, and that nobody waits for it. The collector is the least that can be one.

use crate::{
    cli::{Cli, Serving},
    support::{AT_MOST, Kind, Test},
};
use axum::{Router, body::Bytes, extract::Request, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span, span::SpanKind, status::StatusCode},
};
use prost::Message;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, time::Instant};
use tokio::{net::TcpListener, sync::mpsc};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

struct Collector {
    url: String,
    sent: mpsc::UnboundedReceiver<ExportTraceServiceRequest>,
}

impl Collector {
    async fn start() -> Self {
        let (sender, sent) = mpsc::unbounded_channel();
        let take = async move |request: Request| {
            assert_eq!(request.headers()["content-type"], "application/x-protobuf");
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("a body");
            sender
                .send(ExportTraceServiceRequest::decode(body).expect("protobuf"))
                .expect("the test goes on");
            // An empty answer is one without complaints.
            Bytes::new()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router: Router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, sent }
    }

    /// All that has come, once no more can come.
    fn received(&mut self) -> Vec<ResourceSpans> {
        let mut all = Vec::new();
        while let Ok(request) = self.sent.try_recv() {
            all.extend(request.resource_spans);
        }
        all
    }
}

fn spans(received: &[ResourceSpans]) -> Vec<&Span> {
    received.iter().flat_map(|one| &one.scope_spans).flat_map(|one| &one.spans).collect()
}

fn members(attributes: &[KeyValue]) -> BTreeMap<&str, Json> {
    let value = |one: &KeyValue| match one.value.as_ref().and_then(|value| value.value.clone()) {
        Some(Value::StringValue(text)) => json!(text),
        Some(Value::IntValue(number)) => json!(number),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.as_str(), value(one))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{CALLER}-{flags}")
}

#[rstest]
#[tokio::test]
async fn a_request_is_a_span_of_its_callers_trace(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut collector = Collector::start().await;
    let test = Test::start_with(db, &[(ENDPOINT, &collector.url)]).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let traced =
        manager.with_header("traceparent", &traceparent("01")).with_header("cookie", "refresh_token=hush");
    let path = format!("/missions/{mission}:duplicate");
    traced.post_empty(&format!("{path}?token=hush")).await;
    test.app.telemetry.stop().await;

    let received = collector.received();
    assert!(!format!("{received:?}").contains("hush"), "{received:?}");
    let about = received[0].resource.as_ref().expect("a resource");
    assert_eq!(members(&about.attributes)["service.name"], "coulisses");
    assert_eq!(members(&about.attributes)["service.version"], env!("CARGO_PKG_VERSION"));
    let spans = spans(&received);
    let [first, second] = spans[..] else { panic!("{spans:?}") };
    assert_eq!(first.name, "POST /api/v1/missions");
    assert!(first.parent_span_id.is_empty() && first.trace_id.len() == 16, "{first:?}");
    assert_eq!(second.name, "POST /api/v1/missions/{id}:duplicate");
    assert_eq!((hex(&second.trace_id).as_str(), hex(&second.parent_span_id).as_str()), (TRACE, CALLER));
    assert_eq!(second.span_id.len(), 8);
    assert_ne!(second.span_id, first.span_id);
    assert_eq!(second.kind(), SpanKind::Server);
    assert!(second.end_time_unix_nano > second.start_time_unix_nano, "{second:?}");
    let now = u64::try_from(test.clock.now().as_micros()).expect("after 1970") * 1000;
    assert_eq!(second.end_time_unix_nano, now);
    let wanted = BTreeMap::from([
        ("http.request.method", json!("POST")),
        ("http.route", json!("/api/v1/missions/{id}:duplicate")),
        ("http.response.status_code", json!(200)),
        ("url.path", json!(format!("/api/v1{path}"))),
        ("url.scheme", json!("http")),
    ]);
    assert_eq!(members(&second.attributes), wanted);
}

#[rstest]
#[tokio::test]
async fn what_the_caller_does_not_record_is_not_recorded(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut collector = Collector::start().await;
    let test = Test::start_with(db, &[(ENDPOINT, &collector.url)]).await;
    for (flags, path) in [("00", "/livez"), ("02", "/livez"), ("03", "/healthz"), ("00-more", "/readyz")] {
        test.anonymous().with_header("traceparent", &traceparent(flags)).get(path).await;
    }
    test.app.telemetry.stop().await;
    let received = collector.received();
    let names: Vec<_> =
        spans(&received).iter().map(|span| (span.name.as_str(), hex(&span.trace_id) == TRACE)).collect();
    // The last header is malformed: its trace begins here.
    assert_eq!(names, [("GET /healthz", true), ("GET /readyz", false)]);
}

#[rstest]
#[tokio::test]
async fn a_failure_is_marked_and_a_refusal_is_not(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut collector = Collector::start().await;
    let test = Test::start_with(db, &[(ENDPOINT, &collector.url)]).await;
    let manager = test.manager().await;
    manager.get("/nothing/really").await.refused(404, "not_found");
    manager
        .send("BREW".parse().expect("a method"), "/healthz", None)
        .await
        .refused(405, "method_not_allowed");
    test.app.db.clone().close().await.expect("it is closed");
    manager.get("/projects").await.refused(503, "unavailable");
    test.app.telemetry.stop().await;
    let received = collector.received();
    let [unknown, odd, failed] = spans(&received)[..] else { panic!("{received:?}") };
    let code = |span: &Span| span.status.as_ref().map_or(StatusCode::Unset, |status| status.code());
    assert_eq!((unknown.name.as_str(), code(unknown)), ("GET", StatusCode::Unset));
    assert_eq!((odd.name.as_str(), code(odd)), ("HTTP /healthz", StatusCode::Unset));
    assert_eq!(members(&odd.attributes)["http.request.method"], "_OTHER");
    assert_eq!((failed.name.as_str(), code(failed)), ("GET /api/v1/projects", StatusCode::Error));
    assert_eq!(members(&failed.attributes)["error.type"], "503");
}

#[cfg(unix)]
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_ones_are_sent_when_it_stops(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut collector = Collector::start().await;
    let cli = Cli::with_database(db).await.set(ENDPOINT, &collector.url);
    let serving = Serving::start(&cli, &["serve", "--migrate"]);
    let healthz = format!("http://127.0.0.1:{}/healthz", serving.port);
    for _ in 0..20 {
        assert_eq!(reqwest::get(&healthz).await.expect("an answer").status(), 200);
    }
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
    let received = collector.received();
    assert_eq!(spans(&received).len(), 20);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_down_is_mentioned_once() {
    let nobody =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let cli = Cli::new(&[
        (ENDPOINT, &format!("http://{nobody}")),
        // A batch for each span, so that many fail.
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
    ]);
    let mut serving = Serving::start(&cli, &["serve"]);
    let healthz = format!("http://127.0.0.1:{}/healthz", serving.port);
    assert_eq!(reqwest::get(&healthz).await.expect("an answer").status(), 200);
    serving.logs("the trace collector");
    for _ in 0..100 {
        assert_eq!(reqwest::get(&healthz).await.expect("an answer").status(), 200);
    }
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0), "{rest}");
    assert_eq!(rest.matches("the trace collector").count(), 0, "{rest}");
}

/// It accepts connections and never answers.
#[tokio::test]
async fn a_collector_that_hangs_keeps_nobody_waiting() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("its address"));
    let test = Test::start_with(Kind::Sqlite, &[(ENDPOINT, &url)]).await;
    // More than its queue holds.
    for _ in 0..3000 {
        test.anonymous().get("/healthz").await.ok();
    }
    let begin = Instant::now();
    test.app.telemetry.stop().await;
    assert!(begin.elapsed() < AT_MOST, "{:?}", begin.elapsed());
}
