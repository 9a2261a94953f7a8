//! Entities whose rows belong to an org, and the filter that keeps orgs apart.

use crate::ids::OrgId;
use sea_orm::{ColumnTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};

/// An entity whose rows belong to an org.
pub trait OfOrg: EntityTrait {
    const ORG_ID: Self::Column;

    /// Selects rows of the org.
    fn of(org: OrgId) -> Select<Self> {
        Self::find().filter(Self::ORG_ID.eq(org))
    }

    fn update_of(org: OrgId) -> UpdateMany<Self> {
        Self::update_many().filter(Self::ORG_ID.eq(org))
    }

    fn delete_of(org: OrgId) -> DeleteMany<Self> {
        Self::delete_many().filter(Self::ORG_ID.eq(org))
    }
}
