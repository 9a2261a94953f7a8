//! Routes of projects.

use super::{
    model::{NewProject, Project, ProjectQuery},
    read,
    refusal::ProjectNotEmpty,
    write,
};
use crate::{
    auth::{Caller, Manager, Tech},
    db::{List, Reader},
    error::{Duplicate, Error},
    http::{Answer, Body, Change, Done, Path, Precondition, Query, Reading},
    ids::ProjectId,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
}

/// Create a project.
#[utoipa::path(post, path = "/projects", tag = "projects", security(("bearer" = ["manager"])),
    request_body = NewProject, responses((status = 200, body = Project)),
    extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewProject>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let project = write::create(&tx, caller.org, new).await?;
    tx.commit_object(&project).await
}

/// List projects, newest first.
#[utoipa::path(get, path = "/projects", tag = "projects", security(("bearer" = ["tech"])), params(ProjectQuery),
    responses((status = 200, body = Vec<Project>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ProjectQuery>,
) -> Result<Response, Error> {
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.cached(&caller, List::Projects, &uri, reading, read).await
}

/// Read a project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", security(("bearer" = ["tech"])),
    params(("id" = ProjectId, Path)), responses((status = 200, body = Project)))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<ProjectId>,
) -> Result<Answer, Error> {
    Answer::single(&read::get(&app.db, caller.org, id).await?)
}

/// Change a project.
#[utoipa::path(method(put, patch), path = "/projects/{id}", tag = "projects", security(("bearer" = ["manager"])),
    params(("id" = ProjectId, Path)), request_body = NewProject, responses((status = 200, body = Project)),
    extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
    change: Change<NewProject>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let project = write::update(&tx, caller.org, current, new).await?;
    tx.commit_object(&project).await
}

/// Delete a project that has no missions.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", security(("bearer" = ["manager"])),
    params(("id" = ProjectId, Path)), responses((status = 200, body = Done)),
    extensions(("x-problems" = json!([ProjectNotEmpty::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}
