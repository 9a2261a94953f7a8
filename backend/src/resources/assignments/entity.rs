//! The SeaORM entity of assignments.

pub mod assignment {
    use crate::resources::assignments::model::AssignmentStatus;
    use crate::{
        db::JsonText,
        ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
    #[sea_orm(table_name = "assignments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AssignmentId,
        pub mission_id: MissionId,
        pub user_id: UserId,
        pub mission_role_id: Option<MissionRoleId>,
        pub status: AssignmentStatus,
        pub note: Option<String>,
        pub decline_reason: Option<String>,
        pub conflict_override: Option<String>,
        pub starts_at: Timestamp,
        pub ends_at: Timestamp,
        /// Raised by each change; part of the SEQUENCE of its calendar entry.
        pub sequence: i32,
        /// Accepted at another time or place than now.
        pub needs_confirmation: bool,
        /// The [`Told`](super::told::Told) that the user said yes to, once the mission has moved since.
        pub agreed: Option<JsonText>,
        /// When the user was last mailed about it.
        pub told_at: Option<Timestamp>,
        /// The [`Told`](super::told::Told) that the user last knew, once the mission has moved since.
        pub shown: Option<JsonText>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
