//! Routes of conflicts.

use super::store::{self, UserConflicts};
use crate::{
    app::App,
    auth::{Caller, Tech},
    error::{Error, Problem},
    http::Path,
    ids::UserId,
};
use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(of_user))
}

/// The overlapping accepted missions of a person: one's own, or for planners anyone's.
#[utoipa::path(get, path = "/conflicts/user/{uid}", tag = "conflicts", params(("uid" = UserId, Path)), responses(
    (status = 200, body = UserConflicts), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn of_user(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Json<UserConflicts>, Error> {
    if !caller.plans() && !caller.is(id) {
        return Err(Error::NotFound);
    }
    Ok(Json(store::of_user(&app.db, caller.org, id).await?))
}
