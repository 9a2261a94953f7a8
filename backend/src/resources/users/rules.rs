//! What must hold for a person.

use super::model::{NewProfile, NewSkill, NewUser};
use crate::{
    error::{Error, FieldError},
    text::{self, Label},
};
use std::collections::HashSet;

/// More than anyone has.
const MAX_WORDS: usize = 100;

/// First and last name, from either form.
fn names(new: &NewUser) -> Result<(String, String), Vec<FieldError>> {
    match (&new.name, &new.first_name, &new.last_name) {
        (Some(name), None, None) => Ok(match name.split_once(char::is_whitespace) {
            Some((first, last)) => (first.to_owned(), last.trim().to_owned()),
            None => (String::new(), name.to_string()),
        }),
        (None, Some(first), Some(last)) => Ok((first.to_string(), last.to_string())),
        (Some(_), ..) => {
            Err(vec![FieldError::invalid("/name", "send either name, or first_name and last_name")])
        }
        (None, None, None) => Err(vec![FieldError::missing("/name")]),
        (None, None, Some(_)) => Err(vec![FieldError::missing("/first_name")]),
        (None, Some(_), None) => Err(vec![FieldError::missing("/last_name")]),
    }
}

/// First and last name of a person whose rules hold.
///
/// # Errors
/// [`Error::Invalid`] names every rule that they break.
pub fn check(new: &NewUser) -> Result<(String, String), Error> {
    let mut mistakes = skill_mistakes(&new.skills);
    mistakes.extend(tag_mistakes(&new.tags));
    match names(new) {
        Ok(names) if mistakes.is_empty() => return Ok(names),
        Ok(_) => {}
        Err(more) => mistakes.extend(more),
    }
    Err(Error::Invalid(mistakes))
}

/// # Errors
/// [`Error::Invalid`] names every rule that the profile breaks; with `own`, also what only planners set.
pub fn check_profile(new: &NewProfile, own: bool) -> Result<(), Error> {
    let mut mistakes = skill_mistakes(&new.skills);
    mistakes.extend(tag_mistakes(new.tags.as_deref().unwrap_or_default()));
    if own {
        mistakes.extend(own_profile_mistakes(new));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(mistakes)) }
}

/// Skills that are named twice, or too many.
fn skill_mistakes(skills: &[NewSkill]) -> Vec<FieldError> {
    word_mistakes("/skills", skills.iter().map(|skill| &skill.skill))
}

/// Tags that are named twice, or too many.
fn tag_mistakes(tags: &[Label]) -> Vec<FieldError> {
    word_mistakes("/tags", tags.iter())
}

fn word_mistakes<'a>(pointer: &str, words: impl ExactSizeIterator<Item = &'a Label>) -> Vec<FieldError> {
    if words.len() > MAX_WORDS {
        return vec![FieldError::invalid(pointer, format!("must have at most {MAX_WORDS} items"))];
    }
    let mut seen = HashSet::new();
    let twice = words.enumerate().filter(|(_, word)| !seen.insert(word.word_key()));
    twice.map(|(i, _)| FieldError::invalid(format!("{pointer}/{i}"), "is listed twice")).collect()
}

/// In their own profile a person sets skills and bio; the rest is the planners' and so no member of theirs.
fn own_profile_mistakes(profile: &NewProfile) -> Vec<FieldError> {
    [
        ("/tags", profile.tags.is_some()),
        ("/employment_type", profile.employment_type.is_some()),
        ("/rate_profile", profile.rate_profile.is_some()),
    ]
    .into_iter()
    .filter(|(_, sent)| *sent)
    .map(|(pointer, _)| FieldError {
        pointer: pointer.into(),
        code: "unknown",
        detail: "is set by planners; send skills and bio only".into(),
    })
    .collect()
}

/// Characters of a sort key: more than names that people tell apart by. Some letters fold to eighteen, and whatever names a
/// place in the list (a cursor, an index) holds the key.
const SORT_KEY_CHARS: usize = 200;

/// The key that people are sorted by: last name, then first name, whatever their case and accents.
pub fn sort_key(first: &str, last: &str) -> String {
    // A separator below every letter: "Le Gall" must not sort into "Lea".
    let whole = format!("{}\u{1}{}", text::fold(last), text::fold(first));
    whole.chars().take(SORT_KEY_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_key_is_short_whatever_the_name() {
        assert_eq!(sort_key("Élodie", "Bœuf"), "boeuf\u{1}elodie");
        // One letter that folds to eighteen.
        let longest = "\u{fdfa}".repeat(200);
        let key = sort_key(&longest, &longest);
        assert_eq!(key.chars().count(), SORT_KEY_CHARS);
        assert!(text::fold(&longest).starts_with(&key));
    }
}
