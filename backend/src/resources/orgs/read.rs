//! Reading orgs and members.

use super::{
    event::MemberEvent,
    model::{Contact, Member, MemberKey, MemberQuery, Org},
};
use crate::{
    auth::entity::{Notify, account, membership, org},
    db::OfOrg,
    delivery::Delivery,
    error::{Error, NotFound},
    http::{Cursor, Page},
    ids::{AccountId, OrgId, UserId},
    resources::{audit, users::entity::user},
    role::Role,
    text::NameKey,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef, Select,
    sea_query::{CaseStatement, Expr, ExprTrait},
};

/// The org of this name, ignoring case.
///
/// # Errors
/// [`NotFound`].
pub async fn find_by_name(db: &impl ConnectionTrait, name: &NameKey) -> Result<OrgId, Error> {
    let found = org::Entity::find().filter(org::Column::NameKey.eq(name.clone())).one(db).await?;
    Ok(found.ok_or(NotFound)?.id)
}

/// The orgs that are not deleted.
pub(super) fn find() -> Select<org::Entity> {
    org::Entity::find().filter(org::Column::DeletedAt.is_null())
}

/// Every org, by name: for the operator.
///
/// # Errors
/// When the database fails.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Org>, Error> {
    let rows = find().order_by_asc(org::Column::NameKey).all(db).await?;
    Ok(rows.into_iter().map(Org::from).collect())
}

/// # Errors
/// When the database fails.
pub async fn exist(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(org::Entity::find().one(db).await?.is_some())
}

impl From<org::Model> for Org {
    fn from(row: org::Model) -> Self {
        Self {
            contact: contact(&row),
            id: row.id,
            name: row.name,
            timezone: row.timezone,
            locale: row.locale,
            reply_to: row.reply_to,
            reminder_hours: row.reminder_hours,
            digest_hours: row.digest_hours,
            crew_sees_crew: row.crew_sees_crew,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// # Errors
/// [`NotFound`].
pub async fn get(db: &impl ConnectionTrait, id: OrgId) -> Result<Org, Error> {
    Ok(find().filter(org::Column::Id.eq(id)).one(db).await?.ok_or(NotFound)?.into())
}

/// The default time zone of the org's missions.
///
/// # Errors
/// [`NotFound`].
pub async fn timezone(db: &impl ConnectionTrait, id: OrgId) -> Result<String, Error> {
    Ok(get(db, id).await?.timezone)
}

#[derive(Debug, FromQueryResult)]
struct Row {
    account_id: AccountId,
    email: String,
    role: Role,
    user_id: Option<UserId>,
    is_active: bool,
    notify: Notify,
    proven_at: Option<Timestamp>,
    delivery: Delivery,
    delivery_error: Option<String>,
}

impl Row {
    fn member(self, with_email: bool) -> Member {
        Member {
            account_id: self.account_id,
            email: with_email.then_some(self.email),
            role: self.role,
            user_id: self.user_id,
            is_active: self.is_active,
            notify: self.notify,
            pending: self.proven_at.is_none(),
            delivery: with_email.then_some(self.delivery),
            delivery_error: self.delivery_error.filter(|_| with_email),
        }
    }
}

/// A page of the members, highest role first, then by e-mail, which is in the response only `with_email`.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of an account that never was a member: its position would tell its e-mail.
pub async fn member_page(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: MemberQuery,
    with_email: bool,
) -> Result<Page<[Member]>, Error> {
    if let Some(Cursor((_, last))) = query.cursor
        && !was_member(db, org, last).await?
    {
        return Err(Error::invalid("/cursor", "must be a cursor from the Link header of this list"));
    }
    let backend = db.get_database_backend();
    let select = find_members(org)
        .order_by_desc(rank(Expr::col((membership::Entity, membership::Column::Role))))
        .order_by_asc(by_bytes(backend, Expr::col((account::Entity, account::Column::Email))))
        .order_by_asc(membership::Column::AccountId);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select
            .clone()
            .filter(Condition::all().add_option(after.map(|after| member_after(backend, after))))
            .limit(count);
        async move {
            let rows = part.into_model::<Row>().all(db).await?.into_iter();
            Ok(rows
                .map(|row| ((row.role as i32, row.account_id), row.member(with_email)))
                .collect::<Vec<_>>())
        }
    })
    .await
}

/// Whether an account is a member, or was one according to the audit log.
async fn was_member(db: &impl ConnectionTrait, org: OrgId, account: AccountId) -> Result<bool, Error> {
    let is = find_members(org).filter(membership::Column::AccountId.eq(account)).count(db).await? > 0;
    Ok(is || audit::is_on_record::<MemberEvent>(db, org, account).await?)
}

/// The members behind this key. An account outlives its memberships, so its e-mail can always be looked up.
fn member_after(backend: DbBackend, (last_rank, last): MemberKey) -> Condition {
    let email = account::Entity::find_by_id(last).select_only().column(account::Column::Email).into_query();
    let email = || by_bytes(backend, Expr::SubQuery(None, Box::new(email.clone().into())));
    let own_email = || by_bytes(backend, Expr::col((account::Entity, account::Column::Email)));
    let own_rank = || rank(Expr::col((membership::Entity, membership::Column::Role)));
    let same_email = own_email().eq(email()).and(membership::Column::AccountId.gt(last));
    Condition::any()
        .add(own_rank().lt(last_rank))
        .add(own_rank().eq(last_rank).and(own_email().gt(email()).or(same_email)))
}

/// The number of a role, higher for a higher one.
fn rank(role: Expr) -> Expr {
    let ranks = Role::WORDS.iter().zip(0..);
    ranks
        .fold(CaseStatement::new(), |ranks, (word, rank): (_, i32)| ranks.case(role.clone().eq(*word), rank))
        .into()
}

/// Compares bytes, as SQLite does; PostgreSQL would use the database's collation.
fn by_bytes(backend: DbBackend, text: Expr) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_expr("$1 COLLATE \"C\"", text),
        _ => text,
    }
}

/// All members, highest role first, then by e-mail.
///
/// # Errors
/// When the database fails.
pub async fn members(db: &impl ConnectionTrait, org: OrgId) -> Result<Vec<Member>, Error> {
    let mut rows = find_members(org).into_model::<Row>().all(db).await?;
    rows.sort_by(|a, b| b.role.cmp(&a.role).then_with(|| a.email.cmp(&b.email)));
    Ok(rows.into_iter().map(|row| row.member(true)).collect())
}

/// # Errors
/// [`NotFound`].
pub async fn member(
    db: &impl ConnectionTrait,
    org: OrgId,
    account: AccountId,
    with_email: bool,
) -> Result<Member, Error> {
    Ok(find_member(db, org, account).await?.ok_or(NotFound)?.member(with_email))
}

/// The member with this account, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn member_if_any(
    db: &impl ConnectionTrait,
    org: OrgId,
    account: AccountId,
) -> Result<Option<Member>, Error> {
    Ok(find_member(db, org, account).await?.map(|row| row.member(true)))
}

async fn find_member(
    db: &impl ConnectionTrait,
    org: OrgId,
    account: AccountId,
) -> Result<Option<Row>, Error> {
    let found = find_members(org).filter(membership::Column::AccountId.eq(account));
    Ok(found.into_model::<Row>().one(db).await?)
}

fn find_members(org: OrgId) -> Select<membership::Entity> {
    membership::Entity::of(org)
        .select_only()
        .columns([membership::Column::AccountId, membership::Column::Role])
        .columns([membership::Column::IsActive, membership::Column::Notify, membership::Column::ProvenAt])
        .columns([membership::Column::Delivery, membership::Column::DeliveryError])
        .column(account::Column::Email)
        .column_as(user::Column::Id, "user_id")
        .join(
            JoinType::InnerJoin,
            membership::Entity::belongs_to(account::Entity)
                .from(membership::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        .join(JoinType::LeftJoin, user::Entity::joined(org, to_user()))
}

/// Not every member is one of the org's users.
fn to_user() -> RelationDef {
    membership::Entity::belongs_to(user::Entity)
        .from((membership::Column::OrgId, membership::Column::AccountId))
        .to((user::Column::OrgId, user::Column::AccountId))
        .into()
}

/// What the holder of an unsubscribe link is shown.
#[derive(Debug, FromQueryResult)]
pub struct Subscription {
    pub org_name: String,
    /// `None` for a member who is inactive or has left.
    notify: Option<Notify>,
}

impl Subscription {
    /// Whether anything is mailed that the link would stop.
    pub fn is_open(&self) -> bool {
        self.notify.is_some_and(|notify| notify != Notify::None)
    }
}

/// What an account is mailed by an org; `None` for an org that there is not.
///
/// # Errors
/// When the database fails.
pub async fn subscription(
    db: &impl ConnectionTrait,
    org: OrgId,
    account: AccountId,
) -> Result<Option<Subscription>, Error> {
    let active = org::Entity::belongs_to(membership::Entity)
        .from(org::Column::Id)
        .to(membership::Column::OrgId)
        .on_condition(move |_, joined| {
            let column = |column| Expr::col((joined.clone(), column));
            Condition::all()
                .add(column(membership::Column::AccountId).eq(account))
                .add(column(membership::Column::IsActive).eq(true))
        });
    let found = org::Entity::find_by_id(org)
        .select_only()
        .column_as(org::Column::Name, "org_name")
        .column(membership::Column::Notify)
        .join(JoinType::LeftJoin, active.into());
    Ok(found.into_model().one(db).await?)
}

/// Whom the people of an org ask.
pub fn contact(org: &org::Model) -> Contact {
    Contact {
        name: org.contact_name.clone(),
        phone: org.contact_phone.clone(),
        email: org.contact_email.clone(),
    }
}
