//! A JSON object, stored as text in both databases. PostgreSQL's `jsonb` keeps a number's value but not its spelling, and
//! cannot hold damaged text; a text column returns what was stored.

use crate::json;
use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable, Value as SqlValue,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, value::RawValue};

/// Characters shown of a damaged text: enough to recognise it, and fewer than any member may have.
const SHOWN: usize = 1000;

/// A JSON object as text. Reading its row never fails, even if it was edited by hand: a text that is no object is shown as
/// `{"unreadable": "the text"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `object` must serialise to a JSON object.
    ///
    /// # Errors
    /// When it cannot be serialised.
    pub fn of(object: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_string(object).map(Self)
    }

    /// The object, unless the text is damaged.
    pub fn object(&self) -> Option<Map<String, Value>> {
        match json::parse(self.0.as_bytes()) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        }
    }

    /// The object that is shown in place of a damaged text.
    pub fn unreadable(&self) -> Map<String, Value> {
        // No valid text has control characters, so without them the shown object may be sent back.
        let legible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let text: String = self.0.chars().take(SHOWN).map(legible).collect();
        Map::from_iter([("unreadable".to_owned(), text.into())])
    }
}

/// The text as it was stored, without building a value of it.
impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(raw) if raw.get().starts_with('{') => raw.serialize(serializer),
            _ => self.unreadable().serialize(serializer),
        }
    }
}

/// As it was serialised, to the letter.
impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.get().to_owned()))
    }
}

impl TryGetable for JsonText {
    fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
        match String::try_get_by(row, column) {
            Ok(text) => Ok(Self(text)),
            Err(null @ TryGetError::Null(_)) => Err(null),
            // A SQLite text column may hold a blob.
            Err(TryGetError::DbErr(_)) => Vec::<u8>::try_get_by(row, column)
                .map(|bytes| Self(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

impl From<&Value> for JsonText {
    fn from(object: &Value) -> Self {
        Self(object.to_string())
    }
}

impl From<JsonText> for SqlValue {
    fn from(JsonText(text): JsonText) -> Self {
        text.into()
    }
}

impl Nullable for JsonText {
    fn null() -> SqlValue {
        String::null()
    }
}

impl ValueType for JsonText {
    fn try_from(value: SqlValue) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        "JsonText".into()
    }

    fn array_type() -> ArrayType {
        String::array_type()
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}
