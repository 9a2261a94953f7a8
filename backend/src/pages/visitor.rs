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
    pub outcome: Outcome,
    /// The path below which the service is reached, without a slash at its end.
    pub base: String,
    chosen: Option<Locale>,
    accepted: Locale,
}

/// What became of what was sent before, as far as the page cannot know it: in the address that a POST leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// It was saved.
    pub done: bool,
    /// Not all of it was.
    pub refused: bool,
    /// An answer was refused because an earlier one stands.
    pub stands: bool,
    /// What they had seen of what has changed since, so that it was refused.
    pub was: Vec<String>,
}

impl Outcome {
    pub fn done() -> Self {
        Self { done: true, ..Self::default() }
    }
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
        let all_of_query = |name: &'static str| {
            let query = parse(uri.query().unwrap_or_default().as_bytes());
            query.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let of_query = |name| all_of_query(name).next();
        let chosen = of_query("lang").and_then(|lang| lang.parse().ok());
        Self {
            locale: chosen.unwrap_or(accepted),
            token: of_query("token").map(|token| token.trim().to_owned()).unwrap_or_default().into(),
            outcome: Outcome {
                done: of_query("done").is_some(),
                refused: of_query("refused").is_some(),
                stands: of_query("stands").is_some(),
                was: all_of_query("was").collect(),
            },
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
        self.address(path, "", &Outcome::default())
    }

    /// A page with this token, in the language that was chosen.
    pub fn address(&self, path: &str, token: &str, outcome: &Outcome) -> String {
        let base = &self.base;
        match query(token, outcome, self.chosen) {
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
            href: format!("?{}", query(&self.token, &self.outcome, Some(locale))),
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

fn query(token: &str, outcome: &Outcome, lang: Option<Locale>) -> String {
    let mut query = Serializer::new(String::new());
    if !token.is_empty() {
        query.append_pair("token", token);
    }
    let Outcome { done, refused, stands, was } = outcome;
    for (name, _) in
        [("done", done), ("refused", refused), ("stands", stands)].into_iter().filter(|(_, is)| **is)
    {
        query.append_pair(name, "1");
    }
    for was in was {
        query.append_pair("was", was);
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
        assert_eq!(
            chosen.address("/invite", "a.b", &Outcome::done()),
            "/crew/invite?token=a.b&done=1&lang=fr"
        );
        let links = chosen.languages().map(|language| (language.code, language.href, language.current));
        assert_eq!(links[0], ("fr", "?token=a.b&lang=fr".into(), true));
        assert_eq!(links[1], ("en-US", "?token=a.b&lang=en-US".into(), false));
        let accepted = visitor("fr", "/invite?token=a.b&lang=xx");
        assert_eq!((accepted.locale, accepted.action("/invite").as_str()), (Locale::French, "/crew/invite"));
    }

    #[test]
    fn another_language_says_the_same() {
        let query = "?token=a.b&done=1&refused=1&stands=1&was=x.y&was=z&lang=fr";
        let told = visitor("en", &format!("/calls{query}"));
        assert_eq!(told.outcome.was, ["x.y", "z"]);
        assert_eq!(told.languages()[0].href, query);
        assert_eq!(told.languages()[1].href, query.replace("lang=fr", "lang=en"));
    }

    #[test]
    fn what_trackers_add_is_ignored() {
        let tracked = visitor("fr", "/invite?fbclid=%FF&utm_source=%22%3E&token=a.b%20&utm_source=x&token=c");
        assert_eq!(&*tracked.token, "a.b");
        assert_eq!(tracked.languages()[0].href, "?token=a.b&lang=fr");
    }
}
