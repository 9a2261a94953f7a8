//! What a variable's text means.

use super::CacheUrl;
use url::Url;

pub(super) fn parse_cache_url(text: &str) -> Result<CacheUrl, String> {
    let wrong = || "must be fakeredis://, memory://, redis://host:6379 or rediss://host:6379".to_owned();
    match text.split_once("://").ok_or_else(wrong)?.0 {
        "fakeredis" | "memory" => Ok(CacheUrl::InProcess),
        "redis" | "rediss" => Url::parse(text).map(CacheUrl::Redis).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

pub(super) fn parse_public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(url) if url.query().is_none() && url.fragment().is_none() => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        _ => Err("must be the address people use, for example https://crew.example.org".into()),
    }
}
