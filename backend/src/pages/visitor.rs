//! Who looks at a page, as far as its address and headers tell: their language, and the token of their link.

use super::words::Words;
use crate::{http::base_path, locale::Locale, secret::Secret, state::App};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
};
use std::convert::Infallible;
use url::form_urlencoded::{Serializer, parse};

/// `?lang=` wins over `Accept-Language`, and stays in the links of the page. Parameters that mail programs and link
/// trackers add are ignored, whatever is in them.
#[derive(Debug)]
pub struct Visitor {
    pub locale: Locale,
    pub token: Secret,
    /// Whether what was sent before has been saved: in the address that a POST leads to.
    pub done: bool,
    /// What they had seen when an answer was refused because it has changed: in the address that it led to.
    pub was: Option<String>,
    /// Whether an answer was refused because an earlier one stands.
    pub stands: bool,
    /// The path below which the service is reached, without a slash at its end.
    pub base: String,
    chosen: Option<Locale>,
    accepted: Locale,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.uri, &app.config.public_url))
    }
}

impl Visitor {
    pub fn of(headers: &HeaderMap, uri: &Uri, public_url: &str) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let accepted = Locale::accepted(wanted.unwrap_or_default());
        let of_query = |name: &str| {
            let query = uri.query().unwrap_or_default();
            parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let chosen = of_query("lang").and_then(|lang| lang.parse().ok());
        Self {
            locale: chosen.unwrap_or(accepted),
            token: of_query("token").map(|token| token.trim().to_owned()).unwrap_or_default().into(),
            done: of_query("done").is_some(),
            was: of_query("was"),
            stands: of_query("stands").is_some(),
            base: base_path(public_url).to_owned(),
            chosen,
            accepted,
        }
    }

    pub fn words(&self) -> &'static Words {
        Words::of(self.locale)
    }

    /// Where a form of this page is sent.
    pub fn action(&self, path: &str) -> String {
        self.address(path, "", false)
    }

    /// A page with this token, in the language that was chosen.
    pub fn address(&self, path: &str, token: &str, done: bool) -> String {
        let base = &self.base;
        match query(token, done, self.chosen) {
            query if query.is_empty() => format!("{base}{path}"),
            query => format!("{base}{path}?{query}"),
        }
    }

    /// The same page in French and in the visitor's English; relative, so that it holds for any path.
    pub fn languages(&self) -> [Language; 2] {
        let american = Locale::American;
        let english =
            if [self.locale, self.accepted].contains(&american) { american } else { Locale::English };
        [(Locale::French, "Français"), (english, "English")].map(|(locale, name)| Language {
            code: locale.word(),
            name,
            href: format!("?{}", query(&self.token, self.done, Some(locale))),
            current: locale == self.locale,
        })
    }
}

/// One to switch to.
#[derive(Debug)]
pub struct Language {
    pub code: &'static str,
    pub name: &'static str,
    pub href: String,
    pub current: bool,
}

fn query(token: &str, done: bool, lang: Option<Locale>) -> String {
    let mut query = Serializer::new(String::new());
    if !token.is_empty() {
        query.append_pair("token", token);
    }
    if done {
        query.append_pair("done", "1");
    }
    if let Some(lang) = lang {
        query.append_pair("lang", lang.word());
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(accepts: &'static str, uri: &str) -> Visitor {
        let headers = [(header::ACCEPT_LANGUAGE, accepts.parse().unwrap())].into_iter().collect();
        Visitor::of(&headers, &uri.parse().unwrap(), "https://host.example/crew")
    }

    #[test]
    fn a_chosen_language_wins_and_stays() {
        let chosen = visitor("en-US", "/invite?token=a.b&lang=fr");
        assert_eq!(chosen.locale, Locale::French);
        assert_eq!(chosen.action("/invite"), "/crew/invite?lang=fr");
        assert_eq!(chosen.address("/invite", "a.b", true), "/crew/invite?token=a.b&done=1&lang=fr");
        let links = chosen.languages().map(|language| (language.code, language.href, language.current));
        assert_eq!(links[0], ("fr", "?token=a.b&lang=fr".into(), true));
        assert_eq!(links[1], ("en-US", "?token=a.b&lang=en-US".into(), false));
        let accepted = visitor("fr", "/invite?token=a.b&lang=xx");
        assert_eq!((accepted.locale, accepted.action("/invite").as_str()), (Locale::French, "/crew/invite"));
    }

    #[test]
    fn what_trackers_add_is_ignored() {
        let tracked = visitor("fr", "/invite?fbclid=%FF&utm_source=%22%3E&token=a.b%20&utm_source=x&token=c");
        assert_eq!(&*tracked.token, "a.b");
        assert_eq!(tracked.languages()[0].href, "?token=a.b&lang=fr");
    }
}
