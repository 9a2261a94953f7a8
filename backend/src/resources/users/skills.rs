//! Skills and their levels, as clients send them.

use crate::text::Label;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type},
    },
};

/// A skill: in JSON a string, or an object with its level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewSkill {
    pub skill: Label,
    /// How well, from 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<i16>,
}

impl NewSkill {
    /// The default.
    const LEVEL: i16 = 3;

    /// How well, from 1 to 5.
    pub fn level(&self) -> i16 {
        self.level.unwrap_or(Self::LEVEL)
    }
}

impl utoipa::PartialSchema for NewSkill {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(Label::schema()).item(LevelledSkill::schema()).into()
    }
}

impl ToSchema for NewSkill {}

/// A skill with its level.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct LevelledSkill {
    /// What the person can do.
    skill: Label,
    /// How well, from 1 to 5.
    #[deserr(default)]
    #[schema(value_type = Option<i16>, minimum = 1, maximum = 5)]
    level: Option<Level>,
}

impl<E: DeserializeError> Deserr<E> for NewSkill {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let Value::Map(_) = value else {
            return Label::deserialize_from_value(value, at).map(|skill| Self { skill, level: None });
        };
        let LevelledSkill { skill, level } = LevelledSkill::deserialize_from_value(value, at)?;
        Ok(Self { skill, level: level.map(|Level(level)| level) })
    }
}

/// Skill to level, from 1 to 5; `null` is ignored. Not read as a `BTreeMap`, because deserr 0.6 drops the errors of its values.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Levels(pub BTreeMap<String, i16>);

impl<E: DeserializeError> Deserr<E> for Levels {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let Value::Map(map) = value else {
            let kind = ErrorKind::IncorrectValueKind { actual: value, accepted: &[ValueKind::Map] };
            return Err(take_cf_content(E::error::<V>(None, kind, at)));
        };
        let (mut levels, mut error) = (BTreeMap::new(), None);
        for (skill, value) in map.into_iter() {
            let at = at.push_key(&skill);
            match Option::<Level>::deserialize_from_value(value.into_value(), at) {
                Ok(level) => levels.extend(level.map(|Level(level)| (skill, level))),
                Err(mistake) => error = Some(take_cf_content(E::merge(error, mistake, at))),
            }
        }
        error.map_or(Ok(Self(levels)), Err)
    }
}

#[derive(Debug)]
struct Level(i16);

impl<E: DeserializeError> Deserr<E> for Level {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let level = i16::deserialize_from_value(value, at)?;
        if (1..=5).contains(&level) {
            return Ok(Self(level));
        }
        let rule = ErrorKind::Unexpected { msg: "must be from 1 to 5".into() };
        Err(take_cf_content(E::error::<V>(None, rule, at)))
    }
}

impl utoipa::PartialSchema for Levels {
    fn schema() -> RefOr<Schema> {
        let level = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
            .minimum(Some(1))
            .maximum(Some(5));
        ObjectBuilder::new().additional_properties(Some(level)).into()
    }
}

impl ToSchema for Levels {
    fn name() -> Cow<'static, str> {
        "SkillLevels".into()
    }
}
