//! What happens to invitations.

use super::model::Invitation;
use crate::{events::events, ids::InvitationId};

events! {
    pub enum InvitationEvent<'a> of "invitation" (InvitationId), shown in [Planning] {
        CREATED = "invitation.create": Created { after: &'a Invitation } of after.id,
        ANSWERED = "invitation.answer": Answered { before: &'a Invitation, after: &'a Invitation } of after.id,
        WITHDRAWN = "invitation.withdraw": Withdrawn { before: &'a Invitation, after: &'a Invitation } of after.id,
        REMINDED = "invitation.remind": Reminded { before: &'a Invitation, after: &'a Invitation } of after.id,
        REVOKED = "invitation.revoke": Revoked { before: &'a Invitation, after: &'a Invitation } of after.id,
        RESTORED = "invitation.restore": Restored { before: &'a Invitation, after: &'a Invitation } of after.id,
        DELETED = "invitation.delete": Deleted { before: &'a Invitation } of before.id,
    }
}
