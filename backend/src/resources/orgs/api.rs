//! Routes of the caller's org and its members.

use super::{
    me,
    model::{Added, Member, MemberForm, MemberQuery, Members, NewMember, Org, OrgForm, OwnMemberForm},
    read,
    refusal::{LastOwner, NothingToSend, RankTooLow, Superior},
    rules,
    write::{self, LinkBy, MemberLink},
};
use crate::{
    auth::{Admin, Caller, Owner, Tech},
    db::Reader,
    error::{Duplicate, Error, UnknownReference},
    http::{
        Answer, Body, Change, Done, Listed, Path, Precondition, Query, Reading, Tagged, operations, tagged,
    },
    ids::AccountId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("orgs", "The org that the caller acts in, and its members with their roles.")
        .routes(operations!(get_current, update_current))
        .routes(operations!(get_own, update_own))
        .routes(operations!(members_list, members_add))
        .routes(operations!(members_get, members_update, members_remove))
        .routes(operations!(members_resend))
        .merge(me::routes())
}

/// Get the current org.
///
/// The org that the access token acts in. Any member may read it.
#[utoipa::path(get, path = "/orgs/current", tag = "orgs")]
async fn get_current(State(app): State<App>, caller: Caller<Tech>) -> Result<Tagged<Org>, Error> {
    Tagged::of(&read::get(&app.db, caller.org).await?)
}

/// Update the current org.
///
/// Owners only. A taken name is 409 `duplicate`, whatever its case. A new `timezone` is the default of new
/// missions; existing missions keep theirs, and the next digest comes at 8 in the new one. `contact` is merged: what
/// it leaves out stays, `null` removes it.
#[utoipa::path(patch, path = "/orgs/current", tag = "orgs", extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn update_current(
    State(app): State<App>,
    caller: Caller<Owner>,
    precondition: Precondition,
    change: Change<OrgForm>,
) -> Result<Tagged<Org>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_no_key_update(&tx, caller.org).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let org = write::update(&tx, current, new).await?;
    tx.commit_object(&org).await
}

/// Get the own membership.
///
/// The caller as a member of the current org.
#[utoipa::path(get, path = "/orgs/current/membership", tag = "orgs")]
async fn get_own(State(app): State<App>, caller: Caller<Tech>) -> Result<Tagged<Member>, Error> {
    Tagged::of(&read::member(&app.db, caller.org, caller.account, true).await?)
}

/// Update the own membership.
///
/// Any member, for themselves. `notify` says what they are mailed as a manager or above: with `none` nothing, with
/// `declines` each no, each withdrawal and a digest every morning, with `all` each answer and the digest. `null` stands
/// for `declines`. Below manager it has no effect yet.
#[utoipa::path(patch, path = "/orgs/current/membership", tag = "orgs")]
async fn update_own(
    State(app): State<App>,
    caller: Caller<Tech>,
    precondition: Precondition,
    change: Change<OwnMemberForm>,
) -> Result<Tagged<Member>, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, caller.account).await?;
    precondition.check(&member)?;
    let new = change.onto(&member, &member.own_form())?.onto(&member);
    let member = write::update_member(&tx, caller.org, member, new).await?;
    tx.commit_object(&member).await
}

/// List the members of the current org.
///
/// Highest role first, then by e-mail, in pages within `members`. Inactive and pending members are listed, too.
/// `email` is shown to managers and above only.
#[utoipa::path(get, path = "/orgs/members", tag = "orgs")]
async fn members_list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MemberQuery>,
) -> Result<Listed<Members>, Error> {
    let (org, plans) = (caller.org, caller.is_manager());
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move {
        let page = read::member_page(&db, org, query, plans).await?;
        Ok(page.within(None, "members"))
    };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get a member of the current org.
///
/// `email` is shown to managers and above only. 404 for an account that is no member.
#[utoipa::path(get, path = "/orgs/members/{account_id}", tag = "orgs")]
async fn members_get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(account): Path<AccountId>,
) -> Result<Tagged<Member>, Error> {
    Tagged::of(&read::member(&app.db, caller.org, account, caller.is_manager()).await?)
}

/// Add a member to the current org.
///
/// Admins and owners; creates the account when the e-mail is new. The membership is `pending`, and opens nothing,
/// until the person uses the link that is mailed to them, or a reset link. Where no mail can be sent, `delivery` is
/// `none` and the link is in the answer, this once (`password_url` for a new account, `membership_url` for an
/// existing one). It works for 7 days. 403
/// `rank_too_low` for a role above the caller's own; 409 `duplicate` when the account is a member already, or
/// user or account is linked to another one here.
#[utoipa::path(post, path = "/orgs/members", tag = "orgs", extensions(("x-problems" = json!([RankTooLow::CODE, Duplicate::CODE, UnknownReference::CODE]))))]
async fn members_add(
    State(app): State<App>,
    caller: Caller<Admin>,
    Body(new): Body<NewMember>,
) -> Result<Answer<Added>, Error> {
    let tx = app.write(&caller).await?;
    write::lock_for_no_key_update(&tx, caller.org).await?;
    rules::may_grant(write::role_of(&tx, caller.org, caller.account).await?, new.role)?;
    let (member, link) = write::add_member(&tx, LinkBy::of(&app), caller.org, new).await?;
    tx.commit_value(&with_link(&app, member, link)).await
}

/// A member with the link that is to be handed over, if there is one.
fn with_link(app: &App, member: Member, link: Option<MemberLink>) -> Added {
    let mut added = Added { member, password_url: None, membership_url: None };
    if let Some(link) = link {
        let url = if link.login_is_new { &mut added.password_url } else { &mut added.membership_url };
        *url = Some(app.config.password_url(&link.token).into());
    }
    added
}

/// Send a member their link again.
///
/// Admins and owners. For a member who has not taken the membership up, or has no password yet: mails them a new
/// link, which works for 7 days, and ends the ones before. Where no mail can be sent, the answer has the link. 409
/// `nothing_to_send` for others, 403 `superior` for a member above the caller.
#[utoipa::path(post, path = "/orgs/members/{account_id}/~resend", tag = "orgs", extensions(("x-problems" = json!([Superior::CODE, NothingToSend::CODE]))))]
async fn members_resend(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(account): Path<AccountId>,
    precondition: Precondition,
) -> Result<Answer<Added>, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, account).await?;
    rules::may_change(write::role_of(&tx, caller.org, caller.account).await?, member.role)?;
    precondition.check(&member)?;
    let link = write::resend(&tx, LinkBy::of(&app), caller.org, &member).await?;
    let member = read::member(&*tx, caller.org, account, true).await?;
    tx.commit_value(&with_link(&app, member, link)).await
}

/// Update a member of the current org.
///
/// Admins and owners. Sets the role, whether the member may sign in here, the user that the account is linked to, and
/// in `notify` what they are mailed as a manager or above; it takes effect at once. 403 `superior` for a member above the caller, `rank_too_low` for a role above the
/// caller's own. 409 `last_owner` when no active owner would be left, `duplicate` when the user is linked to
/// another account.
#[utoipa::path(patch, path = "/orgs/members/{account_id}", tag = "orgs", extensions(("x-problems" = json!([RankTooLow::CODE, Superior::CODE, LastOwner::CODE, Duplicate::CODE, UnknownReference::CODE]))))]
async fn members_update(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(account): Path<AccountId>,
    precondition: Precondition,
    change: Change<MemberForm>,
) -> Result<Tagged<Member>, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, account).await?;
    let own = write::role_of(&tx, caller.org, caller.account).await?;
    rules::may_change(own, member.role)?;
    precondition.check(&member)?;
    let new = change.onto(&member, &member.form())?;
    rules::may_grant(own, new.role)?;
    let member = write::update_member(&tx, caller.org, member, new).await?;
    tx.commit_object(&member).await
}

/// Remove a member from the current org.
///
/// Admins and owners; it takes effect at once. The account keeps its other orgs. The user stays, with assignments
/// and history, but is no longer linked to the account. 403 `superior` for a member above the caller; 409
/// `last_owner` for the last active owner.
#[utoipa::path(delete, path = "/orgs/members/{account_id}", tag = "orgs", extensions(("x-problems" = json!([Superior::CODE, LastOwner::CODE]))))]
async fn members_remove(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(account): Path<AccountId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, account).await?;
    rules::may_change(write::role_of(&tx, caller.org, caller.account).await?, member.role)?;
    precondition.check(&member)?;
    write::remove_member(&tx, caller.org, &member).await?;
    tx.commit_value(&Done::OK).await
}
