//! API types of projects.

use super::entity::project;
use crate::{
    http::{Cursor, Limit, Many, Writable},
    ids::ProjectId,
    text::{Name, Note, Search},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

crate::words::words! {
    /// How far a project is.
    pub enum ProjectStatus {
        /// Being prepared.
        Draft = "DRAFT",
        /// Running.
        Active = "ACTIVE",
        /// Over; kept for the record.
        Archived = "ARCHIVED",
    }
}

/// A project as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Unique in the org, whatever its case.
    #[schema(example = "Le Rideau Rouge, saison 2026")]
    pub name: String,
    /// How far it is.
    pub status: ProjectStatus,
    /// When it starts.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl From<project::Model> for Project {
    fn from(row: project::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            status: row.status,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            note: row.note,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Project {
    /// The current values of the writable members.
    pub fn form(&self) -> NewProject {
        NewProject {
            name: Name::stored(&self.name),
            status: self.status,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            note: self.note.as_ref().map(Note::stored),
        }
    }
}

/// What a project is made of: all that can be set.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewProject {
    /// Unique in the org, whatever its case.
    #[schema(example = "Le Rideau Rouge, saison 2026")]
    pub name: Name,
    /// How far it is.
    #[deserr(default = ProjectStatus::Draft)]
    #[schema(default = "DRAFT", required = false)]
    pub status: ProjectStatus,
    /// When it starts.
    #[deserr(default)]
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    #[deserr(default)]
    pub ends_at: Option<Timestamp>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
}

impl Writable for NewProject {
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "updated_at"];
}

/// Which projects, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectQuery {
    /// Only these statuses; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<ProjectStatus>>)]
    pub status: Many<ProjectStatus>,
    /// Words of the name in any order, whatever their case, accents, apostrophes and hyphens.
    #[deserr(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<Search>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, ProjectId)>>,
}
