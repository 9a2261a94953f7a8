//! What identifies something: two texts are one name exactly when a table of letters, written by hand, says so; and what
//! is taken under one spelling is found under every other.

use super::for_all;
use crate::support::{Kind, Test};
use coulisses::{
    resources::orgs,
    text::{NameKey, WordKey},
};
use proptest::{collection::vec, prelude::*, sample::select};
use rstest::rstest;
use serde_json::json;
use std::collections::HashMap;

/// Letters as people type or paste them, what each is the same as in a name, and in a skill or tag.
const LETTERS: [(&str, &str, &str); 26] = [
    ("a", "a", "a"),
    ("A", "a", "a"),
    ("\u{ff41}", "a", "a"),
    ("é", "é", "e"),
    ("É", "é", "e"),
    ("e\u{301}", "é", "e"),
    ("e", "e", "e"),
    ("œ", "œ", "oe"),
    ("Œ", "œ", "oe"),
    ("ß", "ß", "ss"),
    ("ẞ", "ß", "ss"),
    ("s", "s", "s"),
    ("ﬁ", "fi", "fi"),
    ("f", "f", "f"),
    ("i", "i", "i"),
    ("Σ", "σ", "σ"),
    ("ς", "σ", "σ"),
    ("²", "2", "2"),
    ("2", "2", "2"),
    ("❤", "❤", "❤"),
    ("❤\u{fe0f}", "❤", "❤"),
    (" ", " ", " "),
    ("\u{a0}", " ", " "),
    ("\u{3000}", " ", " "),
    ("%", "%", "%"),
    ("'", "'", "'"),
];

/// A text, and what it is the same as: as a name, and as a word.
fn text() -> impl Strategy<Value = (String, String, String)> {
    vec(select(LETTERS.to_vec()), 1..4).prop_filter_map("only blanks", |letters| {
        let pick = |of: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
            letters.iter().map(of).collect::<String>()
        };
        // Between two words there is one space, whatever was typed.
        let one_space =
            |text: String| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let (name, word) = (one_space(pick(|letter| letter.1)), one_space(pick(|letter| letter.2)));
        (!name.is_empty()).then(|| (pick(|letter| letter.0), name, word))
    })
}

fn query(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_texts_are_one_name_exactly_when_they_are_looked_up_as_one(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, owner) = (test.manager().await, test.owner().await);
    for_all(8, vec(text(), 12), async |texts| {
        let mut projects = HashMap::new();
        let mut people = Vec::new();
        for (typed, name, word) in &texts {
            assert_eq!(
                (NameKey::of(typed).as_str(), WordKey::of(typed).as_str()),
                (name.as_str(), word.as_str())
            );
            let created = manager.post("/projects", json!({ "name": typed })).await;
            if projects.contains_key(name) {
                created.refused(409, "duplicate");
            } else {
                projects.insert(name, created.ok()["id"].as_str().unwrap().to_owned());
            }
            let person = json!({ "name": "Nina Simone", "skills": [typed], "tags": [typed] });
            people.push((manager.post("/users", person).await.ok()["id"].clone(), word));
            owner.patch("/orgs/current", json!({ "name": typed })).await.ok();
            for (other, its_name, _) in &texts {
                let found = orgs::find_by_name(&test.app.db, &NameKey::of(other)).await.ok();
                assert_eq!(found == Some(test.org), its_name == name, "{typed:?} and {other:?}");
            }
        }
        for (typed, _, word) in &texts {
            let with_it = people.iter().filter(|(_, its)| *its == word).count();
            for filter in ["skill", "tag"] {
                let found = manager.get(&format!("/users?{}", query(filter, typed))).await.ok();
                assert_eq!(found.as_array().unwrap().len(), with_it, "{filter} {typed:?}");
            }
        }
        for (id, _) in people {
            manager.delete(&format!("/users/{}", id.as_str().unwrap())).await.ok();
        }
        for id in projects.values() {
            manager.delete(&format!("/projects/{id}")).await.ok();
        }
    });
}
