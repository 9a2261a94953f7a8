//! Free JSON (`legal_ids`, `documents`), beside an own idea of what a number is worth: whatever is accepted reads back
//! equal, whichever way it went in and comes out, and what is refused is refused by the name of a number that no double holds.

use super::for_all;
use crate::support::{Kind, Outcome, Test};
use axum::http::Method;
use proptest::{collection, prelude::*, sample::select};
use rstest::rstest;
use serde_json::{Value as Json, json, value::RawValue};
use std::{cell::Cell, collections::BTreeMap};

/// JSON in which a number is what was written.
#[derive(Debug, Clone)]
enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// What a number is worth: whether it is negative, its digits without zeros around them, and the power of ten behind them.
fn worth(number: &str) -> (bool, String, i64) {
    let (negative, rest) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (digits, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).unwrap();
    match significant.trim_start_matches('0') {
        "" => (negative, String::new(), 0),
        significant => {
            let power = power.parse::<i64>().unwrap() - i64::try_from(fraction.len()).unwrap() + zeros;
            (negative, significant.to_owned(), power)
        }
    }
}

/// Whether a number is a whole one of 64 bits, or the shortest way to write some double.
fn is_kept(number: &str) -> bool {
    let whole = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    let double: f64 = number.parse().unwrap();
    whole || double.is_finite() && worth(&format!("{double:e}")) == worth(number)
}

impl Tree {
    fn write(&self, text: &mut String) {
        let separated = |text: &mut String, i: usize| text.push_str(if i == 0 { " " } else { " ,\n" });
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(number),
            Self::Text(value) => text.push_str(&json!(value).to_string()),
            Self::Array(items) => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    separated(text, i);
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    separated(text, i);
                    text.push_str(&json!(name).to_string());
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// The pointers of the numbers that no double holds, and that are no whole numbers of 64 bits.
    fn not_kept(&self, pointer: &str, found: &mut Vec<String>) {
        match self {
            Self::Number(number) if !is_kept(number) => found.push(pointer.to_owned()),
            Self::Array(items) => {
                items.iter().enumerate().for_each(|(i, item)| item.not_kept(&format!("{pointer}/{i}"), found))
            }
            Self::Object(members) => members.iter().for_each(|(name, value)| {
                let step = name.replace('~', "~0").replace('/', "~1");
                value.not_kept(&format!("{pointer}/{step}"), found);
            }),
            _ => {}
        }
    }

    fn overflows(&self) -> bool {
        match self {
            Self::Number(number) => number.parse::<f64>().unwrap().is_infinite(),
            Self::Array(items) => items.iter().any(Self::overflows),
            Self::Object(members) => members.values().any(Self::overflows),
            _ => false,
        }
    }

    /// What a merge patch makes of it where there was nothing: `null` takes a member away, but not inside an array.
    fn merged(&self) -> Self {
        match self {
            Self::Object(members) => {
                let there = members.iter().filter(|(_, value)| !matches!(value, Self::Null));
                Self::Object(there.map(|(name, value)| (name.clone(), value.merged())).collect())
            }
            other => other.clone(),
        }
    }

    #[track_caller]
    fn assert_is(&self, raw: &str) {
        let parts = || -> BTreeMap<String, &RawValue> { serde_json::from_str(raw).expect(raw) };
        match self {
            Self::Null => assert_eq!(raw, "null"),
            Self::Bool(value) => assert_eq!(raw, value.to_string()),
            Self::Number(number) => assert_eq!(worth(raw), worth(number), "{number} became {raw}"),
            Self::Text(value) => assert_eq!(serde_json::from_str::<String>(raw).expect(raw), *value),
            Self::Array(items) => {
                let found: Vec<&RawValue> = serde_json::from_str(raw).expect(raw);
                assert_eq!(found.len(), items.len(), "{raw}");
                items.iter().zip(found).for_each(|(item, found)| item.assert_is(found.get()));
            }
            Self::Object(members) => {
                let found = parts();
                assert!(found.keys().eq(members.keys()), "{raw} is not {members:?}");
                members.iter().for_each(|(name, value)| value.assert_is(found[name].get()));
            }
        }
    }
}

/// Numbers near the ends of what programs hold, and near each other.
const ODD: [&str; 48] = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "-0e5",
    "0e999999999999999999999",
    "1e-400",
    "-1e-400",
    "1e400",
    "1E+2",
    "1e5",
    "1.50",
    "100",
    "1e16",
    "2E22",
    "1e23",
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "2.2250738585072014e-308",
    "2.2250738585072011e-308",
    "5e-324",
    "4.9e-324",
    "2e-324",
    "0.1",
    "0.10000000000000001",
    "0.1000000000000000055511151231257827021181583404541015625",
    "0.30000000000000004",
    "123456789012345.67",
    "10928588.983213553",
    "3.141592653589793238",
    "9007199254740991",
    "9007199254740993",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "100000000000000000000",
    "123456789012345678901234567890",
    "0.000001",
    "1e-7",
    "4.35",
    "9.95e-12",
    "8.41e21",
];

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(ODD.to_vec()).prop_map(str::to_owned),
        2 => any::<f64>().prop_filter("JSON has none", |x| x.is_finite()).prop_map(|x| format!("{x:e}")),
        2 => any::<f32>().prop_filter("JSON has none", |x| x.is_finite()).prop_map(|x| x.to_string()),
        1 => any::<i64>().prop_map(|x| x.to_string()),
        1 => any::<i128>().prop_map(|x| x.to_string()),
        3 => "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?",
    ]
}

/// Members of any name, also of those by which a parser tells itself what comes.
fn name() -> impl Strategy<Value = String> {
    let markers = [
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
        "$__toml_private_datetime",
        "unreadable",
        "",
    ];
    prop_oneof![3 => "[a-c~/\"é\\\\ $]{0,3}", 1 => select(markers.to_vec()).prop_map(str::to_owned)]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        1 => Just(Tree::Null),
        1 => any::<bool>().prop_map(Tree::Bool),
        6 => number().prop_map(Tree::Number),
        2 => "[a-c\"\\\\\u{7f}é\u{1F3AD}\u{FFFF} -]{0,6}".prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        prop_oneof![
            1 => collection::vec(inner.clone(), 0..3).prop_map(Tree::Array),
            2 => collection::btree_map(name(), inner, 0..3).prop_map(Tree::Object),
        ]
    })
}

fn object() -> impl Strategy<Value = Tree> {
    collection::btree_map(name(), tree(), 0..3).prop_map(Tree::Object)
}

/// A member of an answer, as it was sent.
#[track_caller]
fn member<'a>(text: &'a str, name: &str) -> &'a str {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect(text);
    members.get(name).unwrap_or_else(|| panic!("no {name} in {text}")).get()
}

/// The one item of a list.
#[track_caller]
fn only(list: &Outcome) -> &str {
    assert_eq!(list.status, 200, "{}", list.text);
    let items: Vec<&RawValue> = serde_json::from_str(&list.text).expect("a list");
    assert_eq!(items.len(), 1, "{}", list.text);
    items[0].get()
}

/// Numbers that cannot be kept are refused, all of them, by their names.
#[track_caller]
fn assert_refused(answer: &Outcome, tree: &Tree, at: &str) {
    let mut wanted = Vec::new();
    tree.not_kept(at, &mut wanted);
    let mut named = answer.wrong_members();
    wanted.sort();
    named.sort();
    assert!(
        !named.is_empty() && named.iter().all(|pointer| wanted.contains(pointer)),
        "{named:?}, not {wanted:?}"
    );
    // The parser stops at a number beyond all doubles: it is the last one that is named.
    assert!(tree.overflows() || named == wanted, "{named:?}, not {wanted:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_stored_is_what_was_sent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let (cases, kept) = (Cell::new(0), Cell::new(0));
    for_all(160, (object(), object()), async |(sent, patch)| {
        cases.set(cases.get() + 1);
        let name = format!("drawn{:04}", cases.get());
        let mut body = format!("{{\"name\":\"{name}\",\"legal_ids\":");
        sent.write(&mut body);
        body.push('}');
        let created = admin.send(Method::POST, "/users", Some(body)).await;
        if created.status != 200 {
            assert_refused(&created, &sent, "/legal_ids");
            return;
        }
        kept.set(kept.get() + 1);
        sent.assert_is(member(&created.text, "legal_ids"));
        let id: String = serde_json::from_str(member(&created.text, "id")).unwrap();
        let path = format!("/users/{id}");
        let read = admin.get(&path).await;
        assert_eq!((&read.text, read.header("etag")), (&created.text, created.header("etag")));
        assert_eq!(only(&admin.get(&format!("/users?q={name}")).await), created.text);

        test.pass_seconds(1);
        let mut body = "{\"documents\":".to_owned();
        patch.write(&mut body);
        body.push('}');
        let patched = admin.send(Method::PATCH, &path, Some(body)).await;
        let audit = admin.get(&format!("/audit?object_id={id}&limit=1")).await;
        if patched.status != 200 {
            assert_refused(&patched, &patch, "/documents");
            sent.assert_is(member(member(only(&audit), "after"), "legal_ids"));
            return;
        }
        for answer in [&patched.text, &admin.get(&path).await.text, only(&audit).to_owned().as_str()] {
            let shown = if answer.contains("\"actor_kind\"") { member(answer, "after") } else { answer };
            sent.assert_is(member(shown, "legal_ids"));
            patch.merged().assert_is(member(shown, "documents"));
        }
        sent.assert_is(member(member(only(&audit), "before"), "legal_ids"));
    });
    assert!(kept.get() > 40 && kept.get() < cases.get() - 10, "{} of {}", kept.get(), cases.get());
}

#[rstest]
#[tokio::test]
async fn every_odd_number_is_kept_or_refused_by_name(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    for number in ODD {
        let body = format!(r#"{{"name":"Nina","documents":{{"a/b":[1,{{"v":{number}}}]}}}}"#);
        let keyed = admin.clone().with_header("idempotency-key", number);
        let created = keyed.send(Method::POST, "/users", Some(body.clone())).await;
        if is_kept(number) {
            assert_eq!(created.status, 200, "{number}: {}", created.text);
            let id: String = serde_json::from_str(member(&created.text, "id")).unwrap();
            let read = admin.get(&format!("/users/{id}")).await;
            assert_eq!(read.text, created.text, "{number}");
            assert_eq!(keyed.send(Method::POST, "/users", Some(body)).await.text, created.text, "{number}");
            let parts: Vec<&RawValue> =
                serde_json::from_str(member(member(&read.text, "documents"), "a/b")).unwrap();
            assert_eq!(worth(member(parts[1].get(), "v")), worth(number), "{number}");
        } else {
            assert_eq!(created.wrong_members(), ["/documents/a~1b/1/v"], "{number}");
        }
    }
    // Everybody can still be listed, planned, changed and looked up.
    admin.get("/users?limit=1000").await.ok();
    admin.get("/audit?limit=1000").await.ok();
}

#[rstest]
#[tokio::test]
async fn a_patch_that_cannot_be_kept_names_its_numbers(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    let user = admin.user("Nina Simone").await;
    for (method, path, body, wrong) in [
        (Method::PATCH, format!("/users/{user}"), r#"{"documents":{"a":1e-400}}"#, "/documents/a"),
        (Method::PUT, format!("/users/{user}"), r#"{"name":"N","documents":{"a":1e999}}"#, "/documents/a"),
        (
            Method::PUT,
            format!("/rates/user/{user}"),
            r#"{"rate_profile":{"jour":250.000000000000000001}}"#,
            "/rate_profile/jour",
        ),
        (
            Method::PUT,
            format!("/users/{user}/profile"),
            r#"{"rate_profile":{"jour":1e-400}}"#,
            "/rate_profile/jour",
        ),
        (Method::POST, format!("/rates/user/{user}?daily_eur=250.000000000000000001"), "", "/daily_eur"),
        (
            Method::POST,
            "/assignments:bulk_create".into(),
            r#"[{"mission_id":"x"},{"user_id":12345678901234567890123}]"#,
            "/1/user_id",
        ),
    ] {
        let body = Some(body.to_owned()).filter(|body| !body.is_empty());
        assert_eq!(admin.send(method, &path, body).await.wrong_members(), [wrong], "{path}");
    }
    assert_eq!(admin.get(&format!("/users/{user}")).await.ok()["documents"], Json::Null);
    assert_eq!(admin.get(&format!("/rates/user/{user}")).await.ok(), json!({ "rate_profile": null }));
}
