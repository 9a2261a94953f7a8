//! Paths that the router cannot express: custom verbs (`POST /missions/{id}:duplicate`) and old names of resources.
//!
//! axum's router takes one parameter per path segment and refuses `{id}:verb`. So a route is registered as
//! `/missions/{id}/~duplicate`; [`to_internal`] rewrites paths before routing, and [`public_path`] turns them back for the
//! OpenAPI document, logs and metrics. Clients cannot use the internal form.

use axum::{extract::Request, http::Uri};
use std::borrow::Cow;

/// The path as clients write it.
pub fn public_path(path: &str) -> Cow<'_, str> {
    if path.contains("/~") { path.replace("/~", ":").into() } else { path.into() }
}

/// Path prefixes of the first API version that still work, as pairs of first and current name.
#[derive(Debug, Clone, Copy)]
pub struct FirstNames(pub &'static [(&'static str, &'static str)]);

/// Rewrites `…/x:verb` to `…/x/~verb`, and first names to current ones; runs before routing.
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
    /// The path with its first name replaced by the current one, if it begins with one.
    fn replaced(self, path: &str) -> Option<String> {
        self.0.iter().find_map(|(first, today)| {
            let rest =
                path.strip_prefix(first).filter(|rest| rest.is_empty() || rest.starts_with(['/', ':']))?;
            Some(format!("{today}{rest}"))
        })
    }
}

/// The rewritten path; `None` when there is nothing to rewrite.
fn internal_path(path: &str) -> Option<String> {
    let (parent, last) = path.rsplit_once('/')?;
    if path.contains("/~") {
        // No route has a doubled marker, so the internal form is not a second path to the same handler.
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
