//! The rows of invitations, as SeaORM sees them.

pub mod invitation {
    use crate::resources::assignments::AssignmentStatus;
    use crate::{
        delivery::Delivery,
        ids::{AssignmentId, InvitationId, OrgId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    /// A link that lets the assigned user answer.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: InvitationId,
        pub assignment_id: AssignmentId,
        pub token_hash: Vec<u8>,
        pub email: Option<String>,
        /// Whether that is the user's own address; reminders then follow it.
        pub own_address: bool,
        pub expires_at: Timestamp,
        /// By when the planner wants an answer.
        pub answer_by: Option<Timestamp>,
        /// What the link's secret is derived from besides the id.
        pub version: i32,
        /// Which key it is derived with.
        pub key_id: Option<String>,
        pub delivery: Delivery,
        pub delivery_error: Option<String>,
        pub reminded_at: Option<Timestamp>,
        /// When they were asked again by itself: reminded, or told that the mission moved. It happens once.
        pub asked_again_at: Option<Timestamp>,
        pub answered_at: Option<Timestamp>,
        pub answer: Option<AssignmentStatus>,
        /// When a yes was taken back by this link, because the mission had moved.
        pub withdrawn_at: Option<Timestamp>,
        pub revoked_at: Option<Timestamp>,
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
