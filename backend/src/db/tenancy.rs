//! Rows that belong to an org. The filter that keeps orgs apart stands here, once.

use crate::ids::OrgId;
use sea_orm::{ColumnTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};

/// An entity whose rows belong to an org.
pub trait OfOrg: EntityTrait {
    const ORG_ID: Self::Column;

    /// The rows of an org.
    fn of(org: OrgId) -> Select<Self> {
        Self::find().filter(Self::ORG_ID.eq(org))
    }

    /// An update of rows of an org.
    fn update_of(org: OrgId) -> UpdateMany<Self> {
        Self::update_many().filter(Self::ORG_ID.eq(org))
    }

    /// A deletion of rows of an org.
    fn delete_of(org: OrgId) -> DeleteMany<Self> {
        Self::delete_many().filter(Self::ORG_ID.eq(org))
    }
}
