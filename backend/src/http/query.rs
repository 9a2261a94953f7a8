//! Extractors for queries, forms and path parameters, as strict as those for bodies.

use super::{
    Describe, Description, RequestInfo,
    body::{BadInput, check, pointer_to},
    page::{CURSOR, ListScope},
};
use crate::error::{Error, FieldError, NotFound};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request},
    http::request::Parts,
};
use deserr::{DeserializeError, Deserr, IntoValue, Sequence, Value, ValuePointerRef};
use percent_encoding::percent_decode;
use serde_json::{Map, Value as Json};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// A query string. Undocumented parameters are refused, because a misspelt filter would return too much. It follows the
/// caller in a handler's arguments, because a cursor is checked against the caller's org.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Deserr<BadInput>> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
        let list = ListScope::of(RequestInfo::of(&parts.extensions).tenant(), uri);
        read(uri.query().unwrap_or_default().as_bytes(), Some(&list)).map(Self)
    }
}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(operation: &mut Description) {
        operation.query::<T>();
    }
}

/// A submitted HTML form (`application/x-www-form-urlencoded`).
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: Deserr<BadInput>> FromRequest<S> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| Error::internal(error))?;
        read(&bytes, None).map(Self)
    }
}

/// A repeated parameter becomes an array. A cursor is replaced by its key, or by an empty text if it is of another list.
fn read<T: Deserr<BadInput>>(encoded: &[u8], list: Option<&ListScope>) -> Result<T, Error> {
    for parameter in encoded.split(|byte| *byte == b'&') {
        if percent_decode(parameter).decode_utf8().is_err() {
            let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
            let pointer = format!("/{}", percent_decode(name).decode_utf8_lossy());
            return Err(Error::invalid(&pointer, "must be UTF-8, percent-encoded"));
        }
    }
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(encoded) {
        let value = match list {
            // An empty text is not a valid key.
            Some(list) if name == CURSOR => list.key(&value).unwrap_or_default().to_owned(),
            _ => with_plus(value.into_owned()),
        };
        let value = Json::String(value);
        match parameters.get_mut(name.as_ref()) {
            None => {
                parameters.insert(name.into_owned(), value);
            }
            Some(Json::Array(values)) => values.push(value),
            Some(single) => *single = Json::Array(vec![single.take(), value]),
        }
    }
    let repeated: Vec<String> =
        parameters.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| pointer_to(name)).collect();
    check(Json::Object(parameters)).map_err(|error| match error {
        Error::Invalid(mistakes) => {
            Error::Invalid(mistakes.into_iter().map(|one| told(one, &repeated)).collect())
        }
        other => other,
    })
}

/// Restores the `+` of an offset that was sent unencoded and decoded to a space: `2026-07-01T10:00:00 02:00`.
fn with_plus(value: String) -> String {
    let is_instant = |text: &str| text.len() > 10 && text.as_bytes()[10] == b'T' && text.ends_with(is_digit);
    let is_offset =
        |text: &str| (4..=5).contains(&text.len()) && text.replacen(':', "", 1).chars().all(is_digit);
    match value.rsplit_once(' ') {
        Some((instant, offset)) if is_instant(instant) && is_offset(offset) => format!("{instant}+{offset}"),
        _ => value,
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Rewords errors: the client did not send an array, but a parameter twice. A wrong cursor has its own code.
fn told(mistake: FieldError, repeated: &[String]) -> FieldError {
    match mistake.code {
        "type" if repeated.contains(&mistake.pointer) => {
            FieldError { detail: "was sent more than once; send it once".into(), ..mistake }
        }
        "invalid" if mistake.pointer == pointer_to(CURSOR) => FieldError::invalid_cursor(),
        _ => mistake,
    }
}

/// A parameter that may be repeated, which means OR.
#[derive(Debug)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: DeserializeError, T: Deserr<E>> Deserr<E> for Many<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        match value {
            Value::Sequence(values) => values
                .into_iter()
                .map(|value| T::deserialize_from_value(value.into_value(), at))
                .collect::<Result<_, _>>()
                .map(Self),
            single => T::deserialize_from_value(single, at).map(|value| Self(vec![value])),
        }
    }
}

/// The only parameter of a path. A value that does not parse is [`NotFound`].
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: ToSchema> Describe for Path<T> {
    fn describe(operation: &mut Description) {
        let schema = operation.schema::<T>();
        operation.path_parameter(schema);
        operation.refuses(&["not_found"]);
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| NotFound)?;
        let (_, value) = params.iter().next().ok_or(NotFound)?;
        value.parse().map(Self).map_err(|_| NotFound.into())
    }
}
crate::words::words! {
    /// Yes or no, in a query.
    pub enum Flag {
        /// Yes.
        True = "true",
        /// No.
        False = "false",
    }
}
