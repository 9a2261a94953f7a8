//! Routes of conflicts.

use super::{
    model::{Conflict, ConflictQuery, UserConflicts},
    read,
};
use crate::{
    auth::{Caller, Tech},
    db::Reader,
    error::Error,
    http::{Path, Query, Reading},
    ids::UserId,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(of_user))
}

/// The overlapping accepted missions of everyone, by when the overlap starts; those who do not plan see their own.
#[utoipa::path(get, path = "/conflicts", tag = "conflicts", security(("bearer" = ["tech"])), params(ConflictQuery),
    responses((status = 200, body = Vec<Conflict>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ConflictQuery>,
) -> Result<Response, Error> {
    let own = (!caller.is_manager()).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// The overlapping accepted missions of a person, by when the overlap starts: one's own, or for planners anyone's.
#[utoipa::path(get, path = "/conflicts/user/{uid}", tag = "conflicts", security(("bearer" = ["tech"])),
    params(("uid" = UserId, Path), ConflictQuery), responses((status = 200, body = UserConflicts)))]
async fn of_user(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<UserId>,
    Query(query): Query<ConflictQuery>,
) -> Result<Response, Error> {
    caller.require_personal_access(id)?;
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move {
        let page = read::of_user(&db, org, id, query).await?;
        Ok(page.within(Some(("user_id", id.into())), "conflicts"))
    };
    app.listed(&caller.request, &uri, reading, read).await
}
