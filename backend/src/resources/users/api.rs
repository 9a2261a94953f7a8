//! Routes of users.

use super::{
    model::{NewProfile, NewUser, Profile, UpdatedUser, User, UserQuery},
    read::{self, Visibility},
    refusal::UserHasHistory,
    write,
};
use crate::{
    auth::{Caller, Manager, MinimumRole, Tech},
    db::Reader,
    error::{Error, FieldError},
    http::{
        Answer, Body, Change, Done, Listed, Path, Precondition, Query, Reading, Tagged, operations, tagged,
    },
    ids::UserId,
    resources::{assignments, availabilities},
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("users", "People who can be planned, with profile and calendar. A user may have no account.")
        .routes(operations!(create, list))
        .routes(operations!(get, update, delete))
        .routes(operations!(profile_get, profile_replace))
}

/// What this caller sees of users.
pub fn sight<R: MinimumRole>(caller: &Caller<R>) -> Visibility {
    if caller.is_manager() { Visibility::All } else { Visibility::Own(caller.user) }
}

/// Create a user.
///
/// Managers and above. Needs `name`, or `first_name` and `last_name`; of `name` the first word becomes the first
/// name. A skill sent as a text has level 3, unless `skill_levels` says another. A user needs no account; members
/// are linked with `POST` or `PATCH /orgs/members`.
#[utoipa::path(post, path = "/users", tag = "users")]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewUser>,
) -> Result<Tagged<User>, Error> {
    let tx = app.write(&caller).await?;
    let user = write::create(&tx, caller.org, new, None).await?;
    tx.commit_object(&user).await
}

/// List users.
///
/// By last name, then first name, without regard to case and accents. To callers below manager, `email`, `phone`,
/// `bio` and `locale` of others and all `legal_ids` and `documents` are absent, and `q` finds others by name only.
/// To managers `q` also searches e-mails and telephone numbers.
#[utoipa::path(get, path = "/users", tag = "users")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<UserQuery>,
) -> Result<Listed<[User]>, Error> {
    let (org, sight) = (caller.org, sight(&caller));
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, sight).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get a user.
///
/// Any member may read it. To callers below manager, `email`, `phone`, `bio` and `locale` of others and all
/// `legal_ids` and `documents` are absent. The `ETag` covers what this caller sees.
#[utoipa::path(get, path = "/users/{id}", tag = "users")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Tagged<User>, Error> {
    let snapshot = app.db.read().await?;
    Tagged::of(&read::get(&snapshot, caller.org, id, sight(&caller)).await?)
}

/// Update a user.
///
/// Managers and above. A deactivated user (`active: false`) keeps their assignments, but can neither be newly
/// invited nor accepted (409 `user_inactive`). The answer to a deactivation lists the first 100 invited or
/// accepted assignments that have not ended, by start, with their total.
#[utoipa::path(method(put, patch), path = "/users/{id}", tag = "users")]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    precondition: Precondition,
    change: Change<NewUser>,
) -> Result<Tagged<UpdatedUser>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let was_active = current.active;
    let user = write::update(&tx, caller.org, current, new).await?;
    let (upcoming_assignments, upcoming_assignments_total) = if was_active && !user.active {
        let (first, total) = assignments::upcoming(&tx, caller.org, id).await?;
        (Some(first), Some(total))
    } else {
        (None, None)
    };
    let shown = UpdatedUser { user, upcoming_assignments, upcoming_assignments_total };
    tx.commit_tagged(Tagged::with(&shown.user, &shown)?).await
}

/// Delete a user.
///
/// Managers and above. Deletes their availabilities, too. 409 `user_has_history` while they have an assignment in
/// any status: deactivate them instead.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", extensions(("x-problems" = json!([UserHasHistory::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<UserId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    availabilities::delete_of_user(&tx, caller.org, id).await?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

/// Get a user's profile.
///
/// One's own, or anyone's as a manager or above; else 404.
#[utoipa::path(get, path = "/users/{id}/profile", tag = "users")]
async fn profile_get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
) -> Result<Tagged<Profile>, Error> {
    caller.require_personal_access(id)?;
    let snapshot = app.db.read().await?;
    Tagged::of(&read::profile(&snapshot, caller.org, id).await?)
}

/// Replace a user's profile.
///
/// A member left out is emptied; `employment_type` stays. In their own profile, callers below manager set skills,
/// `bio` and `locale` only: the rest stays, and a changed value there is 400 `read_only`. A colleague's is 404.
/// Skills sent as texts keep their level, new ones have level 3.
#[utoipa::path(put, path = "/users/{id}/profile", tag = "users", extensions(("x-problems" = json!([FieldError::READ_ONLY]))))]
async fn profile_replace(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
    precondition: Precondition,
    Body(new): Body<NewProfile>,
) -> Result<Tagged<Profile>, Error> {
    caller.require_personal_access(id)?;
    let tx = app.write(&caller).await?;
    let current = write::lock_profile_for_no_key_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let profile = write::replace_profile(&tx, caller.org, current, new, !caller.is_manager()).await?;
    tx.commit_object(&profile).await
}
