//! The rows of sign-in: orgs, accounts, memberships, sessions, links. No relations: queries join on the columns they need.

crate::words::words! {
    /// What a password token is for.
    pub enum PasswordTokenPurpose {
        /// A forgotten password: it goes to the account's address.
        Reset = "reset",
    }
}

crate::words::words! {
    /// What a manager, admin or owner is mailed: answers as they come, and a digest each morning.
    pub enum Notify {
        /// Nothing.
        None = "none",
        /// Each no, each withdrawal, and the digest.
        Declines = "declines",
        /// Each answer, and the digest.
        All = "all",
    }
}

crate::words::words! {
    /// Who hands out the link of a membership.
    pub enum LinkIssuer {
        /// Its org.
        Org = "org",
        /// The operator.
        Operator = "operator",
    }
}

pub mod org {
    use crate::{ids::OrgId, locale::Locale, text::NameKey, timestamp::Timestamp};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "orgs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: OrgId,
        pub name: String,
        pub name_key: NameKey,
        pub timezone: String,
        /// Of its mails, unless a user has one of their own.
        pub locale: Locale,
        /// Whom its people call.
        pub contact_name: Option<String>,
        pub contact_phone: Option<String>,
        pub contact_email: Option<String>,
        /// The Reply-To of its mails.
        pub reply_to: Option<String>,
        /// How long before a mission, or the instant by which an answer is wanted, its people are reminded; 0 for never.
        pub reminder_hours: i32,
        /// Calls that are unanswered for longer are in the digest.
        pub digest_hours: i32,
        /// Whether those on a mission see who else is.
        pub crew_sees_crew: bool,
        /// When the next digest is due; `None` until it is known.
        pub digest_at: Option<Timestamp>,
        /// Its row is all that is left of it then, for the audit log.
        pub deleted_at: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod account {
    use crate::{ids::AccountId, locale::Locale, text::EmailKey, timestamp::Timestamp};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AccountId,
        pub email: String,
        pub email_key: EmailKey,
        pub password_hash: Option<String>,
        pub is_active: bool,
        /// Of mails to it; `None` for that of its user, else of the org.
        pub locale: Option<Locale>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }

    /// Leaves out the e-mail and the password hash.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Accounts as members of orgs, with their role.
pub mod membership {
    use crate::{
        auth::entity::Notify,
        delivery::Delivery,
        ids::{AccountId, MembershipId, OrgId},
        role::Role,
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "org_memberships")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MembershipId,
        pub account_id: AccountId,
        pub role: Role,
        pub is_active: bool,
        /// `None` while the membership is pending.
        pub proven_at: Option<Timestamp>,
        /// Of the mail with the link that takes it up.
        pub delivery: Delivery,
        pub delivery_error: Option<String>,
        /// Which answers, and whether digests, are mailed to a manager or above.
        pub notify: Notify,
        /// Raised to end the keys of its calendar feeds.
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

pub mod session {
    use crate::{
        ids::{AccountId, OrgId, SessionId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub account_id: AccountId,
        pub org_id: Option<OrgId>,
        pub refresh_generation: i32,
        pub rotated_at: Timestamp,
        pub last_used_at: Timestamp,
        pub expires_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
        pub user_agent: Option<String>,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Single-use links that prove a membership and set a password.
pub mod membership_link {
    use crate::{
        auth::entity::LinkIssuer,
        ids::{AccountId, MembershipLinkId, OrgId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "membership_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: OrgId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MembershipLinkId,
        pub account_id: AccountId,
        pub giver: LinkIssuer,
        pub token_hash: Vec<u8>,
        pub expires_at: Timestamp,
        pub used_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OfOrg for Entity {
        const ORG_ID: Column = Column::OrgId;
    }
}

/// Single-use tokens that reset a forgotten password.
pub mod password_token {
    use crate::{
        auth::entity::PasswordTokenPurpose,
        ids::{AccountId, PasswordTokenId},
        timestamp::Timestamp,
    };
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "password_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: PasswordTokenId,
        pub account_id: AccountId,
        pub purpose: PasswordTokenPurpose,
        pub token_hash: Vec<u8>,
        pub expires_at: Timestamp,
        pub used_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
