//! Routes of availabilities.

use super::{
    model::{Availability, AvailabilityForm, AvailabilityQuery, AvailabilityStatus, NewAvailability},
    read,
    refusal::AvailabilityOverlap,
    write,
};
use crate::{
    auth::{Caller, Manager, MinimumRole, Tech},
    db::{Reader, Tx},
    error::{Error, NotFound, UnknownReference},
    http::{Answer, Body, Change, Done, Empty, Path, Precondition, Query, Reading},
    ids::AvailabilityId,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `/availability`, the path in the first version of the API, is an alias ([`crate::http::verbs`]).
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, update, delete))
        .routes(routes!(approve))
        .routes(routes!(reject))
}

/// Declare an availability: one's own, or for planners anyone's.
#[utoipa::path(post, path = "/availabilities", tag = "availabilities", security(("bearer" = ["tech"])),
    request_body = NewAvailability, responses((status = 200, body = Availability)),
    extensions(("x-problems" = json!([UnknownReference::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Tech>,
    Body(new): Body<NewAvailability>,
) -> Result<Answer, Error> {
    if !caller.is_manager() && !caller.is(new.user_id) {
        return Err(UnknownReference { pointer: "/user_id", name: "user" }.into());
    }
    let tx = app.write(&caller).await?;
    let availability = write::create(&tx, caller.org, new).await?;
    tx.commit_object(&availability).await
}

/// List availabilities by start, then by id; those who do not plan see their own.
#[utoipa::path(get, path = "/availabilities", tag = "availabilities", security(("bearer" = ["tech"])),
    params(AvailabilityQuery), responses((status = 200, body = Vec<Availability>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Response, Error> {
    let own = (!caller.is_manager()).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Read an availability; those who do not plan read their own.
#[utoipa::path(get, path = "/availabilities/{id}", tag = "availabilities", security(("bearer" = ["tech"])),
    params(("id" = AvailabilityId, Path)), responses((status = 200, body = Availability)))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
) -> Result<Answer, Error> {
    let availability = read::get(&app.db, caller.org, id).await?;
    Answer::single(&visible(&caller, availability)?)
}

/// Change an availability. One's own waits for approval again when its time changes.
#[utoipa::path(method(put, patch), path = "/availabilities/{id}", tag = "availabilities",
    security(("bearer" = ["tech"])), params(("id" = AvailabilityId, Path)), request_body = AvailabilityForm,
    responses((status = 200, body = Availability)), extensions(("x-problems" = json!([AvailabilityOverlap::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    change: Change<AvailabilityForm>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let new = change.onto(&current, &current.form())?;
    let availability = write::update(&tx, caller.org, current, new, caller.is_manager()).await?;
    tx.commit_object(&availability).await
}

/// Withdraw an availability: one's own, or for planners anyone's.
#[utoipa::path(delete, path = "/availabilities/{id}", tag = "availabilities", security(("bearer" = ["tech"])),
    params(("id" = AvailabilityId, Path)), responses((status = 200, body = Done)))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

async fn locked<R: MinimumRole>(
    tx: &Tx,
    caller: &Caller<R>,
    id: AvailabilityId,
    precondition: &Precondition,
) -> Result<Availability, Error> {
    let current = visible(caller, write::lock_for_no_key_update(tx, caller.org, id).await?)?;
    precondition.check(&current)?;
    Ok(current)
}

/// Hides other users' availabilities from callers below manager.
fn visible<R: MinimumRole>(caller: &Caller<R>, availability: Availability) -> Result<Availability, Error> {
    if caller.is_manager() || caller.is(availability.user_id) {
        Ok(availability)
    } else {
        Err(NotFound.into())
    }
}

/// Count on an availability. Approved already, it stays as it is.
#[utoipa::path(post, path = "/availabilities/{id}/~approve", tag = "availabilities",
    security(("bearer" = ["manager"])), params(("id" = AvailabilityId, Path)), request_body = Option<Empty>,
    responses((status = 200, body = Availability)), extensions(("x-problems" = json!([AvailabilityOverlap::CODE]))))]
async fn approve(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let availability = write::decide(&tx, caller.org, current, AvailabilityStatus::Approved).await?;
    tx.commit_object(&availability).await
}

/// Do not count on an availability, or not any more. Rejected already, it stays as it is.
#[utoipa::path(post, path = "/availabilities/{id}/~reject", tag = "availabilities",
    security(("bearer" = ["manager"])), params(("id" = AvailabilityId, Path)), request_body = Option<Empty>,
    responses((status = 200, body = Availability)))]
async fn reject(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let availability = write::decide(&tx, caller.org, current, AvailabilityStatus::Rejected).await?;
    tx.commit_object(&availability).await
}
