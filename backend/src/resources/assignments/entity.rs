//! The SeaORM entity of assignments.

pub mod assignment {
    use crate::resources::assignments::model::AssignmentStatus;
    use crate::{
        ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
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
