//! The templates of the pages and their responses.

use super::{
    start::FAVICON,
    ticket::Ticket,
    visitor::{Language, Outcome, Visitor},
    words::{Told, Words},
};
use crate::{error::Error, secret::Secret};
use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// In each page, so that it is complete after one answer, however bad the connection is backstage.
const STYLE: &str = include_str!("../../templates/style.css");

/// Nothing may load or run but this style, by its hash, and the icon.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What surrounds every page.
#[derive(Debug)]
pub struct Shell {
    pub words: &'static Words,
    pub lang: &'static str,
    pub title: String,
    pub style: &'static str,
    pub favicon: String,
    pub home: String,
    pub languages: [Language; 2],
}

impl Shell {
    /// With the name of the product alone when there is no `title`.
    pub fn of(visitor: &Visitor, title: String) -> Self {
        Self {
            words: visitor.words(),
            lang: visitor.locale.word(),
            title: if title.is_empty() { "Coulisses".into() } else { title },
            style: STYLE,
            favicon: format!("{}{FAVICON}", visitor.base),
            home: visitor.address("/", "", &Outcome::default()),
            languages: visitor.languages(),
        }
    }
}

/// How a state looks: its shape and colour. The word is beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Asked,
    Accepted,
    Declined,
    Warning,
    Conflict,
    Closed,
    /// Closed, and its time struck through.
    CalledOff,
}

impl Kind {
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Accepted | Self::Declined)
    }

    pub const fn class(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Warning => "warning",
            Self::Conflict => "conflict",
            Self::Closed => "closed",
            Self::CalledOff => "closed off",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Chip {
    pub kind: Kind,
    pub word: &'static str,
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "note.html")]
pub struct NotePage<'a> {
    pub shell: Shell,
    pub chip: Option<Chip>,
    pub title: &'a str,
    pub next: &'a str,
    /// By which the operator finds what happened.
    pub reference: Option<String>,
    /// The main one comes first.
    pub onward: Vec<Onward>,
}

#[derive(Debug)]
pub struct Onward {
    pub href: String,
    pub text: &'static str,
}

#[derive(Template)]
#[template(path = "invite.html")]
pub struct InvitePage<'a> {
    pub shell: Shell,
    pub ticket: &'a Ticket,
    pub chip: Chip,
    /// The state in a sentence; empty while the question says it.
    pub title: &'static str,
    pub next: String,
    /// What became of what was sent just now, where the state does not say it.
    pub notice: Option<String>,
    /// Whether that is good news.
    pub good: bool,
    pub form: Form,
    /// Where its calendar entry is, once it is accepted.
    pub calendar: Option<String>,
    /// Where the calendar of all their calls is.
    pub feed: Option<Secret>,
    pub action: String,
    pub token: &'a str,
    /// What the person is shown: an answer is to this.
    pub seen: &'a str,
}

#[derive(Template)]
#[template(path = "calls.html")]
pub struct CallsPage<'a> {
    pub shell: Shell,
    pub org: &'a str,
    pub user: &'a str,
    pub title: &'a str,
    pub calls: &'a [Listed],
    /// What a yes to all is a yes to, where there is more than one to answer.
    pub all: Option<&'a str>,
    /// What became of a yes to all.
    pub notice: Option<&'static str>,
    /// Whether that is good news.
    pub good: bool,
    pub action: String,
    pub token: &'a str,
}

/// One call of several.
#[derive(Debug)]
pub struct Listed {
    pub ticket: Ticket,
    pub chip: Chip,
    /// The state in a sentence.
    pub title: &'static str,
    pub asks: bool,
    /// What an answer is an answer to.
    pub shown: String,
    /// Its own page.
    pub href: String,
}

impl Listed {
    /// Whether there is more to say than where it stands.
    pub fn says_why(&self) -> bool {
        self.does_not_fit() || self.chip.kind == Kind::Warning
    }

    /// Whether a yes would be refused.
    pub fn does_not_fit(&self) -> bool {
        self.chip.kind == Kind::Conflict
    }
}

/// What can be sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    None,
    Question,
    /// Whether a yes still holds.
    Confirmation,
    /// A yes would be refused.
    Decline,
    /// Why not, with what was typed before.
    Reason(String),
}

impl Form {
    pub fn asks(&self) -> bool {
        matches!(self, Self::Question | Self::Confirmation)
    }

    pub fn confirms(&self) -> bool {
        *self == Self::Confirmation
    }
}

#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage<'a> {
    pub shell: Shell,
    pub form: &'a PasswordForm,
    /// The rules that are not met.
    pub mistakes: Vec<&'static str>,
    /// Which of the two texts they are about.
    pub wrong_current: bool,
    pub wrong_new: bool,
    pub action: String,
}

#[derive(Debug)]
pub struct PasswordForm {
    pub token: Secret,
    /// Whose password it is.
    pub email: String,
    /// The name of the org whose membership the link confirms.
    pub org: Option<String>,
    /// Whether the current password is asked for.
    pub wants_password: bool,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
pub struct UnsubscribePage<'a> {
    pub shell: Shell,
    /// Whose mails they are.
    pub org: String,
    pub kind: Kind,
    pub told: &'static Told,
    /// Whether there is anything left to stop.
    pub asks: bool,
    pub action: String,
    pub token: &'a str,
}

/// The address of a page contains a secret, so pages are kept out of caches, `Referer` headers and frames.
pub fn respond(status: StatusCode, page: &impl Template) -> Result<Response, Error> {
    let html = page.render().map_err(|error| Error::internal(error))?;
    let headers: HeaderMap = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ]
    .into_iter()
    .collect();
    Ok((status, headers, html).into_response())
}

/// Leads to a page by a GET.
pub fn lead_to(address: &str) -> Result<Response, Error> {
    let location = HeaderValue::from_str(address).map_err(|error| Error::internal(error))?;
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
