//! The rows of mails and of what each contains.

pub mod mail {
    use crate::{
        ids::{AccountId, MailId, OrgId, UserId},
        outbox::{MailKind, MailState},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mails")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MailId,
        pub kind: MailKind,
        /// The person, of what concerns their calls.
        pub user_id: Option<UserId>,
        /// The member, of their own membership and of what planners are told.
        pub account_id: Option<AccountId>,
        pub address: String,
        pub state: MailState,
        pub error: Option<String>,
        pub created_at: Timestamp,
        /// From then on nothing is added to it.
        pub claimed_at: Option<Timestamp>,
        pub ended_at: Option<Timestamp>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}

pub mod mail_notice {
    use crate::ids::{AssignmentId, AuditId, MailId, OrgId};
    use sea_orm::entity::prelude::*;

    /// An assignment that a mail tells of.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_notices")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub mail_id: MailId,
        /// It may be deleted meanwhile.
        #[sea_orm(primary_key, auto_increment = false)]
        pub assignment_id: AssignmentId,
        /// What happened to it, in the audit log.
        pub event_id: Option<AuditId>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}

pub mod mail_item {
    use crate::ids::{InvitationId, MailId, OrgId};
    use sea_orm::entity::prelude::*;

    /// An invitation that a mail carries.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub mail_id: MailId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub invitation_id: InvitationId,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
