//! Writing projects.

use super::{
    entity::project,
    event::ProjectEvent,
    model::{NewProject, Project, ProjectStatus},
    read::get,
    refusal::{ProjectArchived, ProjectNotEmpty},
    rules,
};
use crate::{
    db::{Constraint, OfOrg, OrRefusal, Tx, is_referenced},
    error::{Duplicate, Error, NotFound},
    ids::{OrgId, ProjectId},
    search,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryIntoModel,
    sea_query::LockType,
};
use std::collections::HashSet;

/// A project's name is unique within its org.
const NAME: Constraint = Constraint::unique("projects_name", "projects.org_id, projects.name_key");

fn meaning_of(error: &DbErr) -> Option<Error> {
    let detail = "A project of this name exists already; choose another name.";
    NAME.meaning(error, || Duplicate { pointer: "/name", detail })
}

/// # Errors
/// [`Error::Invalid`], or [`Duplicate`] when the name is taken.
pub async fn create(tx: &Tx, org: OrgId, new: NewProject) -> Result<Project, Error> {
    rules::check(&new)?;
    let (org_id, id, created_at) = (Set(org), Set(tx.new_id()), Set(tx.now));
    let row = project::ActiveModel { org_id, id, created_at, ..columns(new, tx.now) };
    project::Entity::insert(row.clone()).exec_without_returning(tx).await.or_refusal(meaning_of)?;
    let project = Project::from(row.try_into_model()?);
    tx.record(org, &ProjectEvent::Created { after: &project }).await?;
    Ok(project)
}

/// The columns that a form sets; a member that is missing here does not compile.
fn columns(new: NewProject, now: Timestamp) -> project::ActiveModel {
    let NewProject { name, status, starts_at, ends_at, note } = new;
    project::ActiveModel {
        name_key: Set(name.key()),
        name_search: Set(search::stored([&*name])),
        name: Set(name.into()),
        status: Set(status),
        starts_at: Set(starts_at),
        ends_at: Set(ends_at),
        note: Set(note.map(Into::into)),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Locks the project (`FOR UPDATE`): no other transaction changes it or adds a mission to it until this one ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_update(tx: &Tx, org: OrgId, id: ProjectId) -> Result<Project, Error> {
    let found = project::Entity::find_by_id((org, id)).lock(LockType::Update).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Updates a locked project; an unchanged one is not written.
///
/// # Errors
/// [`Error::Invalid`], or [`Duplicate`] when the name is taken.
pub async fn update(tx: &Tx, org: OrgId, before: Project, new: NewProject) -> Result<Project, Error> {
    use project::Column;
    rules::check(&new)?;
    if new == before.form() {
        return Ok(before);
    }
    project::Entity::update_of(org)
        .set(columns(new, tx.now))
        .filter(Column::Id.eq(before.id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    let after = get(tx, org, before.id).await?;
    tx.record(org, &ProjectEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Deletes a locked project.
///
/// # Errors
/// [`ProjectNotEmpty`] while it has missions.
pub async fn delete(tx: &Tx, org: OrgId, project: &Project) -> Result<(), Error> {
    if is_referenced(tx, ("missions", "project_id"), org, project.id).await? {
        return Err(ProjectNotEmpty.into());
    }
    project::Entity::delete_by_id((org, project.id)).exec(tx).await?;
    tx.record(org, &ProjectEvent::Deleted { before: project }).await
}

/// Locks the project (`FOR SHARE`): it is neither archived nor deleted before the transaction ends. A transaction that also
/// locks existing missions locks those first.
///
/// # Errors
/// [`NotFound`], or [`ProjectArchived`].
pub async fn lock_for_share(tx: &Tx, org: OrgId, id: ProjectId) -> Result<(), Error> {
    let found = project::Entity::find_by_id((org, id)).lock(LockType::Share).one(tx).await?;
    match found.ok_or(NotFound)?.status {
        ProjectStatus::Archived => Err(ProjectArchived.into()),
        ProjectStatus::Draft | ProjectStatus::Active => Ok(()),
    }
}

/// Locks projects (`FOR SHARE`) in one statement, by id; returns the archived ones.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_for_share(
    tx: &Tx,
    org: OrgId,
    ids: HashSet<ProjectId>,
) -> Result<HashSet<ProjectId>, Error> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let rows = project::Entity::of(org)
        .filter(project::Column::Id.is_in(ids))
        .order_by_asc(project::Column::Id)
        .lock(LockType::Share)
        .all(tx)
        .await?;
    let archived = rows.into_iter().filter(|row| row.status == ProjectStatus::Archived);
    Ok(archived.map(|row| row.id).collect())
}
