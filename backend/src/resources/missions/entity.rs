//! SeaORM entities of missions and their roles.

pub mod mission {
    use crate::{
        ids::{MissionId, OrgId, ProjectId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
    #[sea_orm(table_name = "missions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MissionId,
        pub project_id: Option<ProjectId>,
        pub title: String,
        /// Title and location, normalised by [`crate::search`].
        pub search: String,
        pub location: Option<String>,
        pub starts_at: Timestamp,
        pub ends_at: Timestamp,
        pub timezone: String,
        pub note: Option<String>,
        pub cancelled_at: Option<Timestamp>,
        /// Raised by each change; part of the SEQUENCE of its calendar entries.
        pub sequence: i32,
        /// When its time or place last changed, and since when it has been changing without its people being told.
        pub moved_at: Option<Timestamp>,
        pub moving_since: Option<Timestamp>,
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

pub mod mission_role {
    use crate::{
        ids::{MissionId, MissionRoleId, OrgId},
        text::NameKey,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mission_roles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MissionRoleId,
        pub mission_id: MissionId,
        pub role_name: String,
        pub name_key: NameKey,
        pub quota: Option<i32>,
        pub position: i32,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
