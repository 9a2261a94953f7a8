//! API types of users.

use super::{
    metadata::Metadata,
    money::RateProfile,
    skills::{Levels, NewSkill},
};
use crate::{
    http::{Cursor, Flag, Limit, Many, Writable},
    ids::{AccountId, UserId},
    locale::Locale,
    resources::assignments::Assignment,
    text::{Email, Label, Line, Name, Note, Search},
    timestamp::Timestamp,
};
use deserr::{DeserializeError, Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Ref, RefOr,
        extensions::Extensions,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    #[schema(value_type = Option<String>, required = false, extensions(("x-withheld" = json!(true))))]
    pub email: Option<Option<String>>,
    /// Own or for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false, extensions(("x-withheld" = json!(true))))]
    pub phone: Option<Option<String>>,
    /// Anything worth knowing: own or for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false, extensions(("x-withheld" = json!(true))))]
    pub bio: Option<Option<String>>,
    /// The language of mails to them: own or for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = withheld_locale, required = false)]
    pub locale: Option<Option<Locale>>,
    /// Numbers that employers need: for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = withheld_metadata, required = false)]
    pub legal_ids: Option<Option<Metadata>>,
    /// What is known of their papers: for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = withheld_metadata, required = false)]
    pub documents: Option<Option<Metadata>>,
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

fn withheld_metadata() -> Schema {
    withheld::<Metadata>("Whatever managers keep of the person; shown to managers only.")
}

fn withheld_locale() -> Schema {
    withheld::<Locale>(
        "The language of mails to them, `null` for that of their account, else the org's: own or for planners.",
    )
}

/// A reference has no extensions of its own, so the attribute of the member cannot say this.
fn withheld<T: ToSchema>(description: &str) -> Schema {
    let nothing = ObjectBuilder::new().schema_type(Type::Null);
    let withheld = Extensions::builder().add("x-withheld", true).build();
    let one_of = OneOfBuilder::new().item(Ref::from_schema_name(T::name())).item(nothing);
    one_of.description(Some(description)).extensions(Some(withheld)).build().into()
}

/// First name, space, last name: 200 + 1 + 200 characters.
pub type WholeName = Line<401>;

/// A first name; empty for a user who has one name only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct FirstName(String);

impl FirstName {
    /// From the database, where it was validated before.
    pub fn stored(name: &str) -> Self {
        Self(name.into())
    }
}

impl AsRef<str> for FirstName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<E: DeserializeError> Deserr<E> for FirstName {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        match value {
            Value::String(text) if text.trim().is_empty() => Ok(Self(String::new())),
            value => Name::deserialize_from_value(value, at).map(|name| Self(name.into())),
        }
    }
}

impl utoipa::PartialSchema for FirstName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(200)).into()
    }
}

impl ToSchema for FirstName {}

/// All that can be set of a person: `name`, or `first_name` and `last_name`.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
#[schema(min_properties = 1, example = json!({
    "first_name": "Élodie", "last_name": "Bœuf", "email": "elodie@example.org", "employment_type": "INTERMITTENT",
    "skills": ["son", { "skill": "lumiere", "level": 4 }], "tags": ["vivier"],
}))]
pub struct NewUser {
    /// First and last name in one; the first word becomes the first name.
    #[deserr(default)]
    #[schema(example = "Élodie Bœuf")]
    pub name: Option<WholeName>,
    /// First name; empty for someone of one name.
    #[deserr(default)]
    pub first_name: Option<FirstName>,
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
    /// The language of mails to them; `null` for that of their account, else the org's.
    #[deserr(default)]
    pub locale: Option<Locale>,
    /// What they can do: texts (with the level that they have, else 3) or `{skill, level}`.
    #[deserr(default)]
    #[schema(required = false)]
    pub skills: Vec<NewSkill>,
    /// How well, from 1 to 5, for skills that are sent as texts.
    #[deserr(default)]
    pub skill_levels: Option<Levels>,
    /// Words that planners filter by.
    #[deserr(default)]
    #[schema(required = false)]
    pub tags: Vec<Label>,
    /// Whether they can be planned.
    #[deserr(default = true)]
    #[schema(default = true, required = false)]
    pub active: bool,
    /// Numbers that employers need.
    #[deserr(default)]
    pub legal_ids: Option<Metadata>,
    /// What is known of their papers.
    #[deserr(default)]
    pub documents: Option<Metadata>,
}

impl Writable for NewUser {
    const READ_ONLY: &'static [&'static str] = &["id", "account_id", "created_at", "updated_at"];
}

impl User {
    /// The current values of the writable members, of a user read with `Sight::All`.
    pub fn form(&self) -> NewUser {
        let metadata = |seen: &Option<Option<Metadata>>| seen.clone().flatten();
        let text = |seen: &Option<Option<String>>| seen.clone().flatten();
        let skill =
            |(skill, level): (&String, &i16)| NewSkill { skill: Label::stored(skill), level: Some(*level) };
        NewUser {
            name: None,
            first_name: Some(FirstName::stored(&self.first_name)),
            last_name: Some(Name::stored(&self.last_name)),
            email: text(&self.email).map(Email::stored),
            phone: text(&self.phone).map(Label::stored),
            employment_type: self.employment_type,
            bio: text(&self.bio).map(Note::stored),
            locale: self.locale.flatten(),
            skills: self.skill_levels.iter().map(skill).collect(),
            skill_levels: None,
            tags: self.tags.iter().map(Label::stored).collect(),
            active: self.active,
            legal_ids: metadata(&self.legal_ids),
            documents: metadata(&self.documents),
        }
    }
}

/// A changed person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserUpdated)]
pub struct UpdatedUser {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// After a deactivation: the first 100 calls still ahead that the person is invited to or accepted on, by start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upcoming_assignments: Option<Vec<Assignment>>,
    /// After a deactivation: how many these are in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upcoming_assignments_total: Option<u64>,
}

impl NewUser {
    /// A user of whom only the name is known.
    pub fn named(name: Name) -> Self {
        Self {
            name: Some(name.widen()),
            first_name: None,
            last_name: None,
            email: None,
            phone: None,
            employment_type: EmploymentType::Other,
            bio: None,
            locale: None,
            skills: Vec::new(),
            skill_levels: None,
            tags: Vec::new(),
            active: true,
            legal_ids: None,
            documents: None,
        }
    }
}

/// Which people, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Words of the name or e-mail in any order, whatever their case, accents, apostrophes and hyphens; or a telephone number.
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

/// What planners know about a person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = UserProfile)]
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
    /// The language of mails to them; `null` for that of their account, else the org's.
    pub locale: Option<Locale>,
}

/// A whole profile, as it replaces the one before. A member left out is emptied; `employment_type` stays.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = UserProfileForm)]
#[deserr(deny_unknown_fields)]
pub struct NewProfile {
    /// Whose it is; may be sent back as it is.
    #[deserr(default)]
    #[schema(read_only)]
    pub user_id: Option<UserId>,
    /// What they can do: texts (with the level that they have, else 3) or `{skill, level}`.
    #[deserr(default)]
    #[schema(required = false)]
    pub skills: Vec<NewSkill>,
    /// How well, from 1 to 5, for skills that are sent as texts.
    #[deserr(default)]
    pub skill_levels: Option<Levels>,
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
    /// The language of mails to them; `null` for that of their account, else the org's.
    #[deserr(default)]
    pub locale: Option<Locale>,
}
