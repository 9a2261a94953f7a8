//! Routes of people.

use super::{
    model::{NewProfile, NewUser, Profile, User, UserQuery},
    store::{self, Sight},
};
use crate::{
    app::App,
    auth::{Caller, Manager, Rank, Tech},
    error::{Error, Problem},
    http::{Body, Path, Query},
    ids::UserId,
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
        .routes(routes!(get_profile, put_profile))
}

fn sight<R: Rank>(caller: &Caller<R>) -> Sight {
    if caller.plans() { Sight::All } else { Sight::Own(caller.user) }
}

/// Add a person.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses(
    (status = 200, body = User), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewUser>,
) -> Result<Json<User>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let user = store::create(&tx, caller.org, new, None).await?;
    tx.commit().await?;
    Ok(Json(user))
}

/// List people by last, then first name.
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery), responses(
    (status = 200, body = Vec<User>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<UserQuery>,
) -> Result<Response, Error> {
    let snapshot = app.db.read().await?;
    Ok(store::list(&snapshot, caller.org, query, sight(&caller)).await?.respond(&uri))
}

/// Read a person.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 200, body = User), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Json<User>, Error> {
    let snapshot = app.db.read().await?;
    Ok(Json(store::get(&snapshot, caller.org, id, sight(&caller)).await?))
}

/// Read a person's profile: one's own, or for planners.
#[utoipa::path(get, path = "/users/{id}/profile", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 200, body = Profile), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn get_profile(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Json<Profile>, Error> {
    if !caller.plans() && !caller.is(id) {
        return Err(Error::NotFound);
    }
    let snapshot = app.db.read().await?;
    Ok(Json(store::profile(&snapshot, caller.org, id).await?))
}

/// Replace a person's profile; one's own takes skills and bio.
#[utoipa::path(put, path = "/users/{id}/profile", tag = "users", params(("id" = UserId, Path)), request_body = NewProfile, responses(
    (status = 200, body = Profile), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn put_profile(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
    Body(new): Body<NewProfile>,
) -> Result<Json<Profile>, Error> {
    if !caller.plans() && !caller.is(id) {
        return Err(Error::NotFound);
    }
    let tx = app.db.write(caller.origin()).await?;
    let profile = store::replace_profile(&tx, caller.org, id, new, !caller.plans()).await?;
    tx.commit().await?;
    Ok(Json(profile))
}
