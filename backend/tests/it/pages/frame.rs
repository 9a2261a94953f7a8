//! What all pages share: languages, addresses, headers, and errors.

use super::{
    ask_someone, browser, form, shows,
    unsubscribing::{MANAGER, unsubscribe_token},
};
use crate::support::{Kind, Outcome, PASSWORD, Persona, Test};
use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use rstest::rstest;
use serde_json::json;
use sha2::{Digest, Sha256};

#[rstest]
#[tokio::test]
async fn a_chosen_language_wins_and_stays(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let german = test.anonymous().with_header("accept-language", "de, en-US;q=0.5");
    let asked = ask_someone(&manager).await;
    let token = &asked.token;
    let page = german.get(&format!("/invite?token={token}")).await;
    shows(
        &page,
        &[
            "<html lang=\"en-US\">",
            &format!("<a href=\"?token={token}&#38;lang=fr\" hreflang=\"fr\" lang=\"fr\">Français</a>"),
            "hreflang=\"en-US\" lang=\"en-US\" aria-current=\"true\">English</a>",
            "action=\"/invite\"",
        ],
    );
    let chosen = german.get(&format!("/invite?token={token}&lang=fr")).await;
    shows(
        &chosen,
        &["<html lang=\"fr\">", "action=\"/invite?lang=fr\"", "aria-current=\"true\">Français</a>"],
    );
    let refused = form(&german, "/invite?lang=fr", &[("token", token), ("answer", "maybe")]).await;
    shows(&refused, &["Votre réponse n’a pas été enregistrée."]);
    let answered = form(&german, "/invite?lang=fr", &[("token", token), ("answer", "accept")]).await;
    assert_eq!(answered.header("location"), format!("/invite?token={token}&lang=fr"));
    let unknown = german.get(&format!("/invite?token={token}&lang=xx")).await;
    shows(&unknown, &["<html lang=\"en-US\">"]);
}

#[rstest]
#[tokio::test]
async fn links_survive_what_mail_programs_do_to_them(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    let token = &asked.token;
    for path in [
        format!("/invite/?token={token}"),
        format!("/invite?fbclid=x%FF&token={token}&utm_source=mail&utm_source=again"),
        format!("/invite?token={token}%20"),
    ] {
        let page = anyone.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        shows(&page, &["Can you come?"]);
    }
    assert_eq!(form(&anyone, "/invite/", &[("token", token), ("answer", "accept")]).await.status, 303);
    assert_eq!(anyone.get("/password/?token=x").await.status, 400);
    assert_eq!(form(&anyone, "/password/", &[("token", "x")]).await.status, 400);
    let stop = unsubscribe_token(&test, MANAGER).await;
    let tracked = anyone.get(&format!("/unsubscribe/?utm_source=mail&token={stop}%20")).await;
    shows(&tracked, &["Stop these mails?"]);
    assert_eq!(form(&anyone, "/unsubscribe/", &[("token", &*stop)]).await.status, 303);
    let long = "a".repeat(4097);
    assert_eq!(form(&anyone, "/password/", &[("token", &long)]).await.status, 413);
}

#[rstest]
#[tokio::test]
async fn below_a_folder_every_address_begins_with_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("PUBLIC_URL", "https://host.example/crew/")]).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    let token = test.reset_token("tech@rideau.example").await;
    let stop = unsubscribe_token(&test, MANAGER).await;
    let pages = [
        asked.page(&anyone).await,
        anyone.get(&format!("/password?token={token}")).await,
        anyone.get("/password?done=1").await,
        anyone.get(&format!("/unsubscribe?token={stop}")).await,
        browser(&anyone).get("/nothing").await,
    ];
    for page in &pages {
        for attribute in ["href=\"", "action=\"", "src=\""] {
            for (at, _) in page.text.match_indices(attribute) {
                let address = &page.text[at + attribute.len()..];
                assert!(address.starts_with("/crew/") || address.starts_with('?'), "{}", &address[..40]);
            }
        }
        shows(page, &["href=\"/crew/favicon.svg\""]);
    }
    shows(&pages[0], &["action=\"/crew/invite\""]);
    shows(&pages[1], &["action=\"/crew/password\""]);
    shows(&pages[3], &["action=\"/crew/unsubscribe\""]);
    let stopped = form(&anyone, "/unsubscribe", &[("token", &*stop)]).await;
    assert_eq!(stopped.header("location"), format!("/crew/unsubscribe?token={stop}"));
    let answered = asked.click(&anyone, "accept").await;
    assert_eq!(answered.header("location"), format!("/crew/invite?token={}", asked.token));
    let new = [("token", &*token), ("new_password", "cinq actes et un prologue")];
    assert_eq!(form(&anyone, "/password", &new).await.header("location"), "/crew/password?done=1");
    let login = json!({ "email": "manager@rideau.example", "password": PASSWORD });
    let cookie = |outcome: &Outcome| outcome.header("set-cookie").to_owned();
    let set = cookie(&anyone.post("/auth/login", login).await);
    assert!(set.contains("; Path=/crew/api/v1/auth"), "{set}");
    let gone = cookie(&anyone.post_empty("/auth/logout").await);
    assert!(gone.contains("; Path=/crew/api/v1/auth"), "{gone}");
}

/// The inline style is let in by its hash, and nothing else is.
#[rstest]
#[tokio::test]
async fn a_page_runs_nothing_and_loads_its_icon_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let asked = ask_someone(&manager).await;
    for page in [asked.page(&anyone).await, browser(&anyone).get("/nothing").await] {
        let (_, style) = page.text.split_once("<style>").expect("a style");
        let (style, rest) = style.split_once("</style>").expect("its end");
        let hash = STANDARD.encode(Sha256::digest(style));
        assert_eq!(
            page.header("content-security-policy"),
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                 frame-ancestors 'none'"
            )
        );
        for forbidden in ["<style", " style=", "<script", " on", "http:", "https:"] {
            let found = rest.find(forbidden).map(|at| &rest[at..(at + 30).min(rest.len())]);
            let allowed = forbidden == " on" && found.is_some_and(|found| !found.contains('='));
            assert!(found.is_none() || allowed, "{found:?}");
        }
    }
    let icon = anyone.get("/favicon.svg").await;
    assert_eq!((icon.status.as_u16(), icon.header("content-type")), (200, "image/svg+xml"));
    assert!(icon.header("cache-control").contains("max-age"));
}

async fn is_a_page(who: &Persona<'_>, method: Method, path: &str, status: u16, said: &str) -> Outcome {
    let browser = browser(who).with_header("content-type", "application/x-www-form-urlencoded");
    let body = (method == Method::POST).then(|| "x".repeat(70_000));
    let page = browser.send(method.clone(), path, body).await;
    assert_eq!(page.status.as_u16(), status, "{method} {path}: {}", page.text);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{method} {path}");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    shows(&page, &[said]);
    page
}

#[rstest]
#[tokio::test]
async fn a_browser_is_shown_errors_as_pages(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let anyone = test.anonymous();
    is_a_page(&anyone, Method::GET, "/nothing", 404, "There is nothing at this address.").await;
    let french = anyone.clone().with_header("accept-language", "fr");
    is_a_page(&french, Method::GET, "/nothing/else?x=1", 404, "Il n’y a rien à cette adresse.").await;
    let refused = is_a_page(&anyone, Method::PUT, "/invite", 405, "cannot be used that way").await;
    assert!(refused.header("allow").contains("POST"));
    is_a_page(&anyone, Method::POST, "/password", 413, "That could not be read.").await;
    let long = format!("/invite?token={}", "a".repeat(9000));
    is_a_page(&anyone, Method::GET, &long, 414, "That could not be read.").await;
    // A path that looks like another host's address leads nowhere else.
    let odd =
        is_a_page(&anyone, Method::GET, "/nothing//other.example", 404, "nothing at this address").await;
    assert!(!odd.text.contains("other.example"), "{}", odd.text);

    // Programs are told as before, and so is whoever asks the API.
    anyone.get("/nothing").await.refused(404, "not_found");
    anyone
        .clone()
        .with_header("accept", "application/json, */*")
        .get("/nothing")
        .await
        .refused(404, "not_found");
    for path in ["/api/v1/nothing", "/api", "/api/v1/missions"] {
        let page = browser(&anyone).get(path).await;
        assert_eq!(page.header("content-type"), "application/problem+json", "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_failure_is_a_page_with_a_number_to_report(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let asked = ask_someone(&manager).await;
    test.execute("ALTER TABLE orgs RENAME TO orgs_elsewhere").await;
    let page = asked.page(&browser(&test.anonymous())).await;
    test.execute("ALTER TABLE orgs_elsewhere RENAME TO orgs").await;
    assert_eq!(page.status, 500, "{}", page.text);
    shows(&page, &["Something went wrong on our side.", page.header("x-request-id")]);
    assert!(!page.text.contains("orgs"), "{}", page.text);
}
