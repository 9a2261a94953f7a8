//! `/password?token=`: sets the password of the link's account, and confirms its pending membership.

use super::{
    errors::note,
    start,
    template::{PasswordForm, PasswordPage, Shell, lead_to, respond},
    visitor::{Outcome, Visitor},
    words::Words,
};
use crate::{
    auth::{InvalidToken, NewPassword, TooManyTries},
    error::Error,
    http::{Form, RequestInfo},
    resources::accounts::{links, set_password},
    secret::Secret,
    state::App,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use deserr::Deserr;

const PATH: &str = "/password";

/// Shows the form if the link is valid; does not use it up.
pub async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    if visitor.outcome.done && visitor.token.is_empty() {
        return start::saved(&visitor);
    }
    match form(&app, visitor.token.clone()).await {
        Ok(form) => page(&visitor, StatusCode::OK, &form, &[]),
        Err(error) => invalid_link(&visitor, error),
    }
}

async fn form(app: &App, token: Secret) -> Result<PasswordForm, Error> {
    let link = links::open(&app.db, &token, app.db.clock().now()).await?;
    Ok(PasswordForm {
        token,
        email: link.account.email,
        org: link.org.map(|(_, name)| name),
        wants_password: link.wants_password,
    })
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
    mut visitor: Visitor,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    // The page may lead to itself in another language.
    visitor.token = sent.token.clone();
    let form = match form(&app, sent.token).await {
        Ok(form) => form,
        Err(error) => return invalid_link(&visitor, error),
    };
    let current = sent.current_password.filter(|_| form.wants_password);
    let (new, mut mistakes) = judge(&form, current.as_ref(), &sent.new_password);
    let Some(password) = new.filter(|_| mistakes.is_empty()) else {
        return page(&visitor, StatusCode::BAD_REQUEST, &form, &mistakes);
    };
    let error = match set_password(&app, &request, &form.token, current, password.clone()).await {
        Ok(()) => return lead_to(&visitor.address(PATH, "", &Outcome::done())),
        Err(error) => error,
    };
    if error.is::<InvalidToken>() {
        return invalid_link(&visitor, error);
    }
    if error.is::<TooManyTries>() {
        let mut page = page(&visitor, error.status_and_code().0, &form, &[Mistake::TooManyTries])?;
        if let Some(seconds) = error.retry_after() {
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        return Ok(page);
    }
    let Error::Invalid(fields) = &error else { return Err(error) };
    // The first mistake is known; the others are looked for, so that nobody is told of them one by one.
    if fields.iter().any(|field| field.pointer == "/current_password") {
        mistakes.push(Mistake::WrongCurrent);
    }
    if app.passwords.is_common(&password, &form.email, None).await? {
        mistakes.push(Mistake::Common);
    }
    if mistakes.is_empty() {
        mistakes.push(Mistake::Same);
    }
    page(&visitor, StatusCode::BAD_REQUEST, &form, &mistakes)
}

/// A rule that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    WrongCurrent,
    TooShort,
    TooLong,
    Common,
    IsEmail,
    Same,
    TooManyTries,
}

impl Mistake {
    fn text(self, words: &Words) -> &'static str {
        match self {
            Self::WrongCurrent => words.wrong,
            Self::TooShort => words.too_short,
            Self::TooLong => words.too_long,
            Self::Common => words.common,
            Self::IsEmail => words.is_email,
            Self::Same => words.same,
            Self::TooManyTries => words.slow_down,
        }
    }

    fn is_of_the_new_one(self) -> bool {
        !matches!(self, Self::WrongCurrent | Self::TooManyTries)
    }
}

/// The new password if its length is allowed, and all rules that it breaks as far as they are known without a hash.
fn judge(form: &PasswordForm, current: Option<&Secret>, new: &str) -> (Option<NewPassword>, Vec<Mistake>) {
    let parsed = NewPassword::parse(new).ok();
    let mut mistakes = Vec::new();
    if parsed.is_none() {
        mistakes.push(if new.chars().count() > 8 { Mistake::TooLong } else { Mistake::TooShort });
    }
    if new.eq_ignore_ascii_case(&form.email) {
        mistakes.push(Mistake::IsEmail);
    }
    if parsed.as_ref().zip(current).is_some_and(|(new, current)| new.is(current)) {
        mistakes.push(Mistake::Same);
    }
    (parsed, mistakes)
}

fn invalid_link(visitor: &Visitor, error: Error) -> Result<Response, Error> {
    match error.is::<InvalidToken>() {
        true => respond(StatusCode::BAD_REQUEST, &note(visitor, &visitor.words().password_invalid, None)),
        false => Err(error),
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    form: &PasswordForm,
    mistakes: &[Mistake],
) -> Result<Response, Error> {
    let words = visitor.words();
    let page = PasswordPage {
        shell: Shell::of(visitor, format!("{} · Coulisses", words.password)),
        form,
        mistakes: mistakes.iter().map(|mistake| mistake.text(words)).collect(),
        wrong_current: mistakes.contains(&Mistake::WrongCurrent),
        wrong_new: mistakes.iter().any(|mistake| mistake.is_of_the_new_one()),
        action: visitor.action(PATH),
    };
    respond(status, &page)
}
