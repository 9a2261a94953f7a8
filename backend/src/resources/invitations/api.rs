//! Routes of invitations, and of answering an assignment by session or by link.

use super::{
    model::{
        AcceptBody, Answered, AnsweredAssignment, Created, DeclineBody, Invitation, InvitationQuery,
        NewInvitation, Opened, TokenQuery,
    },
    read,
    refusal::{AlreadyAnswered, NotYourCall},
    rules::Answer,
    write::{self, Links},
};
use crate::{
    auth::{Caller, InvalidToken, InviteClaims, Manager, Tech, Unauthenticated},
    db::{Actor, Reader},
    error::{Duplicate, Error, NotFound, UnknownReference},
    http::{
        Answer as Reply, Body, BulkItems, Done, MAX_BULK_BODY, Path, Precondition, Query, Reading,
        RequestInfo,
    },
    ids::{AssignmentId, InvitationId},
    resources::{
        assignments::{
            self, AlreadyAssigned, Change, InvalidTransition, NotInvited, QuotaReached, ScheduleConflict,
        },
        missions::{MissionCancelled, MissionOver},
        projects::ProjectArchived,
        users::UserInactive,
    },
    secret::Secret,
    state::{App, RequestTx},
};
use axum::{
    Extension,
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(bulk_create))
        .routes(routes!(get, revoke))
        .routes(routes!(verify))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(accept_assignment))
        .routes(routes!(decline_assignment))
}

/// Make a link for an assignment. The token is shown this once.
#[utoipa::path(post, path = "/invitations", tag = "invitations", security(("bearer" = ["manager"])),
    request_body = NewInvitation, responses((status = 200, body = Created)),
    extensions(("x-problems" = json!([
        UnknownReference::CODE, MissionCancelled::CODE, ProjectArchived::CODE, UserInactive::CODE, NotInvited::CODE,
    ]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewInvitation>,
) -> Result<Reply, Error> {
    let tx = app.write(&caller).await?;
    let created = write::create(&tx, caller.org, new, &Links::of(&app)).await?;
    tx.commit_value(&created).await
}

/// Make links for 1 to 1000 assignments: for all of them or none. The tokens are shown this once.
#[utoipa::path(post, path = "/invitations/~bulk_create", tag = "invitations", security(("bearer" = ["manager"])),
    request_body = Vec<NewInvitation>, responses((status = 200, body = Vec<Created>)),
    extensions(("x-problems" = json!([
        UnknownReference::CODE, MissionCancelled::CODE, ProjectArchived::CODE, UserInactive::CODE, NotInvited::CODE, Duplicate::CODE,
    ])), ("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    items: BulkItems<NewInvitation>,
) -> Result<Reply, Error> {
    let items = items.plan(Ok).await?;
    let tx = app.write(&caller).await?;
    let created = write::create_all(&tx, caller.org, items, &Links::of(&app)).await?;
    tx.commit_value(&created).await
}

/// List invitations, newest first. Their tokens are shown nowhere.
#[utoipa::path(get, path = "/invitations", tag = "invitations", security(("bearer" = ["manager"])),
    params(InvitationQuery), responses((status = 200, body = Vec<Invitation>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<InvitationQuery>,
) -> Result<Response, Error> {
    let now = app.db.clock().now();
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, now).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Read an invitation. Its token is shown nowhere.
#[utoipa::path(get, path = "/invitations/{id}", tag = "invitations", security(("bearer" = ["manager"])),
    params(("id" = InvitationId, Path)), responses((status = 200, body = Invitation)))]
async fn get(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
) -> Result<Reply, Error> {
    Reply::single(&read::get(&app.db, caller.org, id, app.db.clock().now()).await?)
}

/// Take a link back. One that was answered has no power left; taking it back changes nothing.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "invitations", security(("bearer" = ["manager"])),
    params(("id" = InvitationId, Path)), responses((status = 200, body = Done)))]
async fn revoke(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
    precondition: Precondition,
) -> Result<Reply, Error> {
    let tx = app.write(&caller).await?;
    precondition.check(&write::lock_for_no_key_update(&tx, caller.org, id).await?)?;
    write::revoke(&tx, caller.org, id).await?;
    tx.commit_value(&Done::OK).await
}

/// See what a link is about. Changes nothing, however often it is called.
#[utoipa::path(get, path = "/invitations/verify", tag = "invitations", params(TokenQuery),
    responses((status = 200, body = Opened)), extensions(("x-problems" = json!([InvalidToken::CODE]))))]
async fn verify(State(app): State<App>, Query(query): Query<TokenQuery>) -> Result<Reply, Error> {
    let claims = query.token.and_then(|token| app.tokens.read_invite(&token)).ok_or(InvalidToken)?;
    Reply::of(&read::open(&app.db, &claims, app.db.clock().now()).await?)
}

/// Say yes with a link. Saying it again is harmless.
#[utoipa::path(post, path = "/invitations/{id}/accept", tag = "invitations", params(("id" = InvitationId, Path), TokenQuery),
    request_body = Option<AcceptBody>, responses((status = 200, body = Answered)),
    extensions(("x-problems" = json!([
        InvalidToken::CODE, ScheduleConflict::CODE, AlreadyAnswered::CODE, QuotaReached::CODE, UserInactive::CODE, ProjectArchived::CODE,
        MissionOver::CODE,
    ]))))]
async fn accept(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<AcceptBody>,
) -> Result<Reply, Error> {
    let token = body.token.or(query.token);
    answer_invitation(&app, &request, (id, &precondition), token, Answer::Accept).await
}

/// Say no with a link. Saying it again is harmless.
#[utoipa::path(post, path = "/invitations/{id}/decline", tag = "invitations", params(("id" = InvitationId, Path), TokenQuery),
    request_body = Option<DeclineBody>, responses((status = 200, body = Answered)),
    extensions(("x-problems" = json!([InvalidToken::CODE, AlreadyAnswered::CODE, MissionOver::CODE]))))]
async fn decline(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<DeclineBody>,
) -> Result<Reply, Error> {
    let answer = Answer::Decline { reason: body.reason.map(Into::into) };
    answer_invitation(&app, &request, (id, &precondition), body.token.or(query.token), answer).await
}

async fn answer_invitation(
    app: &App,
    request: &RequestInfo,
    (id, precondition): (InvitationId, &Precondition),
    token: Option<Secret>,
    answer: Answer,
) -> Result<Reply, Error> {
    let claims = token.and_then(|token| app.tokens.read_invite(&token));
    let claims = match claims {
        Some(claims) if claims.inv == id => claims,
        other => {
            let exists = read::exists(&app.db, other.map(|claims| claims.org), id).await?;
            return Err(if exists { InvalidToken.into() } else { NotFound.into() });
        }
    };
    let org = claims.org;
    let tx = begin_answer(app, request, &claims).await?;
    let current = async {
        let assignment = read::get(&*tx, org, id, tx.now).await?.assignment_id;
        // The same locks as in `write::answer`, in the same order.
        assignments::lock_for_no_key_update(&tx, org, assignment).await?;
        write::lock_for_no_key_update(&tx, org, id).await
    };
    precondition.check_read(current).await?;
    let answered = write::answer(&tx, &claims, answer).await?;
    tx.commit_value(&answered).await
}

/// Answers with the invitation as the actor, for the HTML pages.
///
/// # Errors
/// [`InvalidToken`], [`AlreadyAnswered`], or what keeps the assignment from being accepted or declined.
pub async fn answer_by_link(
    app: &App,
    request: &RequestInfo,
    claims: &InviteClaims,
    answer: Answer,
) -> Result<Answered, Error> {
    let tx = begin_answer(app, request, claims).await?;
    let answered = write::answer(&tx, claims, answer).await?;
    tx.commit_value(&answered).await?;
    Ok(answered)
}

/// Begins the transaction of an answer, with the invitation as the actor.
async fn begin_answer(app: &App, request: &RequestInfo, claims: &InviteClaims) -> Result<RequestTx, Error> {
    app.write_for(claims.org, request.origin(Actor::Invitation(claims.inv)), request).await
}

/// Say yes to one's own call: signed in, or with the token of its invitation.
#[utoipa::path(post, path = "/assignments/{id}/accept", tag = "assignments", security(("bearer" = ["tech"]), ()),
    params(("id" = AssignmentId, Path), TokenQuery), request_body = Option<AcceptBody>,
    responses((status = 200, body = AnsweredAssignment)),
    extensions(("x-problems" = json!([
        InvalidToken::CODE, ScheduleConflict::CODE, AlreadyAnswered::CODE, QuotaReached::CODE, UserInactive::CODE, ProjectArchived::CODE,
        MissionOver::CODE,
        MissionCancelled::CODE, InvalidTransition::CODE, AlreadyAssigned::CODE, NotYourCall::CODE,
    ]))))]
async fn accept_assignment(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    caller: Option<Caller<Tech>>,
    Path(id): Path<AssignmentId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<AcceptBody>,
) -> Result<Reply, Error> {
    let who = Answerer { request: &request, caller, token: body.token.or(query.token) };
    answer_assignment(&app, who, id, &precondition, Answer::Accept).await
}

/// Say no to one's own call: signed in, or with the token of its invitation.
#[utoipa::path(post, path = "/assignments/{id}/decline", tag = "assignments", security(("bearer" = ["tech"]), ()),
    params(("id" = AssignmentId, Path), TokenQuery), request_body = Option<DeclineBody>,
    responses((status = 200, body = AnsweredAssignment)),
    extensions(("x-problems" = json!([
        InvalidToken::CODE,
        AlreadyAnswered::CODE,
        MissionOver::CODE,
        InvalidTransition::CODE,
        NotYourCall::CODE,
    ]))))]
async fn decline_assignment(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    caller: Option<Caller<Tech>>,
    Path(id): Path<AssignmentId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<DeclineBody>,
) -> Result<Reply, Error> {
    let who = Answerer { request: &request, caller, token: body.token.or(query.token) };
    let answer = Answer::Decline { reason: body.reason.map(Into::into) };
    answer_assignment(&app, who, id, &precondition, answer).await
}

/// Who answers an assignment: the holder of its invitation's token, or else the signed-in caller.
struct Answerer<'r> {
    request: &'r RequestInfo,
    caller: Option<Caller<Tech>>,
    token: Option<Secret>,
}

async fn answer_assignment(
    app: &App,
    by: Answerer<'_>,
    id: AssignmentId,
    precondition: &Precondition,
    answer: Answer,
) -> Result<Reply, Error> {
    match (by.token, by.caller) {
        (Some(token), _) => {
            let claims = app.tokens.read_invite(&token).ok_or(InvalidToken)?;
            let opened = read::open(&app.db, &claims, app.db.clock().now()).await?;
            if opened.assignment_id != id {
                return Err(InvalidToken.into());
            }
            let tx = begin_answer(app, by.request, &claims).await?;
            let current = async {
                assignments::lock_for_no_key_update(&tx, claims.org, id).await?;
                assignments::get(&*tx, claims.org, id).await
            };
            precondition.check_read(current).await?;
            let answered = write::answer(&tx, &claims, answer).await?;
            tx.commit_value(&AnsweredAssignment { status: answered.status }).await
        }
        (None, Some(caller)) => {
            let tx = app.write(&caller).await?;
            let locked = assignments::lock_for_no_key_update(&tx, caller.org, id).await?;
            if !caller.is(locked.user()) {
                return Err(if caller.is_manager() { NotYourCall.into() } else { NotFound.into() });
            }
            precondition.check_read(assignments::get(&*tx, caller.org, id)).await?;
            let status = answer.status();
            if !caller.is_manager() {
                locked.check_answerable(status, tx.now)?;
            }
            let decline_reason = match answer {
                Answer::Accept => None,
                Answer::Decline { reason } => reason,
            };
            let change = Change { status, override_reason: None, decline_reason };
            let answered = assignments::set_status(&tx, locked, change).await?;
            tx.commit_value(&AnsweredAssignment { status: answered.status }).await
        }
        (None, None) => Err(Unauthenticated.into()),
    }
}
