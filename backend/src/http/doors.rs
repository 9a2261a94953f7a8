//! What a request must bring before its body is read, by route: who may send one, and how large it may be. A handler
//! declares both where it declares itself, `security` and `x-max-body-bytes` in its `utoipa::path`; the document that is
//! published and what is enforced are the same.

use super::{MAX_BODY, verbs};
use crate::role::Role;
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};
use serde_json::Value as Json;
use std::{collections::HashMap, sync::Arc};
use utoipa::openapi::{OpenApi, extensions::Extensions};

/// The extension of an operation that takes less or more than [`MAX_BODY`].
const MAX_BODY_BYTES: &str = "x-max-body-bytes";

/// What one operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The largest body that it takes, in bytes.
    pub max_body: usize,
    /// The lowest role that may use it; none where it is not only for members.
    pub needs: Option<Role>,
    /// Whether its answer is kept under the `Idempotency-Key` that a client sends.
    pub takes_key: bool,
    /// Whether it writes nothing that has a tag, and commits without [`Writing`](super::Writing), which refuses a condition that
    /// nothing was compared with: signing in and out, setting a password.
    pub has_no_tag: bool,
}

impl Default for Door {
    /// That of an address where nothing is, too.
    fn default() -> Self {
        Self { max_body: MAX_BODY, needs: None, takes_key: false, has_no_tag: false }
    }
}

/// All of them. Clones share them.
#[derive(Debug, Clone)]
pub struct Doors(Arc<HashMap<(Method, String), Door>>);

impl Doors {
    /// Of the published document's operations, and of `others`, which it does not have.
    pub fn new(document: &Json, others: &[(Method, &str, Door)]) -> Self {
        let mut doors = HashMap::new();
        let paths = document["paths"].as_object().into_iter().flatten();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) {
                    let door = door(&method, operation);
                    doors.insert((method, path.clone()), door);
                }
            }
        }
        for (method, path, door) in others {
            doors.insert((method.clone(), (*path).to_owned()), *door);
        }
        Self(Arc::new(doors))
    }

    /// Each with its method and path.
    pub fn iter(&self) -> impl Iterator<Item = (&Method, &str, Door)> {
        self.0.iter().map(|((method, path), door)| (method, path.as_str(), *door))
    }

    /// That of a request which has been routed.
    pub(super) fn of(&self, request: &Request) -> Door {
        let Some(route) = request.extensions().get::<MatchedPath>() else { return Door::default() };
        let path = verbs::public_path(route.as_str()).into_owned();
        self.0.get(&(request.method().clone(), path)).copied().unwrap_or_default()
    }
}

fn door(method: &Method, operation: &Json) -> Door {
    let max_body = operation[MAX_BODY_BYTES].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
    let security = operation["security"].as_array().map_or(&[][..], Vec::as_slice);
    // Where one of several ways is to come without a token, everyone may.
    let needs = match security {
        [only] => only["bearer"][0].as_str().and_then(|role| role.parse().ok()),
        _ => None,
    };
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let takes_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
    // A POST that answers with something of its own each time (a cookie, a token) is one without a key.
    let has_no_tag = *method == Method::POST && !takes_key;
    Door { max_body: max_body.unwrap_or(MAX_BODY), needs, takes_key, has_no_tag }
}

/// Declares the largest body of all operations so far.
pub fn limit_bodies(document: &mut OpenApi, bytes: usize) {
    for item in document.paths.paths.values_mut() {
        for operation in
            [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
        {
            let limit = Extensions::builder().add(MAX_BODY_BYTES, bytes).build();
            operation.extensions.get_or_insert_default().merge(limit);
        }
    }
}
