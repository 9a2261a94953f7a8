//! What the text and the HTML of a mail show alike.
//!
//! Whatever people typed goes through [`one_line`] or [`lines`], and stands behind a label, an indent or `>`: no line of the
//! text begins with it, so nothing typed can look like a sentence or a link of ours.

use super::words::Words;
use crate::secret::Secret;
use askama::Template;

/// Lines of the text are folded here, in characters.
const WIDTH: usize = 72;

#[derive(Default)]
pub(super) struct Letter {
    pub(super) org: Option<String>,
    pub(super) name: Option<String>,
    pub(super) heading: String,
    pub(super) opening: Option<&'static str>,
    pub(super) cards: Vec<Card>,
    pub(super) all: Option<Button>,
    pub(super) sections: Vec<Section>,
    pub(super) closing: Vec<String>,
    /// Whom to ask: a label, and what is known of them.
    pub(super) contact: Option<(&'static str, Vec<String>)>,
}

/// A call, or the account that a mail is about.
#[derive(Default)]
pub(super) struct Card {
    pub(super) when: Option<When>,
    pub(super) rows: Vec<Row>,
    pub(super) note: Option<(&'static str, Vec<String>)>,
    pub(super) until: Option<Row>,
    /// What the person is asked for, or told, at the end of the card.
    pub(super) told: Option<&'static str>,
    pub(super) button: Option<Button>,
}

#[derive(Default)]
pub(super) struct When {
    pub(super) day: String,
    pub(super) times: String,
    /// The duration and the zone.
    pub(super) lasts: String,
    pub(super) remark: Option<String>,
    pub(super) was: Option<Before>,
    /// Whether it does not take place: struck through.
    pub(super) off: bool,
}

/// What a period was before: only what differs is shown, above what replaces it.
pub(super) enum Before {
    Day(String),
    Times(String),
}

pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) was: Option<String>,
}

impl Row {
    pub(super) fn new(label: &'static str, value: &str) -> Self {
        Self { label, value: one_line(value), was: None }
    }

    fn in_text(&self, words: &Words) -> String {
        let Some(was) = &self.was else { return labelled(self.label, &self.value, words) };
        let old = indented(words.moved.was, was, words);
        let new = indented(words.moved.now, &self.value, words);
        format!("{}{}\n{old}\n{new}", self.label, words.colon.trim_end())
    }

    fn indented(&self, words: &Words) -> String {
        indented(self.label, &self.value, words)
    }
}

/// What is listed under one heading.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) tone: Tone,
    pub(super) entries: Vec<Entry>,
    /// How many are not listed.
    pub(super) more: Option<String>,
}

/// What a heading's colour and sign say about the state of what is under it.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Asked,
    Warn,
    Good,
    Bad,
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    /// Less important than the lines above it.
    pub(super) aside: Option<String>,
    pub(super) rows: Vec<Row>,
    /// In the person's own words.
    pub(super) quote: Vec<String>,
}

impl Tone {
    /// The class and the style of the heading: the tokens of the pages' `style.css`, because most mail programs read neither
    /// variables nor files.
    fn class(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Warn => "warn",
            Self::Good => "yes",
            Self::Bad => "no",
        }
    }

    fn style(self) -> &'static str {
        match self {
            Self::Asked => "background-color:#fffefb;color:#17151d;border:2px solid #8d8794",
            Self::Warn => "background-color:#fdf0d9;color:#8a5200;border:2px solid #fdf0d9",
            Self::Good => "background-color:#e4f2e8;color:#17693a;border:2px solid #e4f2e8",
            Self::Bad => "background-color:#edeaf0;color:#5b5765;border:2px solid #edeaf0",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Asked => "?",
            Self::Warn => "!",
            Self::Good => "✓",
            Self::Bad => "✕",
        }
    }
}

pub(super) struct Button {
    pub(super) label: &'static str,
    pub(super) link: Secret,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    subject: &'a str,
    words: &'static Words,
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    words: &'static Words,
    letter: &'a Letter,
}

impl Letter {
    pub(super) fn html(&self, subject: &str, words: &'static Words) -> Secret {
        written(&Html { subject, words, letter: self })
    }

    pub(super) fn text(&self, words: &'static Words) -> Secret {
        written(&Text { words, letter: self })
    }
}

fn written(template: &impl Template) -> Secret {
    template.render().expect("a String takes whatever is written to it").into()
}

/// White space and control characters become one space between words; what changes the direction of the text around it goes.
/// No-break spaces stay.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control() || (c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}')) || c == '\u{feff}'
    };
    let words = text.split(breaks).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')).collect()
}

/// The lines of a longer text, with at most one empty line between two others.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut lines: Vec<_> =
        text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).map(one_line).collect();
    lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
    if lines.first().is_some_and(String::is_empty) {
        lines.remove(0);
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The first `max` characters.
pub(super) fn cut(text: &str, max: usize) -> String {
    let text = one_line(text);
    if text.chars().count() <= max {
        return text;
    }
    let kept: String = text.chars().take(max - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Folds a line between words; what follows is indented.
fn folded(line: &str) -> String {
    fold_with(line, "", "  ")
}

fn labelled(label: &str, value: &str, words: &Words) -> String {
    folded(&format!("{label}{}{value}", words.colon))
}

fn indented(label: &str, value: &str, words: &Words) -> String {
    folded_behind("  ", &format!("{label}{}{value}", words.colon))
}

/// Folds a line whose beginning is indented already.
fn folded_behind(indent: &str, line: &str) -> String {
    fold_with(line, indent, &format!("{indent}  "))
}

/// Each line behind a `>`.
fn quoted(lines: &[String]) -> String {
    lines.iter().map(|line| quoted_line(line)).collect::<Vec<_>>().join("\n")
}

fn quoted_line(line: &str) -> String {
    fold_with(line, "> ", "> ").trim_end().to_owned()
}

fn quoted_in_entry(line: &str) -> String {
    fold_with(line, "  > ", "  > ").trim_end().to_owned()
}

fn fold_with(line: &str, first: &str, next: &str) -> String {
    let (mut folded, mut width, mut begun) = (first.to_owned(), first.chars().count(), false);
    for word in line.split(' ') {
        let length = word.chars().count();
        if begun && width + 1 + length > WIDTH {
            folded.push('\n');
            folded.push_str(next);
            width = next.chars().count();
        } else if begun {
            folded.push(' ');
            width += 1;
        }
        folded.push_str(word);
        width += length;
        begun = true;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_lines() {
        assert_eq!(one_line(" a\r\nBcc: x\t\u{2028}b\u{0}c\u{202e}d 14\u{a0}h "), "a Bcc: x b cd 14\u{a0}h");
        assert_eq!(lines("\n\na\r\n\r\n\r\nb\rc\u{85}d\n\n"), ["a", "", "b", "c", "d"]);
        assert_eq!(lines(" \n "), [""; 0]);
        assert_eq!((cut("abc", 3), cut("abcd", 3)), ("abc".into(), "ab…".into()));
    }

    #[test]
    fn long_lines_are_folded() {
        let folded = folded(&format!("Where: {}", "théâtre ".repeat(20).trim()));
        let lines: Vec<_> = folded.lines().collect();
        assert!(lines.len() == 3 && lines[1..].iter().all(|line| line.starts_with("  t")), "{folded}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{folded}");
        assert_eq!(quoted(&["a".into(), String::new(), "b".into()]), "> a\n>\n> b");
    }
}
