//! Accounts and their memberships.

use crate::{
    auth::entity::{account, membership, org},
    db::{Constraint, Tx},
    error::{Duplicate, Error, NotFound},
    ids::{AccountId, MembershipId, OrgId},
    resources::audit,
    role::Role,
    text::{Email, EmailKey},
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{LockType, OnConflict},
};

/// The account with this e-mail.
///
/// # Errors
/// When the database fails.
pub async fn by_email(db: &impl ConnectionTrait, email: &EmailKey) -> Result<Option<account::Model>, Error> {
    Ok(account::Entity::find().filter(account::Column::EmailKey.eq(email.clone())).one(db).await?)
}

/// The account of this id.
///
/// # Errors
/// [`NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(id).one(db).await?.ok_or(NotFound.into())
}

/// The account with this e-mail, created without a password when it is new (then the second value is true).
///
/// # Errors
/// When the database fails.
pub async fn find_or_create(tx: &Tx, email: &Email) -> Result<(account::Model, bool), Error> {
    let new = account::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(email.to_string()),
        email_key: Set(email.key()),
        password_hash: NotSet,
        is_active: Set(true),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let created = account::Entity::insert(new)
        .on_conflict(OnConflict::column(account::Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let account = by_email(tx, &email.key()).await?.ok_or(NotFound)?;
    Ok((account, created > 0))
}

/// An account is a member of an org once.
const ONE_MEMBERSHIP: Constraint =
    Constraint::unique("org_memberships_account", "org_memberships.org_id, org_memberships.account_id");

/// Makes an account a member of an org: pending, unless somebody has vouched for it.
///
/// # Errors
/// [`Duplicate`] when it is one already.
pub async fn add_membership(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    role: Role,
    proven_at: Option<Timestamp>,
) -> Result<MembershipId, Error> {
    let id = tx.new_id();
    let new = membership::ActiveModel {
        org_id: Set(org),
        id: Set(id),
        account_id: Set(account),
        role: Set(role),
        is_active: Set(true),
        proven_at: Set(proven_at),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    membership::Entity::insert(new).exec_without_returning(tx).await.map_err(|error| {
        let detail = "This account is a member already; change its role instead.";
        ONE_MEMBERSHIP.or(error, || Duplicate { pointer: "/email", detail })
    })?;
    Ok(id)
}

/// One org of an account.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct OrgMembership {
    /// The org.
    pub org_id: OrgId,
    /// Its name.
    #[schema(example = "Théâtre du Rideau Rouge")]
    pub org_name: String,
    /// The account's role in it.
    pub role: Role,
    /// Whether it opens nothing yet: the account has not shown that it is the person whom the org added.
    pub pending: bool,
}

#[derive(FromQueryResult)]
struct MembershipRow {
    org_id: OrgId,
    org_name: String,
    role: Role,
    proven_at: Option<Timestamp>,
}

/// The orgs an account may act in, the one joined first leading. Pending memberships are left out.
///
/// # Errors
/// When the database fails.
pub async fn memberships(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<OrgMembership>, Error> {
    let mut open = memberships_and_pending(db, account).await?;
    open.retain(|membership| !membership.pending);
    Ok(open)
}

/// Records what concerns an account in all orgs: one entry for each that it works for, because each has its own log; one
/// without an org where there is none.
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &Tx, account: AccountId, entry: impl Fn() -> audit::Entry) -> Result<(), Error> {
    let orgs = memberships(tx, account).await?;
    if orgs.is_empty() {
        return entry().record_for_account(tx, None).await;
    }
    for org in orgs {
        entry().record(tx, org.org_id).await?;
    }
    Ok(())
}

/// The orgs an account is an active member of, the pending ones among them, to be shown to its owner.
///
/// # Errors
/// When the database fails.
pub async fn memberships_and_pending(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<OrgMembership>, Error> {
    let joined = membership::Entity::find()
        .select_only()
        .columns([membership::Column::OrgId, membership::Column::Role, membership::Column::ProvenAt])
        .column_as(org::Column::Name, "org_name")
        .join(
            JoinType::InnerJoin,
            membership::Entity::belongs_to(org::Entity)
                .from(membership::Column::OrgId)
                .to(org::Column::Id)
                .into(),
        )
        .filter(membership::Column::AccountId.eq(account))
        .filter(membership::Column::IsActive.eq(true))
        .order_by_asc(membership::Column::CreatedAt)
        .order_by_asc(membership::Column::Id);
    let rows: Vec<MembershipRow> = joined.into_model().all(db).await?;
    let shown = |MembershipRow { org_id, org_name, role, proven_at }| OrgMembership {
        org_id,
        org_name,
        role,
        pending: proven_at.is_none(),
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// The account, locked against a concurrent change of its password or state.
///
/// # Errors
/// [`NotFound`] when it is gone.
pub async fn lock(tx: &Tx, account: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(account).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(NotFound.into())
}
