//! Health, readiness and metrics for operators, and `/rbac_demo`, which demonstrates the roles.

use crate::{
    auth::{Admin, Caller, Manager, MinimumRole, OrgMismatch, Owner, Tech},
    cache::CacheStatus,
    db,
    error::{Error, NotFound},
    http::{Done, Path},
    ids::OrgId,
    state::App,
    telemetry,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long `/readyz` waits for the database. With the cache's 500 ms it responds in less than 2 s.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// Routes outside `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
}

/// Routes under `/api/v1`.
pub fn api_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ping))
        .routes(routes!(any))
        .routes(routes!(manager))
        .routes(routes!(admin))
        .routes(routes!(owner))
        .routes(routes!(scoped))
}

/// Whether the process lives.
#[derive(Debug, Serialize, ToSchema)]
struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
}

/// Whether the process can serve.
#[derive(Debug, Serialize, ToSchema)]
struct Ready {
    /// Its parts.
    status: ReadyParts,
}

/// What serving needs.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyParts {
    /// `ok`, or `down` when the database does not answer.
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

/// The process is up.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = Done)))]
async fn healthz() -> Json<Done> {
    Json(Done::OK)
}

/// The process is up.
#[utoipa::path(get, path = "/livez", tag = "system", responses((status = 200, body = Live)))]
async fn livez() -> Json<Live> {
    Json(Live { status: "live" })
}

/// The process can serve: its database answers and it is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "system", responses((status = 200, body = Ready), (status = 503, description = "A part is down, or the program is about to stop.", body = Ready)))]
async fn readyz(State(app): State<App>) -> (StatusCode, Json<Ready>) {
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
    (if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(Ready { status }))
}

/// What the program counts, for Prometheus. Not found where METRICS_ENABLED is false.
#[utoipa::path(get, path = "/metrics", tag = "system", responses((status = 200, body = String, content_type = "text/plain")), extensions(("x-problems" = json!([NotFound::CODE]))))]
async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Error> {
    let db::Connections { in_use, idle, max, waiting } = app.db.connections();
    let connections = telemetry::Connections { in_use, idle, max, waiting };
    let text = app.telemetry.metrics.show(connections).ok_or(NotFound)?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text.map_err(|error| Error::internal(error))?))
}

/// The API is there.
#[utoipa::path(get, path = "/ping", tag = "system", responses((status = 200, body = Done)))]
async fn ping() -> Json<Done> {
    Json(Done::OK)
}

/// What the caller's role sufficed for.
#[derive(Debug, Serialize, ToSchema)]
struct RbacOk {
    /// Always true.
    ok: bool,
    /// The role it took.
    #[schema(example = "manager+")]
    need: &'static str,
}

/// The caller's org is the path's.
#[derive(Debug, Serialize, ToSchema)]
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

/// For members.
#[utoipa::path(get, path = "/rbac_demo/any", tag = "rbac", security(("bearer" = ["tech"])),
    responses((status = 200, body = RbacOk)))]
async fn any(caller: Caller<Tech>) -> Json<RbacOk> {
    suffices(caller, "tech")
}

/// For managers and above.
#[utoipa::path(get, path = "/rbac_demo/manager", tag = "rbac", security(("bearer" = ["manager"])),
    responses((status = 200, body = RbacOk)))]
async fn manager(caller: Caller<Manager>) -> Json<RbacOk> {
    suffices(caller, "manager+")
}

/// For admins and owners.
#[utoipa::path(get, path = "/rbac_demo/admin", tag = "rbac", security(("bearer" = ["admin"])),
    responses((status = 200, body = RbacOk)))]
async fn admin(caller: Caller<Admin>) -> Json<RbacOk> {
    suffices(caller, "admin+")
}

/// For owners.
#[utoipa::path(get, path = "/rbac_demo/owner", tag = "rbac", security(("bearer" = ["owner"])),
    responses((status = 200, body = RbacOk)))]
async fn owner(caller: Caller<Owner>) -> Json<RbacOk> {
    suffices(caller, "owner")
}

/// For members of the org in the path, acting in it.
#[utoipa::path(get, path = "/rbac_demo/scoped/{org_id}", tag = "rbac", security(("bearer" = ["tech"])),
    params(("org_id" = OrgId, Path)), responses((status = 200, body = RbacScoped)),
    extensions(("x-problems" = json!([OrgMismatch::CODE]))))]
async fn scoped(caller: Caller<Tech>, Path(org): Path<OrgId>) -> Result<Json<RbacScoped>, Error> {
    if caller.org == org { Ok(Json(RbacScoped { ok: true, scope: "org" })) } else { Err(OrgMismatch.into()) }
}
