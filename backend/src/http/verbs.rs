//! Custom verbs: `POST /missions/{id}:duplicate`.
//!
//! axum's router takes one parameter per path segment and refuses `{id}:verb`. So a route is registered as
//! `/missions/{id}/~duplicate`; [`to_internal`] turns what clients send into that before the router sees it, and
//! [`public_path`] turns it back for the OpenAPI document, the logs and the metrics. Clients cannot use the inner form.

use axum::{extract::Request, http::Uri};

/// The path as clients write it.
pub fn public_path(path: &str) -> String {
    path.replace("/~", ":")
}

/// Rewrites `…/x:verb` to `…/x/~verb` in front of the router.
pub fn to_internal<B>(mut request: Request<B>) -> Request<B> {
    if let Some(path) = internal_path(request.uri().path()) {
        let path_and_query = match request.uri().query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = path_and_query.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The rewritten path, when there is something to rewrite.
fn internal_path(path: &str) -> Option<String> {
    let (parent, last) = path.rsplit_once('/')?;
    if path.contains("/~") {
        // Nothing is routed under a doubled marker: the inner form is not a second address of the same thing.
        return Some(path.replace("/~", "/~~"));
    }
    let split = last.rsplit_once(':').or_else(|| last.rsplit_once("%3A")).or_else(|| last.rsplit_once("%3a"));
    let (object, verb) = split?;
    let is_verb = !verb.is_empty() && verb.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (is_verb && !object.is_empty()).then(|| format!("{parent}/{object}/~{verb}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_become_segments_and_back() {
        for (public, internal) in [
            ("/missions/1:duplicate", "/missions/1/~duplicate"),
            ("/projects/1/missions:bulk_create", "/projects/1/missions/~bulk_create"),
        ] {
            assert_eq!(internal_path(public).as_deref(), Some(internal));
            assert_eq!(public_path(internal), public);
        }
        assert_eq!(internal_path("/missions/1%3Aduplicate").as_deref(), Some("/missions/1/~duplicate"));
    }

    #[test]
    fn the_inner_form_is_no_address() {
        assert_eq!(internal_path("/missions/1/~duplicate").as_deref(), Some("/missions/1/~~duplicate"));
        for untouched in
            ["/missions/1", "/missions/:duplicate", "/missions/1:", "/missions/1:Duplicate", "/a:b/c"]
        {
            assert_eq!(internal_path(untouched), None, "{untouched}");
        }
    }
}
