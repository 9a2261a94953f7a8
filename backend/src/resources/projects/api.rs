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
    http::{
        Answer, Body, Change, Done, Listed, Path, Precondition, Query, Reading, Tagged, operations, tagged,
    },
    ids::ProjectId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("projects", "Shows, festivals and tour legs: what missions belong to.")
        .routes(operations!(create, list))
        .routes(operations!(get, update, delete))
}

/// Create a project.
///
/// Managers and above. The status is `DRAFT` unless sent. A name is unique in the org, whatever its case: 409
/// `duplicate`.
#[utoipa::path(post, path = "/projects", tag = "projects", extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewProject>,
) -> Result<Tagged<Project>, Error> {
    let tx = app.write(&caller).await?;
    let project = write::create(&tx, caller.org, new).await?;
    tx.commit_object(&project).await
}

/// List projects.
///
/// Newest first. `q` searches the name. Cached between writes: `X-Cache` is `HIT`, `MISS` or `BYPASS`.
#[utoipa::path(get, path = "/projects", tag = "projects")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ProjectQuery>,
) -> Result<Listed<[Project]>, Error> {
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.cached(&caller, List::Projects, &uri, reading, read).await
}

/// Get a project.
///
/// Any member of the org may read it.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<ProjectId>,
) -> Result<Tagged<Project>, Error> {
    Tagged::of(&read::get(&app.db, caller.org, id).await?)
}

/// Update a project.
///
/// Managers and above. With `ARCHIVED` the project takes no new missions, assignments, invitations or acceptances
/// (409 `project_archived`) until its status changes again; what is there stays and can still be changed. A taken
/// name is 409 `duplicate`.
#[utoipa::path(method(put, patch), path = "/projects/{id}", tag = "projects", extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
    change: Change<NewProject>,
) -> Result<Tagged<Project>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let project = write::update(&tx, caller.org, current, new).await?;
    tx.commit_object(&project).await
}

/// Delete a project.
///
/// Managers and above. 409 `project_not_empty` while it has missions, cancelled ones included: archive it
/// instead.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", extensions(("x-problems" = json!([ProjectNotEmpty::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}
