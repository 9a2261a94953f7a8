//! One folder per resource: `model` (shapes), `entity` (rows), `event` (what happens to it), `rules` (decisions
//! without I/O), `read` and `write` (queries), `api` (routes and handlers). A resource uses what another exports, never its `read` or `write`.

pub mod accounts;
pub mod activity;
pub mod assignments;
pub mod audit;
pub mod availabilities;
pub mod calendar;
pub mod candidates;
pub mod conflicts;
pub mod coverage;
pub mod feeds;
pub mod invitations;
pub mod mails;
pub mod missions;
pub mod orgs;
pub mod planning;
pub mod privacy;
pub mod projects;
pub mod rates;
pub mod streams;
pub mod users;

use crate::state::App;
use utoipa_axum::router::OpenApiRouter;

/// The routes of all resources, one line each. The document shows their tags in this order.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(orgs::routes())
        .merge(projects::routes())
        .merge(missions::routes())
        .merge(assignments::routes())
        .merge(invitations::routes())
        .merge(mails::routes())
        .merge(availabilities::routes())
        .merge(planning::routes())
        .merge(streams::routes())
        .merge(candidates::routes())
        .merge(coverage::routes())
        .merge(conflicts::routes())
        .merge(users::routes())
        .merge(calendar::routes())
        .merge(feeds::routes())
        .merge(rates::routes())
        .merge(activity::routes())
        .merge(audit::routes())
}
