//! How easily a password is guessed. `zxcvbn` takes longer for longer texts, and much longer where letters are written as
//! digits and signs, which may be read in hundreds of ways. So it gets only as many characters as take, at worst, about as long
//! as a hash.

/// A password found with fewer guesses is common: the lists of `zxcvbn` hold 30 000 real ones, and their usual variations, rows
/// of keys and repetitions come to about as many again.
const COMMON_GUESSES: u64 = 100_000;
/// Characters judged at a time. Measured in release, with digits and signs only: 540 to 650 ms for 100 characters, 200 ms for
/// 64, 46 ms for 32.
const MOST: usize = 32;

/// Whether a password is among the first that are guessed. The e-mail counts as a dictionary word, so it and its usual
/// variations are common as well.
pub(super) fn is_common(password: &str, email: &str) -> bool {
    let easy = |part: &String| zxcvbn::zxcvbn(part, &[email]).guesses() < COMMON_GUESSES;
    password.eq_ignore_ascii_case(email) || parts(password).iter().all(easy)
}

/// What is judged instead of a long password: both ends, since it is hard to guess if either is; of a repeated text, as many
/// repetitions as fit into [`MOST`].
fn parts(password: &str) -> Vec<String> {
    let characters: Vec<char> = password.chars().collect();
    let (length, period) = (characters.len(), period(password));
    if length <= MOST {
        vec![password.to_owned()]
    } else if period <= MOST {
        vec![characters[..MOST / period * period].iter().collect()]
    } else {
        [&characters[..MOST], &characters[length - MOST..]].map(|end| end.iter().collect()).into()
    }
}

/// The length, in characters, of the text that the whole password repeats; the password's own length when it repeats none.
fn period(password: &str) -> usize {
    let first = password.chars().next().map_or(0, char::len_utf8);
    let twice = password.repeat(2);
    let again = twice[first..].find(password).map_or(password.len(), |at| at + first);
    password[..again].chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMAIL: &str = "marion@rideau.example";
    /// Each may stand for several letters, or for none.
    const SIGNS: &str = "4@8({[<3691!|70$5+%2";

    fn crafted() -> Vec<String> {
        let take = |text: &str| text.chars().cycle().take(128).collect::<String>();
        vec![
            take(SIGNS),
            take(&format!("{SIGNS}lovemetheandpass")),
            SIGNS
                .chars()
                .flat_map(|sign| take(&format!("{sign}aéß🎭")).chars().take(6).collect::<Vec<_>>())
                .collect(),
            take("🎭4"),
            take("1"),
            "é".repeat(128),
            take(EMAIL),
        ]
    }

    #[test]
    fn few_characters_are_judged_however_long_a_password_is() {
        for password in crafted() {
            let parts = parts(&password);
            let judged: Vec<usize> = parts.iter().map(|part| part.chars().count()).collect();
            assert!(judged.len() <= 2 && judged.iter().all(|length| (1..=32).contains(length)), "{judged:?}");
            is_common(&password, EMAIL);
        }
        assert_eq!(parts("une longue phrase"), ["une longue phrase"]);
    }

    #[test]
    fn what_is_common_is_common_however_often_it_is_said() {
        let many = |text: &str| [1, 2, 3, 5, 8].map(|times| text.repeat(times));
        for password in ["password", "motdepasse", "azertyuiop", "iloveyou", EMAIL].into_iter().flat_map(many)
        {
            assert!(is_common(&password, EMAIL), "{password}");
        }
        for password in ["a".repeat(128), "abc".repeat(40), "12345678".repeat(16)] {
            assert!(is_common(&password, EMAIL), "{password}");
        }
    }

    #[test]
    fn a_long_password_is_judged_by_its_stronger_end() {
        let aaa = "a".repeat(64);
        let phrase = "sept cygnes noirs dansent sur le lac gelé, minuit sonne";
        for password in [phrase.into(), format!("{phrase}{aaa}"), format!("{aaa}{phrase}")] {
            assert!(!is_common(&password, EMAIL), "{password}");
        }
        assert!(is_common(&format!("{aaa}{}", "b".repeat(64)), EMAIL));
    }

    #[test]
    fn finds_after_how_many_characters_a_password_begins_anew() {
        for (password, wanted) in
            [("", 0), ("a", 1), ("aaaa", 1), ("abab", 2), ("ababa", 5), ("éàéàéà", 2), ("🎭a🎭", 3)]
        {
            assert_eq!(period(password), wanted, "{password}");
        }
    }
}
