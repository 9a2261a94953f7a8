//! Who is signed in: the account, its role and user in the current org, and what it sets for itself.

use super::{model::OwnMemberForm, write};
use crate::{
    auth::{Caller, Tech, entity::Notify},
    error::{Error, NotFound},
    http::{Answer, Change, Writable, limit_bodies, operations},
    ids::{AccountId, OrgId, UserId},
    locale::Locale,
    resources::accounts::{self, AccountSettings, MAX_SIGN_IN_BODY, OrgMembership},
    role::Role,
    state::App,
};
use axum::extract::State;
use deserr::Deserr;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Most memberships that are shown. Only the operator creates orgs, so no account comes near it.
const MOST_MEMBERSHIPS: usize = 1000;

/// Under the tag of signing in.
pub fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::new().routes(operations!(get_me, update_me));
    limit_bodies(routes.get_openapi_mut(), MAX_SIGN_IN_BODY);
    routes
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// The account.
    id: AccountId,
    /// Its e-mail.
    email: String,
    /// Its language, `null` for that of its user, else of the org.
    locale: Option<Locale>,
    /// The org it acts in.
    org_id: OrgId,
    /// What it may do there.
    role: Role,
    /// What it is mailed by that org as a manager or above.
    notify: Notify,
    /// The person it is there.
    user_id: Option<UserId>,
    /// All its orgs, the first 1000 that it joined; it may act in those that are not pending.
    memberships: Vec<OrgMembership>,
}

/// What an account sets of itself.
#[derive(Debug, Deserr, Serialize, ToSchema)]
#[schema(as = MeForm)]
#[deserr(deny_unknown_fields)]
struct MeForm {
    /// The language of mails to the account, in all its orgs; `null` for that of its user, else of the org.
    #[deserr(default)]
    locale: Option<Locale>,
    /// What the current org mails it as a manager or above.
    #[deserr(default = Notify::Declines)]
    #[schema(default = "declines", required = false)]
    notify: Notify,
}

impl Writable for MeForm {
    const READ_ONLY: &'static [&'static str] = &["id", "email", "org_id", "role", "user_id", "memberships"];
}

impl Me {
    /// `None` where the account is no member of the caller's org any more.
    async fn of(db: &impl ConnectionTrait, caller: &Caller<Tech>) -> Result<Option<Self>, Error> {
        let account = accounts::by_id(db, caller.account).await?;
        let mut memberships = accounts::memberships_and_pending(db, caller.account).await?;
        let Some(here) = memberships.iter().find(|one| one.org_id == caller.org) else { return Ok(None) };
        let notify = here.notify;
        memberships.truncate(MOST_MEMBERSHIPS);
        Ok(Some(Self {
            id: account.id,
            email: account.email,
            locale: account.locale,
            org_id: caller.org,
            role: caller.role,
            notify,
            user_id: caller.user,
            memberships,
        }))
    }
}

/// Get the signed-in account.
///
/// Shows the account, its role and user in the current org, and `memberships`: all its active ones, the first
/// joined first, at most 1000. A membership with `pending: true` opens nothing yet. 403 `not_a_member` for
/// whoever is no member of the current org any more.
#[utoipa::path(get, path = "/auth/me", tag = "auth")]
async fn get_me(State(app): State<App>, caller: Caller<Tech>) -> Result<Answer<Me>, Error> {
    Answer::of(&Me::of(&app.db, &caller).await?.ok_or(NotFound)?)
}

/// Update the signed-in account.
///
/// Any member, for themselves. `locale` is the language of mails to the account, whichever org sends them: it goes before
/// that of its user, which `PATCH /users/{id}/profile` changes and which comes first in mails to the user. `notify` is the
/// same as in `PATCH /orgs/current/membership`: it is kept for each org.
#[utoipa::path(patch, path = "/auth/me", tag = "auth")]
async fn update_me(
    State(app): State<App>,
    caller: Caller<Tech>,
    change: Change<MeForm>,
) -> Result<Answer<Me>, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, caller.account).await?;
    let account = accounts::lock_for_no_key_update(&tx, caller.account).await?;
    let before = Me::of(&*tx, &caller).await?.ok_or(NotFound)?;
    let current = MeForm { locale: account.locale, notify: member.notify };
    let MeForm { locale, notify } = change.onto(&before, &current)?;
    accounts::set_settings(&tx, &account, AccountSettings { locale }).await?;
    let new = OwnMemberForm { notify }.onto(&member);
    let member = write::update_member(&tx, caller.org, member, new).await?;
    let mut after = Me { locale, notify: member.notify, ..before };
    for here in after.memberships.iter_mut().filter(|one| one.org_id == caller.org) {
        here.notify = member.notify;
    }
    tx.commit_value(&after).await
}
