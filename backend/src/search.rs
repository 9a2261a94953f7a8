//! Search that ignores case, accents, apostrophes, hyphens and the order of words.
//!
//! Beside a text its search column holds [`stored`]; a query is cut into [`words`], each of which must be a substring of
//! that column.

use crate::text::{fold, is_invisible};

/// The search column of some texts: their words, and those joined by hyphens or apostrophes also as one word, so that
/// `Jean-Luc O’Brien` is found by `jean luc`, `jeanluc`, `o'brien` and `obrien`.
pub fn stored<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        for token in letters(text).split_whitespace() {
            let parts: Vec<_> = token.split(parts_words).filter(|part| !part.is_empty()).collect();
            found.extend(parts.iter().map(|part| (*part).to_owned()));
            if parts.len() > 1 {
                found.push(parts.concat());
            }
        }
    }
    found.join(" ")
}

/// The distinct words of a query.
pub fn words(question: &str) -> Vec<String> {
    let letters = letters(question);
    let mut words: Vec<_> = letters
        .split(|c: char| c.is_whitespace() || parts_words(c))
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    words.sort();
    words.dedup();
    words
}

/// The search column of a user's contacts: the e-mail and the digits of the phone number. `None` if both are absent.
pub fn contacts(email: Option<&str>, phone: Option<&str>) -> Option<String> {
    let digits = phone.map(digits);
    let found = stored(email.into_iter().chain(digits.as_deref()));
    (!found.is_empty()).then_some(found)
}

fn digits(phone: &str) -> String {
    letters(phone).chars().filter(char::is_ascii_digit).collect()
}

/// The digits to search phone numbers for, so that 06 12… finds +33 6 12… and the other way round. Empty if the query
/// is not a phone number.
pub fn phone_digits(question: &str) -> Vec<String> {
    let question = letters(question);
    if !question.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || parts_words(c)) {
        return Vec::new();
    }
    let digits = digits(&question);
    let is_international = question.trim_start().starts_with('+') || digits.starts_with("00");
    let number = digits.trim_start_matches('0');
    let whole = Some(number).filter(|number| number.len() >= 3);
    // Without a country code of one to three digits (ITU-T E.164), if at least six digits are left.
    let codes = if is_international { 1..4 } else { 0..0 };
    let at_home = codes.filter_map(|code| number.get(code..)).filter(|number| number.len() >= 6);
    whole.into_iter().chain(at_home).map(|number| number.trim_start_matches('0').to_owned()).collect()
}

/// Folds case and accents, replaces Latin letters that most keyboards lack (ə by e, ɓ by b, as `any_ascii` does), and drops
/// invisible characters.
fn letters(text: &str) -> String {
    let mut letters = String::with_capacity(text.len());
    for c in fold(text).chars().filter(|c| !is_invisible(*c)) {
        match c {
            // IPA Extensions, Phonetic Extensions, Latin Extended Additional, -C, -D and -E.
            '\u{250}'..='\u{2af}'
            | '\u{1d00}'..='\u{1dbf}'
            | '\u{1e00}'..='\u{1eff}'
            | '\u{2c60}'..='\u{2c7f}'
            | '\u{a720}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{ab6f}' => {
                letters.extend(any_ascii::any_ascii_char(c).chars().flat_map(char::to_lowercase));
            }
            _ => letters.push(c),
        }
    }
    letters
}

/// Whether it separates words or parts of one: ASCII punctuation except @, % and _, which are searched for, and other
/// apostrophes, hyphens, quotes and dashes.
fn parts_words(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '@' | '%' | '_')
        || matches!(
            c,
            '´' | '′' | '‘'..='‟' | 'ʹ'..='ʿ' | 'ˈ' | 'ꞌ' | '\u{2010}'..='\u{2015}' | '−' | '־' | '«' | '»' | '·' | '•' | '・'
                | '¿' | '¡' | '°' | 'º' | '…'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(question: &str, text: &str) -> bool {
        let stored = stored([text]);
        words(question).iter().all(|word| stored.contains(word.as_str()))
    }

    #[test]
    fn what_people_remember_finds_what_others_typed() {
        for (text, questions) in [
            ("O'Brien", &["o’brien", "O`Brien", "OʼBRIEN", "obrien", "o brien", "brien"][..]),
            ("O’Brien", &["o'brien", "obrien"]),
            ("Jean-Luc Ponty", &["jean luc", "Jean‑Luc", "jeanluc", "ponty jean", " luc  "]),
            ("Jean Luc Ponty", &["jean-luc", "Ponty, Jean Luc"]),
            ("Céline Pariel", &["pariel celine", "Pariel, Céline", "celine ", "CÉLINE"]),
            ("Əliyev", &["əliyev", "ƏLİYEV", "eliyev"]),
            ("Ɓala", &["ɓala", "bala"]),
            ("ʻAloha Kealiʻi", &["kealii", "keali'i", "aloha"]),
            ("Théâtre de l’Œuvre", &["oeuvre", "l'oeuvre theatre", "de l oeuvre"]),
            ("100 % bio", &["%", "100 %", "bio 100"]),
            ("Qui a peur ? (salle n° 5)", &["peur?", "qui a peur", "n°5", "Salle n°5"]),
            ("Roméo + Juliette_2", &["romeo+juliette", "juliette_2"]),
        ] {
            for question in questions {
                assert!(finds(question, text), "{:?} in {:?}", words(question), stored([text]));
            }
        }
        assert!(!finds("pariel anne", "Céline Pariel"));
        assert_eq!(words(" - ’ "), Vec::<String>::new());
    }

    #[test]
    fn a_number_is_found_however_it_is_dialled() {
        let finds = |question: &str, phone: &str| {
            phone_digits(question).iter().any(|part| digits(phone).contains(part.as_str()))
        };
        for phone in
            ["+33 6 12 34 56 78", "0033612345678", "06 12 34 56 78", "06.12.34.56.78", "(0)6-12/34 56 78"]
        {
            for question in [
                "06 12 34",
                "06–12–34",
                "0612345678",
                "+33 6 12 34 56 78",
                "+33 (0)6 12 34 56 78",
                "0033612345678",
                "345678",
                "612",
            ] {
                assert!(finds(question, phone), "{question} in {phone}: {:?}", phone_digits(question));
            }
            assert!(!finds("06 12 35", phone));
        }
        for none in ["", "12", "+", "nina", "06 12 x", "+44 6 12 34"] {
            assert!(!finds(none, "+33 6 12 34 56 78"), "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_found_by_itself_and_by_its_parts(text in "\\PC{0,40}", from in 0..40_usize, length in 1..20_usize) {
            prop_assert!(finds(&text, &text), "{:?}", text);
            let folded = letters(&text);
            let part: String = folded.chars().skip(from).take(length).collect();
            prop_assert!(finds(&part, &text), "{:?} in {:?}", part, text);
        }
    }
}
