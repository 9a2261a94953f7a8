//! Routes of invitations, and of answering an assignment by session or by link.

use super::{
    model::{
        AcceptBody, Answered, AnsweredAssignment, Created, DeclineBody, Invitation, InvitationQuery,
        NewInvitation, Opened, RemindBody, Reminded, RemindedMany, TokenQuery,
    },
    read,
    refusal::{AlreadyAnswered, ChangedSinceSeen, InvitationRevoked, NotYourCall, RemindedRecently},
    remind,
    rules::Decision,
    write::{self, Links},
};
use crate::{
    auth::{Caller, InvalidToken, InviteClaims, Manager, Tech, Unauthenticated},
    db::{Actor, Reader},
    error::{Duplicate, Error, NotFound, UnknownReference},
    http::{
        Answer, Body, BulkItems, Done, Listed, Path, Precondition, Query, Reading, RequestInfo, Tagged,
        operations, tagged,
    },
    ids::{AssignmentId, InvitationId},
    resources::{
        assignments::{
            self, AlreadyAssigned, AssignmentStatus, Change, DecidedBy, InvalidTransition, NotInvited,
            QuotaReached, ScheduleConflict,
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
};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged(
        "invitations",
        "Signed links by which an assigned person answers without an account. Looking at one changes nothing.",
    )
        .routes(operations!(create, list))
        .routes(operations!(bulk_create))
        .routes(operations!(get, revoke))
        .routes(operations!(remind_one))
        .routes(operations!(remind_many))
        .routes(operations!(verify))
        .routes(operations!(accept))
        .routes(operations!(decline))
        .routes(operations!(accept_assignment))
        .routes(operations!(confirm_assignment))
        .routes(operations!(decline_assignment))
}

/// Create an invitation link.
///
/// Managers and above. The answer shows `token` and `url` this once. With an address, `email` or the person's, the link
/// is mailed (`delivery` is `queued`); otherwise, or where no mail can be sent, `delivery` is `none`: hand it over.
/// With `answer_by` the link closes then, or when the mission starts. Earlier unanswered invitations of the assignment are revoked. 409
/// `not_invited` unless the assignment is `INVITED`, `mission_cancelled`, `mission_over`, `project_archived` or
/// `user_inactive` where they apply.
#[utoipa::path(post, path = "/invitations", tag = "invitations", extensions(("x-problems" = json!([
        UnknownReference::CODE, MissionCancelled::CODE, MissionOver::CODE, ProjectArchived::CODE, UserInactive::CODE,
        NotInvited::CODE,
    ]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewInvitation>,
) -> Result<Answer<Created>, Error> {
    let tx = app.write(&caller).await?;
    let created = write::create(&tx, caller.org, new, &Links::of(&app)).await?;
    tx.commit_value(&created).await
}

/// Create many invitation links.
///
/// Managers and above. Takes 1 to 1000 items, all or nothing: when items are refused, nothing is created and
/// `errors` names each bad item by its index. The answer has the links in the order of the request, with their
/// tokens, which are shown this once. Earlier unanswered invitations of these assignments are revoked; an
/// assignment listed twice is 409 `duplicate`.
#[utoipa::path(post, path = "/invitations/~bulk_create", tag = "invitations", extensions(("x-problems" = json!([
        UnknownReference::CODE, MissionCancelled::CODE, MissionOver::CODE, ProjectArchived::CODE, UserInactive::CODE,
        NotInvited::CODE, Duplicate::CODE,
    ]))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    items: BulkItems<NewInvitation>,
) -> Result<Answer<[Created]>, Error> {
    let items = items.plan(Ok).await?;
    let tx = app.write(&caller).await?;
    let created = write::create_all(&tx, caller.org, items, &Links::of(&app)).await?;
    tx.commit_value(&*created).await
}

/// List invitations.
///
/// Managers and above. Newest first. Tokens are never shown. `unanswered_hours` finds whom to ask again: whoever was last asked,
/// by the link, a reminder or the mail about a move, at least so long ago, and can still answer: the assignment is `INVITED`, the
/// mission neither cancelled nor over, the project not archived, the user active. Filters are combined, so that it finds nothing
/// beside another `status` than `pending`.
#[utoipa::path(get, path = "/invitations", tag = "invitations")]
async fn list(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<InvitationQuery>,
) -> Result<Listed<[Invitation]>, Error> {
    let now = app.db.clock().now();
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, now).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get an invitation.
///
/// Managers and above. Its token is never shown. `status` becomes `expired` by itself, and the `ETag` changes
/// with it.
#[utoipa::path(get, path = "/invitations/{id}", tag = "invitations")]
async fn get(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
) -> Result<Tagged<Invitation>, Error> {
    Tagged::of(&read::get(&app.db, caller.org, id, app.db.clock().now()).await?)
}

/// Revoke an invitation.
///
/// Managers and above. Its link stops working; the assignment stays as it is, and so does the invitation, with
/// the status `revoked`. One that was answered or revoked before stays as it is, and the answer is 200.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "invitations")]
async fn revoke(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    precondition.check(&write::lock_for_no_key_update(&tx, caller.org, id).await?)?;
    write::revoke(&tx, caller.org, id).await?;
    tx.commit_value(&Done::OK).await
}

/// Remind a person who has not answered.
///
/// Managers and above. Sends the same link again, and makes it work as long as a new one; an `answer_by` that has
/// passed is taken off. Where no mail can be sent, `delivery` is `none` and the answer has the `url` to hand over.
/// At most one reminder an hour: 429 `reminded_recently`; the first mail does not count. 409 `already_answered`,
/// `invitation_revoked`, `not_invited`, `mission_over`, `quota_reached` and others where there is nothing to remind of.
#[utoipa::path(post, operation_id = "remind", path = "/invitations/{id}/~remind", tag = "invitations", extensions(("x-problems" = json!([
        AlreadyAnswered::CODE, InvitationRevoked::CODE, RemindedRecently::CODE, NotInvited::CODE, MissionCancelled::CODE,
        QuotaReached::CODE, MissionOver::CODE, ProjectArchived::CODE, UserInactive::CODE,
    ]))))]
async fn remind_one(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
    precondition: Precondition,
) -> Result<Answer<Reminded>, Error> {
    let tx = app.write(&caller).await?;
    precondition.check_read(read::get(&*tx, caller.org, id, tx.now)).await?;
    let reminded = remind::remind(&tx, caller.org, id, &Links::of(&app)).await?;
    tx.commit_value(&reminded).await
}

/// Remind people who have not answered.
///
/// Managers and above. Those of `ids`, or all whose answer is still wanted, narrowed to a project, to a mission, or to those
/// last asked at least `unanswered_hours` ago, as in the list, and also by links that have expired; at most 1000, the oldest first.
/// Whoever cannot be reminded is in `skipped` with the code with which a reminder of them alone is refused, `reminded_recently` for
/// one who was reminded within the hour.
#[utoipa::path(post, operation_id = "remind_many", path = "/invitations/~remind", tag = "invitations", extensions(("x-problems" = json!([UnknownReference::CODE]))))]
async fn remind_many(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(body): Body<RemindBody>,
) -> Result<Answer<RemindedMany>, Error> {
    let tx = app.write(&caller).await?;
    let reminded = remind::remind_many(&tx, caller.org, body, &Links::of(&app)).await?;
    tx.commit_value(&reminded).await
}

/// Look up an invitation by its token.
///
/// Needs no session: the token is enough. Shows the mission and where assignment and invitation stand, also of an
/// answered, expired or revoked link (`invitation_status`). Changes nothing. 400 `invalid_token` when the token
/// is missing, forged or unknown.
#[utoipa::path(get, path = "/invitations/verify", tag = "invitations", extensions(("x-problems" = json!([InvalidToken::CODE]))))]
async fn verify(State(app): State<App>, Query(query): Query<TokenQuery>) -> Result<Answer<Opened>, Error> {
    let claims = query.token.and_then(|token| app.tokens.read_invite(&token)).ok_or(InvalidToken)?;
    Answer::of(&read::open(&app.db, &claims, app.db.clock().now()).await?)
}

/// Accept an invitation.
///
/// Needs no session: the token is enough, in the body, which keeps it out of logs, or as `?token=`. The
/// assignment becomes `ACCEPTED`; accepting again is the same 200. 400 `invalid_token` for a bad, expired or
/// revoked token, one of another invitation, or a cancelled assignment; 404 for an unknown id. 400
/// `schedule_conflict` when the person is taken, 409 `already_answered` after a no, `quota_reached` when the role
/// is full, `mission_over` after the mission's end.
#[utoipa::path(post, path = "/invitations/{id}/accept", tag = "invitations", extensions(("x-problems" = json!([
        InvalidToken::CODE, ChangedSinceSeen::CODE, ScheduleConflict::CODE, AlreadyAnswered::CODE, QuotaReached::CODE, UserInactive::CODE, ProjectArchived::CODE,
        MissionOver::CODE,
    ]))))]
async fn accept(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<AcceptBody>,
) -> Result<Answer<Answered>, Error> {
    let given = Given { token: body.token.or(query.token), seen: body.seen };
    answer_invitation(&app, &request, (id, &precondition), given, Decision::Accept).await
}

/// Decline an invitation.
///
/// Needs no session: the token is enough, in the body, which keeps it out of logs, or as `?token=`. The
/// assignment becomes `DECLINED`; `reason` is kept as `decline_reason`; declining again is the same 200. 400
/// `invalid_token` for a bad, expired or revoked token, one of another invitation, or a cancelled assignment; 404
/// for an unknown id. 409 `already_answered` after a yes by this link, `mission_over` after the mission's end.
#[utoipa::path(post, path = "/invitations/{id}/decline", tag = "invitations", extensions(("x-problems" = json!([InvalidToken::CODE, ChangedSinceSeen::CODE, AlreadyAnswered::CODE, MissionOver::CODE]))))]
async fn decline(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<DeclineBody>,
) -> Result<Answer<Answered>, Error> {
    let decision = Decision::Decline { reason: body.reason.map(Into::into) };
    let given = Given { token: body.token.or(query.token), seen: body.seen };
    answer_invitation(&app, &request, (id, &precondition), given, decision).await
}

/// What comes with an answer.
struct Given {
    token: Option<Secret>,
    seen: Option<String>,
}

async fn answer_invitation(
    app: &App,
    request: &RequestInfo,
    (id, precondition): (InvitationId, &Precondition),
    given: Given,
    decision: Decision,
) -> Result<Answer<Answered>, Error> {
    let claims = given.token.and_then(|token| app.tokens.read_invite(&token));
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
    let answered = write::answer(&tx, &claims, decision, given.seen.as_deref()).await?;
    tx.commit_value(&answered).await
}

/// Answers with the invitation as the actor, for the HTML pages.
///
/// # Errors
/// [`InvalidToken`], [`AlreadyAnswered`], [`ChangedSinceSeen`], or what keeps the assignment from being accepted or declined.
pub async fn answer_by_link(
    app: &App,
    request: &RequestInfo,
    claims: &InviteClaims,
    decision: Decision,
    seen: Option<&str>,
) -> Result<Answered, Error> {
    let tx = begin_answer(app, request, claims).await?;
    let answered = write::answer(&tx, claims, decision, seen).await?;
    tx.commit_value(&answered).await?;
    Ok(answered)
}

/// Begins the transaction of an answer, with the invitation as the actor.
async fn begin_answer(app: &App, request: &RequestInfo, claims: &InviteClaims) -> Result<RequestTx, Error> {
    app.write_for(claims.org, request.origin(Actor::Invitation(claims.inv)), request).await
}

/// Accept an assignment.
///
/// By the assigned person's session, or by the token of its invitation, in the body or as `?token=`; a token goes
/// before a session. Accepting again is 200; by session a declined assignment can be accepted again, by a link
/// that is 409 `already_answered`. Managers get 403 `not_your_call` for other people's and use `:status`. 400
/// `schedule_conflict` when the person is taken, 409 `quota_reached` when the role is full, 409 `mission_over`
/// after the mission's end (managers may still answer their own).
#[utoipa::path(post, operation_id = "accept", path = "/assignments/{id}/accept", tag = "assignments", extensions(("x-problems" = json!([
        InvalidToken::CODE, ChangedSinceSeen::CODE, ScheduleConflict::CODE, AlreadyAnswered::CODE, QuotaReached::CODE, UserInactive::CODE, ProjectArchived::CODE,
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
) -> Result<Answer<AnsweredAssignment>, Error> {
    let given = Given { token: body.token.or(query.token), seen: body.seen };
    let who = Answerer { request: &request, caller, given };
    answer_assignment(&app, who, id, &precondition, Decision::Accept).await
}

/// Confirm an assignment whose mission has moved.
///
/// By the assigned person's session, by the token of its invitation, in the body or as `?token=`, although that said
/// yes, or by a manager for them. Ends `needs_confirmation`; confirming again is 200. 409 `invalid_transition` for an
/// assignment that is not `ACCEPTED`, 409 `already_answered` for a link that said no, 400 `invalid_token` for one that
/// has a successor.
#[utoipa::path(post, operation_id = "confirm", path = "/assignments/{id}/confirm", tag = "assignments", extensions(("x-problems" = json!([
        InvalidToken::CODE, ChangedSinceSeen::CODE, AlreadyAnswered::CODE, InvalidTransition::CODE,
    ]))))]
async fn confirm_assignment(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    caller: Option<Caller<Tech>>,
    Path(id): Path<AssignmentId>,
    Query(query): Query<TokenQuery>,
    precondition: Precondition,
    Body(body): Body<AcceptBody>,
) -> Result<Answer<AnsweredAssignment>, Error> {
    let given = Given { token: body.token.or(query.token), seen: body.seen };
    let who = Answerer { request: &request, caller, given };
    let seen = who.given.seen.as_deref();
    match (who.given.token.as_ref(), who.caller.as_ref()) {
        (Some(token), _) => {
            let (tx, claims) = begin_with_token(&app, &who, token, id, &precondition).await?;
            let status = write::confirm(&tx, &claims, seen).await?;
            tx.commit_value(&AnsweredAssignment { status }).await
        }
        (None, Some(caller)) => {
            let tx = app.write(caller).await?;
            let locked = assignments::lock_for_no_key_update(&tx, caller.org, id).await?;
            if !caller.is(locked.user()) && !caller.is_manager() {
                return Err(NotFound.into());
            }
            precondition.check_read(assignments::get(&*tx, caller.org, id)).await?;
            write::check_seen(&tx, caller.org, &locked, seen).await?;
            let status = assignments::confirm(&tx, &locked).await?.status;
            tx.commit_value(&AnsweredAssignment { status }).await
        }
        (None, None) => Err(Unauthenticated.into()),
    }
}

/// Decline an assignment.
///
/// By the assigned person's session, or by the token of its invitation, in the body or as `?token=`; a token goes
/// before a session. `reason` is kept as `decline_reason`. Withdraws an earlier yes, too, unless it was given by
/// the same link (409 `already_answered`); declining again is 200. Managers get 403 `not_your_call` for other
/// people's and use `:status`; after the mission's end only managers may still answer their own, else 409
/// `mission_over`.
#[utoipa::path(post, operation_id = "decline", path = "/assignments/{id}/decline", tag = "assignments", extensions(("x-problems" = json!([
        InvalidToken::CODE,
        ChangedSinceSeen::CODE,
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
) -> Result<Answer<AnsweredAssignment>, Error> {
    let given = Given { token: body.token.or(query.token), seen: body.seen };
    let who = Answerer { request: &request, caller, given };
    let decision = Decision::Decline { reason: body.reason.map(Into::into) };
    answer_assignment(&app, who, id, &precondition, decision).await
}

/// Who answers an assignment: the holder of its invitation's token, or else the signed-in caller.
struct Answerer<'r> {
    request: &'r RequestInfo,
    caller: Option<Caller<Tech>>,
    given: Given,
}

/// Begins the transaction of the holder of a token of this assignment.
async fn begin_with_token(
    app: &App,
    by: &Answerer<'_>,
    token: &Secret,
    id: AssignmentId,
    precondition: &Precondition,
) -> Result<(RequestTx, InviteClaims), Error> {
    let claims = app.tokens.read_invite(token).ok_or(InvalidToken)?;
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
    Ok((tx, claims))
}

async fn answer_assignment(
    app: &App,
    by: Answerer<'_>,
    id: AssignmentId,
    precondition: &Precondition,
    decision: Decision,
) -> Result<Answer<AnsweredAssignment>, Error> {
    let seen = by.given.seen.as_deref();
    match (by.given.token.as_ref(), by.caller.as_ref()) {
        (Some(token), _) => {
            let (tx, claims) = begin_with_token(app, &by, token, id, precondition).await?;
            let answered = write::answer(&tx, &claims, decision, seen).await?;
            tx.commit_value(&AnsweredAssignment { status: answered.status }).await
        }
        (None, Some(caller)) => {
            let tx = app.write(caller).await?;
            let locked = assignments::lock_for_no_key_update(&tx, caller.org, id).await?;
            if !caller.is(locked.user()) {
                return Err(if caller.is_manager() { NotYourCall.into() } else { NotFound.into() });
            }
            precondition.check_read(assignments::get(&*tx, caller.org, id)).await?;
            write::check_seen(&tx, caller.org, &locked, seen).await?;
            let status = decision.status();
            if !caller.is_manager() {
                locked.check_answerable(status, tx.now)?;
            }
            let decline_reason = match decision {
                Decision::Accept => None,
                Decision::Decline { reason } => reason,
            };
            let answered = if status == AssignmentStatus::Accepted && locked.needs_confirmation() {
                assignments::confirm(&tx, &locked).await?
            } else {
                let change = Change { status, override_reason: None, decline_reason, by: DecidedBy::User };
                assignments::set_status(&tx, locked, change).await?
            };
            tx.commit_value(&AnsweredAssignment { status: answered.status }).await
        }
        (None, None) => Err(Unauthenticated.into()),
    }
}
