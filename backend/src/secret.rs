//! The type of passwords and tokens, which must not get into logs.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;

/// A password or token. It dereferences to `&str`, but has no `Display`, and its `Debug` shows nothing, so that types which
/// contain one may derive `Debug`.
#[derive(Debug, Clone, Default)]
pub struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.expose_secret()
    }
}

/// For responses and claims that contain one on purpose.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

impl<E: DeserializeError> Deserr<E> for Secret {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        match value {
            Value::String(text) => Ok(text.into()),
            actual => {
                let kind = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] };
                Err(take_cf_content(E::error::<V>(None, kind, at)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_but_not_shown() {
        let secret = Secret::from("hush".to_owned());
        assert_eq!(&*secret, "hush");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("hush"));
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""hush""#);
    }
}
