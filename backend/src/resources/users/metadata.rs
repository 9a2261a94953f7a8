//! Free-form details of a user that only managers see.

use crate::db::JsonText;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, ObjectBuilder, Schema},
    },
};

/// Longer than any list of documents, short enough to be part of every user in a list.
const MAX_BYTES: usize = 8 * 1024;

/// A JSON object of any members, at most 8 KiB.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metadata(Json);

impl Metadata {
    /// The stored object, or a placeholder when the text is not a JSON object.
    pub fn from_stored(stored: &JsonText) -> Self {
        Self(stored.object().unwrap_or_else(|| stored.unreadable()).into())
    }

    pub fn to_stored(&self) -> JsonText {
        JsonText::from(&self.0)
    }
}

impl<E: DeserializeError> Deserr<E> for Metadata {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let kind = match value {
            Value::Map(_) => {
                let json = Json::from(value);
                if json.to_string().len() <= MAX_BYTES {
                    return Ok(Self(json));
                }
                ErrorKind::Unexpected { msg: format!("must have at most {MAX_BYTES} bytes as JSON") }
            }
            actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Map] },
        };
        Err(take_cf_content(E::error::<V>(None, kind, at)))
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .description(Some(
                "Any members, at most 8 KiB. Numbers are whole ones of 64 bits or the shortest form of a double.",
            ))
            .examples([serde_json::json!({"guso": "12345678"})])
            .into()
    }
}

impl ToSchema for Metadata {
    fn name() -> Cow<'static, str> {
        "UserMetadata".into()
    }
}
