//! What must hold for a person.

use super::model::{NewProfile, NewSkill, NewUser, Profile, is_level};
use crate::{
    error::{Error, FieldError},
    http::pointer_to,
    search,
    text::{self, Label, WordKey},
};
use std::collections::{BTreeMap, HashSet};

/// More than anyone has.
const MAX_WORDS: usize = 100;

/// How a person is called.
pub fn display_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// First and last name, from either form.
fn names(new: &NewUser) -> Result<(String, String), Vec<FieldError>> {
    match (&new.name, &new.first_name, &new.last_name) {
        (name, Some(first), Some(last)) => {
            let (first, last) = (first.as_ref(), &**last);
            if name.as_deref().is_some_and(|name| name != display_name(first, last)) {
                let rule = "must be first_name and last_name with a space between; or send either it or them";
                return Err(vec![FieldError::invalid("/name", rule)]);
            }
            Ok((first.to_owned(), last.to_owned()))
        }
        (Some(name), None, None) => Ok(match name.split_once(char::is_whitespace) {
            Some((first, last)) => (first.to_owned(), last.trim().to_owned()),
            None => (String::new(), name.to_string()),
        }),
        (Some(_), ..) => {
            Err(vec![FieldError::invalid("/name", "send either name, or first_name and last_name")])
        }
        (None, None, None) => Err(vec![FieldError::missing("/name")]),
        (None, None, Some(_)) => Err(vec![FieldError::missing("/first_name")]),
        (None, Some(_), None) => Err(vec![FieldError::missing("/last_name")]),
    }
}

/// First and last name of a person whose rules hold; their skills have the levels that were sent beside them.
///
/// # Errors
/// [`Error::Invalid`] names every rule that they break.
pub fn check(new: &mut NewUser) -> Result<(String, String), Error> {
    let mut mistakes = skill_mistakes(&mut new.skills, new.skill_levels.take());
    mistakes.extend(tag_mistakes(&new.tags));
    match names(&*new) {
        Ok(names) if mistakes.is_empty() => return Ok(names),
        Ok(_) => {}
        Err(more) => mistakes.extend(more),
    }
    Err(Error::Invalid(mistakes))
}

/// The profile's skills have the levels that were sent beside them.
///
/// # Errors
/// [`Error::Invalid`] names every rule that the profile breaks; with `own`, also what only planners set.
pub fn check_profile(before: &Profile, new: &mut NewProfile, own: bool) -> Result<(), Error> {
    let mut mistakes = skill_mistakes(&mut new.skills, new.skill_levels.take());
    mistakes.extend(tag_mistakes(new.tags.as_deref().unwrap_or_default()));
    if new.user_id.is_some_and(|id| id != before.user_id) {
        mistakes.push(FieldError::read_only("/user_id"));
    }
    if own {
        mistakes.extend(own_profile_mistakes(before, new));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(mistakes)) }
}

/// Skills that are named twice, or too many, and levels of others. Each skill has its level after that.
fn skill_mistakes(skills: &mut [NewSkill], levels: Option<BTreeMap<String, i16>>) -> Vec<FieldError> {
    let mut mistakes = word_mistakes("/skills", skills.iter().map(|skill| &skill.skill));
    for (name, level) in levels.into_iter().flatten() {
        let mistake = match skills.iter_mut().find(|skill| skill.skill.word_key() == WordKey::of(&name)) {
            _ if !is_level(level) => "must be from 1 to 5",
            None => "is the level of something that is not in skills",
            Some(skill) if skill.level.is_some_and(|sent| sent != level) => {
                "is not the level that skills says"
            }
            Some(skill) => {
                skill.level = Some(level);
                continue;
            }
        };
        mistakes.push(FieldError::invalid(format!("/skill_levels{}", pointer_to(&name)), mistake));
    }
    for skill in skills {
        skill.level = Some(skill.level());
    }
    mistakes
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

/// In their own profile a person sets skills and bio; the rest is the planners', and they can only read it.
fn own_profile_mistakes(before: &Profile, new: &NewProfile) -> Vec<FieldError> {
    // Their order means nothing.
    let same_tags = |tags: &Vec<Label>| {
        let mut tags: Vec<_> = tags.iter().map(|tag| &**tag).collect();
        tags.sort_unstable();
        tags == before.tags
    };
    [
        ("/tags", new.tags.as_ref().is_some_and(|tags| !same_tags(tags))),
        ("/employment_type", new.employment_type.is_some_and(|kind| kind != before.employment_type)),
        ("/rate_profile", new.rate_profile.is_some() && new.rate_profile != before.rate_profile),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(pointer, _)| FieldError {
        detail: "is set by planners; send skills and bio only".into(),
        ..FieldError::read_only(pointer)
    })
    .collect()
}

/// What a person's contacts are searched by: the e-mail, and the digits of the telephone number.
pub fn contacts_searched(new: &NewUser) -> Option<String> {
    let digits = new.phone.as_deref().map(search::digits);
    let found = search::stored(new.email.as_deref().into_iter().chain(digits.as_deref()));
    (!found.is_empty()).then_some(found)
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
