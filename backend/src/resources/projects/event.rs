//! What happens to projects.

use super::model::Project;
use crate::{events::events, ids::ProjectId};

events! {
    pub enum ProjectEvent<'a> of "project" (ProjectId), shown in [Projects, Planning] {
        CREATED = "project.create": Created { after: &'a Project } of after.id,
        UPDATED = "project.update": Updated { before: &'a Project, after: &'a Project } of after.id,
        DELETED = "project.delete": Deleted { before: &'a Project } of before.id,
    }
}
