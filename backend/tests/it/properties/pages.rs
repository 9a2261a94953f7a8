//! No stored text adds anything to a page but text: with any text, a page has the same tags with the same attributes as
//! with plain ones.

use super::for_all;
use crate::pages::unsubscribing::{MANAGER, unsubscribe_token};
use crate::support::{Kind, Persona, Test};
use proptest::{collection::vec, prelude::*, sample::select};
use rstest::rstest;
use serde_json::json;

/// What leaves text in HTML, in attributes, in the style, or in the template itself.
const HOSTILE: [&str; 22] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='x",
    "</style>",
    "</title>",
    "</textarea>",
    "<!--",
    "-->",
    "]]>",
    "<svg/onload=x>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "`",
    "{{ 7 * 7 }}",
    "{who}",
    "javascript:x",
    "é 字",
];

fn text() -> impl Strategy<Value = String> {
    vec(select(HOSTILE.to_vec()), 1..4).prop_map(|parts| format!("x{}x", parts.concat()))
}

/// The tags of a page: of each its name and the names of its attributes, which are followed by `=` and a quoted value.
fn tags(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let (mut tag, mut quoted) = (String::new(), false);
        let end = rest.find('>').map_or(rest.len(), |_| {
            rest.char_indices()
                .find(|(_, c)| {
                    quoted ^= *c == '"';
                    if !quoted && *c != '"' {
                        tag.push(*c);
                    }
                    !quoted && *c == '>'
                })
                .map_or(rest.len(), |(at, _)| at + 1)
        });
        found.push(tag);
        rest = &rest[end..];
    }
    found
}

/// The texts that are shown.
#[derive(Debug, Clone)]
struct Texts([String; 8]);

fn texts() -> impl Strategy<Value = Texts> {
    vec(text(), 8).prop_map(|texts| Texts(texts.try_into().expect("eight")))
}

/// A pending call, a declined one, one that a conflict is in the way of, and the question whether to stop mails, with these texts.
async fn pages(test: &Test, manager: &Persona<'_>, texts: &Texts) -> Vec<String> {
    let Texts([org, contact, person, title, place, note, role, project]) = texts;
    let sql = |text: &str| text.replace('\'', "''");
    test.execute(&format!(
        "UPDATE orgs SET name = '{}', contact_name = '{}', contact_phone = '{}', contact_email = '{}'",
        sql(org),
        sql(contact),
        sql(contact),
        sql(contact),
    ))
    .await;
    let user = manager.user(person).await;
    let number = test.number();
    let project = manager.project(&format!("{project}{number}")).await;
    let mut pages = Vec::new();
    let mut tokens = Vec::new();
    for hour in [1, 3] {
        let body = json!({
            "title": title, "location": place, "note": note, "project_id": project, "roles": [{ "role_name": role }],
            "start_at": format!("2026-07-10T{hour:02}:00:00Z"), "end_at": format!("2026-07-10T{:02}:00:00Z", hour + 1),
        });
        let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
        let body = json!({ "mission_id": mission, "user_id": user, "role_name": role });
        let assignment = manager.post("/assignments", body).await.ok()["id"].as_str().unwrap().to_owned();
        tokens.push((assignment.clone(), manager.invitation(&assignment).await.1));
    }
    let anyone = test.anonymous();
    pages.push(anyone.get(&format!("/invite?token={}", tokens[0].1)).await.text);
    // The reason that was typed is sent back.
    anyone.post_empty(&format!("/assignments/{}/decline?token={}", tokens[0].0, tokens[0].1)).await.ok();
    let long = format!("{note}{}", "x".repeat(500));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("token", &*tokens[0].1), ("answer", "reason"), ("reason", &long)])
        .finish();
    let sender = anyone.clone().with_header("content-type", "application/x-www-form-urlencoded");
    pages.push(sender.send(axum::http::Method::POST, "/invite", Some(form)).await.text);
    let other = json!({
        "title": title, "start_at": "2026-07-10T03:00:00Z", "end_at": "2026-07-10T05:00:00Z",
    });
    let other = manager.post("/missions", other).await.ok()["id"].as_str().unwrap().to_owned();
    let other = manager.assignment(&other, &user).await;
    manager.post(&format!("/assignments/{other}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    pages.push(anyone.get(&format!("/invite?token={}", tokens[1].1)).await.text);
    let stop = unsubscribe_token(test, MANAGER).await;
    pages.push(anyone.get(&format!("/unsubscribe?token={stop}")).await.text);
    pages
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_stored_text_adds_a_tag_to_a_page(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let plain = Texts(["org", "x", "Nina", "title", "place", "note", "role", "project"].map(str::to_owned));
    let wanted: Vec<_> = pages(&test, &manager, &plain).await.iter().map(|page| tags(page)).collect();
    assert!(wanted.iter().all(|tags| tags.len() > 40), "{wanted:?}");
    for_all(12, texts(), async |texts| {
        let shown = pages(&test, &manager, &texts).await;
        for (page, wanted) in shown.iter().zip(&wanted) {
            assert_eq!(&tags(page), wanted, "{texts:?} in {page}");
        }
    });
}
