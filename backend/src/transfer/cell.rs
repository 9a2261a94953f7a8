//! One value: as a database has it, and as an export writes it. The form is the same whatever the database, so that exports
//! of equal rows have equal checksums.

use super::schema::Kind;
use crate::ids::NotAnId;
use base64::{Engine, prelude::BASE64_STANDARD};
use sea_orm::{DbErr, QueryResult, Value as SqlValue};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::str::FromStr;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Null,
    /// In lower case with hyphens.
    Uuid(Uuid),
    Integer(i64),
    Boolean(bool),
    /// Exactly as stored, JSON too.
    Text(String),
    /// In base64.
    Bytes(Vec<u8>),
}

impl Cell {
    /// The value at `place` of a row.
    ///
    /// # Errors
    /// When the row has something else there, as a SQLite file that was edited by hand may have.
    pub fn read(row: &QueryResult, place: usize, kind: Kind) -> Result<Self, DbErr> {
        let cell = match kind {
            Kind::Uuid => row.try_get_by_index::<Option<Uuid>>(place)?.map(Self::Uuid),
            Kind::Integer => row.try_get_by_index::<Option<i64>>(place)?.map(Self::Integer),
            Kind::Boolean => row.try_get_by_index::<Option<bool>>(place)?.map(Self::Boolean),
            Kind::Text | Kind::Json => row.try_get_by_index::<Option<String>>(place)?.map(Self::Text),
            Kind::Bytes => row.try_get_by_index::<Option<Vec<u8>>>(place)?.map(Self::Bytes),
        };
        Ok(cell.unwrap_or(Self::Null))
    }

    /// The value for a statement; NULL has a type, too.
    pub fn into_sql(self, kind: Kind) -> SqlValue {
        match (self, kind) {
            (Self::Uuid(id), _) => id.into(),
            (Self::Integer(number), _) => number.into(),
            (Self::Boolean(truth), _) => truth.into(),
            (Self::Text(text), _) => text.into(),
            (Self::Bytes(bytes), _) => bytes.into(),
            (Self::Null, Kind::Uuid) => SqlValue::Uuid(None),
            (Self::Null, Kind::Integer) => SqlValue::BigInt(None),
            (Self::Null, Kind::Boolean) => SqlValue::Bool(None),
            (Self::Null, Kind::Text | Kind::Json) => SqlValue::String(None),
            (Self::Null, Kind::Bytes) => SqlValue::Bytes(None),
        }
    }

    /// What a line of an export says, or what it must say instead.
    ///
    /// # Errors
    /// Words that complete "the column x of y must be".
    pub fn from_json(value: Json, kind: Kind) -> Result<Self, &'static str> {
        Ok(match (kind, value) {
            (_, Json::Null) => Self::Null,
            (Kind::Uuid, Json::String(text)) => {
                Self::Uuid(uuid(&text).map_err(|_| "an id (a UUID in lower case)")?)
            }
            (Kind::Uuid, _) => return Err("an id (a UUID in lower case)"),
            (Kind::Integer, Json::Number(number)) => {
                Self::Integer(number.as_i64().ok_or("a whole number of 64 bits")?)
            }
            (Kind::Integer, _) => return Err("a whole number of 64 bits"),
            (Kind::Boolean, Json::Bool(truth)) => Self::Boolean(truth),
            (Kind::Boolean, _) => return Err("true or false"),
            (Kind::Text | Kind::Json, Json::String(text)) => Self::Text(text),
            (Kind::Text | Kind::Json, _) => return Err("a text"),
            (Kind::Bytes, Json::String(text)) => {
                Self::Bytes(BASE64_STANDARD.decode(text).map_err(|_| "bytes in base64")?)
            }
            (Kind::Bytes, _) => return Err("bytes in base64"),
        })
    }
}

fn uuid(text: &str) -> Result<Uuid, NotAnId> {
    crate::ids::OrgId::from_str(text).map(|id| id.0)
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Uuid(id) => {
                serializer.serialize_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
        }
    }
}
