//! Routes of missions.

use super::{
    model::{BulkCreated, Duplication, Mission, MissionQuery, NewMission, NewProjectMission},
    rules, store,
};
use crate::{
    app::App,
    auth::{Caller, Manager, Tech},
    error::{Error, Problem},
    http::{Body, BulkItems, Path, Query},
    ids::{MissionId, ProjectId},
    resources::{orgs, projects},
    text::ZoneName,
};
use axum::{
    Json,
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get))
        .routes(routes!(duplicate))
        .routes(routes!(bulk_create))
}

/// Create a mission.
#[utoipa::path(post, path = "/missions", tag = "missions", request_body = NewMission, responses(
    (status = 200, body = Mission), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewMission>,
) -> Result<Json<Mission>, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let planned = rules::plan(new, &zone).map_err(Error::Invalid)?;
    let tx = app.db.write(caller.origin()).await?;
    store::lock_project(&tx, caller.org, planned.project_id).await?;
    let mut created = store::create_all(&tx, caller.org, vec![planned]).await?;
    tx.commit().await?;
    created.pop().map(Json).ok_or(Error::NotFound)
}

/// List missions by start.
#[utoipa::path(get, path = "/missions", tag = "missions", params(MissionQuery), responses(
    (status = 200, body = Vec<Mission>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MissionQuery>,
) -> Result<Response, Error> {
    Ok(store::list(&app.db, caller.org, query).await?.respond(&uri))
}

/// Read a mission.
#[utoipa::path(get, path = "/missions/{id}", tag = "missions", params(("id" = MissionId, Path)), responses(
    (status = 200, body = Mission), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<MissionId>,
) -> Result<Json<Mission>, Error> {
    Ok(Json(store::get(&app.db, caller.org, id).await?))
}

/// Copy a mission and its roles, without its people.
#[utoipa::path(post, path = "/missions/{id}/~duplicate", tag = "missions", params(("id" = MissionId, Path)),
    request_body = Option<Duplication>, responses(
    (status = 200, body = Mission), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn duplicate(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    Body(how): Body<Duplication>,
) -> Result<Json<Mission>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let original = store::get(&tx, caller.org, id).await?;
    let zone = ZoneName::zone(&original.timezone).map_err(Error::internal)?;
    let copy = rules::copy(original, &zone, &how).map_err(|mistake| Error::Invalid(vec![mistake]))?;
    let mut created = store::create_all(&tx, caller.org, vec![copy]).await?;
    tx.commit().await?;
    created.pop().map(Json).ok_or(Error::NotFound)
}

/// Create 1 to 1000 missions of a project: all of them or none.
#[utoipa::path(post, path = "/projects/{id}/missions/~bulk_create", tag = "missions", params(("id" = ProjectId, Path)),
    request_body = Vec<NewProjectMission>, responses(
    (status = 200, body = BulkCreated), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(project): Path<ProjectId>,
    items: BulkItems<NewProjectMission>,
) -> Result<Json<BulkCreated>, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let planned = items.plan(|item| rules::plan(item.in_project(project), &zone))?;
    let tx = app.db.write(caller.origin()).await?;
    projects::lock(&tx, caller.org, project).await?;
    let created = store::create_all(&tx, caller.org, planned).await?;
    tx.commit().await?;
    let ids: Vec<_> = created.iter().map(|mission| mission.id).collect();
    Ok(Json(BulkCreated { status: "ok", created: ids.len(), ids }))
}
