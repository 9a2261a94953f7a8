//! Reading projects.

use super::{
    entity::project,
    model::{Project, ProjectQuery},
};
use crate::{
    db::{OfOrg, filter},
    error::{Error, NotFound},
    http::Page,
    ids::{OrgId, ProjectId},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: ProjectId) -> Result<Project, Error> {
    let found = project::Entity::find_by_id((org, id)).one(db).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// A page of projects, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: ProjectQuery,
) -> Result<Page<[Project]>, Error> {
    use project::Column;
    let mut select = project::Entity::of(org)
        .filter(filter::one_of(Column::Status, query.status.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    if let Some(question) = query.q {
        select = select.filter(filter::has_words(&[Column::NameSearch], &question));
    }
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.created_at, row.id), Project::from(row))).collect::<Vec<_>>())
        }
    })
    .await
}
