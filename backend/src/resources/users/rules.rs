//! What must hold for a person.

use super::model::{NewProfile, NewSkill, NewUser};
use crate::{
    error::FieldError,
    text::{self, Label},
};
use std::collections::HashSet;

/// More than anyone has.
const MAX_WORDS: usize = 100;

/// First and last name, from either form.
pub fn names(new: &NewUser) -> Result<(String, String), Vec<FieldError>> {
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

/// Skills that are named twice, or too many.
pub fn skill_mistakes(skills: &[NewSkill]) -> Vec<FieldError> {
    word_mistakes("/skills", skills.iter().map(|skill| &skill.skill))
}

/// Tags that are named twice, or too many.
pub fn tag_mistakes(tags: &[Label]) -> Vec<FieldError> {
    word_mistakes("/tags", tags.iter())
}

fn word_mistakes<'a>(pointer: &str, words: impl ExactSizeIterator<Item = &'a Label>) -> Vec<FieldError> {
    if words.len() > MAX_WORDS {
        return vec![FieldError::invalid(pointer, format!("must have at most {MAX_WORDS} items"))];
    }
    let mut seen = HashSet::new();
    let twice = words.enumerate().filter(|(_, word)| !seen.insert(text::fold(word)));
    twice.map(|(i, _)| FieldError::invalid(format!("{pointer}/{i}"), "is listed twice")).collect()
}

/// In their own profile a person sets skills and bio; the rest is the planners' and so no member of theirs.
pub fn own_profile_mistakes(profile: &NewProfile) -> Vec<FieldError> {
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

/// The key that people are sorted by: last name, then first name, whatever their case and accents.
pub fn sort_key(first: &str, last: &str) -> String {
    // A separator below every letter: "Le Gall" must not sort into "Lea".
    format!("{}\u{1}{}", text::fold(last), text::fold(first))
}
