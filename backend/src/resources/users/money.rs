//! Amounts: numbers of EUR in JSON, integer cents in the program and the database.

use crate::{db::JsonText, text::Label};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::{collections::BTreeMap, ops::ControlFlow};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
    },
};

/// An amount of EUR in cents: 0 to 1 000 000.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cents(i64);

const MAX_EUR: f64 = 1_000_000.0;
const MAX_DECIMALS: usize = 2;
const TOO_MANY_DECIMALS: &str = "must have at most 2 decimals";

impl Cents {
    /// From a JSON number with at most two decimals. An `f64` holds every such amount so closely that its shortest decimal
    /// form is the one that was sent.
    fn from_number(amount: f64) -> Result<Self, String> {
        if !(0.0..=MAX_EUR).contains(&amount) {
            return Err("must be an amount in EUR from 0 to 1000000".into());
        }
        let shortest = amount.to_string();
        let (whole, decimals) = shortest.split_once('.').unwrap_or((&shortest, ""));
        if decimals.len() > MAX_DECIMALS {
            return Err(TOO_MANY_DECIMALS.into());
        }
        let cents =
            format!("{whole}{decimals:0<2}").parse().map_err(|_| "must be an amount in EUR".to_owned())?;
        Ok(Self(cents))
    }
}

/// From a query parameter: digits, and after a point at most two more.
impl std::str::FromStr for Cents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // Counted in the text, because an `f64` may round further decimals away.
        let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals.trim_end_matches('0'));
        match text.parse() {
            Ok(_) if plain && decimals.len() > MAX_DECIMALS => Err(TOO_MANY_DECIMALS.into()),
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

impl ToSchema for Cents {
    fn name() -> Cow<'static, str> {
        "EurAmount".into()
    }
}

/// The rates of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateProfile {
    /// A label (`jour`, `heure`) and its amount. At most 50 labels of 1 to 100 characters.
    Amounts(BTreeMap<String, Cents>),
    /// The stored text is not a map of amounts: shown as unreadable, and kept until it is replaced.
    Damaged(JsonText),
}

const MAX_LABELS: usize = 50;

impl RateProfile {
    /// Only a daily rate, under the label that the first clients use.
    pub fn daily(amount: Cents) -> Self {
        Self::Amounts([("jour".to_owned(), amount)].into())
    }

    /// A JSON object of label to cents.
    pub fn to_stored(&self) -> JsonText {
        match self {
            Self::Amounts(amounts) => {
                let cents = amounts.iter().map(|(label, cents)| (label.clone(), Json::from(cents.0)));
                JsonText::from(&cents.collect::<Json>())
            }
            Self::Damaged(stored) => stored.clone(),
        }
    }

    pub fn from_stored(stored: JsonText) -> Self {
        let amount = |(label, cents): (&String, &Json)| Some((label.clone(), Cents(cents.as_i64()?)));
        let amounts = stored.object().and_then(|members| members.iter().map(amount).collect());
        amounts.map_or(Self::Damaged(stored), Self::Amounts)
    }
}

impl Serialize for RateProfile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Amounts(amounts) => amounts.serialize(serializer),
            Self::Damaged(stored) => stored.unreadable().serialize(serializer),
        }
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
        wrong.map_or(Ok(Self::Amounts(rates)), Err)
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
