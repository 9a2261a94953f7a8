//! Routes of mails.

use super::{
    model::{Mail, MailDetails, MailQuery},
    read,
};
use crate::{
    auth::{Caller, Manager},
    db::Reader,
    error::Error,
    http::{Answer, Listed, Path, Query, Reading, operations, tagged},
    ids::MailId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("mails", "What was mailed to whom, what waits to be sent, and what could not be sent.")
        .routes(operations!(list))
        .routes(operations!(get))
}

/// List mails.
///
/// Managers and above. Newest first: what the org has sent to its people and members, and what waits. Links are
/// never shown.
#[utoipa::path(get, path = "/mails", tag = "mails")]
async fn list(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MailQuery>,
) -> Result<Listed<[Mail]>, Error> {
    let (org, reading) = (caller.org, Reading::of(query.limit));
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get a mail.
///
/// Managers and above. With the invitations in it; their links are never shown.
#[utoipa::path(get, path = "/mails/{id}", tag = "mails")]
async fn get(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MailId>,
) -> Result<Answer<MailDetails>, Error> {
    Answer::of(&read::get(&app.db, caller.org, id).await?)
}
