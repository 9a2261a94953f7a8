//! Routes of invitations, and of answering an assignment by session or by link.

use super::{
    model::{
        AcceptBody, Answered, AnsweredAssignment, Created, DeclineBody, NewInvitation, Opened, TokenQuery,
    },
    rules::Answer,
    store,
};
use crate::{
    app::{App, Done},
    auth::{Caller, Manager, Tech},
    db::{Actor, Origin},
    error::{Error, Problem},
    http::{Body, Path, Query, RequestInfo},
    ids::{AssignmentId, InvitationId},
    resources::assignments::{self, Change},
};
use axum::{Extension, Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(revoke))
        .routes(routes!(verify))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(accept_assignment))
        .routes(routes!(decline_assignment))
}

/// Make a link for an assignment. The token is shown this once.
#[utoipa::path(post, path = "/invitations", tag = "invitations", request_body = NewInvitation, responses(
    (status = 200, body = Created), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewInvitation>,
) -> Result<Json<Created>, Error> {
    let ttl = app.config.invites_seconds();
    let tx = app.db.write(caller.origin()).await?;
    let created = store::create(&tx, caller.org, new, &app.tokens, ttl, &app.config.public_url).await?;
    tx.commit().await?;
    Ok(Json(created))
}

/// Take a link back.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "invitations", params(("id" = InvitationId, Path)), responses(
    (status = 200, body = Done), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn revoke(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<InvitationId>,
) -> Result<Json<Done>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    store::revoke(&tx, caller.org, id).await?;
    tx.commit().await?;
    Ok(Json(Done::OK))
}

/// See what a link is about. Changes nothing, however often it is called.
#[utoipa::path(get, path = "/invitations/verify", tag = "invitations", params(TokenQuery), responses(
    (status = 200, body = Opened), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn verify(State(app): State<App>, Query(query): Query<TokenQuery>) -> Result<Json<Opened>, Error> {
    let token = query.token.ok_or(Error::InvalidToken)?;
    Ok(Json(store::open(&app.db, &app.tokens, &token, app.db.clock().now()).await?))
}

/// Say yes with a link. Saying it again is harmless.
#[utoipa::path(post, path = "/invitations/{id}/accept", tag = "invitations", params(("id" = InvitationId, Path), TokenQuery),
    request_body = Option<AcceptBody>, responses(
    (status = 200, body = Answered), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn accept(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    Body(body): Body<AcceptBody>,
) -> Result<Json<Answered>, Error> {
    answer_invitation(&app, &request, id, body.token.or(query.token), Answer::Accept).await
}

/// Say no with a link. Saying it again is harmless.
#[utoipa::path(post, path = "/invitations/{id}/decline", tag = "invitations", params(("id" = InvitationId, Path), TokenQuery),
    request_body = Option<DeclineBody>, responses(
    (status = 200, body = Answered), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn decline(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    Path(id): Path<InvitationId>,
    Query(query): Query<TokenQuery>,
    Body(body): Body<DeclineBody>,
) -> Result<Json<Answered>, Error> {
    let reason = body.reason.map(Into::into);
    answer_invitation(&app, &request, id, body.token.or(query.token), Answer::Decline { reason }).await
}

async fn answer_invitation(
    app: &App,
    request: &RequestInfo,
    id: InvitationId,
    token: Option<String>,
    answer: Answer,
) -> Result<Json<Answered>, Error> {
    let fits = |token: &String| app.tokens.read_invite(token).is_some_and(|claims| claims.inv == id);
    let Some(token) = token.filter(fits) else {
        return Err(if store::exists(&app.db, id).await? { Error::InvalidToken } else { Error::NotFound });
    };
    answer_by_link(app, request, &token, answer).await.map(Json)
}

/// Answers in the name of the invitation. The pages use it, too.
///
/// # Errors
/// [`Error::InvalidToken`], [`Error::AlreadyAnswered`], or what keeps the person from being accepted.
pub async fn answer_by_link(
    app: &App,
    request: &RequestInfo,
    token: &str,
    answer: Answer,
) -> Result<Answered, Error> {
    let invitation = app.tokens.read_invite(token).ok_or(Error::InvalidToken)?.inv;
    let origin = Origin { actor: Actor::Invitation(invitation), request_id: Some(request.to_string()) };
    let tx = app.db.write(origin).await?;
    let answered = store::answer(&tx, &app.tokens, token, answer).await?;
    tx.commit().await?;
    Ok(answered)
}

/// Say yes to one's own call: signed in, or with the token of its invitation.
#[utoipa::path(post, path = "/assignments/{id}/accept", tag = "assignments", params(("id" = AssignmentId, Path), TokenQuery),
    request_body = Option<AcceptBody>, responses(
    (status = 200, body = AnsweredAssignment), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn accept_assignment(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    caller: Option<Caller<Tech>>,
    Path(id): Path<AssignmentId>,
    Query(query): Query<TokenQuery>,
    Body(body): Body<AcceptBody>,
) -> Result<Json<AnsweredAssignment>, Error> {
    answer_assignment(&app, &request, caller, id, body.token.or(query.token), Answer::Accept).await
}

/// Say no to one's own call: signed in, or with the token of its invitation.
#[utoipa::path(post, path = "/assignments/{id}/decline", tag = "assignments", params(("id" = AssignmentId, Path), TokenQuery),
    request_body = Option<DeclineBody>, responses(
    (status = 200, body = AnsweredAssignment), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn decline_assignment(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    caller: Option<Caller<Tech>>,
    Path(id): Path<AssignmentId>,
    Query(query): Query<TokenQuery>,
    Body(body): Body<DeclineBody>,
) -> Result<Json<AnsweredAssignment>, Error> {
    let reason = body.reason.map(Into::into);
    answer_assignment(&app, &request, caller, id, body.token.or(query.token), Answer::Decline { reason })
        .await
}

async fn answer_assignment(
    app: &App,
    request: &RequestInfo,
    caller: Option<Caller<Tech>>,
    id: AssignmentId,
    token: Option<String>,
    answer: Answer,
) -> Result<Json<AnsweredAssignment>, Error> {
    match (token, caller) {
        (Some(token), _) => {
            let opened = store::open(&app.db, &app.tokens, &token, app.db.clock().now()).await?;
            if opened.assignment_id != id {
                return Err(Error::InvalidToken);
            }
            let answered = answer_by_link(app, request, &token, answer).await?;
            Ok(Json(AnsweredAssignment { status: answered.status }))
        }
        (None, Some(caller)) => {
            let tx = app.db.write(caller.origin()).await?;
            let held = assignments::hold(&tx, caller.org, id).await?;
            if !caller.is(held.user()) {
                return Err(if caller.plans() { Error::NotYourCall } else { Error::NotFound });
            }
            let status = answer.status();
            let decline_reason = match answer {
                Answer::Accept => None,
                Answer::Decline { reason } => reason,
            };
            let change = Change { status, override_reason: None, decline_reason };
            let answered = assignments::set_status(&tx, held, change).await?;
            tx.commit().await?;
            Ok(Json(AnsweredAssignment { status: answered.status }))
        }
        (None, None) => Err(Error::Unauthenticated),
    }
}
