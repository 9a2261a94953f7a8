//! Shapes of accounts and memberships.

use crate::{auth::entity::Notify, ids::OrgId, role::Role};

/// One org of an account.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Membership)]
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
    /// What the account is mailed there as a manager or above. `PATCH /orgs/current/membership` changes it.
    pub notify: Notify,
}
