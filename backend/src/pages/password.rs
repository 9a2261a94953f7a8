//! `/password?token=`: sets the password that the link permits to set.

use super::{
    PageQuery,
    template::{PasswordPage, message, respond},
    words::Language,
};
use crate::{
    app::App,
    auth::{NewPassword, accounts, set_password},
    error::Error,
    http::{Form, Query, RequestInfo},
    secret::Secret,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use deserr::Deserr;

/// Shows the form while the link is good; uses nothing up.
pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let token = query.token;
    match accounts::password_token_account(&app.db, &token, app.db.clock().now()).await {
        Ok(_) => page(&headers, StatusCode::OK, "", true, Some(&token)),
        Err(Error::InvalidToken) => refused(&headers, &Error::InvalidToken, None),
        Err(error) => Err(error),
    }
}

/// What the form sends.
#[derive(Debug, Deserr)]
pub struct PasswordForm {
    #[deserr(default)]
    token: Secret,
    #[deserr(default)]
    new_password: Secret,
}

/// Sets the password.
pub async fn set(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Error> {
    let words = Language::of(&headers).words();
    let Ok(password) = NewPassword::parse(&form.new_password) else {
        return page(&headers, StatusCode::BAD_REQUEST, words.password_rule, false, Some(&form.token));
    };
    match set_password(&app, &request, &form.token, password).await {
        Ok(()) => page(&headers, StatusCode::OK, words.saved, true, None),
        // Among the commonest: the only rule that is left.
        Err(error @ Error::Invalid(_)) => {
            page(&headers, error.status_and_code().0, words.password_common, false, Some(&form.token))
        }
        Err(error @ Error::InvalidToken) => refused(&headers, &error, None),
        Err(error) => refused(&headers, &error, Some(&form.token)),
    }
}

fn refused(headers: &HeaderMap, error: &Error, token: Option<&str>) -> Result<Response, Error> {
    match message(error, Language::of(headers)) {
        Some(text) => page(headers, error.status_and_code().0, text, false, token),
        None => Err(error.clone()),
    }
}

fn page(
    headers: &HeaderMap,
    status: StatusCode,
    message: &str,
    good: bool,
    token: Option<&str>,
) -> Result<Response, Error> {
    let language = Language::of(headers);
    respond(status, &PasswordPage { lang: language.code(), words: language.words(), message, good, token })
}
