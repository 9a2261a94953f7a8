//! Health, readiness and metrics for operators, and `/rbac_demo`, which demonstrates the roles.

use crate::{
    auth::{Admin, Caller, Manager, MinimumRole, OrgMismatch, Owner, Tech},
    cache::{Cache, CacheStatus},
    db,
    error::{Error, NotFound},
    http::{Describe, Description, Done, Path, operations, tagged},
    ids::OrgId,
    state::App,
    telemetry,
};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use std::time::Duration;
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};
use utoipa_axum::router::OpenApiRouter;

/// How long `/readyz` waits for the database. With the cache's 500 ms it responds in less than 2 s.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// Routes outside `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(operations!(healthz))
        .routes(operations!(livez))
        .routes(operations!(readyz))
        .routes(operations!(metrics))
}

/// The probes of a process that cannot serve yet.
pub fn waiting_routes(cache: Cache) -> Router {
    let not_ready = async move || {
        let cache = cache.status().await;
        let status = ReadyParts { db: "down", storage: "ok", cache, ok: false };
        (StatusCode::SERVICE_UNAVAILABLE, Ready { status })
    };
    Router::new().route("/healthz", get(healthz)).route("/livez", get(livez)).route("/readyz", get(not_ready))
}

/// Routes under `/api/v1`.
pub fn api_routes() -> OpenApiRouter<App> {
    tagged("system", "Probes and metrics for operators.")
        .merge(tagged(
            "rbac_demo",
            "Demonstrates the roles owner, admin, manager and tech. Reads and changes nothing.",
        ))
        .routes(operations!(ping))
        .routes(operations!(any))
        .routes(operations!(manager))
        .routes(operations!(admin))
        .routes(operations!(owner))
        .routes(operations!(scoped))
}

/// Whether the process lives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liveness)]
struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
}

/// Whether the process can serve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
struct Ready {
    /// Its parts.
    status: ReadyParts,
}

impl IntoResponse for Ready {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl Describe for Ready {
    fn describe(operation: &mut Description) {
        let schema = operation.schema::<Self>();
        operation.responds("200", "application/json", schema.clone());
        operation.responds("503", "application/json", schema);
        operation.response("503").description = "A part is down, or the program is about to stop.".into();
    }
}

/// Metrics in the text format of Prometheus.
struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], self.0).into_response()
    }
}

impl Describe for Exposition {
    fn describe(operation: &mut Description) {
        operation.responds("200", "text/plain", ObjectBuilder::new().schema_type(Type::String));
    }
}

/// What serving needs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadinessStatus)]
struct ReadyParts {
    /// `ok`, or `down` when the database does not answer or its schema is being brought up to date.
    #[schema(example = "ok")]
    db: &'static str,
    /// `ok`, or `full` when the last write found no room on the database's disk; what is there can still be read.
    #[schema(example = "ok")]
    storage: &'static str,
    /// Serving goes on without it.
    cache: CacheStatus,
    /// Whether to send traffic here.
    ok: bool,
}

/// Check that the process answers.
///
/// Always 200 while it does; neither database nor cache is asked.
#[utoipa::path(get, path = "/healthz", tag = "system")]
async fn healthz() -> Json<Done> {
    Json(Done::OK)
}

/// Check that the process lives.
///
/// The liveness probe: neither database nor cache is asked.
#[utoipa::path(get, path = "/livez", tag = "system")]
async fn livez() -> Json<Live> {
    Json(Live { status: "live" })
}

/// Check that the server can serve.
///
/// The readiness probe: 503 when the database does not answer within 1.2 s or the server is shutting down.
/// `storage` and `cache` inform only and never cause a 503.
#[utoipa::path(get, path = "/readyz", tag = "system")]
async fn readyz(State(app): State<App>) -> (StatusCode, Ready) {
    let answers = match tokio::time::timeout(PATIENCE, app.db.execute_unprepared("SELECT 1")).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(cause = %error, "the database does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the database does not answer within {PATIENCE:?}");
            false
        }
    };
    let ok = answers && !app.is_draining();
    let status = ReadyParts {
        db: if answers { "ok" } else { "down" },
        storage: if app.db.storage_is_full() { "full" } else { "ok" },
        cache: app.cache.status().await,
        ok,
    };
    (if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Ready { status })
}

/// Get metrics for Prometheus.
///
/// In the text format. Needs no session. 404 when METRICS_ENABLED is false.
#[utoipa::path(get, path = "/metrics", tag = "system", extensions(("x-problems" = json!([NotFound::CODE]))))]
async fn metrics(State(app): State<App>) -> Result<Exposition, Error> {
    let db::Connections { in_use, idle, max, waiting } = app.db.connections();
    let connections = telemetry::Connections { in_use, idle, max, waiting };
    let text = app.telemetry.metrics.show(connections).ok_or(NotFound)?;
    text.map(Exposition).map_err(|error| Error::internal(error))
}

/// Check that the API answers.
///
/// Needs no session and reads nothing.
#[utoipa::path(get, path = "/ping", tag = "system")]
async fn ping() -> Json<Done> {
    Json(Done::OK)
}

/// What the caller's role sufficed for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RbacDemoRole)]
struct RbacOk {
    /// Always true.
    ok: bool,
    /// The role it took.
    #[schema(example = "manager+")]
    need: &'static str,
}

/// The caller's org is the path's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RbacDemoScope)]
struct RbacScoped {
    /// Always true.
    ok: bool,
    /// Always `org`.
    #[schema(example = "org")]
    scope: &'static str,
}

fn suffices<R: MinimumRole>(_: Caller<R>, need: &'static str) -> Json<RbacOk> {
    Json(RbacOk { ok: true, need })
}

/// Check that the caller is a member.
///
/// For every active member; otherwise 403 `not_a_member`.
#[utoipa::path(get, path = "/rbac_demo/any", tag = "rbac_demo")]
async fn any(caller: Caller<Tech>) -> Json<RbacOk> {
    suffices(caller, "tech")
}

/// Check that the caller is at least a manager.
///
/// 403 `forbidden` for a lower role.
#[utoipa::path(get, path = "/rbac_demo/manager", tag = "rbac_demo")]
async fn manager(caller: Caller<Manager>) -> Json<RbacOk> {
    suffices(caller, "manager+")
}

/// Check that the caller is at least an admin.
///
/// 403 `forbidden` for a lower role.
#[utoipa::path(get, path = "/rbac_demo/admin", tag = "rbac_demo")]
async fn admin(caller: Caller<Admin>) -> Json<RbacOk> {
    suffices(caller, "admin+")
}

/// Check that the caller is an owner.
///
/// 403 `forbidden` for a lower role.
#[utoipa::path(get, path = "/rbac_demo/owner", tag = "rbac_demo")]
async fn owner(caller: Caller<Owner>) -> Json<RbacOk> {
    suffices(caller, "owner")
}

/// Check that the caller acts in this org.
///
/// Compares the path with the access token's org: any other org is 403 `org_mismatch`, whether it exists or not.
#[utoipa::path(get, path = "/rbac_demo/scoped/{org_id}", tag = "rbac_demo", extensions(("x-problems" = json!([OrgMismatch::CODE]))))]
async fn scoped(caller: Caller<Tech>, Path(org): Path<OrgId>) -> Result<Json<RbacScoped>, Error> {
    if caller.org == org { Ok(Json(RbacScoped { ok: true, scope: "org" })) } else { Err(OrgMismatch.into()) }
}
