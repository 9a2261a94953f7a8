//! Routes of the plan.

use super::{
    commands::{self, Applied, ChangedSince, Checked, Commands, Planner},
    model::{Planning, PlanningQuery},
    read,
    undo::{self, Owner, Undo, Undone},
};
use crate::{
    auth::{Caller, Manager},
    db::{List, Reader},
    error::{Duplicate, Error, UnknownReference},
    http::{Answer, Body, Kept, MAX_BULK_BODY, Query, TakenBack, operations, tagged},
    resources::{
        assignments::{AlreadyAssigned, InvalidTransition, NotInvited, QuotaReached, ScheduleConflict},
        invitations::Links,
        missions::{MissionCancelled, MissionOver},
        projects::ProjectArchived,
        users::UserInactive,
    },
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("planning", "The plan of a period in one answer, for a board.")
        .routes(operations!(show))
        .routes(operations!(apply))
        .routes(operations!(check))
        .routes(operations!(undo))
}

/// Show the plan of a period.
///
/// Managers and above. Everything that overlaps the period, as it was at one instant. `project_id` and `q` choose missions;
/// `user_id`, `skill` and `tag` choose people. Each person shown comes with all that they are invited to or accepted for, also
/// elsewhere (`matches` is false there). Counts of a mission's roles include people who are not shown. At most 5000 missions, 20 000
/// assignments and 16 MiB. Cached between writes: `X-Cache` is `HIT`, `MISS` or `BYPASS`.
#[utoipa::path(get, path = "/planning", tag = "planning")]
async fn show(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<PlanningQuery>,
) -> Result<Kept<Planning>, Error> {
    read::check(&query)?;
    let org = caller.org;
    let read = move |db: Reader| async move { read::planning(&db, org, query).await };
    app.kept(&caller, List::Planning, &uri, read).await
}

/// Carry out commands.
///
/// Managers and above. 1 to 200 commands in their order, all or nothing, as one change with one request id in the audit log. Each
/// does what the call of its own does, and is refused as that is; a refusal names each bad command by its index in `errors`, and has the
/// status and the code of the first.
#[utoipa::path(post, path = "/planning/~apply", tag = "planning", extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE,
        MissionOver::CODE, ProjectArchived::CODE, UserInactive::CODE, InvalidTransition::CODE, NotInvited::CODE, Duplicate::CODE,
        ChangedSince::CODE,
    ])), ("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn apply(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(Commands { commands }): Body<Commands>,
) -> Result<Answer<Applied>, Error> {
    let tx = app.write(&caller).await?;
    let planner = planner(&app, &caller);
    let owner = owner(&app, &caller);
    let applied = commands::apply(&tx, caller.org, &planner, &owner, commands).await?;
    tx.commit_value(&applied).await
}

/// Say what commands would do.
///
/// Managers and above. The same body as of `planning:apply`: each command is carried out and all of it taken back. A command that
/// would be refused is left out for those after it. What commands would create has ids here that nothing has afterwards. A body that is not as described here is 400 as a whole. Takes a turn of the writers: ask once somebody hesitates, not for each step of a
/// pointer.
#[utoipa::path(post, path = "/planning/~check", tag = "planning", extensions(("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn check(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(Commands { commands }): Body<Commands>,
) -> Result<TakenBack<Checked>, Error> {
    let tx = app.write(&caller).await?;
    let planner = planner(&app, &caller);
    let checked = commands::check(&tx, caller.org, &planner, commands).await?;
    tx.take_back_with(&checked)
}

/// Take back what was done.
///
/// Managers and above. `undo` of an answer of `planning:apply`, by whoever was given it, in the same org and within 24 hours: the
/// missions, assignments and links that the request changed become what they were, also where no status leads there; links work
/// again, and a mail that has not left is not sent. Who has been told of a move is told of this; who accepted and was told that they
/// need not come is accepted again and `needs_confirmation`. 409 `changed_since` when somebody changed
/// one of them meanwhile; 404 `unknown_reference` for any other text. Answers an `undo` of its own, which does it again.
#[utoipa::path(post, path = "/planning/~undo", tag = "planning", extensions(("x-problems" = json!([
    UnknownReference::CODE, ChangedSince::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE,
    ProjectArchived::CODE, UserInactive::CODE,
])), ("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn undo(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(Undo { undo: text }): Body<Undo>,
) -> Result<Answer<Undone>, Error> {
    let (planner, owner) = (planner(&app, &caller), owner(&app, &caller));
    // Before the transaction: a text that cannot be opened keeps no writer waiting.
    let changes = owner.open(app.db.clock().now(), &text)?;
    let tx = app.write(&caller).await?;
    let undone = undo::undo(&tx, caller.org, &planner, &owner, &changes).await?;
    tx.commit_value(&undone).await
}

fn owner<'a>(app: &'a App, caller: &Caller<Manager>) -> Owner<'a> {
    Owner { org: caller.org, account: caller.account, seal: &app.seal, random: &app.random }
}

fn planner<'a>(app: &'a App, caller: &Caller<Manager>) -> Planner<'a> {
    Planner { user: caller.user, links: Links::of(app) }
}
