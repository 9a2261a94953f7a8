//! Texts that people type: checked once at the edge, then carried as types; and how they are compared and searched.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use std::fmt;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use utoipa::openapi::{
    RefOr,
    schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
};

/// Folds case and accents away, so that `Élodie Bœuf`, `ELODIE BOEUF` and `élodie bœuf` are found alike.
///
/// Compatibility decomposition without its combining marks, lower case; Latin letters that do not decompose (œ, ø, ł,
/// ß) are spelled out. Other scripts keep their letters.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            // Latin-1 Supplement, Latin Extended-A and -B; the decomposable ones never get here.
            '\u{c0}'..='\u{24f}' => {
                folded.extend(any_ascii::any_ascii_char(c).chars().flat_map(char::to_lowercase))
            }
            // The small sigma has another form at the end of a word; the capital does not tell which.
            'ς' => folded.push('σ'),
            _ => folded.push(c),
        }
    }
    folded
}

/// The key under which a name is unique: case and the way of typing accents do not matter, accents do.
pub fn name_key(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

/// A text that can be read from JSON with a rule of its own.
trait Checked: Sized {
    fn check(text: String) -> Result<Self, String>;
}

fn deserialize<T: Checked, E: DeserializeError, V: IntoValue>(
    value: Value<V>,
    at: ValuePointerRef,
) -> Result<T, E> {
    let kind = match value {
        Value::String(text) => match T::check(text) {
            Ok(checked) => return Ok(checked),
            Err(msg) => ErrorKind::Unexpected { msg },
        },
        actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
    };
    Err(take_cf_content(E::error::<V>(None, kind, at)))
}

macro_rules! text_type {
    ($name:ident $(<const $max:ident: usize>)?, $schema:expr) => {
        impl<E: DeserializeError $(, const $max: usize)?> Deserr<E> for $name $(<$max>)? {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
                deserialize(value, at)
            }
        }
        impl $(<const $max: usize>)? utoipa::PartialSchema for $name $(<$max>)? {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }
        impl $(<const $max: usize>)? utoipa::ToSchema for $name $(<$max>)? {
            fn name() -> std::borrow::Cow<'static, str> {
                format!("{}{}", stringify!($name), String::new() $(+ &$max.to_string())?).into()
            }
        }
        impl $(<const $max: usize>)? serde::Serialize for $name $(<$max>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl $(<const $max: usize>)? $name $(<$max>)? {
            /// A text that was checked when it was stored.
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }
        impl $(<const $max: usize>)? fmt::Display for $name $(<$max>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl $(<const $max: usize>)? From<$name $(<$max>)?> for String {
            fn from(text: $name $(<$max>)?) -> Self {
                text.0
            }
        }
        impl $(<const $max: usize>)? std::ops::Deref for $name $(<$max>)? {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

/// One line of 1 to `MAX` characters, without control characters; outer white space is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Checked for Line<MAX> {
    fn check(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().all(is_blank) {
            Err("must not be empty".into())
        } else if text.chars().count() > MAX {
            Err(format!("must have at most {MAX} characters"))
        } else if text.chars().any(|c| c.is_control() || reorders(c)) {
            Err("must be one line without control characters".into())
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}
text_type!(Line<const MAX: usize>, ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX)));

/// Changes the direction of the text around it: a name could pass for another.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Shows nothing by itself.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A name or title.
pub type Name = Line<200>;
/// A skill, tag, role or rate label.
pub type Label = Line<100>;

impl<const MAX: usize> Line<MAX> {
    /// The same text under another, wider limit.
    pub fn widen<const WIDER: usize>(self) -> Line<WIDER> {
        const { assert!(WIDER >= MAX, "only a wider limit holds every text") }
        Line(self.0)
    }

    /// A text of the program itself or of a trusted file.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        Self::check(text.into())
    }
}

/// Up to 5000 characters of any number of lines; nothing but white space counts as empty, which is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(String);

const NOTE_CHARS: usize = 5000;

impl Checked for Note {
    fn check(text: String) -> Result<Self, String> {
        // Browsers send CRLF and count LF.
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.chars().count() > NOTE_CHARS {
            Err(format!("must have at most {NOTE_CHARS} characters"))
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Err("must not contain control characters".into())
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}
text_type!(Note, ObjectBuilder::new().schema_type(Type::String).max_length(Some(NOTE_CHARS)));

/// Why something is done although a rule speaks against it, or why someone cannot come: 1 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Checked for Reason {
    fn check(text: String) -> Result<Self, String> {
        let Note(text) = Note::check(text)?;
        match text.chars().count() {
            0 => Err("must not be empty".into()),
            1..=500 => Ok(Self(text)),
            _ => Err("must have at most 500 characters".into()),
        }
    }
}
text_type!(Reason, ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(500)));

impl Reason {
    /// A reason typed into a page's form: nothing typed is no reason.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn parse_optional(text: &str) -> Result<Option<Self>, String> {
        if text.trim().is_empty() { Ok(None) } else { Self::check(text.to_owned()).map(Some) }
    }
}

/// What is searched for: any part of a text, at most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(String);

impl Checked for Search {
    fn check(text: String) -> Result<Self, String> {
        if text.chars().count() > 100 {
            Err("must have at most 100 characters".into())
        } else {
            Ok(Self(text))
        }
    }
}
text_type!(Search, ObjectBuilder::new().schema_type(Type::String).max_length(Some(100)));

/// An e-mail address, at most 254 characters (RFC 5321 section 4.5.3.1.3). Only its rough form is checked: whether it
/// exists shows when mail arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The key under which an address is unique: its case does not matter.
    pub fn key(&self) -> String {
        name_key(&self.0)
    }

    /// An address from the command line or a query.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::check(text.to_owned())
    }
}

impl Checked for Email {
    fn check(text: String) -> Result<Self, String> {
        let text = text.trim();
        let form = |(local, domain): (&str, &str)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        };
        let plain =
            !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'));
        if text.chars().count() > 254 {
            Err("must have at most 254 characters".into())
        } else if plain && text.split_once('@').is_some_and(form) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be an e-mail address, like nina@example.org".into())
        }
    }
}
text_type!(
    Email,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .max_length(Some(254))
        .examples(["nina@example.org"])
);

/// The name of a time zone in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(String);

impl ZoneName {
    /// A zone from the command line.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::check(text.to_owned())
    }

    /// The zone of a name that was checked when it was stored.
    ///
    /// # Errors
    /// When this program's time zone database does not know it any more.
    pub fn zone(stored: &str) -> Result<jiff::tz::TimeZone, jiff::Error> {
        jiff::tz::TimeZone::get(stored)
    }
}

impl Checked for ZoneName {
    fn check(text: String) -> Result<Self, String> {
        match jiff::tz::TimeZone::get(&text) {
            // The database ignores case; one spelling is stored.
            Ok(zone) if zone.iana_name().is_some_and(|name| name != "Factory") => {
                Ok(Self(zone.iana_name().unwrap_or(&text).to_owned()))
            }
            _ => Err("must be an IANA time zone, like Europe/Paris".into()),
        }
    }
}
text_type!(
    ZoneName,
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(64)).examples(["Europe/Paris"])
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_case_and_accents() {
        for (text, folded) in [
            ("Élodie Bœuf", "elodie boeuf"),
            ("E\u{301}LODIE", "elodie"),
            ("Ångström Øyvind Łukasz Weiß", "angstrom oyvind lukasz weiss"),
            ("İstanbul", "istanbul"),
            ("Ελένη", "ελενη"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("ﬁche", "fiche"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_and_keeps_parts_findable(text in "\\PC{0,40}", other in "[a-zéèœøA-Z ]{0,10}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert_eq!(fold(&text.to_lowercase()), folded);
            // A part of a name is found in the whole; the halves meet at a space, which composes with nothing.
            let whole = fold(&format!("{text} {other}"));
            prop_assert!(whole.contains(&fold(&other)));
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(&*Name::parse("  Régie son ").unwrap(), "Régie son");
        for bad in ["", "   ", "\u{200b}", "a\u{202e}b", "two\nlines", "null\0", &"x".repeat(201)] {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_email_has_a_rough_form() {
        assert_eq!(Email::parse("Nina@Example.org").unwrap().key(), "nina@example.org");
        for bad in [
            "",
            "nina",
            "@example.org",
            "nina@",
            "a@b@c",
            "a b@c.d",
            "a@b\r\nBcc: x@y.z",
            "<a@b.c>",
            &format!("{}@b.c", "a".repeat(254)),
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_zone_has_one_spelling() {
        assert_eq!(&*ZoneName::check("europe/paris".into()).unwrap(), "Europe/Paris");
        assert!(ZoneName::check("Mars/Olympus".into()).is_err());
        assert!(ZoneName::check("+02:00".into()).is_err());
    }
}
