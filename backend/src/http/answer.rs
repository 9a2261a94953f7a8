//! JSON responses, serialised once. That of a single object has a strong `ETag` for conditional reads and writes (RFC 9110
//! section 13).

use super::{RequestInfo, refusal::PreconditionFailed};
use crate::error::Error;
use axum::{
    body::Bytes,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use utoipa::ToSchema;

#[derive(Debug, Clone)]
pub struct Answer {
    body: Bytes,
    single: bool,
}

impl Answer {
    /// A response without an `ETag`.
    ///
    /// # Errors
    /// When the value cannot be serialised, which is a defect.
    pub fn of(value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| Error::internal(error))?;
        Ok(Self { body: body.into(), single: false })
    }

    /// One object as the caller sees it, with an `ETag` of all of that.
    ///
    /// # Errors
    /// When the object cannot be serialised, which is a defect.
    pub fn single(object: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { single: true, ..Self::of(object)? })
    }

    /// The bytes that [`Answer::from_stored`] reads.
    pub fn to_stored(&self) -> Vec<u8> {
        [&[u8::from(self.single)], &*self.body].concat()
    }

    pub fn from_stored(stored: &[u8]) -> Option<Self> {
        let (single, body) = stored.split_first()?;
        Some(Self { body: Bytes::copy_from_slice(body), single: *single == 1 })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let tag = self.single.then(|| tag(&self.body));
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(Ok(tag)) = tag.map(HeaderValue::try_from) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// The answer of what has nothing else to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

impl Done {
    pub const OK: Self = Self { status: "ok" };
}

/// What a bulk creation did.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkCreated<I> {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// How many.
    created: usize,
    /// Their ids, in the order of the request.
    ids: Vec<I>,
}

impl<I> BulkCreated<I> {
    pub fn of(ids: Vec<I>) -> Self {
        Self { status: "ok", created: ids.len(), ids }
    }
}

/// 128 bits of SHA-256, so that collisions need not be considered.
fn tag(body: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..16]))
}

/// Middleware: responds 304 when `If-None-Match` has the tag of the response.
pub async fn not_modified(request: Request, next: Next) -> Response {
    let known = matches!(*request.method(), Method::GET | Method::HEAD)
        .then(|| tags(request.headers(), &header::IF_NONE_MATCH))
        .flatten();
    let mut response = next.run(request).await;
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if response.status() == StatusCode::OK
        && let (Some(known), Some(tag)) = (known, tag)
        && known.include(tag, true)
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// The condition of a write: the object's tag is one of those in `If-Match`, and none of those in `If-None-Match`. Every
/// write of an object with a tag checks it; where there is no tag, or a handler forgot,
/// [`RequestTx::commit`](super::RequestTx::commit) refuses a condition that was not checked.
#[derive(Debug)]
pub struct Precondition {
    matches: Option<Tags>,
    matches_none: Option<Tags>,
    request: RequestInfo,
}

impl Precondition {
    pub(super) fn of(headers: &HeaderMap, request: RequestInfo) -> Self {
        let tags = |name| tags(headers, &name);
        Self { matches: tags(header::IF_MATCH), matches_none: tags(header::IF_NONE_MATCH), request }
    }

    /// Compares with the object as `GET` would return it to the caller now.
    ///
    /// # Errors
    /// [`PreconditionFailed`].
    pub fn check(&self, current: &impl Serialize) -> Result<(), Error> {
        if !self.is_there() {
            return Ok(());
        }
        let tag = tag(&Answer::of(current)?.body);
        let changed = self.matches.as_ref().is_some_and(|tags| !tags.include(&tag, false));
        let known = self.matches_none.as_ref().is_some_and(|tags| tags.include(&tag, true));
        if changed || known {
            return Err(PreconditionFailed.into());
        }
        self.request.note_condition_checked();
        Ok(())
    }

    /// The same for an object that is read only if there is a condition.
    ///
    /// # Errors
    /// [`PreconditionFailed`], or those of `read`.
    pub async fn check_read<T: Serialize>(
        &self,
        read: impl Future<Output = Result<T, Error>>,
    ) -> Result<(), Error> {
        if self.is_there() { self.check(&read.await?) } else { Ok(()) }
    }

    /// Whether it holds for a target that exists and has no tag.
    pub(super) fn holds_without_a_tag(&self) -> bool {
        self.matches.as_ref().is_none_or(Tags::name_anything)
            && !self.matches_none.as_ref().is_some_and(Tags::name_anything)
    }

    fn is_there(&self) -> bool {
        self.matches.is_some() || self.matches_none.is_some()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, RequestInfo::of(&parts.extensions)))
    }
}

#[derive(Debug)]
struct Tags(Vec<String>);

impl Tags {
    /// A weak tag never matches in a strong comparison (RFC 9110 section 8.8.3.2).
    fn include(&self, tag: &str, weakly: bool) -> bool {
        let same = |known: &str| known == tag || weakly && known.strip_prefix("W/") == Some(tag);
        self.name_anything() || self.0.iter().any(|known| same(known))
    }

    fn name_anything(&self) -> bool {
        self.0.iter().any(|known| known == "*")
    }
}

/// The tags of all headers of that name. Ours contain no comma.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    let listed = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>()
    };
    headers.contains_key(name).then(|| Tags(headers.get_all(name).iter().flat_map(listed).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precondition(name: HeaderName, value: &str) -> Precondition {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Precondition::of(&headers, RequestInfo::default())
    }

    #[test]
    fn a_change_needs_the_tag_of_what_is_there() {
        let current = tag(b"7");
        for (value, passes) in [
            (current.clone(), true),
            (format!("\"other\" , {current}"), true),
            ("*".into(), true),
            (format!("W/{current}"), false),
            ("\"other\"".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(precondition(header::IF_MATCH, &value).check(&7).is_ok(), passes, "{value}");
        }
        for (value, passes) in [("*", false), ("\"other\"", true)] {
            assert_eq!(precondition(header::IF_NONE_MATCH, value).check(&7).is_ok(), passes, "{value}");
            assert_eq!(precondition(header::IF_NONE_MATCH, value).holds_without_a_tag(), passes, "{value}");
        }
        for (value, passes) in [("*", true), ("\"other\", *", true), ("\"other\"", false), ("", false)] {
            assert_eq!(precondition(header::IF_MATCH, value).holds_without_a_tag(), passes, "{value}");
        }
    }
}
