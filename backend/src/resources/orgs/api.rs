//! Routes of the caller's org and its members.

use super::{
    model::{Added, Member, MemberForm, MemberQuery, Members, NewMember, Org, OrgForm},
    read,
    refusal::{LastOwner, RankTooLow, Superior},
    rules, write,
};
use crate::{
    auth::{Admin, Caller, Owner, Tech},
    db::Reader,
    error::{Duplicate, Error, UnknownReference},
    http::{Answer, Body, Change, Done, Path, Precondition, Query, Reading},
    ids::AccountId,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(current, update))
        .routes(routes!(members, add_member))
        .routes(routes!(member, update_member, remove_member))
}

/// Read the org that the caller acts in.
#[utoipa::path(get, path = "/orgs/current", tag = "orgs", security(("bearer" = ["tech"])),
    responses((status = 200, body = Org)))]
async fn current(State(app): State<App>, caller: Caller<Tech>) -> Result<Answer, Error> {
    Answer::single(&read::get(&app.db, caller.org).await?)
}

/// Change the org that the caller acts in.
#[utoipa::path(patch, path = "/orgs/current", tag = "orgs", security(("bearer" = ["owner"])),
    request_body = OrgForm, responses((status = 200, body = Org)), extensions(("x-problems" = json!([Duplicate::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Owner>,
    precondition: Precondition,
    change: Change<OrgForm>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_no_key_update(&tx, caller.org).await?;
    precondition.check(&current)?;
    let new = change.onto(&current, &current.form())?;
    let org = write::update(&tx, current, new).await?;
    tx.commit_object(&org).await
}

/// List the members of the caller's org, highest role first, then by e-mail.
#[utoipa::path(get, path = "/orgs/members", tag = "orgs", security(("bearer" = ["tech"])), params(MemberQuery),
    responses((status = 200, body = Members)))]
async fn members(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MemberQuery>,
) -> Result<Response, Error> {
    let (org, plans) = (caller.org, caller.is_manager());
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move {
        let page = read::member_page(&db, org, query, plans).await?;
        Ok(page.within(None, "members"))
    };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Read a member of the caller's org.
#[utoipa::path(get, path = "/orgs/members/{account_id}", tag = "orgs", security(("bearer" = ["tech"])),
    params(("account_id" = AccountId, Path)), responses((status = 200, body = Member)))]
async fn member(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(account): Path<AccountId>,
) -> Result<Answer, Error> {
    Answer::single(&read::member(&app.db, caller.org, account, caller.is_manager()).await?)
}

/// Make someone a member of the caller's org.
///
/// The membership is pending, and opens nothing, until they take it up by the link in the answer, or by one that went to
/// their address.
#[utoipa::path(post, path = "/orgs/members", tag = "orgs", security(("bearer" = ["admin"])),
    request_body = NewMember, responses((status = 200, body = Added)),
    extensions(("x-problems" = json!([RankTooLow::CODE, Duplicate::CODE, UnknownReference::CODE]))))]
async fn add_member(
    State(app): State<App>,
    caller: Caller<Admin>,
    Body(new): Body<NewMember>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    write::lock_for_no_key_update(&tx, caller.org).await?;
    rules::may_grant(write::role_of(&tx, caller.org, caller.account).await?, new.role)?;
    let (member, link) = write::add_member(&tx, &app.random, caller.org, new).await?;
    let mut added = Added { member, password_url: None, membership_url: None };
    if let Some(link) = link {
        let url = if link.login_is_new { &mut added.password_url } else { &mut added.membership_url };
        *url = Some(app.config.password_url(&link.token).into());
    }
    tx.commit_value(&added).await
}

/// Change what a member may do, whether they may sign in here, or which person they are. It holds at once.
#[utoipa::path(patch, path = "/orgs/members/{account_id}", tag = "orgs", security(("bearer" = ["admin"])),
    params(("account_id" = AccountId, Path)), request_body = MemberForm, responses((status = 200, body = Member)),
    extensions(("x-problems" = json!([RankTooLow::CODE, Superior::CODE, LastOwner::CODE, Duplicate::CODE, UnknownReference::CODE]))))]
async fn update_member(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(account): Path<AccountId>,
    precondition: Precondition,
    change: Change<MemberForm>,
) -> Result<Answer, Error> {
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

/// End a membership. The account keeps its other orgs; the person stays.
#[utoipa::path(delete, path = "/orgs/members/{account_id}", tag = "orgs", security(("bearer" = ["admin"])),
    params(("account_id" = AccountId, Path)), responses((status = 200, body = Done)),
    extensions(("x-problems" = json!([Superior::CODE, LastOwner::CODE]))))]
async fn remove_member(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(account): Path<AccountId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let member = write::lock_member_for_no_key_update(&tx, caller.org, account).await?;
    rules::may_change(write::role_of(&tx, caller.org, caller.account).await?, member.role)?;
    precondition.check(&member)?;
    write::remove_member(&tx, caller.org, &member).await?;
    tx.commit_value(&Done::OK).await
}
