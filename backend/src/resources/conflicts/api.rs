//! Routes of conflicts.

use super::{
    model::{Conflict, ConflictQuery, UserConflicts},
    read,
};
use crate::{
    auth::{Caller, Tech},
    db::Reader,
    error::Error,
    http::{Listed, Path, Query, Reading, operations, tagged},
    ids::UserId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged(
        "conflicts",
        "Overlaps between accepted assignments of one user, which exist only where a manager has overridden them.",
    ).routes(operations!(list)).routes(operations!(list_of_user))
}

/// List conflicts in the org.
///
/// A conflict is two accepted assignments of one user whose missions overlap, which only an override allows. By
/// the start of the overlap; `from` and `to` select conflicts whose overlap lies at least partly in that window.
/// A caller below manager sees only their own.
#[utoipa::path(get, path = "/conflicts", tag = "conflicts")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ConflictQuery>,
) -> Result<Listed<[Conflict]>, Error> {
    let own = (!caller.is_manager()).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// List a user's conflicts.
///
/// One's own, or anyone's as a manager or above; else 404. By the start of the overlap, in pages within
/// `conflicts`.
#[utoipa::path(get, path = "/conflicts/user/{uid}", tag = "conflicts")]
async fn list_of_user(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<UserId>,
    Query(query): Query<ConflictQuery>,
) -> Result<Listed<UserConflicts>, Error> {
    caller.require_personal_access(id)?;
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move {
        let page = read::of_user(&db, org, id, query).await?;
        Ok(page.within(Some(("user_id", id.into())), "conflicts"))
    };
    app.listed(&caller.request, &uri, reading, read).await
}
