//! Routes of members.

use super::{
    model::{Added, Members, NewMember},
    store,
};
use crate::{
    app::App,
    auth::{Admin, Caller, Role, Tech},
    error::{Error, Problem},
    http::Body,
};
use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(members, add_member))
}

/// List the members of the caller's org, highest role first.
#[utoipa::path(get, path = "/orgs/members", tag = "orgs", responses(
    (status = 200, body = Members), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn members(State(app): State<App>, caller: Caller<Tech>) -> Result<Json<Members>, Error> {
    let members = store::members(&app.db, caller.org, caller.plans()).await?;
    Ok(Json(Members { members }))
}

/// Make someone a member of the caller's org.
#[utoipa::path(post, path = "/orgs/members", tag = "orgs", request_body = NewMember, responses(
    (status = 200, body = Added), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn add_member(
    State(app): State<App>,
    caller: Caller<Admin>,
    Body(new): Body<NewMember>,
) -> Result<Json<Added>, Error> {
    if new.role > caller.role {
        return Err(Error::RankTooLow(Role::Owner));
    }
    let tx = app.db.write(caller.origin()).await?;
    let (member, token) = store::add_member(&tx, &app.random, caller.org, new).await?;
    tx.commit().await?;
    let password_url = token.map(|token| app.config.password_url(&token));
    Ok(Json(Added { member, password_url }))
}
