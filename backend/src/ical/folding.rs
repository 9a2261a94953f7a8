//! Lines of at most 75 octets (RFC 5545 section 3.1).

const OCTETS: usize = 75;
const FOLD: &str = "\r\n ";

/// How far before its last octet a line may end so that no space is beside the fold.
const BACK: usize = 24;

/// The same content lines, folded as programs want them.
///
/// `ics` 0.5.8 ends lines after 75 octets that follow the space of a continuation, which are 76, and between a backslash and
/// what it escapes, for which Google Calendar drops the event (github.com/collective/icalendar/issues/1501). No value has a
/// line break of its own, so that its folds can be undone.
pub(super) fn refold(file: &str) -> String {
    let unfolded = file.replace(FOLD, "");
    let mut folded = String::with_capacity(file.len() + file.len() / OCTETS);
    for mut line in unfolded.split_terminator("\r\n") {
        let mut room = OCTETS;
        while line.len() > room {
            let (part, rest) = line.split_at(end(line, room));
            folded.push_str(part);
            folded.push_str(FOLD);
            (line, room) = (rest, OCTETS - 1);
        }
        folded.push_str(line);
        folded.push_str("\r\n");
    }
    folded
}

/// Where to end a line that has more octets than there is room for.
fn end(line: &str, room: usize) -> usize {
    let is_allowed = |at: &usize| line.is_char_boundary(*at) && !splits_escape(&line[..*at]);
    // Editors and mail servers take spaces from the ends of lines.
    let has_no_space = |at: &usize| !line[..*at].ends_with(' ') && !line[*at..].starts_with(' ');
    let mut best = (room - BACK..=room).rev().filter(is_allowed);
    let last = (1..=room).rev().find(is_allowed);
    best.find(has_no_space).or(last).unwrap_or(line.len())
}

/// Whether the last backslash escapes what follows.
fn splits_escape(before: &str) -> bool {
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}
