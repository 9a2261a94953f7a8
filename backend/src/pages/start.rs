//! `/`: what this is, for users who open the printed address in a browser; and the icon of all pages.

use super::{
    template::{Chip, Kind, NotePage, Onward, Shell, respond},
    visitor::Visitor,
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
    let application = application(&visitor, words.open_application);
    let shell = Shell::of(&visitor, String::new());
    let page = NotePage {
        shell,
        chip: None,
        title: words.start.title,
        next: words.start.next,
        reference: None,
        onward: vec![application, documentation],
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

fn application(visitor: &Visitor, text: &'static str) -> Onward {
    Onward { href: format!("{}/app/", visitor.base), text }
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
        // It begins with signing in.
        onward: vec![application(visitor, words.sign_in)],
    };
    respond(StatusCode::OK, &page)
}
