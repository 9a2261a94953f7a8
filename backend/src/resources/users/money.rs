//! Amounts: JSON numbers outside, integer cents inside, never a float in between.

use crate::text::Label;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::{Deserialize, Serialize, Serializer};
use std::{collections::BTreeMap, ops::ControlFlow};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
    },
};

/// An amount of EUR in cents: 0 to 1 000 000.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Cents(i64);

const MAX_EUR: f64 = 1_000_000.0;

impl Cents {
    /// From a JSON number: at most two decimals. A double holds every such amount closely enough that its shortest
    /// decimal form is the one that was sent.
    fn from_number(amount: f64) -> Result<Self, String> {
        if !(0.0..=MAX_EUR).contains(&amount) {
            return Err("must be an amount in EUR from 0 to 1000000".into());
        }
        let shortest = amount.to_string();
        let (whole, decimals) = shortest.split_once('.').unwrap_or((&shortest, ""));
        if decimals.len() > 2 {
            return Err("must have at most 2 decimals".into());
        }
        let cents =
            format!("{whole}{decimals:0<2}").parse().map_err(|_| "must be an amount in EUR".to_owned())?;
        Ok(Self(cents))
    }
}

/// As in a query: digits, and after a point at most two more.
impl std::str::FromStr for Cents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match text.parse() {
            Ok(amount) if plain => Self::from_number(amount),
            _ => Err("must be an amount in EUR, like 250 or 250.50".into()),
        }
    }
}

/// As a number of EUR: `250`, `250.5`.
impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            serializer.serialize_i64(self.0 / 100)
        } else {
            #[allow(clippy::cast_precision_loss, reason = "at most 10^8: a double holds it exactly")]
            serializer.serialize_f64(self.0 as f64 / 100.0)
        }
    }
}

impl<E: DeserializeError> Deserr<E> for Cents {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        #[allow(clippy::cast_precision_loss, reason = "beyond 2^53 it is refused as too large anyway")]
        let amount = match value {
            Value::Integer(number) => Ok(number as f64),
            Value::NegativeInteger(number) => Ok(number as f64),
            Value::Float(number) => Ok(number),
            actual => Err(ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Float] }),
        };
        let kind = match amount.map(Self::from_number) {
            Ok(Ok(cents)) => return Ok(cents),
            Ok(Err(msg)) => ErrorKind::Unexpected { msg },
            Err(kind) => kind,
        };
        Err(take_cf_content(E::error::<V>(None, kind, at)))
    }
}

impl PartialSchema for Cents {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(0))
            .maximum(Some(1_000_000))
            .description(Some("EUR, at most 2 decimals."))
            .examples([250.5])
            .into()
    }
}

impl ToSchema for Cents {}

/// What a person is paid: a label (`jour`, `heure`) and its amount. At most 50 labels of 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateProfile(BTreeMap<String, Cents>);

const MAX_LABELS: usize = 50;

impl RateProfile {
    /// A daily rate alone, under the label of the first clients.
    pub fn daily(amount: Cents) -> Self {
        Self([("jour".to_owned(), amount)].into())
    }

    /// As it is stored: label to cents.
    pub fn to_stored(&self) -> serde_json::Value {
        self.0.iter().map(|(label, cents)| (label.clone(), serde_json::Value::from(cents.0))).collect()
    }

    /// From what was stored; anything else than amounts in cents was not written by this program.
    ///
    /// # Errors
    /// When the stored JSON has another form.
    pub fn from_stored(stored: serde_json::Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(stored).map(Self)
    }
}

impl Serialize for RateProfile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<E: DeserializeError> Deserr<E> for RateProfile {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let members = match value {
            Value::Map(members) => members,
            actual => {
                let kind = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Map] };
                return Err(take_cf_content(E::error::<V>(None, kind, at)));
            }
        };
        let mut rates = BTreeMap::new();
        let mut wrong: Option<E> = None;
        if members.len() > MAX_LABELS {
            let kind = ErrorKind::Unexpected { msg: format!("must have at most {MAX_LABELS} labels") };
            return Err(take_cf_content(E::error::<V>(None, kind, at)));
        }
        for (label, amount) in members.into_iter() {
            let here = at.push_key(&label);
            let refused = |msg| take_cf_content(E::error::<V>(None, ErrorKind::Unexpected { msg }, here));
            let read = match Label::parse(label.as_str()) {
                Ok(name) if rates.contains_key(&*name) => Err(refused("is there twice".into())),
                Ok(name) => {
                    Cents::deserialize_from_value(amount.into_value(), here).map(|cents| (name, cents))
                }
                Err(rule) => Err(refused(format!("as a label {rule}"))),
            };
            match read {
                Ok((name, cents)) => {
                    rates.insert(name.into(), cents);
                }
                Err(error) => match E::merge(wrong.take(), error, here) {
                    ControlFlow::Continue(all) => wrong = Some(all),
                    ControlFlow::Break(all) => return Err(all),
                },
            }
        }
        wrong.map_or(Ok(Self(rates)), Err)
    }
}

impl PartialSchema for RateProfile {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::RefOr(Cents::schema())))
            .max_properties(Some(MAX_LABELS))
            .description(Some("Label to amount in EUR."))
            .examples([serde_json::json!({"jour": 250})])
            .into()
    }
}

impl ToSchema for RateProfile {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_no_amount() {
        for wrong in [-0.01, 0.001, 250.005, 1_000_000.01, f64::MAX] {
            assert!(Cents::from_number(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_survives_the_way_through_json(cents in 0_i64..=100_000_000) {
            let json = serde_json::to_string(&Cents(cents)).unwrap();
            let number: f64 = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(Cents::from_number(number).unwrap(), Cents(cents));
        }
    }
}
