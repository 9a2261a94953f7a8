//! The SeaORM entity of projects.

pub mod project {
    use crate::resources::projects::model::ProjectStatus;
    use crate::{
        ids::{OrgId, ProjectId},
        text::NameKey,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    /// A show, festival or tour leg.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "projects")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ProjectId,
        pub name: String,
        pub name_key: NameKey,
        pub name_search: String,
        pub status: ProjectStatus,
        pub starts_at: Option<Timestamp>,
        pub ends_at: Option<Timestamp>,
        pub note: Option<String>,
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
