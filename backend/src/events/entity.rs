//! The rows of the audit log, as SeaORM sees them.

use crate::ids::OrgId;
use uuid::Uuid;

/// Stands in keys, which have no NULL, for the org of an event that no org sees.
pub const NO_ORG: OrgId = OrgId(Uuid::nil());

crate::words::words! {
    /// What kind of someone did it.
    pub enum ActorKind {
        /// A signed-in account.
        Account = "account",
        /// Whoever holds the link of an invitation.
        Invitation = "invitation",
        /// The command line, or nobody.
        System = "system",
    }
}

pub mod audit_entry {
    use super::ActorKind;
    use crate::{
        events::ActivityKind,
        ids::{AuditId, MissionId, OrgId, ProjectId, UserId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    /// Who did what, when, to which object.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_log")]
    pub struct Model {
        /// [`NO_ORG`](super::NO_ORG) for an event of an account that no org sees.
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AuditId,
        pub actor_kind: ActorKind,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub object_type: String,
        pub object_id: Option<Uuid>,
        pub request_id: Option<String>,
        pub created_at: Timestamp,
        /// What it tells planners, and of what: [`Activity`](crate::events::Activity).
        pub activity: Option<ActivityKind>,
        pub mission_id: Option<MissionId>,
        pub project_id: Option<ProjectId>,
        pub user_id: Option<UserId>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}

pub mod audit_details {
    use crate::{
        db::JsonText,
        ids::{AuditId, OrgId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    /// The object before and after.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_details")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub audit_id: AuditId,
        pub before: Option<JsonText>,
        pub after: Option<JsonText>,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
