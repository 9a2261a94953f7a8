//! Validation of users and profiles.

use super::{
    model::{FirstName, NewProfile, NewUser, Profile, User},
    skills::{Levels, NewSkill},
};
use crate::{
    error::{Error, FieldError},
    http::pointer_to,
    text::{self, Label, WordKey},
};
use std::collections::{BTreeMap, HashMap, HashSet};

const MAX_WORDS: usize = 100;

/// First and last name; the first name may be empty.
pub fn display_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// First and last name, from `name` or from the two parts. When both are sent, the one that is unchanged from `before` is
/// ignored.
fn names(new: &NewUser, before: Option<&User>) -> Result<(String, String), FieldError> {
    let name = new.name.as_deref();
    let parts = (new.first_name.as_ref().map(FirstName::as_ref), new.last_name.as_deref());
    let name_stays = name.is_some() && name == before.map(|before| before.name.as_str());
    let parts_stay = before
        .is_some_and(|before| parts == (Some(before.first_name.as_str()), Some(before.last_name.as_str())));
    match (name, parts, before) {
        // Unchanged, so it is divided as before.
        (Some(_), (None, None), Some(before)) if name_stays => {
            Ok((before.first_name.clone(), before.last_name.clone()))
        }
        (Some(name), (None, None), _) => split_name(name, before),
        (Some(name), ..) if parts_stay && !name_stays => split_name(name, before),
        (name, (Some(first), Some(last)), _) => {
            if !name_stays && name.is_some_and(|name| name != display_name(first, last)) {
                let rule = "must be first_name and last_name with a space between; or send either it or them";
                return Err(FieldError::invalid("/name", rule));
            }
            Ok((first.to_owned(), last.to_owned()))
        }
        (Some(_), ..) if !name_stays => {
            Err(FieldError::invalid("/name", "send either name, or first_name and last_name"))
        }
        (_, (None, None), _) => Err(FieldError::missing("/name")),
        (_, (None, Some(_)), _) => Err(FieldError::missing("/first_name")),
        (_, (Some(_), None), _) => Err(FieldError::missing("/last_name")),
    }
}

/// Splits `name` after the first or before the last name of `before` if that part is unchanged, else after the first word. A
/// single word is the last name.
fn split_name(name: &str, before: Option<&User>) -> Result<(String, String), FieldError> {
    let behind_first = |before: &User| {
        let rest = name.strip_prefix(before.first_name.as_str())?.strip_prefix(' ')?;
        Some((&name[..before.first_name.len()], rest))
    };
    let before_last = |before: &User| {
        let rest = name.strip_suffix(before.last_name.as_str())?.strip_suffix(' ')?;
        Some((rest, &name[rest.len() + 1..]))
    };
    let as_before = before
        .filter(|before| !before.first_name.is_empty())
        .and_then(|before| behind_first(before).or_else(|| before_last(before)));
    let (first, last) = as_before.or_else(|| name.split_once(char::is_whitespace)).unwrap_or(("", name));
    let last = last.trim();
    if first.chars().count().max(last.chars().count()) > 200 {
        return Err(FieldError::invalid(
            "/name",
            "must have at most 200 characters before and behind its first space",
        ));
    }
    Ok((first.to_owned(), last.to_owned()))
}

/// Validates a new user, or a change of `before`. Returns first and last name, and sets the levels of `new.skills`.
///
/// # Errors
/// [`Error::Invalid`] names every rule that is broken.
pub fn check(before: Option<&User>, new: &mut NewUser) -> Result<(String, String), Error> {
    let had = before.map(|before| &before.skill_levels);
    let mut mistakes = skill_mistakes(had, &mut new.skills, new.skill_levels.take());
    mistakes.extend(tag_mistakes(&new.tags));
    match names(&*new, before) {
        Ok(names) if mistakes.is_empty() => return Ok(names),
        Ok(_) => {}
        Err(mistake) => mistakes.push(mistake),
    }
    Err(Error::Invalid(mistakes))
}

/// Validates a profile, and sets the levels of `new.skills`.
///
/// # Errors
/// [`Error::Invalid`] names every rule that is broken; with `own`, also changed members that only managers set.
pub fn check_profile(before: &Profile, new: &mut NewProfile, own: bool) -> Result<(), Error> {
    let had = Some(&before.skill_levels);
    let mut mistakes = skill_mistakes(had, &mut new.skills, new.skill_levels.take());
    mistakes.extend(tag_mistakes(new.tags.as_deref().unwrap_or_default()));
    if new.user_id.is_some_and(|id| id != before.user_id) {
        mistakes.push(FieldError::read_only("/user_id"));
    }
    if own {
        mistakes.extend(own_profile_mistakes(before, new));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(mistakes)) }
}

/// Errors of skills listed twice or too many, and of `levels` without a skill. Sets each level: the one that was sent, else that
/// in `had`, else the default. When two are sent for a skill, the one that is unchanged from `had` is ignored.
fn skill_mistakes(
    had: Option<&BTreeMap<String, i16>>,
    skills: &mut [NewSkill],
    levels: Option<Levels>,
) -> Vec<FieldError> {
    let had: HashMap<_, _> =
        had.into_iter().flatten().map(|(name, level)| (WordKey::of(name), *level)).collect();
    let mut mistakes = word_mistakes("/skills", skills.iter().map(|skill| &skill.skill));
    let mut seen = HashSet::new();
    for (name, level) in levels.unwrap_or_default().0 {
        let key = WordKey::of(&name);
        let stays = had.get(&key) == Some(&level);
        let skill = skills.iter_mut().find(|skill| skill.skill.word_key() == key);
        let mistake = match skill {
            _ if !seen.insert(key.clone()) => "names the same skill as another one here",
            None if stays => continue,
            None => "is the level of something that is not in skills",
            Some(skill) if skill.level.is_none_or(|sent| had.get(&key) == Some(&sent)) => {
                skill.level = Some(level);
                continue;
            }
            Some(skill) if stays || skill.level == Some(level) => continue,
            Some(_) => "is not the level that skills says",
        };
        mistakes.push(FieldError::invalid(format!("/skill_levels{}", pointer_to(&name)), mistake));
    }
    for skill in skills {
        let level = skill.level.or_else(|| had.get(&skill.skill.word_key()).copied());
        skill.level = Some(level.unwrap_or_else(|| skill.level()));
    }
    mistakes
}

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

/// In their own profile, users set skills, bio and language only; managers set the rest.
fn own_profile_mistakes(before: &Profile, new: &NewProfile) -> Vec<FieldError> {
    // The order of tags means nothing.
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
        detail: "is set by planners; send skills, bio and locale only".into(),
        ..FieldError::read_only(pointer)
    })
    .collect()
}

/// Maximum characters of a sort key, enough to order real names. Bounded because cursors and the index contain the key, and
/// some letters fold to eighteen.
const SORT_KEY_CHARS: usize = 200;

/// The key that lists of users are sorted by: last name, then first name, without case and accents.
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
