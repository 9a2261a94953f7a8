//! Routes of rates.

use super::model::{DailyQuery, NewRates, Rates, wanted};
use crate::{
    auth::{Caller, Manager, Tech},
    error::Error,
    http::{Answer, Body, Path, Precondition, Query},
    ids::UserId,
    resources::users,
    state::App,
};
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, set))
}

/// Read what a person is paid: oneself, or for planners anyone.
#[utoipa::path(get, path = "/rates/user/{uid}", tag = "rates", security(("bearer" = ["tech"])),
    params(("uid" = UserId, Path)), responses((status = 200, body = Rates)))]
async fn get(State(app): State<App>, caller: Caller<Tech>, Path(id): Path<UserId>) -> Result<Answer, Error> {
    caller.require_personal_access(id)?;
    let snapshot = app.db.read().await?;
    let rate_profile = users::profile(&snapshot, caller.org, id).await?.rate_profile;
    Answer::single(&Rates { rate_profile })
}

/// Set what a person is paid: all rates at once.
#[utoipa::path(method(put, post), path = "/rates/user/{uid}", tag = "rates", security(("bearer" = ["manager"])),
    params(("uid" = UserId, Path), DailyQuery), request_body = Option<NewRates>,
    responses((status = 200, body = Rates)))]
async fn set(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    Query(query): Query<DailyQuery>,
    precondition: Precondition,
    Body(body): Body<NewRates>,
) -> Result<Answer, Error> {
    let rate_profile = wanted(query, body)?;
    let tx = app.write(&caller).await?;
    let current = users::lock_profile_for_no_key_update(&tx, caller.org, id).await?;
    precondition.check(&Rates { rate_profile: current.rate_profile.clone() })?;
    users::set_rates(&tx, caller.org, current, rate_profile.clone()).await?;
    tx.commit_object(&Rates { rate_profile }).await
}
