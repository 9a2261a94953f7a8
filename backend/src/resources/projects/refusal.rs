//! Refusals that a project is the reason of.

use crate::error::refusals;

refusals! {
    /// The project takes no new work.
    ProjectArchived =>
        CONFLICT, "project_archived",
        "This project is archived and takes no new work until a planner sets its status to ACTIVE again.";

    /// The project has missions.
    ProjectNotEmpty =>
        CONFLICT, "project_not_empty",
        "This project still has missions; delete those that are empty, or archive the project instead.";
}
