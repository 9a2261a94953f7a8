//! Parsers for the values of variables. Errors complete the sentence that begins with the variable's name.

use super::CacheUrl;
use crate::db::hides_a_password;
use axum::http::HeaderValue;
use ipnet::IpNet;
use std::net::IpAddr;
use url::Url;

pub(super) fn parse_cache_url(text: &str) -> Result<CacheUrl, String> {
    let wrong = || "must be fakeredis://, memory://, redis://host:6379 or rediss://host:6379".to_owned();
    match text.split_once("://").ok_or_else(wrong)?.0 {
        "fakeredis" | "memory" => Ok(CacheUrl::InProcess),
        // It is ambiguous where the password ends.
        "redis" | "rediss" if hides_a_password(text.split_once(':').map_or(text, |(_, rest)| rest)) => {
            Err("has an @ too many or in the wrong place: write those of the password as %40, and : / ? # and % as %3A %2F %3F %23 %25".into())
        }
        "redis" | "rediss" => Url::parse(text).map(CacheUrl::Redis).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

pub(super) fn parse_public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // A password in it would be in every link.
    match url.filter(|url| url.username().is_empty() && url.password().is_none()) {
        Some(url) if url.query().is_none() && url.fragment().is_none() => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        _ => Err("must be the address people use, for example https://crew.example.org".into()),
    }
}

/// Without a password, so that it may be logged; without TLS, which no other HTTP client in this program needs.
pub(super) fn parse_collector_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host());
    let bare = |url: &Url| url.query().is_none() && url.fragment().is_none();
    let anonymous = |url: &Url| url.username().is_empty() && url.password().is_none();
    url.filter(bare).filter(anonymous).ok_or_else(|| {
        "must be the http:// address of a collector, for example http://127.0.0.1:4318; one beside this program can pass \
            traces on over TLS"
            .into()
    })
}

/// Each as a browser sends it in `Origin`, so that they can be compared byte by byte.
pub(super) fn parse_origins(text: &str) -> Result<Vec<HeaderValue>, String> {
    let origin = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        // `Url` would take `*` as a host name, not as a wildcard.
        let exact = !text.contains('*');
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        HeaderValue::try_from(url.origin().ascii_serialization()).ok().filter(|_| exact && bare && anonymous)
    };
    let wrong = "must be the exact origins that may call, separated by commas, for example \
        https://crew.example.org; * is not one, because cookies are sent along";
    list(text).map(origin).collect::<Option<_>>().ok_or_else(|| wrong.into())
}

pub(super) fn parse_networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
    let wrong = "must be the addresses or networks of your proxies, separated by commas, for example \
        10.0.0.0/8,192.0.2.7";
    list(text).map(network).collect::<Option<_>>().ok_or_else(|| wrong.into())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        let read = parse_origins("https://Crew.example.org:443, http://127.0.0.1:3000,").unwrap();
        assert_eq!(read, ["https://crew.example.org", "http://127.0.0.1:3000"]);
        for wrong in [
            "*",
            "https://*",
            "https://ok.example,*",
            "null",
            "crew.example.org",
            "https://crew.example.org/app",
            "https://crew.example.org?x",
            "https://crew.example.org#x",
            "https://user@crew.example.org",
            "ftp://crew.example.org",
            "file:///x",
        ] {
            assert!(parse_origins(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_collector_is_spoken_to_in_clear_and_without_a_password() {
        for right in ["http://127.0.0.1:4318", "http://collector:4318/otlp/"] {
            assert!(parse_collector_url(right).is_ok(), "{right}");
        }
        for wrong in ["collector:4318", "https://collector", "http://u:p@collector", "http://collector?key=1"]
        {
            assert!(parse_collector_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let read = parse_networks("10.0.0.0/8, 192.0.2.7,fd00::/8,::1").unwrap();
        assert_eq!(
            read.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            "10.0.0.0/8 192.0.2.7/32 fd00::/8 ::1/128"
        );
        for wrong in ["*", "proxy.example.org", "10.0.0.0/33", "10.0.0", "10.0.0.1:80"] {
            assert!(parse_networks(wrong).is_err(), "{wrong}");
        }
    }
}
