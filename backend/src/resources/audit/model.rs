//! Shapes of audit entries.

use crate::{
    db::JsonText,
    events::ActorKind,
    http::{Cursor, Limit, Many},
    ids::{AnyId, AuditId},
    text::Search,
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Who did what, when, to which object.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// What kind of someone did it.
    pub actor_kind: ActorKind,
    /// Their account's or invitation's id.
    pub actor_id: Option<Uuid>,
    /// Of an account: its e-mail, while it is a member of the org.
    pub actor_email: Option<String>,
    /// What was done: the object's type and a verb.
    #[schema(example = "mission.update")]
    pub action: String,
    /// What it was done to.
    #[schema(example = "mission")]
    pub object_type: String,
    /// Which one; none for what concerns no single object.
    pub object_id: Option<Uuid>,
    /// The request it was done by; none on the command line.
    pub request_id: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// The object as it was; none for what was created.
    #[schema(value_type = Option<HashMap<String, serde_json::Value>>)]
    pub before: Option<JsonText>,
    /// The object as it became; none for what was deleted.
    #[schema(value_type = Option<HashMap<String, serde_json::Value>>)]
    pub after: Option<JsonText>,
}

/// Which entries, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what was done to objects of this type; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<String>>)]
    pub object_type: Many<Search>,
    /// Only what was done to this object; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AnyId>>)]
    pub object_id: Many<AnyId>,
    /// Only what this account or invitation did; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AnyId>>)]
    pub actor_id: Many<AnyId>,
    /// Only what was done at this instant or later.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only what was done before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, AuditId)>>,
}
