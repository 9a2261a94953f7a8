//! `/`: what this is, for users who open the printed address in a browser; and the icon of all pages.

use super::{
    template::{Chip, Kind, NotePage, Onward, Shell, respond},
    visitor::{Outcome, Visitor},
};
use crate::error::Error;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

pub const FAVICON: &str = "/favicon.svg";

pub async fn show(visitor: Visitor) -> Result<Response, Error> {
    let words = visitor.words();
    let documentation = Onward { href: format!("{}/docs/", visitor.base), text: words.for_programs };
    let shell = Shell::of(&visitor, String::new());
    let page = NotePage {
        shell,
        chip: None,
        title: words.start.title,
        next: words.start.next,
        reference: None,
        onward: Some(documentation),
    };
    respond(StatusCode::OK, &page)
}

pub async fn favicon() -> impl IntoResponse {
    const HEADERS: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
    ];
    (HEADERS, include_str!("../../templates/favicon.svg"))
}

/// After a password was set.
pub fn saved(visitor: &Visitor) -> Result<Response, Error> {
    let words = visitor.words();
    let told = &words.saved;
    let page = NotePage {
        shell: Shell::of(visitor, format!("{} · Coulisses", told.title)),
        chip: Some(Chip { kind: Kind::Accepted, word: told.word }),
        title: told.title,
        next: told.next,
        reference: None,
        onward: Some(Onward { href: visitor.address("/", "", &Outcome::default()), text: words.to_start }),
    };
    respond(StatusCode::OK, &page)
}
