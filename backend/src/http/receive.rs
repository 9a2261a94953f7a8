//! Receiving a body: none that is refused anyway, and no more of all together than there is room for.

use super::{
    Admit, Completion,
    doors::Door,
    refusal::{Malformed, TooLarge},
};
use crate::{
    error::Error,
    fair::{Portion, Tenant},
};
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{header, request::Parts},
};
use http_body_util::BodyExt;
use std::time::Duration;

/// What bodies may take together, in bytes: those that are received and those that are worked on.
pub const ROOM: usize = 64 * 1024 * 1024;
/// And those of one org, or of everyone who is not signed in.
pub const ROOM_OF_ONE: usize = ROOM / 4;
/// A body of this size is no more than its connection takes anyway: it is read whoever sends it, and not counted.
const SMALL: usize = 4 * 1024;
/// Bytes that are received before others are served.
const AT_A_TIME: usize = 64 * 1024;
/// For so long, and so far, a body that was refused is read and thrown away: a connection that is closed before is reset, and
/// the client would not see its answer.
const FAREWELL: Duration = Duration::from_secs(5);
const MOST_THROWN_AWAY: usize = super::MAX_BULK_BODY;

/// A body, and what it was let in by.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    /// Whose it is; none for a small one of whoever.
    pub(super) tenant: Tenant,
    /// What it takes of the room; to be held for as long as the bytes are.
    pub(super) room: Option<Portion>,
}

/// Reads a body, or refuses to.
pub(super) async fn receive<A: Admit>(
    completion: &Completion<A>,
    door: Door,
    parts: &mut Parts,
    body: Body,
) -> Result<Received, Error> {
    let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    // One that does not say may become as large as it may.
    let promised = announced.unwrap_or(door.max_body);
    let let_in = match promised {
        _ if promised > door.max_body => Err(TooLarge { most: door.max_body }.into()),
        ..=SMALL => Ok((None, None)),
        _ => room(completion, door, parts, promised).await,
    };
    match let_in {
        Ok((tenant, mut room)) => {
            let bytes = read(body, announced.unwrap_or_default(), door.max_body).await?;
            if let Some(room) = &mut room {
                room.shrink_to(bytes.len());
            }
            Ok(Received { bytes, tenant, room })
        }
        Err(error) => {
            // Who asked whether to send it does not, unless it is read.
            if !parts.headers.contains_key(header::EXPECT) {
                tokio::spawn(tokio::time::timeout(FAREWELL, throw_away(body)));
            }
            Err(error)
        }
    }
}

/// Who may not send a body is told so before it is read, and takes no room from those who may.
async fn room<A: Admit>(
    completion: &Completion<A>,
    door: Door,
    parts: &mut Parts,
    promised: usize,
) -> Result<(Tenant, Option<Portion>), Error> {
    let tenant = match door.needs {
        Some(role) => Some(completion.gate.admit(parts, role).await?),
        None => None,
    };
    let room = completion.bodies.take(tenant, promised, completion.request_timeout / 4).await?;
    Ok((tenant, Some(room)))
}

async fn read(mut body: Body, announced: usize, most: usize) -> Result<Bytes, Error> {
    // Of one size from the beginning, because growing holds twice as much for a moment.
    let mut bytes = Vec::with_capacity(announced);
    let mut since_others = 0;
    while let Some(frame) = body.frame().await {
        let incomplete =
            |_| Error::from(Malformed { what: "the connection ended before the body was complete".into() });
        if let Ok(data) = frame.map_err(incomplete)?.into_data() {
            if bytes.len() + data.len() > most {
                return Err(TooLarge { most }.into());
            }
            bytes.extend_from_slice(&data);
            since_others += data.len();
        }
        // A large body that is there already would keep its thread for milliseconds.
        if since_others >= AT_A_TIME {
            since_others = 0;
            tokio::task::yield_now().await;
        }
    }
    Ok(bytes.into())
}

async fn throw_away(mut body: Body) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > MOST_THROWN_AWAY {
            break;
        }
    }
}
