//! Invitations as their rows are at one instant, and going back to them: links that live again.

use super::{
    entity::invitation,
    event::InvitationEvent,
    read::view,
    write::{Links, asked},
};
use crate::{
    db::{OfOrg, Tx},
    delivery::Delivery,
    error::Error,
    ids::{AssignmentId, InvitationId, OrgId, UserId},
    outbox::MailKind,
    timestamp::Timestamp,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An invitation's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image(invitation::Model);

impl Image {
    pub fn assignment(&self) -> AssignmentId {
        self.0.assignment_id
    }

    pub fn is_open(&self) -> bool {
        self.0.answer.is_none() && self.0.revoked_at.is_none()
    }

    /// Whether a mail has brought it to its person.
    pub fn is_sent(&self) -> bool {
        self.0.delivery == Delivery::Sent
    }

    /// Where it goes, if that is its user's own address.
    pub fn own_address(&self) -> Option<&str> {
        self.0.email.as_deref().filter(|_| self.0.own_address)
    }

    /// The same, if its link is to work no more.
    #[must_use]
    pub fn revoked(&self, at: Timestamp) -> Self {
        Self(invitation::Model { revoked_at: Some(at), ..self.0.clone() })
    }

    /// Without what every write counts up, also one that goes back.
    #[must_use]
    pub fn unstamped(&self) -> Self {
        Self(invitation::Model { updated_at: self.0.created_at, ..self.0.clone() })
    }

    /// Without what mails and reminders change.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self(invitation::Model {
            token_hash: Vec::new(),
            version: 0,
            key_id: None,
            expires_at: self.0.created_at,
            answer_by: None,
            delivery: Delivery::None,
            delivery_error: None,
            reminded_at: None,
            asked_again_at: None,
            updated_at: self.0.created_at,
            ..self.0.clone()
        })
    }

    /// Whether its mail is not under way any more, though it was and has not left.
    fn is_to_be_mailed(&self, now: Option<&Self>) -> bool {
        let under_way = |delivery| matches!(delivery, Delivery::Queued | Delivery::Sent);
        self.is_open()
            && self.0.delivery == Delivery::Queued
            && !now.is_some_and(|now| under_way(now.0.delivery))
    }
}

/// All invitations of these assignments.
///
/// # Errors
/// When the database fails.
pub async fn images(
    tx: &Tx,
    org: OrgId,
    assignments: BTreeSet<AssignmentId>,
) -> Result<BTreeMap<InvitationId, Image>, Error> {
    if assignments.is_empty() {
        return Ok(BTreeMap::new());
    }
    let of_assignments = invitation::Column::AssignmentId.is_in(assignments);
    let rows = invitation::Entity::of(org).filter(of_assignments).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.id, Image(row))).collect())
}

/// How invitations become what they were.
#[derive(Debug, Default)]
pub struct GoingBack {
    /// Not there before. A mail that has not left goes without them.
    pub deleted: Vec<Image>,
    /// As they are, and whether each is to work again or not any more.
    pub changed: Vec<(Image, Image)>,
    /// There before, and not now.
    pub inserted: Vec<Image>,
}

impl GoingBack {
    /// Deletes those that were not there, before their assignments are. `starts` are those of their missions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(
        &self,
        tx: &Tx,
        org: OrgId,
        starts: &BTreeMap<AssignmentId, Timestamp>,
    ) -> Result<(), Error> {
        if self.deleted.is_empty() {
            return Ok(());
        }
        let gone = invitation::Column::Id.is_in(self.deleted.iter().map(|image| image.0.id));
        invitation::Entity::delete_of(org).filter(gone).exec(tx).await?;
        let views: Vec<_> = self.deleted.iter().map(|image| shown(image, tx, starts)).collect();
        let events: Vec<_> = views.iter().map(|before| InvitationEvent::Deleted { before }).collect();
        tx.record_all(org, &events).await
    }

    /// Writes the others, once their assignments are what they were. A mail that did not leave before is queued again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(
        self,
        tx: &Tx,
        org: OrgId,
        (starts, users): (&BTreeMap<AssignmentId, Timestamp>, &BTreeMap<AssignmentId, UserId>),
        links: &Links<'_>,
    ) -> Result<(), Error> {
        let mut mailed = Vec::new();
        let mut views = Vec::new();
        for (now, to) in self.changed {
            let mail = to.is_to_be_mailed(Some(&now));
            let mut after =
                invitation::Model { revoked_at: to.0.revoked_at, updated_at: tx.now, ..now.0.clone() };
            if mail {
                after.delivery = links.delivery(after.email.as_ref());
                mailed.push(Image(after.clone()));
            }
            invitation::Entity::update_of(org)
                .set(invitation::ActiveModel {
                    revoked_at: Set(after.revoked_at),
                    delivery: Set(after.delivery),
                    updated_at: Set(tx.now),
                    ..Default::default()
                })
                .filter(invitation::Column::Id.eq(after.id))
                .exec(tx)
                .await?;
            views.push((shown(&now, tx, starts), shown(&Image(after), tx, starts)));
        }
        let changes = views.iter().map(|(before, after)| match after.revoked_at {
            Some(_) => InvitationEvent::Revoked { before, after },
            None => InvitationEvent::Restored { before, after },
        });
        tx.record_all(org, &changes.collect::<Vec<_>>()).await?;
        let mut inserted = self.inserted;
        for image in inserted.iter_mut().filter(|image| image.is_to_be_mailed(None)) {
            // Where no mail can be sent any more, none is queued.
            image.0.delivery = links.delivery(image.0.email.as_ref());
            mailed.push(image.clone());
        }
        let views: Vec<_> = inserted.iter().map(|image| shown(image, tx, starts)).collect();
        let again = |Image(row)| invitation::Model { updated_at: tx.now, ..row }.into_active_model();
        tx.insert_all(inserted.into_iter().map(again).collect()).await?;
        let created: Vec<_> = views.iter().map(|after| InvitationEvent::Created { after }).collect();
        tx.record_all(org, &created).await?;
        let mails = mailed.iter().filter_map(|Image(row)| asked(row, *users.get(&row.assignment_id)?));
        links.outbox.queue_calls(tx, org, MailKind::Calls, mails.collect()).await
    }
}

fn shown(Image(row): &Image, tx: &Tx, starts: &BTreeMap<AssignmentId, Timestamp>) -> super::Invitation {
    let start = starts.get(&row.assignment_id).copied().unwrap_or(row.expires_at);
    view(row.clone(), start, tx.now)
}
