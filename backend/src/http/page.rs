//! Keyset pagination, stable while rows are inserted and deleted. A page ends at its limit, or before it would exceed
//! [`MAX_PAGE_BYTES`]. Rows are read in parts that stay small even if rows are large.

use super::{MAX_URI_BYTES, refusal::UriTooLong};
use crate::{error::Error, fair::Tenant};
use axum::http::{HeaderValue, Uri};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::marker::PhantomData;
use utoipa::openapi::{
    RefOr,
    schema::{ObjectBuilder, Schema, Type},
};
use uuid::Uuid;

/// The query parameter that says where a page begins.
pub(super) const CURSOR: &str = "cursor";
/// Largest page, in bytes; a single item that is larger gets a page of its own.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Largest answer that is no page, in bytes.
pub const MAX_WHOLE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes reserved for what surrounds the array of items ([`Page::within`]).
const AROUND_THE_ITEMS: usize = 256;
/// Rows per query of a short page: the default limit, and one that tells whether another page follows.
const ROWS_AT_ONCE: u64 = 201;
/// Rows per query of a longer page. SQLite does not yield while it reads them, so other requests wait (`cargo xtask drill
/// noisy-neighbour`: their p99 is 2.6 to 3.1 ms with 101 rows, 2.4 to 2.6 with 51).
const ROWS_OF_A_PART: u64 = 51;

/// How many items a page has: 1 to 1000, 200 unless asked.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u64);

impl Limit {
    const MAX: u64 = 1000;

    /// How many, for what is no page.
    pub fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether such a page takes several queries, which need a snapshot.
    fn takes_parts(self) -> bool {
        self.0 >= ROWS_AT_ONCE
    }
}

/// How a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A short page by one query.
    Short,
    /// A short page by several queries in a snapshot.
    ShortInSnapshot,
    /// A long page, in parts, in a snapshot.
    Long,
    /// What is no page, in a snapshot.
    Whole,
}

impl Reading {
    /// For a list that needs one query per part of a page.
    pub fn of(limit: Limit) -> Self {
        if limit.takes_parts() { Self::Long } else { Self::Short }
    }

    /// The bytes that the largest answer takes.
    pub fn room(self) -> usize {
        match self {
            Self::Short | Self::ShortInSnapshot | Self::Long => MAX_PAGE_BYTES,
            Self::Whole => MAX_WHOLE_BYTES,
        }
    }

    /// For a list that needs several queries per part of a page.
    pub fn in_snapshot(limit: Limit) -> Self {
        if limit.takes_parts() { Self::Long } else { Self::ShortInSnapshot }
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(200)
    }
}

/// Where a page begins: after the item with the sort key `K`. Opaque to clients. Keys have a bounded size: instants, ids,
/// and truncated texts.
#[derive(Debug, Clone)]
pub struct Cursor<K>(pub K);

impl<K: Serialize> Cursor<K> {
    fn encode(&self) -> Result<String, Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).map_err(|error| Error::internal(error))?))
    }
}

impl<K: DeserializeOwned> Cursor<K> {
    fn decode(text: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(text).ok()?;
        // Base64 could hide what no database takes (NUL), so this is checked as a body is.
        let json = serde_json::from_slice(&json).ok().filter(super::body::is_usable)?;
        serde_json::from_value(json).ok().map(Self)
    }
}

/// The list that a cursor belongs to: an org's, at one path, with its filters and order. In another list the key would
/// point somewhere into the middle, and the client would take the rest for the whole.
#[derive(Debug)]
pub(super) struct ListScope(String);

impl ListScope {
    /// `uri` is the one that the client sent. `limit` is ignored: it may change from page to page.
    pub(super) fn of(tenant: Tenant, uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut filters: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name != CURSOR && name != "limit")
            .collect();
        // A client may rebuild the query in another order.
        filters.sort();
        let mut digest = Sha256::new();
        let org = tenant.map(|org| org.to_string());
        for part in [org.as_deref().unwrap_or_default(), uri.path()] {
            digest.update(part);
            digest.update([0]);
        }
        for (name, value) in &filters {
            for part in [name, value] {
                digest.update(part.as_bytes());
                digest.update([0]);
            }
        }
        // Against mistakes, not against forgery: a key is validated wherever it comes from.
        Self(URL_SAFE_NO_PAD.encode(&digest.finalize()[..9]))
    }

    fn mark(&self, key: &str) -> String {
        format!("{key}.{}", self.0)
    }

    /// The key in a cursor; `None` if the cursor belongs to another list.
    pub(super) fn key<'a>(&self, cursor: &'a str) -> Option<&'a str> {
        cursor.rsplit_once('.').and_then(|(key, mark)| (mark == self.0).then_some(key))
    }
}

/// Consecutive rows of a list, each with its sort key.
#[derive(Debug)]
pub struct Part<K, T> {
    rows: Vec<(K, T)>,
    cut: bool,
}

impl<K, T> Part<K, T> {
    /// Fewer rows than were asked for, because these are large; more may follow.
    pub fn cut(rows: Vec<(K, T)>) -> Self {
        Self { rows, cut: true }
    }
}

/// As many rows as were asked for, or all that are left.
impl<K, T> From<Vec<(K, T)>> for Part<K, T> {
    fn from(rows: Vec<(K, T)>) -> Self {
        Self { rows, cut: false }
    }
}

/// A serialised page that shows a `T`: an array (`[Mission]`), or an object whose member is one.
#[derive(Debug)]
pub struct Page<T: ?Sized> {
    pub(super) json: Vec<u8>,
    next: Option<String>,
    shows: PhantomData<fn(&T)>,
}

impl<T: Serialize> Page<[T]> {
    /// Fills a page with what `read` returns. It gets the sort key after which to begin and the number of rows, and is
    /// called again while there is room.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn fill<K, P, R>(
        limit: Limit,
        cursor: Option<Cursor<K>>,
        read: impl Fn(Option<K>, u64) -> R,
    ) -> Result<Self, Error>
    where
        K: Serialize + Clone,
        P: Into<Part<K, T>>,
        R: Future<Output = Result<P, Error>>,
    {
        let mut items = Items::new();
        let mut last = cursor.map(|cursor| cursor.0);
        let at_once = if limit.takes_parts() { ROWS_OF_A_PART } else { ROWS_AT_ONCE };
        loop {
            let asked = (limit.0 - items.count + 1).min(at_once);
            let Part { rows, cut } = read(last.clone(), asked).await?.into();
            let more = cut || u64::try_from(rows.len()).unwrap_or(u64::MAX) >= asked;
            for (key, item) in rows {
                if items.count == limit.0 || !items.take(&item)? {
                    let next = last.map(|key| Cursor(key).encode()).transpose()?;
                    return Ok(Self { json: items.close(), next, shows: PhantomData });
                }
                last = Some(key);
            }
            if !more {
                return Ok(Self { json: items.close(), next: None, shows: PhantomData });
            }
        }
    }

    /// Wraps the array as the member `name` of an object, after an optional id: the shape that the first clients expect.
    #[must_use]
    pub fn within<O>(self, id: Option<(&'static str, Uuid)>, name: &'static str) -> Page<O> {
        let other = id.map_or(String::new(), |(name, id)| format!("\"{name}\":\"{id}\","));
        let json = [format!("{{{other}\"{name}\":").as_bytes(), &self.json, b"}"].concat();
        Page { json, next: self.next, shows: PhantomData }
    }
}

impl<T: Serialize> Page<T> {
    /// All in one; `None` for what is larger than `MAX_WHOLE_BYTES`.
    ///
    /// # Errors
    /// When it cannot be serialised, which is a defect.
    pub fn whole(value: &T) -> Result<Option<Self>, Error> {
        let json = serde_json::to_vec(value).map_err(|error| Error::internal(error))?;
        Ok((json.len() <= MAX_WHOLE_BYTES).then_some(Self { json, next: None, shows: PhantomData }))
    }
}

impl<T: ?Sized> Page<T> {
    /// The `Link` header to the next page. `uri` is the one that the client sent: inside a nested router the request's own
    /// has lost its prefix.
    ///
    /// # Errors
    /// [`UriTooLong`] when the filters leave no room for a cursor: the link would be refused when followed.
    pub(super) fn link(&self, tenant: Tenant, uri: &Uri) -> Result<Option<HeaderValue>, Error> {
        let Some(next) = &self.next else { return Ok(None) };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if name != CURSOR {
                query.append_pair(&name, &value);
            }
        }
        query.append_pair(CURSOR, &ListScope::of(tenant, uri).mark(next));
        let target = format!("{}?{}", uri.path(), query.finish());
        if target.len() > MAX_URI_BYTES {
            return Err(UriTooLong.into());
        }
        HeaderValue::from_str(&format!("<{target}>; rel=\"next\""))
            .map(Some)
            .map_err(|error| Error::internal(error))
    }
}

/// A JSON array being written.
struct Items {
    json: Vec<u8>,
    count: u64,
}

impl Items {
    fn new() -> Self {
        Self { json: b"[".to_vec(), count: 0 }
    }

    /// Appends an item; false when it does not fit. The first always fits, or the list could not go on.
    fn take(&mut self, item: &impl Serialize) -> Result<bool, Error> {
        let before = self.json.len();
        if self.count > 0 {
            self.json.push(b',');
        }
        serde_json::to_writer(&mut self.json, item).map_err(|error| Error::internal(error))?;
        if self.count > 0 && self.json.len() > MAX_PAGE_BYTES - AROUND_THE_ITEMS {
            self.json.truncate(before);
            return Ok(false);
        }
        self.count += 1;
        Ok(true)
    }

    fn close(mut self) -> Vec<u8> {
        self.json.push(b']');
        self.json
    }
}

impl<E: DeserializeError> Deserr<E> for Limit {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        read(value, at, |text| {
            let limit = text.parse::<u64>().ok().filter(|limit| (1..=Self::MAX).contains(limit));
            limit.map(Self).ok_or_else(|| format!("must be a whole number from 1 to {}", Self::MAX))
        })
    }
}

impl<E: DeserializeError, K: DeserializeOwned> Deserr<E> for Cursor<K> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        read(value, at, |text| Self::decode(text).ok_or_else(|| "must be a cursor of this list".into()))
    }
}

fn read<T, V: IntoValue, E: DeserializeError>(
    value: Value<V>,
    at: ValuePointerRef,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, E> {
    let kind = match value {
        Value::String(text) => match parse(&text) {
            Ok(value) => return Ok(value),
            Err(msg) => ErrorKind::Unexpected { msg },
        },
        actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
    };
    Err(take_cf_content(E::error::<V>(None, kind, at)))
}

impl utoipa::PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MAX))
            .default(Some(200.into()))
            .into()
    }
}

impl utoipa::ToSchema for Limit {}

impl<K> utoipa::PartialSchema for Cursor<K> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("From the Link header of the page before."))
            .into()
    }
}

impl<K> utoipa::ToSchema for Cursor<K> {}
