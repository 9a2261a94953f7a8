//! The folder below which the service is reached.

/// The path of `PUBLIC_URL` without a slash at its end: empty, or `/crew`. A proxy takes it away before this program sees
/// a request, so whatever a browser is to send back has to begin with it.
pub fn base_path(public_url: &str) -> &str {
    let after_scheme = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    after_scheme.find('/').map_or("", |at| after_scheme[at..].trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::base_path;

    #[test]
    fn the_path_of_an_address() {
        for (url, path) in [
            ("https://crew.example.org", ""),
            ("http://127.0.0.1:8000", ""),
            ("https://host.example/crew", "/crew"),
            ("https://host.example/a/b/", "/a/b"),
        ] {
            assert_eq!(base_path(url), path);
        }
    }
}
