//! Routes of calendar feeds and their keys.

use super::{
    answer::CalendarFile,
    entries, missions,
    model::{CalendarKey, FeedQuery},
    read, write,
};
use crate::{
    auth::{Caller, Feed, FeedKey, Tech, Tokens},
    config::Config,
    db::Reader,
    error::{Error, NotFound},
    http::{Answer, Done, Path, Precondition, Query, operations},
    ids::{OrgId, ProjectId, UserId},
    resources::{
        orgs, projects,
        users::{self, UserInactive, sight},
    },
    secret::Secret,
    state::App,
};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(operations!(user_feed))
        .routes(operations!(user_key, user_key_end))
        .routes(operations!(project_feed))
        .routes(operations!(project_key, project_key_end))
}

/// Where the feed of a user is, with its key: for them, or where only they read it.
pub fn user_address(config: &Config, tokens: &Tokens, org: OrgId, user: UserId, version: i32) -> Secret {
    shown(config, ("users", &user), tokens.feed_key(org, Feed::User(user), version)).url
}

fn shown(config: &Config, (of, id): (&str, &dyn std::fmt::Display), key: Secret) -> CalendarKey {
    let url = format!("{}/api/v1/{of}/{id}/calendar.ics?key={}", config.public_url, &*key);
    CalendarKey { key, url: url.into() }
}

/// Subscribe to a user's missions.
///
/// Needs no session: the key is enough. In iCalendar format, for calendar programs: what the user is invited to
/// (`TENTATIVE`) and has accepted (`CONFIRMED`), from 90 days ago on; at most 5000, the next ones first, notes up to
/// 1000 characters. 404 for a wrong or ended key, and while the user is deactivated.
#[utoipa::path(get, operation_id = "calendar_feed", path = "/users/{id}/calendar.ics", tag = "users")]
async fn user_feed(
    State(app): State<App>,
    Path(id): Path<UserId>,
    Query(query): Query<FeedQuery>,
) -> Result<CalendarFile, Error> {
    let key = query.key.ok_or(NotFound)?;
    let org = Tokens::read_feed_key(&key).ok_or(NotFound)?.org;
    let feed = read::user_feed(&app.db, org, (&app.tokens, &key), id).await?.ok_or(NotFound)?;
    let (now, contact, locale) = (app.db.clock().now(), orgs::contact(&feed.org), feed.locale);
    let read = move |db: Reader| async move {
        let entries = entries::of_user(&db, org, id, now).await?;
        Ok(entries.iter().map(|entry| entry.event(locale, &contact, None)).collect())
    };
    CalendarFile::render(&app, org, feed.name, read).await
}

/// Show the key of a user's calendar feed.
///
/// One's own, or anyone's as a manager or above; else 404. The same key each time, until it is ended; who was shown it
/// is in the audit log. 409 `user_inactive` for a deactivated user, whose feed is closed.
#[utoipa::path(post, operation_id = "calendar_key", path = "/users/{id}/calendar_key", tag = "users", extensions(("x-problems" = json!([UserInactive::CODE]))))]
async fn user_key(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
    precondition: Precondition,
) -> Result<Answer<CalendarKey>, Error> {
    caller.require_personal_access(id)?;
    let tx = app.write(&caller).await?;
    precondition.check_read(users::get(&*tx, caller.org, id, sight(&caller))).await?;
    let version = write::show_user_key(&tx, caller.org, id).await?;
    let key = app.tokens.feed_key(caller.org, Feed::User(id), version);
    tx.commit_value(&shown(&app.config, ("users", &id), key)).await
}

/// End the key of a user's calendar feed.
///
/// One's own, or anyone's as a manager or above; else 404. Whoever subscribed with it gets 404 from now on; the next
/// key is another one.
#[utoipa::path(delete, operation_id = "calendar_key_end", path = "/users/{id}/calendar_key", tag = "users")]
async fn user_key_end(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<UserId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    caller.require_personal_access(id)?;
    let tx = app.write(&caller).await?;
    precondition.check_read(users::get(&*tx, caller.org, id, sight(&caller))).await?;
    write::end_user_key(&tx, caller.org, id).await?;
    tx.commit_value(&Done::OK).await
}

/// Subscribe to a project's missions.
///
/// Needs no session: the key is enough. In iCalendar format, for calendar programs: the missions that are not
/// cancelled, from 90 days ago on, with how many people their roles have and need, and nobody's name; at most 5000,
/// the next ones first. 404 for a wrong or ended key, and when the membership that it belongs to is over or
/// deactivated.
#[utoipa::path(get, operation_id = "calendar_feed", path = "/projects/{id}/calendar.ics", tag = "projects")]
async fn project_feed(
    State(app): State<App>,
    Path(id): Path<ProjectId>,
    Query(query): Query<FeedQuery>,
) -> Result<CalendarFile, Error> {
    let key = query.key.ok_or(NotFound)?;
    let FeedKey { org, membership } = Tokens::read_feed_key(&key).ok_or(NotFound)?;
    let holder = (org, membership.ok_or(NotFound)?);
    let feed = read::project_feed(&app.db, holder, (&app.tokens, &key), id).await?.ok_or(NotFound)?;
    let (now, locale) = (app.db.clock().now(), feed.locale);
    let read = move |db: Reader| async move {
        let missions = missions::of_project(&db, org, id, now).await?;
        Ok(missions.iter().map(|mission| mission.event(locale)).collect())
    };
    CalendarFile::render(&app, org, feed.name, read).await
}

/// Show one's key of a project's calendar feed.
///
/// Every member has their own, the same each time until it is ended. It works as long as their membership does.
#[utoipa::path(post, operation_id = "calendar_key", path = "/projects/{id}/calendar_key", tag = "projects")]
async fn project_key(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
) -> Result<Answer<CalendarKey>, Error> {
    let tx = app.write(&caller).await?;
    precondition.check(&projects::get(&*tx, caller.org, id).await?)?;
    let (feed, version) = write::show_project_key(&tx, caller.org, caller.account, id).await?;
    let key = app.tokens.feed_key(caller.org, feed, version);
    tx.commit_value(&shown(&app.config, ("projects", &id), key)).await
}

/// End one's keys of calendar feeds of projects.
///
/// Ends the caller's keys of all projects, not of this one alone; other members keep theirs. The next keys are others.
#[utoipa::path(
    delete,
    operation_id = "calendar_key_end",
    path = "/projects/{id}/calendar_key",
    tag = "projects"
)]
async fn project_key_end(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<ProjectId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    precondition.check(&projects::get(&*tx, caller.org, id).await?)?;
    write::end_member_keys(&tx, caller.org, caller.account).await?;
    tx.commit_value(&Done::OK).await
}
