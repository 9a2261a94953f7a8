//! What is checked per route before a body is read: the caller's role and the body's size. Both are in the OpenAPI document,
//! as the handler's signature says them ([`Describe`](super::Describe)), so what is published is what is enforced.

use super::{MAX_BODY, verbs};
use crate::role::Role;
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};
use serde_json::Value as Json;
use std::{collections::HashMap, sync::Arc};
use utoipa::openapi::{OpenApi, extensions::Extensions};

/// The OpenAPI extension with the largest body of an operation, in bytes.
pub(super) const MAX_BODY_BYTES: &str = "x-max-body-bytes";

/// The requirements of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    /// In bytes.
    pub max_body: usize,
    /// The lowest role that may call it; `None` if it is not restricted to members.
    pub needs: Option<Role>,
    /// Whether its response is kept under the client's `Idempotency-Key`.
    pub takes_key: bool,
    /// Whether it writes nothing that has an `ETag`, and commits without [`RequestTx`](super::RequestTx), which refuses an
    /// unchecked condition: signing in and out, setting a password.
    pub has_no_tag: bool,
}

impl Default for Requirements {
    /// Also for paths without a route.
    fn default() -> Self {
        Self { max_body: MAX_BODY, needs: None, takes_key: false, has_no_tag: false }
    }
}

/// The requirements of all operations. Clones share them.
#[derive(Debug, Clone)]
pub struct RouteRequirements(Arc<HashMap<(Method, String), Requirements>>);

impl RouteRequirements {
    /// Those of the published document's operations, and `others`, which it does not have.
    pub fn new(document: &Json, others: &[(Method, &str, Requirements)]) -> Self {
        let mut routes = HashMap::new();
        let paths = document["paths"].as_object().into_iter().flatten();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) {
                    let of_operation = of_operation(&method, operation);
                    routes.insert((method, path.clone()), of_operation);
                }
            }
        }
        for (method, path, requirements) in others {
            routes.insert((method.clone(), (*path).to_owned()), *requirements);
        }
        Self(Arc::new(routes))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Method, &str, Requirements)> {
        self.0.iter().map(|((method, path), requirements)| (method, path.as_str(), *requirements))
    }

    /// Those for a request that has been routed.
    pub(super) fn of(&self, request: &Request) -> Requirements {
        let Some(route) = request.extensions().get::<MatchedPath>() else { return Requirements::default() };
        let path = verbs::public_path(route.as_str()).into_owned();
        self.0.get(&(request.method().clone(), path)).copied().unwrap_or_default()
    }
}

fn of_operation(method: &Method, operation: &Json) -> Requirements {
    let max_body = operation[MAX_BODY_BYTES].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
    let security = operation["security"].as_array().map_or(&[][..], Vec::as_slice);
    // Where there are alternatives, one is to come without a token.
    let needs = match security {
        [only] => only["bearer"][0].as_str().and_then(|role| role.parse().ok()),
        _ => None,
    };
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let takes_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
    // The POSTs without a key (signing in and out, passwords) are also those that write nothing with an `ETag`.
    let has_no_tag = *method == Method::POST && !takes_key;
    Requirements { max_body: max_body.unwrap_or(MAX_BODY), needs, takes_key, has_no_tag }
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
