//! The rows of availabilities, as SeaORM sees them.

pub mod availability {
    use crate::resources::availabilities::model::{AvailabilityKind, AvailabilityStatus};
    use crate::{
        ids::{AvailabilityId, OrgId, SeriesId, UserId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    /// A period that a user declares.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "availabilities")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AvailabilityId,
        pub user_id: UserId,
        pub starts_at: Timestamp,
        pub ends_at: Timestamp,
        pub status: AvailabilityStatus,
        pub note: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
        pub kind: AvailabilityKind,
        /// What it was declared together with.
        pub series_id: Option<SeriesId>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
