//! Free-form details that only planners see.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, ObjectBuilder, Schema},
    },
};

/// Longer than any list of documents, short enough to come with every person.
const MAX_BYTES: usize = 8 * 1024;

/// A JSON object of any members, at most 8 KiB.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metadata(Json);

impl Metadata {
    /// What was stored.
    pub fn from_stored(stored: Json) -> Self {
        Self(stored)
    }

    /// As it is stored.
    pub fn to_stored(&self) -> Json {
        self.0.clone()
    }
}

impl<E: DeserializeError> Deserr<E> for Metadata {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let kind = match value {
            Value::Map(_) => {
                let json = Json::from(value);
                if json.to_string().len() <= MAX_BYTES {
                    return Ok(Self(plain(json)));
                }
                ErrorKind::Unexpected { msg: format!("must have at most {MAX_BYTES} bytes as JSON") }
            }
            actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Map] },
        };
        Err(take_cf_content(E::error::<V>(None, kind, at)))
    }
}

/// The same with whole numbers written as such. PostgreSQL keeps a number's value and not its spelling: `1e16` would come
/// back as `10000000000000000`, and what a write answers would not be what the next read shows.
fn plain(json: Json) -> Json {
    match json {
        Json::Number(number) if number.is_f64() => {
            let digits = number.as_f64().map(|number| number.to_string()).unwrap_or_default();
            let whole =
                digits.parse::<i64>().map(Json::from).or_else(|_| digits.parse::<u64>().map(Json::from));
            whole.unwrap_or(Json::Number(number))
        }
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .description(Some("Any members, at most 8 KiB."))
            .examples([serde_json::json!({"guso": "12345678"})])
            .into()
    }
}

impl ToSchema for Metadata {}
