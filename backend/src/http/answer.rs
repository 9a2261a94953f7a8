//! JSON responses, serialised once. That of a single object has a strong `ETag` for conditional reads and writes (RFC 9110
//! section 13).

use super::{Describe, Description, RequestInfo, Shape, refusal::PreconditionFailed};
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
use std::{convert::Infallible, marker::PhantomData};
use utoipa::{ToSchema, openapi::HttpMethod};

/// A serialised response.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    body: Bytes,
    tag: Tag,
}

/// The `ETag` of a response.
#[derive(Debug, Clone)]
enum Tag {
    None,
    OfBody,
    /// Of another object than the body shows.
    Of(String),
}

impl Rendered {
    fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| Error::internal(error))?;
        Ok(Self { body: body.into(), tag: Tag::None })
    }

    /// The bytes that [`Rendered::from_stored`] reads: 0 or 1 for no tag or that of the body, which earlier releases read,
    /// or the length of the tag and the tag; then the body.
    pub(super) fn to_stored(&self) -> Vec<u8> {
        match &self.tag {
            Tag::None => [&[0], &*self.body].concat(),
            Tag::OfBody => [&[1], &*self.body].concat(),
            Tag::Of(tag) => [&[u8::try_from(tag.len()).unwrap_or(0)], tag.as_bytes(), &*self.body].concat(),
        }
    }

    pub(super) fn from_stored(stored: &[u8]) -> Option<Self> {
        let (first, rest) = stored.split_first()?;
        let (tag, body) = match first {
            0 => (Tag::None, rest),
            1 => (Tag::OfBody, rest),
            length => {
                let (tag, body) = rest.split_at_checked((*length).into())?;
                (Tag::Of(String::from_utf8(tag.to_vec()).ok()?), body)
            }
        };
        Some(Self { body: Bytes::copy_from_slice(body), tag })
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let tag = match self.tag {
            Tag::None => None,
            Tag::OfBody => Some(tag(&self.body)),
            Tag::Of(tag) => Some(tag),
        };
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(Ok(tag)) = tag.map(HeaderValue::try_from) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// A response that shows a `T`, or an array of them (`[T]`), without an `ETag`.
#[derive(Debug)]
pub struct Answer<T: ?Sized>(Rendered, PhantomData<fn(&T)>);

impl<T: Serialize + ?Sized> Answer<T> {
    /// # Errors
    /// When the value cannot be serialised, which is a defect.
    pub fn of(value: &T) -> Result<Self, Error> {
        Ok(Self(Rendered::of(value)?, PhantomData))
    }

    pub(super) fn rendered(&self) -> &Rendered {
        &self.0
    }
}

impl<T: ?Sized> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// What a request found out whose writes are taken back: a repetition is carried out anew, so it takes no `Idempotency-Key`.
#[derive(Debug)]
pub struct TakenBack<T>(Answer<T>);

impl<T: Serialize> TakenBack<T> {
    /// # Errors
    /// When the value cannot be serialised, which is a defect.
    pub(super) fn of(value: &T) -> Result<Self, Error> {
        Answer::of(value).map(Self)
    }
}

impl<T> IntoResponse for TakenBack<T> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<T: Shape> Describe for TakenBack<T> {
    fn describe(operation: &mut Description) {
        Answer::<T>::describe(operation);
        operation.keeps_nothing = true;
    }
}

/// A response that shows an object as the caller sees it, with an `ETag` of all of that.
#[derive(Debug)]
pub struct Tagged<T>(Rendered, PhantomData<fn(&T)>);

impl<T: Serialize> Tagged<T> {
    /// # Errors
    /// When the object cannot be serialised, which is a defect.
    pub fn of(object: &T) -> Result<Self, Error> {
        Ok(Self(Rendered { tag: Tag::OfBody, ..Rendered::of(object)? }, PhantomData))
    }

    /// The object and what happened with it, with the `ETag` of the object alone, as GET shows it.
    ///
    /// # Errors
    /// When either cannot be serialised, which is a defect.
    pub fn with(object: &impl Serialize, shown: &T) -> Result<Self, Error> {
        let tag = Tag::Of(tag(&Rendered::of(object)?.body));
        Ok(Self(Rendered { tag, ..Rendered::of(shown)? }, PhantomData))
    }

    pub(super) fn rendered(&self) -> &Rendered {
        &self.0
    }
}

impl<T> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<T: Shape + ?Sized> Describe for Answer<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>();
    }
}

impl<T: Shape> Describe for Tagged<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>();
        operation.carries_tag();
    }
}

impl Description<'_> {
    /// A response with an `ETag`; that of a GET can be 304.
    pub fn carries_tag(&mut self) {
        self.response_header("200", "ETag", CHANGES);
        if self.method == HttpMethod::Get {
            self.header(
                "If-None-Match",
                "Tags of what the client has already.",
                "\"z3Qb0m2cVn1xkq7y9r8t5A\"",
            );
            self.response_header("304", "ETag", CHANGES);
            self.response("304").description = "It is still what one of the tags names.".into();
        }
    }
}

const CHANGES: &str = "Changes with anything the caller sees of the object.";

/// The answer of what has nothing else to say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusOk)]
pub struct Done {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

impl Done {
    pub const OK: Self = Self { status: "ok" };
}

/// Declares what a bulk creation responds with: their number, and their ids.
macro_rules! bulk_created {
    ($(#[$doc:meta])* $name:ident, $id:ty) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// Always `ok`.
            #[schema(example = "ok")]
            status: &'static str,
            /// How many.
            created: usize,
            /// Their ids, in the order of the request.
            ids: Vec<$id>,
        }

        impl From<Vec<$id>> for $name {
            fn from(ids: Vec<$id>) -> Self {
                Self { status: "ok", created: ids.len(), ids }
            }
        }
    };
}

pub(crate) use bulk_created;

/// The `ETag` of a body: 128 bits of SHA-256, so that collisions need not be considered.
pub fn tag(body: &[u8]) -> String {
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
/// [`RequestTx`](super::RequestTx) refuses a condition that was not checked.
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
        let tag = tag(&Rendered::of(current)?.body);
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

impl Describe for Precondition {
    fn describe(operation: &mut Description) {
        operation.header("If-Match", "Write only what one of these tags names, else answer 412.", "*");
        operation.refuses(&["precondition_failed"]);
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
        let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
        let same = |known: &str| if weakly { opaque(known) == opaque(tag) } else { known == tag };
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

    #[test]
    fn what_was_stored_is_what_is_answered() {
        let answer = |stored: &[u8]| {
            let response = Rendered::from_stored(stored)?.into_response();
            let tag = response.headers().get(header::ETAG).map(|tag| tag.to_str().expect("a tag").to_owned());
            Some((tag, Rendered::from_stored(stored)?.body))
        };
        let of_body = Some(tag(b"7"));
        // An earlier release stores 0 or 1 and the body.
        assert_eq!(answer(b"\x007"), Some((None, "7".into())));
        assert_eq!(answer(b"\x017"), Some((of_body.clone(), "7".into())));
        let stored = [Answer::of(&7).unwrap().0, Tagged::of(&7).unwrap().0].map(|one| one.to_stored());
        assert_eq!(stored, [b"\x007".to_vec(), b"\x017".to_vec()]);
        let other = Tagged::with(&7, &8).unwrap().0.to_stored();
        assert_eq!(answer(&other), Some((of_body, "8".into())));
        assert!(answer(b"").is_none() && answer(b"\x18short").is_none());
    }

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
