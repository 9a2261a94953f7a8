//! Addresses that the router cannot have: custom verbs, `POST /missions/{id}:duplicate`, and resources' first names.
//!
//! axum's router takes one parameter per path segment and refuses `{id}:verb`. So a route is registered as
//! `/missions/{id}/~duplicate`; [`to_internal`] turns what clients send into that before the router sees it, and
//! [`public_path`] turns it back for the OpenAPI document, the logs and the metrics. Clients cannot use the inner form.

use axum::{extract::Request, http::Uri};
use std::borrow::Cow;

/// The path as clients write it.
pub fn public_path(path: &str) -> Cow<'_, str> {
    if path.contains("/~") { path.replace("/~", ":").into() } else { path.into() }
}

/// Paths that had another name in the first version of the API, and still answer under it: the first name, today's.
#[derive(Debug, Clone, Copy)]
pub struct FirstNames(pub &'static [(&'static str, &'static str)]);

/// Rewrites `…/x:verb` to `…/x/~verb`, and first names to today's, in front of the router.
pub fn to_internal<B>(mut request: Request<B>, first_names: FirstNames) -> Request<B> {
    let named = first_names.replaced(request.uri().path());
    let internal = internal_path(named.as_deref().unwrap_or(request.uri().path())).or(named);
    if let Some(path) = internal {
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

impl FirstNames {
    /// The same path under today's name, when it begins with a first one.
    fn replaced(self, path: &str) -> Option<String> {
        self.0.iter().find_map(|(first, today)| {
            let rest =
                path.strip_prefix(first).filter(|rest| rest.is_empty() || rest.starts_with(['/', ':']))?;
            Some(format!("{today}{rest}"))
        })
    }
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
    fn a_first_name_leads_to_todays() {
        const NAMES: FirstNames = FirstNames(&[("/api/v1/availability", "/api/v1/availabilities")]);
        for (first, today) in [
            ("/api/v1/availability", Some("/api/v1/availabilities")),
            ("/api/v1/availability/1:approve", Some("/api/v1/availabilities/1:approve")),
            ("/api/v1/availabilityx", None),
            ("/api/v1/availabilities", None),
        ] {
            assert_eq!(NAMES.replaced(first).as_deref(), today, "{first}");
        }
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
