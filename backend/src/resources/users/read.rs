//! Reading users, their skills and tags.

use super::{
    entity::{user, user_skill, user_tag},
    metadata::Metadata,
    model::{EmploymentType, Profile, User, UserQuery},
    money::RateProfile,
    rules,
    skills::NewSkill,
};
use crate::{
    auth::entity::account,
    db::{JsonText, OfOrg, contains, filter},
    error::{Error, NotFound},
    http::{Flag, Page},
    ids::{AccountId, OrgId, UserId},
    locale::Locale,
    search,
    text::{EmailKey, Label, Search, WordKey},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use std::collections::{BTreeMap, HashMap};

/// Whose e-mail, phone, bio and language the caller sees; `All` includes legal ids and documents.
#[derive(Debug, Clone, Copy)]
pub enum Visibility {
    All,
    /// Only this user's; `None` for a caller without a user.
    Own(Option<UserId>),
}

impl Visibility {
    fn sees(self, id: UserId) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => own == Some(id),
        }
    }
}

/// A page of users, by last, then first name.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: UserQuery,
    sight: Visibility,
) -> Result<Page<[User]>, Error> {
    use user::Column;
    let mut select = shown(org);
    if let Some(question) = &query.q {
        let by_name = filter::has_words(&[Column::NameSearch], question);
        let by_all = || {
            let numbers = search::phone_digits(question).into_iter();
            let by_number = numbers.map(|number| Column::ContactSearch.like(contains(&number)));
            let by_words = filter::has_words(&[Column::NameSearch, Column::ContactSearch], question);
            by_number.fold(Condition::any().add(by_words), Condition::add)
        };
        // A caller who may not see a user's e-mail or phone must not find the user by it.
        select = select.filter(match sight {
            Visibility::All => by_all(),
            Visibility::Own(Some(own)) => {
                Condition::any().add(by_name).add(Condition::all().add(Column::Id.eq(own)).add(by_all()))
            }
            Visibility::Own(None) => by_name,
        });
    }
    select = select.filter(with_words(org, &query.skill.0, &query.tag.0));
    if let Some(active) = query.active {
        select = select.filter(Column::Active.eq(active == Flag::True));
    }
    select = select.column(Column::SortKey).order_by_asc(Column::SortKey).order_by_asc(Column::Id);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::after((Column::SortKey, Column::Id), after)).limit(count);
        async move {
            let rows = part.into_model::<SortedRow>().all(db).await?;
            let mut words = words(db, org, rows.iter().map(|row| row.user.id).collect()).await?;
            let user = |SortedRow { sort_key, user: row }: SortedRow| {
                let mut own = words.remove(&row.id).unwrap_or_default();
                ((sort_key, row.id), view(row, &mut own, sight))
            };
            Ok(rows.into_iter().map(user).collect::<Vec<_>>())
        }
    })
    .await
}

/// Users with one of these skills and one of these tags; none mean any.
pub fn with_words(org: OrgId, skills: &[Search], tags: &[Search]) -> Condition {
    let keys = |words: &[Search]| words.iter().map(|word| WordKey::of(word)).collect::<Vec<_>>();
    let with_skill = (!skills.is_empty()).then(|| {
        let found = user_skill::Entity::of(org)
            .select_only()
            .column(user_skill::Column::UserId)
            .filter(user_skill::Column::SkillKey.is_in(keys(skills)));
        user::Column::Id.in_subquery(found.into_query())
    });
    let with_tag = (!tags.is_empty()).then(|| {
        let found = user_tag::Entity::of(org)
            .select_only()
            .column(user_tag::Column::UserId)
            .filter(user_tag::Column::TagKey.is_in(keys(tags)));
        user::Column::Id.in_subquery(found.into_query())
    });
    Condition::all().add_option(with_skill).add_option(with_tag)
}

/// # Errors
/// [`NotFound`].
pub async fn get(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: UserId,
    sight: Visibility,
) -> Result<User, Error> {
    let chosen = shown(org).filter(user::Column::Id.eq(id));
    let row = chosen.into_model::<Row>().one(db).await?.ok_or(NotFound)?;
    let mut words = words(db, org, vec![id]).await?.remove(&id).unwrap_or_default();
    Ok(view(row, &mut words, sight))
}

/// # Errors
/// [`NotFound`] when the org has no such user.
pub async fn exists(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<(), Error> {
    let found = user::Entity::find_by_id((org, id)).select_only().column(user::Column::Id);
    found.into_tuple::<UserId>().one(db).await?.map(|_| ()).ok_or(NotFound.into())
}

/// The user that an account is linked to in an org.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    db: &impl ConnectionTrait,
    org: OrgId,
    account: AccountId,
) -> Result<Option<UserId>, Error> {
    let found = user::Entity::of(org).filter(user::Column::AccountId.eq(account)).one(db).await?;
    Ok(found.map(|row| row.id))
}

/// The users with this e-mail, as they are written to or as they sign in, ignoring case.
///
/// # Errors
/// When the database fails.
pub async fn by_email(db: &impl ConnectionTrait, org: OrgId, email: &EmailKey) -> Result<Vec<UserId>, Error> {
    let account = account::Entity::find().filter(account::Column::EmailKey.eq(email.clone())).one(db).await?;
    let login = account.map(|account| account.id);
    let any = Condition::any()
        .add(user::Column::Email.is_not_null())
        .add_option(login.map(|login| user::Column::AccountId.eq(login)));
    let rows = user::Entity::of(org).filter(any).order_by_asc(user::Column::Id).all(db).await?;
    let is_theirs = |row: &user::Model| {
        let written = row.email.as_deref().is_some_and(|text| EmailKey::of(text) == *email);
        written || login.is_some() && row.account_id == login
    };
    Ok(rows.into_iter().filter(is_theirs).map(|row| row.id).collect())
}

/// A user's skills and tags.
#[derive(Debug, Default)]
pub struct SkillsAndTags {
    pub levels: BTreeMap<String, i16>,
    pub tags: Vec<String>,
}

impl SkillsAndTags {
    pub(super) fn of(skills: &[NewSkill], tags: &[Label]) -> Self {
        let mut tags: Vec<_> = tags.iter().map(ToString::to_string).collect();
        tags.sort();
        Self { levels: skills.iter().map(|skill| (skill.skill.to_string(), skill.level())).collect(), tags }
    }

    pub(super) fn skills(&self) -> Vec<String> {
        self.levels.keys().cloned().collect()
    }
}

/// The skills and tags of these users, who are few enough to be named in a statement.
///
/// # Errors
/// When the database fails.
pub async fn words(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: Vec<UserId>,
) -> Result<HashMap<UserId, SkillsAndTags>, Error> {
    let mut words: HashMap<UserId, SkillsAndTags> = HashMap::new();
    if ids.is_empty() {
        return Ok(words);
    }
    // The key columns are left out: they can be ten times as long.
    let skills = user_skill::Entity::of(org)
        .select_only()
        .columns([user_skill::Column::UserId, user_skill::Column::Skill, user_skill::Column::Level])
        .filter(user_skill::Column::UserId.is_in(ids.iter().copied()));
    for (user, skill, level) in skills.into_tuple::<(UserId, String, i16)>().all(db).await? {
        words.entry(user).or_default().levels.insert(skill, level);
    }
    let tags = user_tag::Entity::of(org)
        .select_only()
        .columns([user_tag::Column::UserId, user_tag::Column::Tag])
        .filter(user_tag::Column::UserId.is_in(ids));
    for (user, tag) in tags.into_tuple::<(UserId, String)>().all(db).await? {
        words.entry(user).or_default().tags.push(tag);
    }
    words.values_mut().for_each(|words| words.tags.sort());
    Ok(words)
}

/// The columns that [`User`] shows, without the search columns, up to ten times as long.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: UserId,
    first_name: String,
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    employment_type: EmploymentType,
    bio: Option<String>,
    locale: Option<Locale>,
    active: bool,
    account_id: Option<AccountId>,
    legal_ids: Option<JsonText>,
    documents: Option<JsonText>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A row with its sort key, which the cursor needs.
#[derive(Debug, FromQueryResult)]
struct SortedRow {
    sort_key: String,
    #[sea_orm(nested)]
    user: Row,
}

fn shown(org: OrgId) -> Select<user::Entity> {
    use user::Column::*;
    let columns = [
        Id,
        FirstName,
        LastName,
        Email,
        Phone,
        EmploymentType,
        Bio,
        Locale,
        Active,
        AccountId,
        LegalIds,
        Documents,
        CreatedAt,
        UpdatedAt,
    ];
    user::Entity::of(org).select_only().columns(columns)
}

impl From<user::Model> for Row {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            phone: row.phone,
            employment_type: row.employment_type,
            bio: row.bio,
            locale: row.locale,
            active: row.active,
            account_id: row.account_id,
            legal_ids: row.legal_ids,
            documents: row.documents,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(super) fn view(row: Row, words: &mut SkillsAndTags, sight: Visibility) -> User {
    let contacts = sight.sees(row.id);
    let sees_all = matches!(sight, Visibility::All);
    User {
        id: row.id,
        name: rules::display_name(&row.first_name, &row.last_name),
        first_name: row.first_name,
        last_name: row.last_name,
        email: contacts.then_some(row.email),
        phone: contacts.then_some(row.phone),
        bio: contacts.then_some(row.bio),
        locale: contacts.then_some(row.locale),
        legal_ids: sees_all.then(|| row.legal_ids.as_ref().map(Metadata::from_stored)),
        documents: sees_all.then(|| row.documents.as_ref().map(Metadata::from_stored)),
        employment_type: row.employment_type,
        account_id: row.account_id,
        active: row.active,
        skills: words.skills(),
        skill_levels: std::mem::take(&mut words.levels),
        tags: std::mem::take(&mut words.tags),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub async fn profile(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<Profile, Error> {
    let row = user::Entity::find_by_id((org, id)).one(db).await?.ok_or(NotFound)?;
    let words = words(db, org, vec![id]).await?.remove(&id).unwrap_or_default();
    Ok(Profile {
        user_id: id,
        skills: words.skills(),
        skill_levels: words.levels,
        tags: words.tags,
        employment_type: row.employment_type,
        rate_profile: row.rate_profile.map(RateProfile::from_stored),
        bio: row.bio,
        locale: row.locale,
    })
}
