//! `/password?token=`: sets the password of the link's account, and confirms its pending membership.

use super::{
    PageQuery,
    template::{PasswordForm, PasswordPage, message, respond, with_retry_after},
    words::{Language, Words},
};
use crate::{
    auth::{InvalidToken, NewPassword},
    error::{Error, FieldError},
    http::{Form, Query, RequestInfo},
    resources::accounts::{links, set_password},
    secret::Secret,
    state::App,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use deserr::Deserr;

/// Shows the form if the link is valid; does not use it up.
pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    match form(&app, query.token).await {
        Ok(form) => page(&headers, StatusCode::OK, "", true, Some(&form)),
        Err(error) => refused(&headers, &error, None),
    }
}

async fn form(app: &App, token: Secret) -> Result<PasswordForm, Error> {
    let link = links::open(&app.db, &token, app.db.clock().now()).await?;
    Ok(PasswordForm { token, org: link.org.map(|(_, name)| name), wants_password: link.wants_password })
}

#[derive(Debug, Deserr)]
pub struct Sent {
    #[deserr(default)]
    token: Secret,
    #[deserr(default)]
    current_password: Option<Secret>,
    #[deserr(default)]
    new_password: Secret,
}

pub async fn set(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    let words = Language::of(&headers).words();
    let form = match form(&app, sent.token).await {
        Ok(form) => form,
        Err(error) => return refused(&headers, &error, None),
    };
    let Ok(password) = NewPassword::parse(&sent.new_password) else {
        return page(&headers, StatusCode::BAD_REQUEST, words.password_rule, false, Some(&form));
    };
    match set_password(&app, &request, &form.token, sent.current_password, password).await {
        Ok(()) => page(&headers, StatusCode::OK, words.saved, true, None),
        Err(error) if error.is::<InvalidToken>() => refused(&headers, &error, None),
        Err(Error::Invalid(mistakes)) => {
            page(&headers, StatusCode::BAD_REQUEST, mistake(&mistakes, words), false, Some(&form))
        }
        Err(error) => refused(&headers, &error, Some(&form)),
    }
}

fn mistake(mistakes: &[FieldError], words: &Words) -> &'static str {
    match mistakes.first() {
        Some(mistake) if mistake.pointer == "/current_password" => words.password_wrong,
        // The remaining rules: too common, the e-mail, or the current password.
        _ => words.password_common,
    }
}

fn refused(headers: &HeaderMap, error: &Error, form: Option<&PasswordForm>) -> Result<Response, Error> {
    match message(error, Language::of(headers)) {
        Some(text) => {
            let page = page(headers, error.status_and_code().0, text, false, form)?;
            Ok(with_retry_after(page, error))
        }
        None => Err(error.clone()),
    }
}

fn page(
    headers: &HeaderMap,
    status: StatusCode,
    message: &str,
    good: bool,
    form: Option<&PasswordForm>,
) -> Result<Response, Error> {
    let language = Language::of(headers);
    respond(status, &PasswordPage { lang: language.code(), words: language.words(), message, good, form })
}
