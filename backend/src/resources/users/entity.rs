//! SeaORM entities of users, their skills and tags.

pub mod user {
    use crate::resources::users::model::EmploymentType;
    use crate::{
        db::JsonText,
        ids::{AccountId, OrgId, UserId},
        locale::Locale,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UserId,
        pub first_name: String,
        pub last_name: String,
        pub sort_key: String,
        pub name_search: String,
        pub email: Option<String>,
        /// The e-mail, and the digits of the telephone number, normalised by [`crate::search`].
        pub contact_search: Option<String>,
        pub phone: Option<String>,
        pub employment_type: EmploymentType,
        pub bio: Option<String>,
        pub rate_profile: Option<JsonText>,
        pub active: bool,
        pub account_id: Option<AccountId>,
        pub legal_ids: Option<JsonText>,
        pub documents: Option<JsonText>,
        pub locale: Option<Locale>,
        /// Raised to end the key of their calendar feed.
        pub calendar_version: i32,
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

pub mod user_skill {
    use crate::{
        ids::{OrgId, UserId},
        text::WordKey,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_skills")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: UserId,
        pub skill: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub skill_key: WordKey,
        pub level: i16,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}

pub mod user_tag {
    use crate::{
        ids::{OrgId, UserId},
        text::WordKey,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    /// A word that managers filter users by.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: UserId,
        pub tag: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag_key: WordKey,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}
