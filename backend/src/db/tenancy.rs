//! Entities whose rows belong to an org, and the filter that keeps orgs apart.

use crate::ids::OrgId;
use sea_orm::{
    ColumnTrait, DeleteMany, EntityTrait, QueryFilter, RelationDef, Select, UpdateMany,
    sea_query::{Expr, ExprTrait, IntoCondition},
};

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

    /// A join with rows of this entity that names their org itself, although the joined row's is the same: where the tables are
    /// distributed, a statement goes to one shard only if each of its tables says which. `None` joins within the org of each
    /// row, for the few queries across orgs.
    fn joined(org: impl Into<Option<OrgId>>, relation: RelationDef) -> RelationDef {
        match org.into() {
            Some(org) => relation
                .on_condition(move |_, joined| Expr::col((joined, Self::ORG_ID)).eq(org).into_condition()),
            None => relation,
        }
    }
}
