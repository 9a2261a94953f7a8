//! Pages of lists: keyset pagination, stable while rows come and go.

use axum::http::{HeaderValue, Uri};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::openapi::{
    RefOr,
    schema::{ObjectBuilder, Schema, Type},
};

/// How many items a page has: 1 to 1000, 200 unless asked.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u64);

impl Limit {
    const MAX: u64 = 1000;

    /// For a page that is put together from several lists.
    #[must_use]
    pub fn and_one_more(self) -> Self {
        Self(self.0 + 1)
    }

    /// One more than the page holds: whether it comes tells whether there is a next page.
    pub fn with_lookahead(self) -> u64 {
        self.0 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(200)
    }
}

/// Where a page begins: behind the item whose sort key `K` it holds. Opaque to clients.
#[derive(Debug, Clone)]
pub struct Cursor<K>(pub K);

/// A list's page, in order.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// From the rows of a query that asked for [`Limit::with_lookahead`]; `key` gives an item's sort key.
    pub fn new<K: Serialize>(mut items: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> K) -> Self {
        let size = usize::try_from(limit.0).unwrap_or(usize::MAX);
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(|last| {
            let json = serde_json::to_vec(&key(last)).unwrap_or_default();
            URL_SAFE_NO_PAD.encode(json)
        });
        Self { items, next }
    }

    /// The same page of other items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }

    /// The same page of those items that still are there.
    pub fn filter_map<U>(self, convert: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page { items: self.items.into_iter().filter_map(convert).collect(), next: self.next }
    }

    /// The items alone.
    pub fn into_items(self) -> impl Iterator<Item = T> {
        self.items.into_iter()
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }
}

impl<T> Page<T> {
    /// Where the next page is, as `Link` says it. `uri` is the one that the client sent: inside a nested router the
    /// request's own has lost its prefix.
    pub(super) fn link(&self, uri: &Uri) -> Option<HeaderValue> {
        let next = self.next.as_ref()?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if name != "cursor" {
                query.append_pair(&name, &value);
            }
        }
        query.append_pair("cursor", next);
        HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
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
        read(value, at, |text| {
            let key = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| {
                // A text that no database takes would otherwise hide in the encoding.
                let json = serde_json::from_slice(&json).ok().filter(super::body::is_usable)?;
                serde_json::from_value(json).ok()
            });
            key.map(Self).ok_or_else(|| "must be a cursor from the Link header of this list".into())
        })
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
