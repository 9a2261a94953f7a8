//! Routes of users.

use super::{
    model::{NewProfile, NewUser, Profile, UpdatedUser, User, UserQuery},
    read::{self, Visibility},
    refusal::UserHasHistory,
    write,
};
use crate::{
    auth::{Caller, Manager, MinimumRole, Tech},
    db::Reader,
    error::{Error, FieldError},
    http::{Answer, Body, Change, Done, Path, Precondition, Query, Reading},
    ids::UserId,
    resources::{assignments, availabilities},
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, update, delete))
        .routes(routes!(get_profile, put_profile))
}

fn sight<R: MinimumRole>(caller: &Caller<R>) -> Visibility {
    if caller.is_manager() { Visibility::All } else { Visibility::Own(caller.user) }
}

/// Add a person.
#[utoipa::path(post, path = "/users", tag = "users", security(("bearer" = ["manager"])), request_body = NewUser,
    responses((status = 200, body = User)))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewUser>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let user = write::create(&tx, caller.org, new, None).await?;
    tx.commit_object(&user).await
}

/// List people by last, then first name.
#[utoipa::path(get, path = "/users", tag = "users", security(("bearer" = ["tech"])), params(UserQuery),
    responses((status = 200, body = Vec<User>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<UserQuery>,
) -> Result<Response, Error> {
    let (org, sight) = (caller.org, sight(&caller));
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, sight).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Read a person.
#[utoipa::path(get, path = "/users/{id}", tag = "users", security(("bearer" = ["tech"])),
    params(("id" = UserId, Path)), responses((status = 200, body = User)))]
async fn get(State(app): State<App>, caller: Caller<Tech>, Path(id): Path<UserId>) -> Result<Answer, Error> {
    let snapshot = app.db.read().await?;
    Answer::single(&read::get(&snapshot, caller.org, id, sight(&caller)).await?)
}

/// Change a person. Someone deactivated keeps their assignments; the answer lists the upcoming ones.
#[utoipa::path(method(put, patch), path = "/users/{id}", tag = "users", security(("bearer" = ["manager"])),
    params(("id" = UserId, Path)), request_body = NewUser, responses((status = 200, body = UpdatedUser)))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    precondition: Precondition,
    change: Change<NewUser>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let was_active = current.active;
    let user = write::update(&tx, caller.org, current, new).await?;
    if user.active || !was_active {
        return tx.commit_object(&user).await;
    }
    let (first, total) = assignments::upcoming(&tx, caller.org, id).await?;
    let (upcoming_assignments, upcoming_assignments_total) = (Some(first), Some(total));
    tx.commit_value(&UpdatedUser { user, upcoming_assignments, upcoming_assignments_total }).await
}

/// Delete a person who was never assigned, with their availabilities. Deactivate anyone else.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", security(("bearer" = ["manager"])),
    params(("id" = UserId, Path)), responses((status = 200, body = Done)),
    extensions(("x-problems" = json!([UserHasHistory::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    availabilities::delete_of_user(&tx, caller.org, id).await?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

/// Read a person's profile: one's own, or for planners.
#[utoipa::path(get, path = "/users/{id}/profile", tag = "users", security(("bearer" = ["tech"])),
    params(("id" = UserId, Path)), responses((status = 200, body = Profile)))]
async fn get_profile(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Answer, Error> {
    caller.require_personal_access(id)?;
    let snapshot = app.db.read().await?;
    Answer::single(&read::profile(&snapshot, caller.org, id).await?)
}

/// Replace a person's profile; one's own takes skills and bio.
#[utoipa::path(put, path = "/users/{id}/profile", tag = "users", security(("bearer" = ["tech"])),
    params(("id" = UserId, Path)), request_body = Option<NewProfile>, responses((status = 200, body = Profile)),
    extensions(("x-problems" = json!([FieldError::READ_ONLY]))))]
async fn put_profile(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
    precondition: Precondition,
    Body(new): Body<NewProfile>,
) -> Result<Answer, Error> {
    caller.require_personal_access(id)?;
    let tx = app.write(&caller).await?;
    let current = write::lock_profile_for_no_key_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let profile = write::replace_profile(&tx, caller.org, current, new, !caller.is_manager()).await?;
    tx.commit_object(&profile).await
}
