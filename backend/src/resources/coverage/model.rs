//! Shapes of coverage.

use crate::{ids::ProjectId, timestamp::Timestamp};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

crate::words::words! {
    /// What is counted together.
    pub enum By {
        /// The missions that start on one day.
        Day = "day",
        /// The roles of one name.
        Role = "role",
    }
}

/// Which missions of the project, and what is counted together.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CoverageQuery {
    /// What is counted together: `day` unless sent.
    #[deserr(default = By::Day)]
    #[param(value_type = Option<By>, inline)]
    pub by: By,
    /// Only missions that start at this instant or later.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only missions that start before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
}

/// How many people a project needs and has, as it was at one instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coverage {
    pub project_id: ProjectId,
    /// What each row is about.
    pub by: By,
    /// The time zone of the days: the organisation's.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
    /// All that is counted.
    pub total: CoverageRow,
    /// By day, or by the role's name; people and missions without a role come last.
    pub rows: Vec<CoverageRow>,
}

/// How many people are needed and there.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageRow {
    /// The day on which the missions start, where rows are days.
    #[schema(example = "2026-07-10", format = Date)]
    pub day: Option<String>,
    /// The role's name, where rows are roles; `null` for whoever has none.
    #[schema(example = "lumiere")]
    pub role_name: Option<String>,
    /// How many missions.
    pub missions: usize,
    /// The sum of the quotas; `null` where no role has one.
    pub needed: Option<i64>,
    /// How many were asked and have not answered.
    pub invited: i64,
    /// How many said yes.
    pub accepted: i64,
    /// Places that nobody accepted; `null` where no role has a quota.
    pub open: Option<i64>,
}
