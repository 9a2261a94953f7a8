//! Routes of availabilities.

use super::{
    model::{
        Availability, AvailabilityForm, AvailabilityQuery, AvailabilityStatus, Declared, DeletionQuery,
        NewAvailability, SeriesPart,
    },
    read,
    refusal::AvailabilityOverlap,
    write,
};
use crate::{
    auth::{Caller, Manager, MinimumRole, Tech},
    db::{Reader, Tx},
    error::{Error, NotFound, UnknownReference},
    http::{
        Answer, Body, Change, Done, Empty, Listed, Path, Precondition, Query, Reading, Tagged, operations,
        tagged,
    },
    ids::AvailabilityId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

/// `/availability`, the path in the first version of the API, is an alias ([`crate::http::verbs`]).
pub fn routes() -> OpenApiRouter<App> {
    tagged(
        "availabilities",
        "Periods in which users declare to be available, or `unavailable`, for managers to approve or reject. `/availability` is the first name of the same resource.",
    )
        .routes(operations!(create, list))
        .routes(operations!(get, update, delete))
        .routes(operations!(approve))
        .routes(operations!(reject))
}

/// Declare an availability.
///
/// For oneself, or for anyone as a manager or above. It is `PENDING` until a manager decides. Whoever plans a person while they
/// are `unavailable`, pending or approved, is warned and not refused. It ends after its
/// start and at most 31 calendar days later in the org's time zone. For anybody else's `user_id` a caller below
/// manager gets 404 `unknown_reference`. With `repeat` it is the first of a series, by the wall clock of that zone, all or nothing; `ids`
/// names all of it. A series of which one overlaps an approved availability of the person and kind is 409 `availability_overlap`.
#[utoipa::path(post, path = "/availabilities", tag = "availabilities", extensions(("x-problems" = json!([UnknownReference::CODE, AvailabilityOverlap::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Tech>,
    Body(new): Body<NewAvailability>,
) -> Result<Tagged<Declared>, Error> {
    if !caller.is_manager() && !caller.is(new.user_id) {
        return Err(UnknownReference { pointer: "/user_id", name: "user" }.into());
    }
    let tx = app.write(&caller).await?;
    let declared = write::create(&tx, caller.org, new).await?;
    tx.commit_tagged(Tagged::with(&declared.availability, &declared)?).await
}

/// List availabilities.
///
/// By start, then by id. A caller below manager sees only their own. `from` and `to` select what overlaps that
/// window.
#[utoipa::path(get, path = "/availabilities", tag = "availabilities")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Listed<[Availability]>, Error> {
    let own = (!caller.is_manager()).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get an availability.
///
/// One's own, or anyone's as a manager or above; else 404.
#[utoipa::path(get, path = "/availabilities/{id}", tag = "availabilities")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
) -> Result<Tagged<Availability>, Error> {
    let availability = read::get(&app.db, caller.org, id).await?;
    Tagged::of(&visible(&caller, availability)?)
}

/// Update an availability.
///
/// One's own, or anyone's as a manager or above; else 404. When a caller below manager changes the time, it
/// becomes `PENDING` again, as with another `kind`; without `kind` it stays as it is. A manager's change keeps the status; where an
/// approved one would overlap another approved one of the user and kind, it is 409 `availability_overlap` with `conflicts`.
#[utoipa::path(method(put, patch), path = "/availabilities/{id}", tag = "availabilities", extensions(("x-problems" = json!([AvailabilityOverlap::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    change: Change<AvailabilityForm>,
) -> Result<Tagged<Availability>, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let new = change.onto(&current, &current.form())?;
    let availability = write::update(&tx, caller.org, current, new, caller.is_manager()).await?;
    tx.commit_object(&availability).await
}

/// Delete an availability.
///
/// One's own, or anyone's as a manager or above, in any status; else 404. With `series=following` those of its series that start
/// later go with it, in any status.
#[utoipa::path(delete, path = "/availabilities/{id}", tag = "availabilities")]
async fn delete(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AvailabilityId>,
    Query(query): Query<DeletionQuery>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    match query.series {
        None => write::delete(&tx, caller.org, &current).await?,
        Some(SeriesPart::Following) => write::delete_following(&tx, caller.org, &current).await?,
    }
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

/// Approve an availability.
///
/// Managers and above, from any status. Approving it again changes nothing and is 200. 409 `availability_overlap`
/// with `conflicts` when it overlaps another approved one of the user and kind.
#[utoipa::path(post, path = "/availabilities/{id}/~approve", tag = "availabilities", extensions(("x-problems" = json!([AvailabilityOverlap::CODE]))))]
async fn approve(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Tagged<Availability>, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let availability = write::decide(&tx, caller.org, current, AvailabilityStatus::Approved).await?;
    tx.commit_object(&availability).await
}

/// Reject an availability.
///
/// Managers and above, from any status: an approved one is taken back. Rejecting it again changes nothing and is
/// 200.
#[utoipa::path(post, path = "/availabilities/{id}/~reject", tag = "availabilities")]
async fn reject(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AvailabilityId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Tagged<Availability>, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let availability = write::decide(&tx, caller.org, current, AvailabilityStatus::Rejected).await?;
    tx.commit_object(&availability).await
}
