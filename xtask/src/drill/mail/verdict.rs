//! What arrived, against what was asked.

use std::collections::BTreeMap;

use super::load::{Book, DOMAIN};
use crate::drill::smtp::Arrival;

/// How long after the mail server's answer its instance may take to write that down, in seconds: a kill within it repeats
/// the mail.
const WRITTEN_DOWN: f64 = 3.0;

/// An instance, by its URL, was killed; in seconds since 1970.
pub(super) struct Kill {
    pub(super) url: String,
    pub(super) at: f64,
}

#[derive(Default)]
pub(super) struct Verdict {
    pub(super) arrivals: usize,
    /// Invitations that were acknowledged and arrived.
    pub(super) arrived: usize,
    pub(super) lost: Vec<String>,
    /// Mails to people whose request was refused, or whom nobody asked.
    pub(super) phantoms: Vec<String>,
    /// Invitations that came again because the answer to the mail was lost,
    pub(super) unanswered: usize,
    /// because its instance was killed,
    pub(super) killed: usize,
    /// or for no reason.
    pub(super) without_cause: Vec<String>,
    /// Invitations in mails of different Message-IDs.
    pub(super) renamed: Vec<String>,
    /// Message-IDs that were transmitted twice at the same time.
    pub(super) overlapping: Vec<String>,
}

impl Verdict {
    pub(super) fn of(book: &Book, arrivals: &[Arrival], kills: &[Kill]) -> Self {
        let mut verdict = Self { arrivals: arrivals.len(), ..Self::default() };
        let mut by_token: BTreeMap<&str, Vec<&Arrival>> = BTreeMap::new();
        let mut by_id: BTreeMap<&str, Vec<&Arrival>> = BTreeMap::new();
        for arrival in arrivals {
            let ours = arrival.to.ends_with(DOMAIN);
            if ours && !book.asked.contains_key(&arrival.to) && !book.unknown.contains(&arrival.to) {
                verdict.phantoms.push(arrival.to.clone());
            }
            by_id.entry(&arrival.message_id).or_default().push(arrival);
            for (_, token) in links(&arrival.text) {
                by_token.entry(token).or_default().push(arrival);
            }
        }
        for (address, token) in &book.asked {
            let came = by_token.get(&**token).into_iter().flatten();
            match came.filter(|arrival| arrival.taken && arrival.to == *address).count() {
                0 => verdict.lost.push(address.clone()),
                _ => verdict.arrived += 1,
            }
        }
        for came in by_token.values_mut() {
            came.sort_by(|one, other| one.began.total_cmp(&other.began));
            for (before, again) in came.iter().zip(&came[1..]) {
                verdict.repeated(before, again, kills);
            }
        }
        for (id, sent) in &mut by_id {
            sent.sort_by(|one, other| one.began.total_cmp(&other.began));
            if sent.iter().zip(&sent[1..]).any(|(one, other)| other.began < one.ended) {
                verdict.overlapping.push((*id).to_owned());
            }
        }
        verdict
    }

    fn repeated(&mut self, before: &Arrival, again: &Arrival, kills: &[Kill]) {
        if before.message_id != again.message_id {
            self.renamed.push(format!("{} {}", before.message_id, again.message_id));
        }
        let killed = |kill: &Kill| {
            let sender = links(&before.text).any(|(url, _)| url == kill.url);
            sender && (before.began..before.ended + WRITTEN_DOWN).contains(&kill.at)
        };
        if kills.iter().any(killed) {
            self.killed += 1;
        } else if !before.taken {
            self.unanswered += 1;
        } else {
            self.without_cause.push(before.message_id.clone());
        }
    }
}

/// The links of a mail: the PUBLIC_URL of the instance that sent it, and the token.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_whitespace().filter_map(|word| word.split_once("/invite?token="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(id: &str, token: &str, (began, ended): (f64, f64), taken: bool) -> Arrival {
        let (message_id, to) = (id.to_owned(), format!("{token}@drill.example"));
        Arrival {
            message_id,
            to,
            text: format!("Yes:\nhttp://a/invite?token={token}\n"),
            began,
            ended,
            taken,
        }
    }

    fn book(tokens: &[&str]) -> Book {
        let asked = tokens.iter().map(|token| (format!("{token}@drill.example"), (*token).to_owned()));
        Book { asked: asked.collect(), ..Book::default() }
    }

    #[test]
    fn what_did_not_arrive_or_was_not_asked_is_seen() {
        let arrivals = [
            arrival("1", "x", (1.0, 2.0), true),
            arrival("2", "y", (1.0, 2.0), false),
            arrival("3", "z", (1.0, 2.0), true),
        ];
        let verdict = Verdict::of(&book(&["w", "x", "y"]), &arrivals, &[]);
        assert_eq!((verdict.arrived, verdict.lost.len()), (1, 2), "w did not come, y was not taken");
        assert_eq!(verdict.phantoms, ["z@drill.example"]);
    }

    #[test]
    fn a_repeat_has_a_cause_or_not() {
        let kill = |at| [Kill { url: "http://a".into(), at }];
        let twice = [arrival("1", "x", (1.0, 2.0), true), arrival("1", "x", (9.0, 9.5), true)];
        let causes = |arrivals: &[Arrival], kills: &[Kill]| {
            let verdict = Verdict::of(&book(&["x"]), arrivals, kills);
            (verdict.unanswered, verdict.killed, verdict.without_cause.len())
        };
        assert_eq!(causes(&twice, &kill(2.5)), (0, 1, 0));
        assert_eq!(causes(&twice, &kill(8.0)), (0, 0, 1));
        assert_eq!(causes(&twice, &[Kill { url: "http://b".into(), at: 2.5 }]), (0, 0, 1));
        let unanswered = [arrival("1", "x", (1.0, 2.0), false), arrival("1", "x", (9.0, 9.5), true)];
        assert_eq!(causes(&unanswered, &[]), (1, 0, 0));
    }

    #[test]
    fn two_transmissions_of_one_mail_overlap_or_follow_each_other() {
        let of = |second: (f64, f64), id| {
            let arrivals = [arrival("1", "x", (1.0, 2.0), false), arrival(id, "x", second, true)];
            let verdict = Verdict::of(&book(&["x"]), &arrivals, &[]);
            (verdict.overlapping.len(), verdict.renamed.len())
        };
        assert_eq!(of((1.9, 3.0), "1"), (1, 0));
        assert_eq!(of((2.0, 3.0), "1"), (0, 0));
        assert_eq!(of((1.9, 3.0), "2"), (0, 1));
    }
}
