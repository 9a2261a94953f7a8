//! Shapes of users.

use super::money::RateProfile;
use crate::{
    db::Timestamp,
    http::{Cursor, Limit, Many},
    ids::{AccountId, UserId},
    text::{Email, Label, Name, Note, Search},
};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        RefOr,
        schema::{OneOfBuilder, Schema},
    },
};

crate::words::words! {
    /// How a person is employed.
    pub enum EmploymentType {
        /// Permanent contract.
        Cdi = "CDI",
        /// Fixed-term contract.
        Cdd = "CDD",
        /// Self-employed.
        Freelance = "FREELANCE",
        /// Intermittent du spectacle.
        Intermittent = "INTERMITTENT",
        /// Anything else, or not known yet.
        Other = "OTHER",
    }
}

/// A person as the API shows them. What the caller may not see is absent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// First and last name.
    #[schema(example = "Élodie Bœuf")]
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Own or for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub email: Option<Option<String>>,
    /// Own or for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub phone: Option<Option<String>>,
    /// How they are employed.
    pub employment_type: EmploymentType,
    /// Their login, when they have one.
    pub account_id: Option<AccountId>,
    /// Whether they can be planned.
    pub active: bool,
    /// What they can do.
    pub skills: Vec<String>,
    /// How well, from 1 to 5.
    pub skill_levels: BTreeMap<String, i16>,
    /// Words that planners filter by.
    pub tags: Vec<String>,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

/// A skill as clients send it: a text (level 3), or with its level.
#[derive(Debug, Clone)]
pub struct NewSkill {
    /// What the person can do.
    pub skill: Label,
    /// How well, from 1 to 5.
    pub level: i16,
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
    #[deserr(default = 3)]
    #[schema(minimum = 1, maximum = 5, default = 3, required = false)]
    level: i16,
}

impl<E: DeserializeError> Deserr<E> for NewSkill {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let Value::Map(_) = value else {
            return Label::deserialize_from_value(value, at).map(|skill| Self { skill, level: 3 });
        };
        let LevelledSkill { skill, level } = LevelledSkill::deserialize_from_value(value, at)?;
        if (1..=5).contains(&level) {
            return Ok(Self { skill, level });
        }
        let rule = ErrorKind::Unexpected { msg: "must be from 1 to 5".into() };
        Err(take_cf_content(E::error::<V>(None, rule, at.push_key("level"))))
    }
}

/// A new person: `name`, or `first_name` and `last_name`.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewUser {
    /// First and last name in one; the first word becomes the first name.
    #[deserr(default)]
    #[schema(example = "Élodie Bœuf")]
    pub name: Option<Name>,
    /// First name.
    #[deserr(default)]
    pub first_name: Option<Name>,
    /// Last name.
    #[deserr(default)]
    pub last_name: Option<Name>,
    /// Where invitations go.
    #[deserr(default)]
    pub email: Option<Email>,
    /// A telephone number, as people write it.
    #[deserr(default)]
    pub phone: Option<Label>,
    /// How they are employed.
    #[deserr(default = EmploymentType::Other)]
    #[schema(default = "OTHER", required = false)]
    pub employment_type: EmploymentType,
    /// Anything worth knowing.
    #[deserr(default)]
    pub bio: Option<Note>,
    /// What they can do: texts (level 3) or `{skill, level}`.
    #[deserr(default)]
    #[schema(required = false)]
    pub skills: Vec<NewSkill>,
    /// Words that planners filter by.
    #[deserr(default)]
    #[schema(required = false)]
    pub tags: Vec<Label>,
}

impl NewUser {
    /// Someone of whom only the name is known.
    pub fn named(name: Name) -> Self {
        Self {
            name: Some(name),
            first_name: None,
            last_name: None,
            email: None,
            phone: None,
            employment_type: EmploymentType::Other,
            bio: None,
            skills: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// Which people, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Any part of the name or e-mail, whatever its case and accents.
    #[deserr(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<Search>,
    /// Only people with this skill; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<String>>)]
    pub skill: Many<Search>,
    /// Only people with this tag; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<String>>)]
    pub tag: Many<Search>,
    /// Only people who can be planned (`true`), or who cannot (`false`).
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub active: Option<Flag>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(String, UserId)>>,
}

crate::words::words! {
    /// Yes or no, in a query.
    pub enum Flag {
        /// Yes.
        True = "true",
        /// No.
        False = "false",
    }
}

/// What planners know about a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// The person.
    pub user_id: UserId,
    /// What they can do.
    pub skills: Vec<String>,
    /// How well, from 1 to 5.
    pub skill_levels: BTreeMap<String, i16>,
    /// Words that planners filter by.
    pub tags: Vec<String>,
    /// How they are employed.
    pub employment_type: EmploymentType,
    /// What they are paid.
    pub rate_profile: Option<RateProfile>,
    /// Anything worth knowing.
    pub bio: Option<String>,
}

/// A whole profile, as it replaces the one before. A member left out is emptied; `employment_type` stays.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewProfile {
    /// What they can do: texts (level 3) or `{skill, level}`.
    #[deserr(default)]
    #[schema(required = false)]
    pub skills: Vec<NewSkill>,
    /// Words that planners filter by.
    #[deserr(default)]
    pub tags: Option<Vec<Label>>,
    /// How they are employed.
    #[deserr(default)]
    pub employment_type: Option<EmploymentType>,
    /// What they are paid.
    #[deserr(default)]
    pub rate_profile: Option<RateProfile>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub bio: Option<Note>,
}
