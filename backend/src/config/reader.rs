//! Reads variables and collects the mistakes, so that all are reported together.

use super::files;
use secrecy::SecretString;
use std::{collections::HashMap, fmt, str::FromStr};

/// Minimum for HS256 (RFC 7518 section 3.2: a key of at least the hash's size).
const SECRET_BYTES: usize = 32;

pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    from_files: HashMap<&'static str, String>,
    pub(super) mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let mut mistakes = Vec::new();
        let from_files = files::read(lookup, &mut mistakes);
        Self { lookup, from_files, mistakes }
    }

    /// The variable's text; an empty one counts as unset, as in most compose files (an empty DATABASE_URL is a mistake, though).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .filter(|text| !text.trim().is_empty())
            .or_else(|| self.from_files.get(name).cloned())
    }

    /// Whether the variable is set but blank.
    pub(super) fn is_empty(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|text| text.trim().is_empty())
    }

    pub(super) fn read<T>(
        &mut self,
        name: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        match self.text(name).map(|text| parse(text.trim())) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(what)) => {
                self.mistakes.push(format!("{name} {what}"));
                default
            }
        }
    }

    pub(super) fn number<T: FromStr + PartialOrd + fmt::Display>(
        &mut self,
        name: &str,
        default: T,
        min: T,
        max: T,
    ) -> T {
        self.read(name, default, |text| match text.parse() {
            Ok(number) if number >= min && number <= max => Ok(number),
            _ => Err(format!("must be a whole number from {min} to {max}")),
        })
    }

    pub(super) fn choice<T: Clone>(&mut self, name: &str, default: T, choices: &[(&str, T)]) -> T {
        self.read(name, default, |text| {
            let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
            let words = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            found.map(|(_, value)| value.clone()).ok_or_else(|| format!("must be one of {}", words()))
        })
    }

    /// What a secret was before; it is not needed, and what it signed is read like what the new one signs, so it must be as good.
    pub(super) fn previous_secret(
        &mut self,
        name: &str,
        published: &[&str],
        built_in_allowed: bool,
    ) -> Option<SecretString> {
        self.text(name)?;
        Some(self.secret(name, "", published, built_in_allowed))
    }

    /// `published` are the secrets in the source code, which no secret may equal unless `built_in_allowed`.
    pub(super) fn secret(
        &mut self,
        name: &str,
        built_in: &str,
        published: &[&str],
        built_in_allowed: bool,
    ) -> SecretString {
        match self.text(name) {
            Some(secret) if !built_in_allowed && published.contains(&&*secret) => {
                self.mistakes
                    .push(format!("{name} must not be the built-in one here; set a random text of your own"));
                secret.into()
            }
            Some(secret) if secret.len() < SECRET_BYTES && !built_in_allowed => {
                self.mistakes.push(format!("{name} must be at least {SECRET_BYTES} bytes long"));
                secret.into()
            }
            Some(secret) => secret.into(),
            None => {
                if !built_in_allowed {
                    self.mistakes.push(format!(
                        "{name} must be set to a random text of at least {SECRET_BYTES} bytes unless ENV=dev, BACKEND_HOST and PUBLIC_URL are this machine's own"
                    ));
                }
                built_in.into()
            }
        }
    }
}
