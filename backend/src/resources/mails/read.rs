//! Reading mails.

use super::model::{Mail, MailDetails, MailQuery, MailedCall};
use crate::{
    db::{Database, OfOrg, filter},
    error::{Error, NotFound},
    http::Page,
    ids::{AccountId, AssignmentId, InvitationId, MailId, OrgId, UserId},
    outbox::{
        MailState,
        entity::{mail, mail_item, mail_notice},
    },
    resources::{assignments, invitations},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Asterisk, Expr, Func},
};

/// A page of mails, newest first.
pub async fn list(db: &impl ConnectionTrait, org: OrgId, query: MailQuery) -> Result<Page<[Mail]>, Error> {
    use mail::Column;
    let select = mail::Entity::of(org)
        .filter(filter::one_of(Column::Kind, query.kind.0))
        .filter(filter::one_of(Column::State, query.state.0))
        .filter(filter::one_of(Column::UserId, query.user_id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.created_at, row.id), Mail::from(row))).collect::<Vec<_>>())
        }
    })
    .await
}

/// A mail with what it contains.
///
/// # Errors
/// [`NotFound`].
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: MailId) -> Result<MailDetails, Error> {
    let mail = mail::Entity::find_by_id((org, id)).one(db).await?.ok_or(NotFound)?;
    let items = mail_item::Entity::of(org)
        .select_only()
        .column(mail_item::Column::InvitationId)
        .filter(mail_item::Column::MailId.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    let calls = invitations::briefings_of(db, org, items).await?.into_iter().map(|call| MailedCall {
        invitation_id: call.id,
        assignment_id: call.assignment_id,
        mission_id: call.mission_id,
        mission_title: call.mission_title,
        role_name: call.role_name,
        start_at: call.starts_at,
        end_at: call.ends_at,
    });
    let told_of = mail_notice::Entity::of(org)
        .select_only()
        .column(mail_notice::Column::AssignmentId)
        .filter(mail_notice::Column::MailId.eq(id))
        .into_tuple::<AssignmentId>()
        .all(db)
        .await?;
    let assignments = assignments::by_ids(db, org, told_of).await?.into_iter().map(Into::into).collect();
    Ok(MailDetails { mail: mail.into(), calls: calls.collect(), assignments })
}

/// What a mail of calls carries to its address.
pub struct CarriedCalls {
    pub address: String,
    pub invitations: Vec<InvitationId>,
}

/// The calls of a mail; `None` for a mail that is not there, or has none.
///
/// # Errors
/// When the database fails.
pub async fn carried(
    db: &impl ConnectionTrait,
    org: OrgId,
    id: MailId,
) -> Result<Option<CarriedCalls>, Error> {
    let Some(mail) = mail::Entity::find_by_id((org, id)).one(db).await? else { return Ok(None) };
    let items = mail_item::Entity::of(org)
        .select_only()
        .column(mail_item::Column::InvitationId)
        .filter(mail_item::Column::MailId.eq(id));
    let invitations = items.into_tuple().all(db).await?;
    Ok(Some(CarriedCalls { address: mail.address, invitations }))
}

/// The mails of all orgs that are not sent yet.
#[derive(Debug, FromQueryResult)]
pub struct Waiting {
    pub count: i64,
    /// When the first of them was queued.
    pub since: Option<Timestamp>,
}

/// How many mails wait, and since when: for the operator.
///
/// # Errors
/// When the database fails.
pub async fn waiting(db: &Database) -> Result<Waiting, Error> {
    let found = mail::Entity::find()
        .select_only()
        .expr_as(Func::count(Expr::col(Asterisk)), "count")
        .expr_as(Func::min(Expr::col(mail::Column::CreatedAt)), "since")
        .filter(mail::Column::State.eq(MailState::Queued))
        .into_model()
        .one(db)
        .await?;
    Ok(found.unwrap_or(Waiting { count: 0, since: None }))
}

/// The mails to a user, and to the account of a member, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    account: Option<AccountId>,
) -> Result<Vec<Mail>, Error> {
    use mail::Column;
    let theirs = Condition::any()
        .add(Column::UserId.eq(user))
        .add_option(account.map(|account| Column::AccountId.eq(account)));
    let mails = mail::Entity::of(org).filter(theirs).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    Ok(mails.all(db).await?.into_iter().map(Mail::from).collect())
}
