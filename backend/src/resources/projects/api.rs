//! Routes of projects.

use super::{
    model::{NewProject, Project, ProjectQuery},
    store,
};
use crate::{
    app::App,
    auth::{Caller, Manager, Tech},
    error::{Error, Problem},
    http::{Body, Path, Query},
    ids::ProjectId,
};
use axum::{
    Json,
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get))
}

/// Create a project.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject, responses(
    (status = 200, body = Project), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewProject>,
) -> Result<Json<Project>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let project = store::create(&tx, caller.org, new).await?;
    tx.commit().await?;
    Ok(Json(project))
}

/// List projects, newest first.
#[utoipa::path(get, path = "/projects", tag = "projects", params(ProjectQuery), responses(
    (status = 200, body = Vec<Project>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ProjectQuery>,
) -> Result<Response, Error> {
    Ok(store::list(&app.db, caller.org, query).await?.respond(&uri))
}

/// Read a project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Project), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Project>, Error> {
    Ok(Json(store::get(&app.db, caller.org, id).await?))
}
