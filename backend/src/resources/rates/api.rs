//! Routes of rates.

use super::model::{DailyQuery, NewRates, Rates, wanted};
use crate::{
    auth::{Caller, Manager, Tech},
    error::Error,
    http::{Body, Path, Precondition, Query, Tagged, operations, tagged},
    ids::UserId,
    resources::users,
    state::App,
};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("rates", "What a user is paid: labels with amounts in EUR.").routes(operations!(get, set))
}

/// Get a user's rates.
///
/// One's own, or anyone's as a manager or above; else 404. `rate_profile` is `null` when nothing was agreed.
#[utoipa::path(get, path = "/rates/user/{uid}", tag = "rates")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Tagged<Rates>, Error> {
    caller.require_personal_access(id)?;
    let snapshot = app.db.read().await?;
    let rate_profile = users::profile(&snapshot, caller.org, id).await?.rate_profile;
    Tagged::of(&Rates { rate_profile })
}

/// Set a user's rates.
///
/// Managers and above. Replaces all rates at once; `null` removes them. `?daily_eur=250` without a body is the
/// same as `{"rate_profile": {"jour": 250}}`; both or neither is 400. PUT and POST do the same; the same rates
/// again change nothing.
#[utoipa::path(method(put, post), path = "/rates/user/{uid}", tag = "rates")]
async fn set(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    Query(query): Query<DailyQuery>,
    precondition: Precondition,
    Body(body): Body<NewRates>,
) -> Result<Tagged<Rates>, Error> {
    let rate_profile = wanted(query, body)?;
    let tx = app.write(&caller).await?;
    let current = users::lock_profile_for_no_key_update(&tx, caller.org, id).await?;
    precondition.check(&Rates { rate_profile: current.rate_profile.clone() })?;
    users::set_rates(&tx, caller.org, current, rate_profile.clone()).await?;
    tx.commit_object(&Rates { rate_profile }).await
}
