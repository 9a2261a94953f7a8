//! What the holder of an unsubscribe link may do.

use super::{model::OwnMemberForm, write};
use crate::{
    auth::{UnsubscribeClaims, entity::Notify},
    db::Actor,
    error::{Error, NotFound},
    http::RequestInfo,
    state::App,
};

/// Mails the member of the link nothing any more. Once more, or after they have left, it changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn unsubscribe(app: &App, request: &RequestInfo, claims: &UnsubscribeClaims) -> Result<(), Error> {
    let origin = request.origin(Actor::Account(claims.account));
    let tx = app.write_for(claims.org, origin, request).await?;
    let member = match write::lock_member_for_no_key_update(&tx, claims.org, claims.account).await {
        Err(error) if error.is::<NotFound>() => return Ok(()),
        found => found?,
    };
    let new = OwnMemberForm { notify: Notify::None }.onto(&member);
    let member = write::update_member(&tx, claims.org, member, new).await?;
    tx.commit_value(&member).await?;
    Ok(())
}
