//! The response of a list: JSON and a link to the next page. It is built once, and so is each compressed form, for as long
//! as it is cached (`cache::Lists`). Large ones are compressed by the workers.

use super::{Describe, Description, Page, RequestInfo, Shape};
use crate::{
    error::Error,
    fair::{Portion, Tenant},
    workers::Workers,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    convert::Infallible,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;
use tower::{ServiceExt, service_fn};
use tower_http::{CompressionLevel, compression::Compression};

/// Below this size in bytes, compressing saves little.
const WORTH_COMPRESSING: usize = 1024;
/// Up to this size in bytes, it is compressed on the request's own thread, in a fraction of a millisecond.
const COMPRESSED_AT_ONCE: usize = 16 * 1024;

/// A list's answer. Clones share it.
#[derive(Debug, Clone)]
pub struct Listing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    body: Bytes,
    link: Option<HeaderValue>,
    /// By encoding, of which there are three.
    forms: Mutex<Vec<(HeaderValue, Form)>>,
}

/// A compressed form; requests that come while it is made wait for it.
type Form = Arc<OnceCell<Bytes>>;

impl Listing {
    /// From a page. `uri` is the one that the client sent: inside a nested router the request's own has lost its prefix.
    ///
    /// # Errors
    /// [`UriTooLong`](super::UriTooLong) when the next page's URI would be.
    pub fn of<T: ?Sized>(page: Page<T>, tenant: Tenant, uri: &Uri) -> Result<Self, Error> {
        let link = page.link(tenant, uri)?;
        // Without spare capacity, which may be as large again.
        Ok(Self::new(page.json.into_boxed_slice().into(), link))
    }

    fn new(body: Bytes, link: Option<HeaderValue>) -> Self {
        Self(Arc::new(Inner { body, link, forms: Mutex::default() }))
    }

    /// The bytes that [`Listing::from_stored`] reads: the length of the link, the link, the JSON.
    pub fn to_stored(&self) -> Vec<u8> {
        let link = self.0.link.as_ref().map_or(&[][..], HeaderValue::as_bytes);
        let length = u32::try_from(link.len()).unwrap_or(0).to_be_bytes();
        [&length, link, &*self.0.body].concat()
    }

    /// From [`Listing::to_stored`]; `None` when the bytes are something else.
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

    /// Approximate memory, in bytes.
    pub fn weight(&self) -> u64 {
        // Compressed forms come later, and are together about half as large as the body.
        let bytes = self.0.body.len() * 3 / 2 + self.0.link.as_ref().map_or(0, HeaderValue::len);
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(512)
    }

    /// The body in this encoding, which `make` compresses the first time.
    async fn form<F: Future<Output = Result<Bytes, Error>>>(
        &self,
        encoding: &HeaderValue,
        make: impl FnOnce(Bytes) -> F,
    ) -> Result<Bytes, Error> {
        let form = self.place_of(encoding);
        Ok(form.get_or_try_init(|| make(self.0.body.clone())).await?.clone())
    }

    fn place_of(&self, encoding: &HeaderValue) -> Form {
        // A panic cannot leave it half-changed.
        let mut forms = self.0.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, form)) = forms.iter().find(|(kept, _)| kept == encoding) {
            return Arc::clone(form);
        }
        let form = Form::default();
        forms.push((encoding.clone(), Arc::clone(&form)));
        form
    }
}

/// The room that a response takes until it is sent. Clones share it; [`compress`] takes it.
#[derive(Clone)]
struct Unsent(Arc<Mutex<Option<Portion>>>);

impl Unsent {
    fn take(&self) -> Option<Portion> {
        // A panic cannot leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Bytes that hold their room until the last reference is dropped: the connection releases them piece by piece as it sends,
/// but drops them at the end.
struct Held {
    bytes: Bytes,
    _room: Portion,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A body that holds `room` until it is sent.
pub fn held(bytes: Bytes, room: Option<Portion>) -> Body {
    match room {
        Some(mut room) => {
            room.shrink_to(bytes.len());
            Bytes::from_owner(Held { bytes, _room: room }).into()
        }
        None => bytes.into(),
    }
}

impl Listing {
    pub fn size(&self) -> usize {
        self.0.body.len()
    }

    /// The response. It holds `room`, if there is any, until it is sent.
    pub fn respond(self, room: Option<Portion>) -> Response {
        let mut response = self.0.body.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(link) = &self.0.link {
            headers.insert(header::LINK, link.clone());
        }
        response.extensions_mut().insert(self);
        if let Some(room) = room {
            response.extensions_mut().insert(Unsent(Arc::new(Mutex::new(Some(room)))));
        }
        response
    }
}

/// The response of a list that shows a `T`, as [`Page`] does.
#[derive(Debug)]
pub struct Listed<T: ?Sized>(Response, PhantomData<fn(&T)>);

impl<T: ?Sized> Listed<T> {
    pub fn new(response: Response) -> Self {
        Self(response, PhantomData)
    }
}

impl<T: ?Sized> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<T: Shape + ?Sized> Describe for Listed<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>();
        operation.response_header(
            "200",
            "Link",
            "Where the next page is, with `rel=\"next\"`; absent on the last one.",
        );
    }
}

/// The response of what is cached as a list is, and has a weak `ETag`.
#[derive(Debug)]
pub struct Kept<T>(Response, PhantomData<fn(&T)>);

impl<T> Kept<T> {
    pub fn new(response: Response) -> Self {
        Self(response, PhantomData)
    }
}

impl<T> IntoResponse for Kept<T> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<T: Shape> Describe for Kept<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>();
        operation.carries_tag();
    }
}

/// Middleware: compresses lists for clients that accept it.
pub async fn compress(State(workers): State<Workers>, request: Request, next: Next) -> Response {
    let (accepted, info) = (accepted(request.headers()), RequestInfo::of(request.extensions()));
    let mut response = next.run(request).await;
    let Some(listing) = response.extensions_mut().remove::<Listing>() else { return response };
    let room = response.extensions_mut().remove::<Unsent>().and_then(|room| room.take());
    let size = listing.size();
    let encoding = match accepted.filter(|_| size >= WORTH_COMPRESSING) {
        Some(accepted) => preferred(accepted).await,
        None => None,
    };
    let Some(encoding) = encoding else {
        if room.is_some() {
            *response.body_mut() = held(listing.0.body.clone(), room);
        }
        return response;
    };
    let lane = info.lane(&workers, size > COMPRESSED_AT_ONCE);
    let make = |body| lane.run(compressed(body, encoding.clone()));
    match listing.form(&encoding, make).await {
        Ok(body) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
            response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
            *response.body_mut() = held(body, room);
            response
        }
        Err(error) => error.into_response(),
    }
}

fn accepted(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut sent = headers.get_all(header::ACCEPT_ENCODING).iter();
    match (sent.next(), sent.next()) {
        (Some(one), None) => Some(one.clone()),
        // No client is known to send several; uncompressed is always acceptable.
        _ => None,
    }
}

/// The encoding that this `Accept-Encoding` prefers, of those that we have; `None` for uncompressed.
async fn preferred(accepted: HeaderValue) -> Option<HeaderValue> {
    let sample = Bytes::from_static(&[b' '; WORTH_COMPRESSING]);
    // Compression happens while the body is read, and this one is not read.
    encoded(sample, accepted).await.headers_mut().remove(header::CONTENT_ENCODING)
}

async fn compressed(body: Bytes, encoding: HeaderValue) -> Bytes {
    let answer = encoded(body.clone(), encoding).await;
    // Compressing bytes in memory does not fail.
    to_bytes(Body::new(answer.into_body()), usize::MAX).await.unwrap_or(body)
}

async fn encoded(
    body: Bytes,
    accepted: HeaderValue,
) -> Response<impl axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static> {
    let answer = service_fn(move |_: Request| {
        let response = Response::new(Body::from(body.clone()));
        async { Ok::<_, Infallible>(response) }
    });
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT_ENCODING, accepted);
    let Ok(response) = Compression::new(answer).quality(CompressionLevel::Fastest).oneshot(request).await;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_form_is_made_once_also_for_those_who_ask_meanwhile() {
        let listing = Listing::new(Bytes::from(vec![b' '; 4096]), None);
        let (made, ready) = (Cell::new(0), tokio::sync::Semaphore::new(0));
        let ask = async |encoding| {
            let encoding = HeaderValue::from_static(encoding);
            let make = async |body| {
                made.set(made.get() + 1);
                let _ = ready.acquire().await;
                Ok(compressed(body, encoding.clone()).await)
            };
            listing.form(&encoding, make).await.unwrap()
        };
        let begin = async {
            tokio::task::yield_now().await;
            ready.add_permits(1);
        };
        let (first, second, other, ()) = tokio::join!(ask("br"), ask("br"), ask("gzip"), begin);
        assert_eq!((made.get(), &first), (2, &second));
        assert_ne!(first, other);
        assert_eq!((ask("br").await, made.get()), (first, 2));
    }

    #[tokio::test]
    async fn what_a_client_prefers_is_what_it_gets() {
        for (accepted, encoding) in [
            ("br", Some("br")),
            ("gzip, br;q=0.5", Some("gzip")),
            ("zstd, gzip;q=0", Some("zstd")),
            ("gzip;q=0, identity", None),
            ("compress", None),
        ] {
            let preferred = preferred(HeaderValue::from_static(accepted)).await;
            assert_eq!(
                preferred.as_ref().map(HeaderValue::as_bytes),
                encoding.map(str::as_bytes),
                "{accepted}"
            );
        }
    }
}
