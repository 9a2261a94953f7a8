//! A copy of what an org has about a person, in a form that people and programs can read.

use crate::{
    db::Reader,
    error::Error,
    ids::{AccountId, OrgId, UserId},
    resources::{
        accounts::{self, OrgMembership},
        assignments::{self, Assignment},
        audit::{self, AuditEntry},
        availabilities::{self, Availability},
        invitations::{self, Invitation},
        mails::{self, Mail},
        users::{self, Profile, User, Visibility},
    },
    timestamp::Timestamp,
};
use serde::Serialize;

/// Everything that an org has about a user. The members are as in the API.
#[derive(Debug, Serialize)]
pub struct PersonalData {
    pub exported_at: Timestamp,
    pub user: User,
    /// With their rates.
    pub profile: Profile,
    pub login: Option<Login>,
    pub assignments: Vec<Assignment>,
    pub invitations: Vec<Invitation>,
    pub availabilities: Vec<Availability>,
    pub mails: Vec<Mail>,
    /// What they did, and what was done to what is theirs.
    pub audit: Vec<AuditEntry>,
}

/// The account that they sign in with. Its password is not known to anybody.
#[derive(Debug, Serialize)]
pub struct Login {
    pub id: AccountId,
    pub email: String,
    pub created_at: Timestamp,
    pub memberships: Vec<OrgMembership>,
}

/// Reads all in one snapshot.
///
/// # Errors
/// [`NotFound`](crate::error::NotFound) when the org has no such user.
pub async fn export(db: &Reader, org: OrgId, id: UserId, now: Timestamp) -> Result<PersonalData, Error> {
    let user = users::get(db, org, id, Visibility::All).await?;
    let login = match user.account_id {
        None => None,
        Some(account) => {
            let row = accounts::by_id(db, account).await?;
            let memberships = accounts::memberships_and_pending(db, account).await?;
            // What other orgs have is theirs to tell.
            let memberships = memberships.into_iter().filter(|one| one.org_id == org).collect();
            Some(Login { id: row.id, email: row.email, created_at: row.created_at, memberships })
        }
    };
    let account = login.as_ref().map(|login| login.id);
    let assignments = assignments::of_user(db, org, id).await?;
    let invitations = invitations::of_user(db, org, id, now).await?;
    let availabilities = availabilities::of_user(db, org, id).await?;
    let mut theirs = vec![id.0];
    theirs.extend(account.map(|account| account.0));
    theirs.extend(assignments.iter().map(|one| one.id.0));
    theirs.extend(invitations.iter().map(|one| one.id.0));
    theirs.extend(availabilities.iter().map(|one| one.id.0));
    Ok(PersonalData {
        exported_at: now,
        profile: users::profile(db, org, id).await?,
        mails: mails::of_user(db, org, id, account).await?,
        audit: audit::about(db, org, &theirs, account).await?,
        user,
        login,
        assignments,
        invitations,
        availabilities,
    })
}
