//! API types of rates.

use crate::{
    error::{Error, FieldError},
    resources::users::{Cents, RateProfile},
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// What a person is paid.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Rates {
    /// Label to amount in EUR; none when nothing was agreed.
    pub rate_profile: Option<RateProfile>,
}

/// What a person is to be paid: replaces all rates, `null` removes them.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = RatesForm)]
#[deserr(deny_unknown_fields)]
pub struct NewRates {
    /// Label to amount in EUR.
    #[deserr(default)]
    #[schema(value_type = Option<RateProfile>, required = false)]
    pub rate_profile: Sent<RateProfile>,
}

/// Tells apart whether a JSON member is absent, `null` or has a value.
#[derive(Debug, Default)]
pub enum Sent<T> {
    /// Absent.
    #[default]
    Not,
    /// There, or `null`.
    There(Option<T>),
}

impl<E: deserr::DeserializeError, T: Deserr<E>> Deserr<E> for Sent<T> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        at: deserr::ValuePointerRef,
    ) -> Result<Self, E> {
        Option::<T>::deserialize_from_value(value, at).map(Self::There)
    }
}

/// The short form of the first clients.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DailyQuery {
    /// A daily rate in EUR, at most 2 decimals: the same as the body `{"rate_profile": {"jour": …}}`.
    #[deserr(default)]
    #[param(value_type = Option<Cents>)]
    pub daily_eur: Option<DailyEur>,
}

/// An amount as text.
#[derive(Debug)]
pub struct DailyEur(Cents);

impl<E: deserr::DeserializeError> Deserr<E> for DailyEur {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        at: deserr::ValuePointerRef,
    ) -> Result<Self, E> {
        let kind = match value {
            deserr::Value::String(text) => match text.parse() {
                Ok(cents) => return Ok(Self(cents)),
                Err(msg) => deserr::ErrorKind::Unexpected { msg },
            },
            actual => {
                deserr::ErrorKind::IncorrectValueKind { actual, accepted: &[deserr::ValueKind::String] }
            }
        };
        Err(deserr::take_cf_content(E::error::<V>(None, kind, at)))
    }
}

/// The rates of a request, from the body or from `daily_eur`.
///
/// # Errors
/// [`Error::Invalid`] when neither or both are sent.
pub fn wanted(query: DailyQuery, body: NewRates) -> Result<Option<RateProfile>, Error> {
    match (query.daily_eur, body.rate_profile) {
        (None, Sent::There(rates)) => Ok(rates),
        (Some(DailyEur(cents)), Sent::Not) => Ok(Some(RateProfile::daily(cents))),
        (None, Sent::Not) => Err(Error::Invalid(vec![FieldError::missing("/rate_profile")])),
        (Some(_), Sent::There(_)) => {
            Err(Error::invalid("/daily_eur", "goes without a body; send either of the two"))
        }
    }
}
