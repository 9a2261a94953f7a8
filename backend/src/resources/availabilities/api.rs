//! Routes of availabilities.

use super::{
    model::{Availability, NewAvailability},
    store,
};
use crate::{
    app::App,
    auth::{Caller, Manager, Tech},
    error::{Error, Problem},
    http::{Body, Empty, Path},
    ids::AvailabilityId,
};
use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(approve))
}

/// Declare an availability: one's own, or for planners anyone's.
#[utoipa::path(post, path = "/availabilities", tag = "availabilities", request_body = NewAvailability, responses(
    (status = 200, body = Availability), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Tech>,
    Body(new): Body<NewAvailability>,
) -> Result<Json<Availability>, Error> {
    if !caller.plans() && !caller.is(new.user_id) {
        return Err(Error::UnknownReference { pointer: "/user_id".into(), name: "user" });
    }
    let tx = app.db.write(caller.origin()).await?;
    let availability = store::create(&tx, caller.org, new).await?;
    tx.commit().await?;
    Ok(Json(availability))
}

/// Count on an availability.
#[utoipa::path(post, path = "/availabilities/{id}/~approve", tag = "availabilities", params(("id" = AvailabilityId, Path)), responses(
    (status = 200, body = Availability), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn approve(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AvailabilityId>,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<Availability>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let availability = store::approve(&tx, caller.org, id).await?;
    tx.commit().await?;
    Ok(Json(availability))
}
