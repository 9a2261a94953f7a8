//! Searching, beside a loop over every name that is folded by a table of its own.

use super::for_all;
use crate::support::{Kind, Test};
use coulisses::text::fold;
use proptest::{collection::vec, prelude::*, sample::select};
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeSet;

/// Letters as people type them, and what each is looked for as. `%`, `_`, `!` and `\` mean something to databases.
const LETTERS: [(&str, &str); 26] = [
    ("a", "a"),
    ("A", "a"),
    ("à", "a"),
    ("À", "a"),
    ("a\u{300}", "a"),
    ("b", "b"),
    ("é", "e"),
    ("É", "e"),
    ("e", "e"),
    ("œ", "oe"),
    ("Œ", "oe"),
    ("o", "o"),
    ("ø", "o"),
    ("ß", "ss"),
    ("s", "s"),
    ("Ł", "l"),
    ("Ж", "ж"),
    ("Ω", "ω"),
    ("ς", "σ"),
    ("Σ", "σ"),
    ("-", "-"),
    ("%", "%"),
    ("_", "_"),
    ("!", "!"),
    ("\\", "\\"),
    ("'", "'"),
];

/// A text, and what it is looked for as.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = (String, String)> {
    vec(select(LETTERS.to_vec()), length).prop_map(|letters| letters.into_iter().unzip())
}

/// The words that are looked for in a text, and those it is found by: with what a hyphen, an apostrophe or a dot joins.
fn words(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut asked, mut found) = (Vec::new(), Vec::new());
    for token in text.split(' ') {
        let parts: Vec<_> =
            token.split(['-', '\'', '.', '!', '\\']).filter(|part| !part.is_empty()).collect();
        asked.extend(parts.iter().map(ToString::to_string));
        found.push(parts.concat());
    }
    found.extend(asked.clone());
    (asked, found)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_search_finds_what_a_loop_over_all_names_finds(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let people = vec((text(1..5), text(1..5), proptest::option::of(text(1..4))), 12..16);
    let questions = vec(text(1..4), 12);
    for_all(3, (people, questions), async |(people, questions)| {
        let mut known = Vec::new();
        for ((first, first_key), (last, last_key), email) in people {
            let address = email.as_ref().map(|(local, _)| format!("{local}@x.example"));
            let body = json!({ "first_name": first, "last_name": last, "email": address, "tags": ["drawn"] });
            let id = manager.post("/users", body).await.ok()["id"].as_str().unwrap().to_owned();
            let email = email.map(|(_, key)| format!("{key}@x.example")).unwrap_or_default();
            known.push((id, words(&format!("{first_key} {last_key} {email}")).1));
        }
        for (question, key) in questions {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("q", &question)
                .append_pair("tag", "DRAWN")
                .finish();
            let list = manager.get(&format!("/users?{query}")).await.ok();
            let listed: BTreeSet<_> =
                list.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
            let asked = words(&key).0;
            let has = |found: &[String]| {
                !asked.is_empty() && asked.iter().all(|word| found.iter().any(|text| text.contains(word)))
            };
            let wanted = known.iter().filter(|(_, found)| has(found));
            assert_eq!(listed, wanted.map(|(id, _)| id.clone()).collect(), "{question:?}");
        }
        for (id, _) in known {
            manager.delete(&format!("/users/{id}")).await.ok();
        }
    });
    for (typed, key) in LETTERS {
        assert_eq!(fold(typed), key);
    }
}

proptest! {
    #![proptest_config(super::config(256))]

    #[test]
    fn folding_is_done_once_and_marks_do_not_matter(text in "\\PC{0,30}", at in 0..30_usize, mark in "[\u{300}-\u{36f}]") {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        let before: String = text.chars().take(at).collect();
        let after: String = text.chars().skip(at).collect();
        prop_assert_eq!(fold(&format!("{before}{mark}{after}")), folded);
    }

    #[test]
    fn the_case_of_european_letters_does_not_matter(text in "[a-zA-Z\u{c0}-\u{24f}\u{391}-\u{3c9}\u{410}-\u{44f} ]{0,30}") {
        prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
    }
}
