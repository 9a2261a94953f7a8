//! `/app/`: the files of the web application, over a socket where what is on the wire counts.

use crate::support::{Kind, Server, Test};
use axum::http::Method;
use coulisses_web::{FILES, File};
use reqwest::{
    Client, ClientBuilder, Response,
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// What every file says about the page that it is part of.
const SAID: [(&str, &str); 5] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist")
}

fn on_disk(file: &File) -> Vec<u8> {
    std::fs::read(dist().join(file.path)).expect("a file of dist")
}

fn address(file: &File) -> String {
    format!("/app/{}", file.path)
}

/// Undoes no encoding and follows no redirect, and sends nothing of its own.
fn client() -> Client {
    plain().redirect(Policy::none()).build().expect("a client")
}

fn plain() -> ClientBuilder {
    Client::builder().no_gzip().no_brotli().no_zstd().no_proxy()
}

async fn fetch(server: &Server, file: &File, accepted: &[&str]) -> (HeaderMap, Vec<u8>) {
    let mut request = client().get(server.url(&address(file)));
    for value in accepted {
        request = request.header("accept-encoding", *value);
    }
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{}", file.path);
    (response.headers().clone(), response.bytes().await.expect("a body").to_vec())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().expect("a text"))
}

#[test]
fn what_is_built_is_in_the_program() {
    let mut directories = vec![dist()];
    let mut found = BTreeSet::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => directories.push(path),
                false => drop(found.insert(path.strip_prefix(dist()).expect("inside").to_owned())),
            }
        }
    }
    assert_eq!(found, FILES.iter().map(|file| PathBuf::from(file.path)).collect());
    assert!(found.contains(Path::new("index.html")));
}

#[tokio::test]
async fn a_file_is_sent_in_the_encoding_that_the_client_prefers() {
    let test = Test::start(Kind::Sqlite).await;
    let server = Server::start(&test).await;
    let all_off = || Client::builder().no_proxy();
    let brotli = all_off().no_gzip().no_zstd().build().expect("a client");
    let gzip = all_off().no_brotli().no_zstd().build().expect("a client");
    let page = coulisses_web::find("index.html").expect("a page");
    for file in FILES {
        let (plain, url) = (on_disk(file), server.url(&address(file)));
        for accepted in [&[][..], &["identity"], &["br;q=0, gzip;q=0"], &["zstd"], &["*;q=0"], &["br;q=2"]] {
            let (headers, body) = fetch(&server, file, accepted).await;
            assert_eq!(header(&headers, "content-encoding"), "", "{} {accepted:?}", file.path);
            assert!(body == plain, "{} {accepted:?} is another one", file.path);
        }
        for (accepted, encoding) in [
            (&["gzip, deflate, br, zstd"][..], "br"),
            (&["br;q=0, gzip"], "gzip"),
            (&["br;q=0.1, gzip;q=0.9"], "gzip"),
            (&["*"], "br"),
            (&["gzip", "br"], "br"),
            (&["deflate, GZIP;Q=0.5"], "gzip"),
        ] {
            let (headers, body) = fetch(&server, file, accepted).await;
            assert_eq!(header(&headers, "content-length"), body.len().to_string(), "{}", file.path);
            let sent = header(&headers, "content-encoding");
            // What compression does not make smaller is sent as it is, or in the other form.
            let may_differ = plain.len() < 1024;
            assert!(sent == encoding || may_differ, "{} {accepted:?}: {sent:?}", file.path);
            assert!(sent.is_empty() == (body == plain) && body.len() <= plain.len(), "{}", file.path);
            assert_eq!(header(&headers, "vary"), "accept-encoding", "{}", file.path);
        }
        // Undone by another implementation than the one that compressed.
        for client in [&brotli, &gzip] {
            let response = client.get(&url).send().await.expect("an answer");
            assert!(response.bytes().await.expect("a body") == plain, "{}", file.path);
        }
    }
    let (headers, _) = fetch(&server, page, &["br"]).await;
    assert_eq!(header(&headers, "content-encoding"), "br", "a page is worth it");
}

#[tokio::test]
async fn names_with_a_hash_are_kept_for_ever_and_others_are_asked_for() {
    let test = Test::start(Kind::Sqlite).await;
    let anyone = test.anonymous();
    let mut kept = 0;
    for file in FILES {
        let answer = anyone.get(&address(file)).await;
        let (kind, cache) = match file.path.rsplit_once('.').expect("an extension").1 {
            "html" => ("text/html; charset=utf-8", "no-cache"),
            "js" => ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
            "css" => ("text/css; charset=utf-8", "public, max-age=31536000, immutable"),
            "svg" => ("image/svg+xml", "no-cache"),
            "webmanifest" => ("application/manifest+json", "no-cache"),
            other => panic!("{}: say here what a {other} is", file.path),
        };
        // A service worker has one name, so that a browser finds the next one there.
        let cache = if file.path.contains('/') { cache } else { "no-cache" };
        assert_eq!(answer.header("content-type"), kind, "{}", file.path);
        assert_eq!(answer.header("cache-control"), cache, "{}", file.path);
        for (name, value) in SAID {
            assert_eq!(answer.header(name), value, "{}", file.path);
        }
        kept += usize::from(cache.contains("immutable"));
    }
    assert!(kept >= 2, "a script and a style");
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let test = Test::start(Kind::Sqlite).await;
    let anyone = test.anonymous();
    for path in FILES.iter().map(address).chain(["/app/".to_owned()]) {
        let whole = anyone.get(&path).await;
        let tag = whole.header("etag");
        assert!(tag.starts_with("W/\"") && tag.len() > 30, "{tag}: all encodings share it");
        for known in [tag, tag.trim_start_matches("W/"), "*", &format!("\"other\", {tag}")] {
            for (method, encoding) in [(Method::GET, "br"), (Method::GET, "identity"), (Method::HEAD, "br")] {
                let knows = anyone
                    .clone()
                    .with_header("if-none-match", known)
                    .with_header("accept-encoding", encoding);
                let answer = knows.send(method, &path, None).await;
                assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{path} {known}");
                for name in ["etag", "cache-control", "vary", "content-security-policy"] {
                    assert_eq!(answer.header(name), whole.header(name), "{name} of {path}");
                }
            }
        }
        let other = anyone.clone().with_header("if-none-match", "W/\"other\"").get(&path).await;
        assert_eq!((other.status.as_u16(), &other.text), (200, &whole.text), "{path}");
    }
}

#[tokio::test]
async fn head_says_what_get_sends() {
    let test = Test::start(Kind::Sqlite).await;
    let server = Server::start(&test).await;
    let client = client();
    for path in FILES.iter().map(address).chain(["/app/".to_owned(), "/app".to_owned()]) {
        let ask = async |method| -> Response {
            let request = client.request(method, server.url(&path)).header("accept-encoding", "br");
            request.send().await.expect("an answer")
        };
        let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!(head.status(), get.status(), "{path}");
        let told = |answer: &Response| -> Vec<(String, HeaderValue)> {
            let differs = |name: &str| matches!(name, "date" | "x-request-id");
            let headers = answer.headers().iter().filter(|(name, _)| !differs(name.as_str()));
            headers.map(|(name, value)| (name.to_string(), value.clone())).collect()
        };
        assert_eq!(told(&head), told(&get), "{path}");
        assert!(head.bytes().await.expect("none").is_empty(), "{path}");
        assert!(!header(get.headers(), "content-length").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn only_its_own_files_are_there_and_only_to_be_read() {
    let test = Test::start(Kind::Sqlite).await;
    let anyone = test.anonymous();
    let browser = anyone.clone().with_header("accept", "text/html");
    for path in [
        "/app/nothing",
        "/app/assets/",
        "/app/assets/index-00000000.js",
        "/app/board",
        "/app//index.html",
        "/app/%69ndex.html",
        "/app/../index.html",
        "/app/assets/..%2findex.html",
        "/app/index.html/",
        "/app/index.html.br",
        "/app/Cargo.toml",
    ] {
        anyone.get(path).await.refused(404, "not_found");
        let page = browser.get(path).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (404, "text/html; charset=utf-8"));
        assert!(page.text.contains("There is nothing at this address."), "{path}: {}", page.text);
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    let paths = FILES.iter().map(address).chain(["/app/", "/app"].map(str::to_owned));
    for path in paths {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            let answer = anyone.send(method.clone(), &path, None).await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), "GET,HEAD", "{method} {path}");
        }
        let asked = anyone.send(Method::OPTIONS, &path, None).await;
        assert_eq!((asked.status.as_u16(), asked.header("allow")), (204, "GET,HEAD"), "{path}");
    }
}

#[tokio::test]
async fn without_its_slash_the_address_leads_there() {
    let folder = [("PUBLIC_URL", "https://host.example/crew/")];
    for settings in [&[][..], &folder] {
        let test = Test::start_with(Kind::Sqlite, settings).await;
        let server = Server::start(&test).await;
        for method in [Method::GET, Method::HEAD] {
            let request = client().request(method, server.url("/app?from=a-mail"));
            let answer = request.send().await.expect("an answer");
            // Relative: the folder, which the proxy took off, stays in front of it.
            assert_eq!((answer.status().as_u16(), header(answer.headers(), "location")), (308, "app/"));
            assert_eq!(header(answer.headers(), "content-security-policy"), POLICY);
        }
        let follows = plain().build().expect("a client");
        let page = follows.get(server.url("/app")).send().await.expect("an answer");
        assert_eq!((page.status().as_u16(), page.url().path()), (200, "/app/"));
        let index = std::fs::read_to_string(dist().join("index.html")).expect("the page");
        assert_eq!(page.text().await.expect("a text"), index);
    }
}

#[tokio::test]
async fn the_first_page_and_a_new_password_lead_there() {
    let test = Test::start_with(Kind::Sqlite, &[("PUBLIC_URL", "https://host.example/crew/")]).await;
    let server = Server::start(&test).await;
    for (path, language, text) in [
        ("/", "fr", "Ouvrir l’application"),
        ("/", "en-GB", "Open the application"),
        ("/password?done=1", "fr", "Se connecter"),
        ("/password?done=1", "en-GB", "Sign in"),
    ] {
        let request = client().get(server.url(path)).header("accept-language", language);
        let page = request.send().await.expect("an answer").text().await.expect("a page");
        let (_, buttons) = page.split_once("<p class=\"buttons\">").expect("buttons");
        let main = format!("<a class=\"button main\" href=\"/crew/app/\">{text}</a>");
        let rest = buttons.strip_prefix(&main).unwrap_or_else(|| panic!("{path} {language}: {buttons}"));
        let documentation = rest.starts_with("<a class=\"button\" href=\"/crew/docs/\">");
        assert_eq!(documentation, path == "/", "{path}: {rest}");
    }
}

/// The policy lets in what has an address of its own, and the page may be below any folder.
#[tokio::test]
async fn the_page_has_nothing_inline_and_every_address_is_relative() {
    let test = Test::start(Kind::Sqlite).await;
    let page = test.anonymous().get("/app/").await.text;
    for inline in ["<style", " style=", " on", "javascript:", "<base"] {
        let found = page.match_indices(inline).map(|(at, _)| &page[at..page.len().min(at + 30)]);
        let found: Vec<_> =
            found.filter(|found| inline != " on" || found[..8.min(found.len())].contains('=')).collect();
        assert!(found.is_empty(), "{found:?}");
    }
    let scripts =
        page.split("<script").skip(1).map(|rest| rest.split("</script>").next().unwrap_or_default());
    for script in scripts {
        assert!(script.contains(" src=\"./") && script.ends_with('>'), "{script}");
    }
    let mut loaded = 0;
    for attribute in ["href=\"", "src=\""] {
        for address in page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            let path = address.strip_prefix("./").unwrap_or_else(|| panic!("{address} is not relative"));
            assert!(coulisses_web::find(path).is_some(), "{path} is not there");
            loaded += 1;
        }
    }
    assert!(loaded >= 3, "a script, a style and an icon: {page}");
}
