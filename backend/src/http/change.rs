//! Changing an object: `PUT` replaces its writable members, `PATCH` some of them by JSON Merge Patch (RFC 7396). Both
//! end in the same whole form `T`, so a resource has one rule and one store function for both.

use super::body::{BadInput, MAX_BODY, check, object, parse};
use crate::error::{Error, FieldError};
use axum::{
    extract::{FromRequest, Request},
    http::Method,
};
use deserr::Deserr;
use serde::Serialize;
use serde_json::Value as Json;

/// What a `PUT` or `PATCH` asks for.
#[derive(Debug)]
pub enum Change<T> {
    /// All writable members.
    Whole(T),
    /// Some: a merge patch.
    Part(Json),
}

impl<T: Deserr<BadInput> + Serialize> Change<T> {
    /// Whether it is a patch that sets this member: of two forms of the same thing, it chooses that one.
    pub fn names(&self, member: &str) -> bool {
        matches!(self, Self::Part(patch) if patch.get(member).is_some_and(|value| !value.is_null()))
    }

    /// The whole form to have, given the `current` one. `T` serialises every member, so whatever a patch names beyond
    /// them is unknown, also when it is to be removed.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every member that is wrong.
    pub fn onto(self, current: &T) -> Result<T, Error> {
        let patch = match self {
            Self::Whole(form) => return Ok(form),
            Self::Part(patch) => patch,
        };
        let mut form = serde_json::to_value(current).map_err(Error::internal)?;
        let unknown = |name: &&String| form.get(name.as_str()).is_none();
        let removed = patch.as_object().into_iter().flatten().filter(|(_, value)| value.is_null());
        let mistakes: Vec<_> = removed
            .map(|(name, _)| name)
            .filter(unknown)
            .map(|name| FieldError {
                pointer: super::body::pointer_to(name),
                code: "unknown",
                detail: "is not a member of this object".into(),
            })
            .collect();
        if !mistakes.is_empty() {
            return Err(Error::Invalid(mistakes));
        }
        json_patch::merge(&mut form, &patch);
        check(form)
    }
}

impl<S: Send + Sync, T: Deserr<BadInput>> FromRequest<S> for Change<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let patches = request.method() == Method::PATCH;
        let body = parse(request, state, MAX_BODY).await?;
        if !patches {
            return check(object(body)).map(Self::Whole);
        }
        // `null` as a merge patch would take the whole object away.
        let json = body.unwrap_or_else(|| object(None));
        if !json.is_object() {
            return Err(Error::invalid("", "must be an object with the members to change"));
        }
        // What is wrong in itself is named as the client sent it, before it is merged.
        super::body::refuse_unusable(&json)?;
        Ok(Self::Part(json))
    }
}
