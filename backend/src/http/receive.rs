//! Receiving bodies: none that is refused anyway, and a limited number of bytes at a time.

use super::{
    Admit, Completion,
    refusal::{Malformed, TooLarge},
    requirements::Requirements,
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

/// Bytes that all bodies may take together, being received or processed.
pub const MAX_BODIES_BYTES: usize = 64 * 1024 * 1024;
/// Bytes that the bodies of one org may take, or those of all clients that are not signed in.
pub const MAX_TENANT_BODIES_BYTES: usize = MAX_BODIES_BYTES / 4;
/// Bodies up to this size in bytes are not counted, and read before the client is known: the connection takes as much
/// anyway.
const SMALL: usize = 4 * 1024;
/// Bytes received before other tasks get a turn.
const AT_A_TIME: usize = 64 * 1024;
/// A refused body is read and discarded for this long, up to [`MAX_DISCARDED_BYTES`] bytes: closing the connection earlier
/// resets it, and the client would not see the response.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DISCARDED_BYTES: usize = super::MAX_BULK_BODY;

/// A body, and what admitted it.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    /// `None` also for a small body, whose client was not checked.
    pub(super) tenant: Tenant,
    /// Its portion of [`MAX_BODIES_BYTES`]; to be held for as long as the bytes are.
    pub(super) room: Option<Portion>,
}

/// Reads a body, or refuses it.
pub(super) async fn receive<A: Admit>(
    completion: &Completion<A>,
    requirements: Requirements,
    parts: &mut Parts,
    body: Body,
) -> Result<Received, Error> {
    let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    // Without a Content-Length it may become as large as the route allows.
    let promised = announced.unwrap_or(requirements.max_body);
    let let_in = match promised {
        _ if promised > requirements.max_body => Err(TooLarge { most: requirements.max_body }.into()),
        ..=SMALL => Ok((None, None)),
        _ => room(completion, requirements, parts, promised).await,
    };
    match let_in {
        Ok((tenant, mut room)) => {
            let bytes = read(body, announced.unwrap_or_default(), requirements.max_body).await?;
            if let Some(room) = &mut room {
                room.shrink_to(bytes.len());
            }
            Ok(Received { bytes, tenant, room })
        }
        Err(error) => {
            // A client that sent `Expect: 100-continue` sends no body unless it is read.
            if !parts.headers.contains_key(header::EXPECT) {
                tokio::spawn(tokio::time::timeout(DISCARD_TIMEOUT, discard(body)));
            }
            Err(error)
        }
    }
}

/// Refuses a caller without the role before the body is read; only then reserves room.
async fn room<A: Admit>(
    completion: &Completion<A>,
    requirements: Requirements,
    parts: &mut Parts,
    promised: usize,
) -> Result<(Tenant, Option<Portion>), Error> {
    let tenant = match requirements.needs {
        Some(role) => Some(completion.gate.admit(parts, role).await?),
        None => None,
    };
    let room = completion.bodies.take(tenant, promised, completion.request_timeout / 4).await?;
    Ok((tenant, Some(room)))
}

async fn read(mut body: Body, announced: usize, most: usize) -> Result<Bytes, Error> {
    // Allocated at full size, because growing holds twice as much for a moment.
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
        // A large body that is already buffered would keep its thread for milliseconds.
        if since_others >= AT_A_TIME {
            since_others = 0;
            tokio::task::yield_now().await;
        }
    }
    Ok(bytes.into())
}

async fn discard(mut body: Body) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > MAX_DISCARDED_BYTES {
            break;
        }
    }
}
