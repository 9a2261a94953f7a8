//! The routes that show what a role opens.

use super::WORDS;
use super::declaration::{Declaration, each_at_most, get};
use crate::replay::script::Who::Owner;

pub fn declared() -> Vec<Declaration> {
    let of_role = |path: &str| get(path).statements(1).tested_by("rbac::each_role_passes_where_it_suffices");
    each_at_most(
        WORDS,
        vec![
            of_role("/rbac_demo/any"),
            of_role("/rbac_demo/manager"),
            of_role("/rbac_demo/admin"),
            of_role("/rbac_demo/owner"),
            // It compares the path with the token and reads nothing.
            of_role("/rbac_demo/scoped/<org>").gets(403, &["other org's owner"]).drawn(3, Owner),
        ],
    )
}
