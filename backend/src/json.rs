//! A JSON parser that never changes a value: it refuses a member that occurs twice and a number that it could not keep
//! exactly. `serde_json` alone keeps the last of two equal members, rounds any number to the nearest double (`1e-400` to 0),
//! and misreads an object with a member named `$serde_json::private::RawValue`.
//!
//! Its feature `arbitrary_precision` keeps every number, but applies to all crates of the program: some then fail to read
//! their own numbers, and a number is represented as an object with such a member, which a client could send as well.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt::{self, Write};

#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// Not JSON, or a member occurs twice.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    /// JSON pointers of the first numbers that would change. The parser stops at a number outside the range of a double, so
    /// that one is the last.
    #[error("the numbers at {} cannot be kept", .0.join(", "))]
    Numbers(Vec<String>),
}

/// Which numbers are accepted, as text for the client.
pub const NUMBER_RULE: &str = "must be a whole number of 64 bits or the shortest form of a double \
    (up to 15 digits always are); send others as text";

/// At most so many pointers in [`Flaw::Numbers`], and bytes of them all: many numbers may be inside a member with a long
/// name.
const MAX_NAMED: usize = 100;
const MAX_NAMED_BYTES: usize = 16 * 1024;

/// The beginning of `serde_json`'s error for a number outside the range of a double.
const OUT_OF_RANGE: &str = "number out of range";

/// # Errors
/// [`Flaw`].
pub fn parse(text: &[u8]) -> Result<Value, Flaw> {
    let mut state = State { numbers: Numbers(text), pointer: String::new(), changed: Vec::new() };
    let mut parser = serde_json::Deserializer::from_slice(text);
    let read = AnyValue(&mut state).deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    match read {
        Ok(value) if state.changed.is_empty() => return Ok(value),
        Ok(_) => {}
        // The pointer is still where the parser stopped.
        Err(error) if error.to_string().starts_with(OUT_OF_RANGE) => state.changed.push(state.pointer),
        Err(error) => return Err(error.into()),
    }
    Err(Flaw::Numbers(state.changed))
}

/// Longest JSON pointer in an error, in bytes. No member of this API needs as much, but an unknown member's name may be as
/// long as the body.
pub const MAX_POINTER: usize = 256;

/// Appends one step to a JSON pointer (RFC 6901). Beyond [`MAX_POINTER`] it is cut off and ends in `…`.
pub fn push_step(pointer: &mut String, step: &str) {
    if pointer.len() > MAX_POINTER {
        return;
    }
    pointer.push('/');
    for c in step.chars() {
        if pointer.len() >= MAX_POINTER {
            pointer.push('…');
            return;
        }
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

struct State<'t> {
    numbers: Numbers<'t>,
    pointer: String,
    changed: Vec<String>,
}

impl State<'_> {
    /// Records the pointer of the current number, which would change.
    fn name_number(&mut self) {
        let room = self.changed.len() < MAX_NAMED
            && self.changed.iter().map(String::len).sum::<usize>() + self.pointer.len() <= MAX_NAMED_BYTES;
        if room || self.changed.is_empty() {
            self.changed.push(self.pointer.clone());
        }
    }
}

struct AnyValue<'s, 't>(&'s mut State<'t>);

impl<'de> DeserializeSeed<'de> for AnyValue<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.0.numbers.next();
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.0.numbers.next();
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let value = Value::from(value);
        let sent = self.0.numbers.next().unwrap_or_default();
        if Decimal::of(sent) != Decimal::of(&value.to_string()) {
            self.0.name_number();
        }
        Ok(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        let length = self.0.pointer.len();
        loop {
            let _ = write!(self.0.pointer, "/{}", array.len());
            let item = items.next_element_seed(AnyValue(self.0))?;
            self.0.pointer.truncate(length);
            match item {
                Some(item) => array.push(item),
                None => return Ok(array.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let length = self.0.pointer.len();
        while let Some(name) = members.next_key::<String>()? {
            push_step(&mut self.0.pointer, &name);
            let value = members.next_value_seed(AnyValue(self.0))?;
            self.0.pointer.truncate(length);
            if object.contains_key(&name) {
                // Enough of it to identify the member.
                let name: String = name.chars().take(100).collect();
                return Err(A::Error::custom(format_args!("the member {name:?} is there twice")));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

/// The numbers of a JSON text as they are written, in order.
struct Numbers<'t>(&'t [u8]);

impl<'t> Iterator for Numbers<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            match self.0 {
                [] => return None,
                [b'"', rest @ ..] => self.0 = after_string(rest),
                [b'-' | b'0'..=b'9', ..] => {
                    let of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                    let length = self.0.iter().take_while(|byte| of_number(byte)).count();
                    let (number, rest) = self.0.split_at(length);
                    self.0 = rest;
                    return std::str::from_utf8(number).ok();
                }
                [_, rest @ ..] => self.0 = rest,
            }
        }
    }
}

/// The rest after a string, whose opening quote was consumed.
fn after_string(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [b'\\', _, rest @ ..] => text = rest,
            [b'"', rest @ ..] => return rest,
            [_, rest @ ..] => text = rest,
            [] => return text,
        }
    }
}

/// The value of a number however it is written: its digits without leading and trailing zeros, and the power of ten of the
/// last digit. `1.50`, `15e-1` and `0.0015E3` are equal; `-0` is not `0`, because a double tells them apart.
#[derive(Debug, PartialEq)]
struct Decimal {
    negative: bool,
    digits: String,
    power: i64,
}

impl Decimal {
    /// `None` if the exponent does not fit an `i64`.
    fn of(number: &str) -> Option<Self> {
        let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let negative = whole.starts_with('-');
        let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
        let significant = digits.trim_end_matches('0');
        let zeros = digits.len() - significant.len();
        let significant = significant.trim_start_matches('0').to_owned();
        if significant.is_empty() {
            return Some(Self { negative, digits: significant, power: 0 });
        }
        let behind_point = i64::try_from(fraction.len()).ok()?.checked_sub(i64::try_from(zeros).ok()?)?;
        Some(Self {
            negative,
            digits: significant,
            power: power.parse::<i64>().ok()?.checked_sub(behind_point)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Vec<String> {
        match parse(text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(Flaw::Numbers(pointers)) => pointers,
            Err(other) => panic!("{text}: {other}"),
        }
    }

    #[test]
    fn a_number_that_is_kept_prints_as_it_is_worth() {
        for (number, printed) in [
            ("-0", "-0.0"),
            ("0e99999999999999999999", "0.0"),
            ("1.50", "1.5"),
            ("1E+2", "100.0"),
            ("1e16", "1e+16"),
            ("10928588.983213553", "10928588.983213553"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("5e-324", "5e-324"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            (&format!("17976931348623157{}", "0".repeat(292)), "1.7976931348623157e+308"),
        ] {
            assert_eq!(parse(number.as_bytes()).unwrap().to_string(), printed, "{number}");
        }
    }

    #[test]
    fn numbers_that_would_change_are_named() {
        let text = r#"{"a\"1":[1, -2.5e1 ,1e-400], "b/c":{"~":0.10000000000000001, "d":18446744073709551616}, "ok":1e5}"#;
        assert_eq!(changed(text), ["/a\"1/2", "/b~1c/~0", "/b~1c/d"]);
        assert_eq!(changed(r#"[0.30000000000000001, {"a":[1, 1e400]}, 1e-400]"#), ["/0", "/1/a/1"]);
        assert_eq!(changed("1e-99999999999999999999"), [""]);
        let long = format!(r#"{{"{}":[{}0]}}"#, "x".repeat(10_000), "1e-400,".repeat(1000));
        let named = changed(&long);
        assert!(named.iter().map(String::len).sum::<usize>() <= MAX_NAMED_BYTES && named.len() < MAX_NAMED);
        assert_eq!(changed(&format!("[{}0]", "1e-400,".repeat(1000))).len(), MAX_NAMED);
    }

    #[test]
    fn a_member_that_is_there_twice_is_no_member() {
        let twice = parse(br#"{"a":{"name":"x","name":"y"}}"#);
        assert!(twice.is_err_and(|error| error.to_string().contains("\"name\" is there twice")));
        assert!(matches!(parse(b"[1] 2"), Err(Flaw::Malformed(_))));
    }

    #[test]
    fn no_member_means_anything_to_the_parser() {
        for mark in ["RawValue", "Number"] {
            let text = format!(r#"{{"$serde_json::private::{mark}":"[1]"}}"#);
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }
}
