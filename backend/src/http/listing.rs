//! The answer of a list: JSON and where the next page is. It is made once, and so is each compressed form of it, for as
//! long as someone keeps it (`cache::Lists`).

use super::Page;
use crate::error::Error;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tower::{ServiceExt, service_fn};
use tower_http::compression::Compression;

/// Below that a compressed answer is hardly smaller.
const WORTH_COMPRESSING: usize = 1024;
/// Browsers send one of a few short headers; what others get is not kept.
const FORMS_KEPT: usize = 8;
const LONGEST_KEPT: usize = 64;

/// A list's answer. Clones share it.
#[derive(Debug, Clone)]
pub struct Listing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    body: Bytes,
    link: Option<HeaderValue>,
    forms: Mutex<Vec<Form>>,
}

/// How the answer looks to those who accept these encodings.
#[derive(Debug, Clone)]
struct Form {
    accepted: HeaderValue,
    encoding: Option<HeaderValue>,
    body: Bytes,
}

impl Listing {
    /// Of a page. `uri` is the one that the client sent: inside a nested router the request's own has lost its prefix.
    ///
    /// # Errors
    /// Only when an item cannot be JSON, which is a defect.
    pub fn of<T: Serialize>(page: &Page<T>, uri: &Uri) -> Result<Self, Error> {
        let body = serde_json::to_vec(page.items()).map_err(Error::internal)?;
        // Without the room that was left to grow, which may be as large again.
        Ok(Self::new(body.into_boxed_slice().into(), page.link(uri)))
    }

    fn new(body: Bytes, link: Option<HeaderValue>) -> Self {
        Self(Arc::new(Inner { body, link, forms: Mutex::default() }))
    }

    /// As bytes that [`Listing::from_stored`] reads: the length of the link, the link, the JSON.
    pub fn to_stored(&self) -> Vec<u8> {
        let link = self.0.link.as_ref().map_or(&[][..], HeaderValue::as_bytes);
        let length = u32::try_from(link.len()).unwrap_or(0).to_be_bytes();
        [&length, link, &*self.0.body].concat()
    }

    /// From [`Listing::to_stored`]; none when they are something else.
    pub fn from_stored(stored: Vec<u8>) -> Option<Self> {
        let stored = Bytes::from(stored);
        let length = usize::try_from(u32::from_be_bytes(*stored.first_chunk()?)).ok()?;
        let start = length.checked_add(4).filter(|start| *start <= stored.len())?;
        let link = match length {
            0 => None,
            _ => Some(HeaderValue::from_maybe_shared(stored.slice(4..start)).ok()?),
        };
        Some(Self::new(stored.slice(start..), link))
    }

    /// About how much memory it takes, in bytes.
    pub fn weight(&self) -> u64 {
        // The compressed forms come later, and are together about half as large as what they were made of.
        let bytes = self.0.body.len() * 3 / 2 + self.0.link.as_ref().map_or(0, HeaderValue::len);
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(512)
    }

    /// The same answer for those who accept these encodings: as they prefer it.
    async fn form_for(&self, accepted: HeaderValue) -> Form {
        if let Some(form) = self.forms().iter().find(|form| form.accepted == accepted) {
            return form.clone();
        }
        let mut form = compressed(self.0.body.clone(), &accepted).await;
        let mut forms = self.forms();
        // Others may have made it meanwhile, or asked for it in other words: its bytes are kept once.
        if let Some(same) = forms.iter().find(|kept| kept.encoding == form.encoding) {
            form.body = same.body.clone();
        }
        let new = forms.iter().all(|kept| kept.accepted != accepted);
        let worth_it = form.encoding.is_some() && accepted.len() <= LONGEST_KEPT;
        if new && worth_it && forms.len() < FORMS_KEPT {
            // A copy: the client's own value holds on to all that its connection had read.
            form.accepted = HeaderValue::from_bytes(accepted.as_bytes()).unwrap_or(accepted);
            forms.push(form.clone());
        }
        form
    }

    fn forms(&self) -> MutexGuard<'_, Vec<Form>> {
        // A panic elsewhere leaves nothing half-done in it.
        self.0.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IntoResponse for Listing {
    fn into_response(self) -> Response {
        let mut response = self.0.body.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(link) = &self.0.link {
            headers.insert(header::LINK, link.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: lists leave compressed for those who accept that.
pub async fn compress(request: Request, next: Next) -> Response {
    let accepted = accepted(request.headers());
    let mut response = next.run(request).await;
    let Some(listing) = response.extensions_mut().remove::<Listing>() else { return response };
    let Some(accepted) = accepted.filter(|_| listing.0.body.len() >= WORTH_COMPRESSING) else {
        return response;
    };
    let form = listing.form_for(accepted).await;
    if let Some(encoding) = form.encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
        response.headers_mut().insert(header::CONTENT_LENGTH, form.body.len().into());
        *response.body_mut() = form.body.into();
    }
    response
}

fn accepted(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut sent = headers.get_all(header::ACCEPT_ENCODING).iter();
    match (sent.next(), sent.next()) {
        (Some(one), None) => Some(one.clone()),
        // Nobody sends several; what is not compressed suits everyone.
        _ => None,
    }
}

async fn compressed(body: Bytes, accepted: &HeaderValue) -> Form {
    let plain = Form { accepted: accepted.clone(), encoding: None, body: body.clone() };
    let answer = service_fn(|_: Request| {
        let response = Response::new(Body::from(body.clone()));
        async { Ok::<_, Infallible>(response) }
    });
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT_ENCODING, accepted.clone());
    let Ok(response) = Compression::new(answer).oneshot(request).await;
    let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
    match to_bytes(Body::new(response.into_body()), usize::MAX).await {
        Ok(body) => Form { encoding, body, ..plain },
        // Compressing bytes that are all there does not fail; if it did, they would do as they are.
        Err(_) => plain,
    }
}
