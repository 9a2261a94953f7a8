//! What people typed, as values of TEXT properties.

use crate::text::is_invisible;
use ics::escape_text;

/// What a spreadsheet takes for the beginning of a formula, also in full width as Japanese ones do.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// One line; `None` if nothing of it can be seen.
pub(super) fn line(text: &str) -> Option<String> {
    value(plain(text))
}

/// Lines, with at most one empty line between two others.
pub(super) fn lines(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let mut lines: Vec<_> =
        text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).map(plain).collect();
    lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
    value(lines.join("\n").trim_matches('\n').to_owned())
}

/// White space and control characters become one space between words; what hides or turns the text around it goes. No-break
/// spaces stay.
fn plain(text: &str) -> String {
    let breaks = |c: char| c.is_control() || (c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}'));
    let words = text.split(breaks).map(|word| word.replace(turns_or_hides, ""));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Embeddings, overrides and isolates of direction, byte order marks, interlinear annotations.
fn turns_or_hides(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// With an apostrophe before what would be a formula, as OWASP advises for CSV: calendars are exported into spreadsheets,
/// which may take away what is before it.
fn value(text: String) -> Option<String> {
    let seen = text.trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c));
    let guard = if seen.starts_with(FORMULA) { "'" } else { "" };
    (!seen.is_empty()).then(|| format!("{guard}{}", escape_text(text)))
}
