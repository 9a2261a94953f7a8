//! Changing an object: `PUT` replaces its writable members, `PATCH` some of them by JSON Merge Patch (RFC 7396). Both yield
//! a complete form `T`, so a resource needs one rule and one write function for both. Read-only members that `GET` returns
//! may be sent back unchanged.

use super::{
    Describe, Description,
    body::{BadInput, check, object, parse},
};
use crate::error::{Error, FieldError};
use axum::{
    extract::{FromRequest, Request},
    http::Method,
};
use deserr::Deserr;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

/// The writable members of an object.
pub trait Writable: Deserr<BadInput> + Serialize {
    /// Members that `GET` returns besides; a client may send them back unchanged.
    const READ_ONLY: &'static [&'static str];
    /// Members that are objects with fixed members, all of which they serialise.
    const NESTED: &'static [&'static str] = &[];
}

/// The body of a `PUT` or `PATCH`.
#[derive(Debug)]
pub struct Change<T> {
    wanted: Wanted<T>,
    /// The members of [`Writable::READ_ONLY`] that were sent.
    read_only: Map<String, Json>,
}

#[derive(Debug)]
enum Wanted<T> {
    Whole(T),
    Part(Json),
}

impl<T: ToSchema> Describe for Change<T> {
    fn describe(operation: &mut Description) {
        let schema = operation.schema::<T>();
        operation.body(schema);
        operation.refuses(&["read_only"]);
    }
}

impl<T: Writable> Change<T> {
    /// Whether this is a patch that sets `member`. Where two members are alternatives for the same thing, the one named
    /// wins.
    pub fn names(&self, member: &str) -> bool {
        matches!(&self.wanted, Wanted::Part(patch) if patch.get(member).is_some_and(|value| !value.is_null()))
    }

    /// The complete form after the change, given the object as `GET` returns it (`shown`) and its `current` form.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every wrong member of a patch, and every read-only member that differs.
    pub fn onto(self, shown: &impl Serialize, current: &T) -> Result<T, Error> {
        let mut mistakes = read_only_mistakes(&self.read_only, shown)?;
        let form = match self.wanted {
            Wanted::Whole(form) => Ok(form),
            Wanted::Part(patch) => Self::merged(&patch, current),
        };
        match form {
            Ok(form) if mistakes.is_empty() => Ok(form),
            Ok(_) => Err(Error::Invalid(mistakes)),
            Err(Error::Invalid(others)) => {
                mistakes.extend(others);
                Err(Error::Invalid(mistakes))
            }
            Err(other) => Err(other),
        }
    }

    fn merged(patch: &Json, current: &T) -> Result<T, Error> {
        let mut form = serde_json::to_value(current).map_err(|error| Error::internal(error))?;
        let mut mistakes = unknown_nulls("", patch, &form);
        for name in T::NESTED {
            mistakes.extend(unknown_nulls(&super::body::pointer_to(name), &patch[name], &form[name]));
        }
        if !mistakes.is_empty() {
            return Err(Error::Invalid(mistakes));
        }
        json_patch::merge(&mut form, patch);
        check(form)
    }
}

/// A form serialises every member, so a member of the patch that it lacks is unknown. The merge would drop an unknown
/// `null` silently, so those are refused first.
fn unknown_nulls(at: &str, patch: &Json, form: &Json) -> Vec<FieldError> {
    let removed = patch.as_object().into_iter().flatten().filter(|(_, value)| value.is_null());
    removed
        .map(|(name, _)| name)
        .filter(|name| form.get(name.as_str()).is_none())
        .map(|name| FieldError {
            pointer: format!("{at}{}", super::body::pointer_to(name)),
            code: "unknown",
            detail: "is not a member of this object".into(),
        })
        .collect()
}

fn read_only_mistakes(sent: &Map<String, Json>, shown: &impl Serialize) -> Result<Vec<FieldError>, Error> {
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    let shown = serde_json::to_value(shown).map_err(|error| Error::internal(error))?;
    let differs =
        |(name, value): &(&String, &Json)| shown.get(name.as_str()).unwrap_or(&Json::Null) != *value;
    Ok(sent
        .iter()
        .filter(differs)
        .map(|(name, _)| FieldError::read_only(super::body::pointer_to(name)))
        .collect())
}

/// Removes the read-only members from a body and returns them.
fn take_read_only<T: Writable>(body: &mut Json) -> Map<String, Json> {
    let Some(members) = body.as_object_mut() else { return Map::new() };
    T::READ_ONLY
        .iter()
        .filter_map(|name| members.remove(*name).map(|value| ((*name).to_owned(), value)))
        .collect()
}

impl<S: Send + Sync, T: Writable> FromRequest<S> for Change<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let patches = request.method() == Method::PATCH;
        let body = parse(request, state).await?;
        if !patches {
            let mut json = object(body);
            let read_only = take_read_only::<T>(&mut json);
            return check(json).map(|form| Self { wanted: Wanted::Whole(form), read_only });
        }
        // As a merge patch, `null` would replace the whole object.
        let mut json = body.unwrap_or_else(|| object(None));
        if !json.is_object() {
            return Err(Error::invalid("", "must be an object with the members to change"));
        }
        // Values that are wrong by themselves are reported at the pointers that the client sent, before the merge.
        super::body::refuse_unusable(&json)?;
        let read_only = take_read_only::<T>(&mut json);
        Ok(Self { wanted: Wanted::Part(json), read_only })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deserr::{DeserializeError, IntoValue, Value, ValuePointerRef};
    use proptest::{collection, prelude::*, test_runner::RngSeed};
    use serde_json::json;

    /// Any JSON, as a free-form member takes it.
    #[derive(Debug, Clone, Default, PartialEq, Serialize)]
    #[serde(transparent)]
    struct Anything(Json);

    impl<E: DeserializeError> Deserr<E> for Anything {
        fn deserialize_from_value<V: IntoValue>(value: Value<V>, _: ValuePointerRef) -> Result<Self, E> {
            Ok(Self(Json::from(value)))
        }
    }

    #[derive(Debug, Clone, PartialEq, Deserr, Serialize)]
    #[deserr(deny_unknown_fields)]
    struct Thing {
        name: String,
        #[deserr(default)]
        note: Option<String>,
        #[deserr(default = 7)]
        level: i64,
        #[deserr(default)]
        tags: Vec<String>,
        #[deserr(default)]
        details: Anything,
    }

    impl Writable for Thing {
        const READ_ONLY: &'static [&'static str] = &["id"];
    }

    fn form(details: Json) -> Thing {
        let tags = vec!["a".into(), "b".into()];
        Thing {
            name: "a name".into(),
            note: Some("a note".into()),
            level: 1,
            tags,
            details: Anything(details),
        }
    }

    fn patched_by(patch: Json) -> Change<Thing> {
        Change { wanted: Wanted::Part(patch), read_only: Map::new() }
    }

    /// The pseudo code of RFC 7396 section 2, line by line.
    fn merge_patch(target: Json, patch: &Json) -> Json {
        let Json::Object(patch) = patch else {
            return patch.clone();
        };
        let mut target = match target {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                let before = target.remove(name).unwrap_or(Json::Null);
                target.insert(name.clone(), merge_patch(before, value));
            }
        }
        Json::Object(target)
    }

    /// Pointers of the mistakes; none when the form is valid.
    fn pointers(result: &Result<Thing, Error>) -> Vec<String> {
        match result {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(mistakes)) => mistakes.iter().map(|mistake| mistake.pointer.clone()).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            3 => Just(Json::Null),
            1 => any::<bool>().prop_map(Json::from),
            2 => (-3_i64..9).prop_map(Json::from),
            2 => "[a-c]{0,2}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                1 => collection::vec(inner.clone(), 0..3).prop_map(Json::from),
                3 => collection::btree_map("[a-c]", inner, 0..4).prop_map(|all| Json::Object(all.into_iter().collect())),
            ]
        })
    }

    /// Mostly members that exist, with values that often have the right type.
    fn any_patch() -> impl Strategy<Value = Json> {
        let member = prop_oneof![
            4 => ("details", any_json()).prop_map(|(name, value)| (name.to_string(), value)),
            4 => ("name|note", prop_oneof![Just(Json::Null), "[a-c]{1,2}".prop_map(Json::from)]),
            2 => Just("level").prop_flat_map(|name| (Just(name.to_owned()), prop_oneof![Just(Json::Null), (0_i64..9).prop_map(Json::from)])),
            2 => Just("tags").prop_flat_map(|name| (Just(name.to_owned()), prop_oneof![Just(Json::Null), Just(json!([])), Just(json!(["c"]))])),
            1 => ("name|note|level|tags|other|a/b", any_json()),
        ];
        collection::vec(member, 0..5).prop_map(|all| Json::Object(all.into_iter().collect()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(7396), ..ProptestConfig::default() })]
        #[test]
        fn a_patch_merges_as_the_rfc_says_and_is_read_as_strictly_as_a_whole(
            details in any_json(),
            patch in any_patch(),
        ) {
            let current = form(details);
            let whole = merge_patch(serde_json::to_value(&current).unwrap(), &patch);
            let known = ["name", "note", "level", "tags", "details"];
            let removes_unknown = patch.as_object().unwrap().iter().any(|(name, value)| value.is_null() && !known.contains(&name.as_str()));
            let patched = patched_by(patch.clone()).onto(&current, &current);
            if removes_unknown {
                prop_assert!(!pointers(&patched).is_empty());
            } else {
                let wanted = check::<Thing>(whole);
                prop_assert_eq!(pointers(&patched), pointers(&wanted));
                prop_assert_eq!(patched.ok(), wanted.ok());
            }
        }
    }

    /// RFC 7396 appendix A, inside a free-form member (where a `null` result means that the member is removed).
    #[test]
    fn the_examples_of_the_rfc_hold() {
        for (original, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let patched = patched_by(json!({ "details": patch })).onto(&(), &form(original.clone())).unwrap();
            assert_eq!(patched, form(result), "{patch} onto {original}");
        }
    }
}
