//! A JSON object as both databases hold it: as text. PostgreSQL's `jsonb` keeps a number's value and not its spelling, and
//! no text that is damaged; a column of text gives back what was put in.

use crate::json;
use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable, Value as SqlValue,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, value::RawValue};

/// Characters of a damaged text that are shown: enough to know it by, and less than any member may have.
const SHOWN: usize = 1000;

/// A JSON object as text. Reading its row never fails, whatever somebody made of it from outside: a text that is no object is
/// shown as `{"unreadable": "the text"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    /// Of anything that is an object in JSON.
    ///
    /// # Errors
    /// When it cannot be JSON.
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

    /// What stands for a text that is damaged.
    pub fn unreadable(&self) -> Map<String, Value> {
        // NUL and its like are in no text of ours, so that what is shown may be sent back.
        let legible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let text: String = self.0.chars().take(SHOWN).map(legible).collect();
        Map::from_iter([("unreadable".to_owned(), text.into())])
    }
}

/// As it was written, without a look at what is inside.
impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(raw) if raw.get().starts_with('{') => raw.serialize(serializer),
            _ => self.unreadable().serialize(serializer),
        }
    }
}

impl TryGetable for JsonText {
    fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
        match String::try_get_by(row, column) {
            Ok(text) => Ok(Self(text)),
            Err(null @ TryGetError::Null(_)) => Err(null),
            // In SQLite a column of text may hold bytes as well.
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
