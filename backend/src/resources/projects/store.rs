//! Every query on projects.

use super::{
    model::{NewProject, Project, ProjectQuery},
    rules, table,
};
use crate::{
    db::{Tx, contains},
    error::Error,
    http::Page,
    ids::{OrgId, ProjectId},
    resources::audit,
    text,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{ExprTrait, LockType},
};

/// Creates a project.
///
/// # Errors
/// [`Error::Invalid`], or [`Error::Duplicate`] when the name is taken.
pub async fn create(tx: &Tx, org: OrgId, new: NewProject) -> Result<Project, Error> {
    let mistakes = rules::mistakes(&new);
    if !mistakes.is_empty() {
        return Err(Error::Invalid(mistakes));
    }
    let row = table::Model {
        org_id: org,
        id: tx.new_id(),
        name_key: text::name_key(&new.name),
        name_search: text::fold(&new.name),
        name: new.name.into(),
        status: new.status,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        note: new.note.map(Into::into),
        created_at: tx.now,
        updated_at: tx.now,
    };
    table::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    let project = Project::from(row);
    audit::Entry::of("project.create", project.id).after(&project).record(tx, org).await?;
    Ok(project)
}

/// One project.
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: ProjectId) -> Result<Project, Error> {
    let found = table::Entity::find_by_id((org, id)).one(db).await?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// Makes sure that a project exists and stays while a transaction refers to it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn lock(tx: &Tx, org: OrgId, id: ProjectId) -> Result<(), Error> {
    let found = table::Entity::find_by_id((org, id)).lock(LockType::KeyShare).one(tx).await?;
    found.map(|_| ()).ok_or(Error::NotFound)
}

/// A page of projects, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: ProjectQuery,
) -> Result<Page<Project>, Error> {
    use table::Column;
    let mut select = table::Entity::find().filter(Column::OrgId.eq(org));
    if !query.status.0.is_empty() {
        select = select.filter(Column::Status.is_in(query.status.0));
    }
    if let Some(part) = query.q {
        select = select.filter(Column::NameSearch.like(contains(&text::fold(&part))));
    }
    if let Some(cursor) = query.cursor {
        let (created_at, id) = cursor.0;
        let older = Condition::any()
            .add(Column::CreatedAt.lt(created_at))
            .add(Column::CreatedAt.eq(created_at).and(Column::Id.lt(id)));
        select = select.filter(older);
    }
    let rows = select
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(query.limit.with_lookahead())
        .all(db)
        .await?;
    Ok(Page::new(rows, query.limit, |row| (row.created_at, row.id)).map(Project::from))
}
