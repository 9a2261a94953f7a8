use super::*;
use jiff::civil::DateTime;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn event(zone: TimeZone, start: &str, end: &str) -> Event {
    Event {
        id: Uuid::from_u128(7),
        sequence: 3,
        changed_at: at("2026-09-01T10:00:00.5Z"),
        start: at(start),
        end: at(end),
        zone,
        status: Status::Confirmed,
        summary: "Montage lumière".into(),
        location: None,
        description: None,
        url: None,
    }
}

fn feed(events: Vec<Event>) -> Calendar {
    Calendar { method: Method::Publish, name: None, events }
}

/// The content lines, unfolded.
fn lines(calendar: &Calendar) -> Vec<String> {
    let file = calendar.to_ics();
    let unfolded = file.strip_suffix("\r\n").unwrap().replace("\r\n ", "");
    unfolded.split("\r\n").map(ToOwned::to_owned).collect()
}

/// The values of a property.
fn values(calendar: &Calendar, name: &str) -> Vec<String> {
    let lines = lines(calendar);
    let values = lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    values.map(ToOwned::to_owned).collect()
}

#[test]
fn a_feed_says_what_a_person_needs() {
    let full = Event {
        status: Status::Tentative,
        location: Some("Grande salle; 12, rue des Lilas".into()),
        description: Some("Poste : son\r\n\r\n\r\nC:\\regie\n".into()),
        url: Some("https://crew.example.org/invite?token=abc".to_owned().into()),
        ..event(zone("Europe/Paris"), "2026-10-24T20:00:00Z", "2026-10-24T23:30:00.9Z")
    };
    let calendar = Calendar { name: Some("Rideau Rouge".into()), ..feed(vec![full]) };
    let expected = "\
        BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//Coulisses Crew//Coulisses Crew//EN|CALSCALE:GREGORIAN|METHOD:PUBLISH|\
        NAME:Rideau Rouge|X-WR-CALNAME:Rideau Rouge|REFRESH-INTERVAL;VALUE=DURATION:PT1H|X-PUBLISHED-TTL:PT1H|\
        BEGIN:VTIMEZONE|TZID:Europe/Paris|\
        BEGIN:DAYLIGHT|DTSTART:20260329T020000|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|TZNAME:CEST|END:DAYLIGHT|\
        BEGIN:STANDARD|DTSTART:20261025T030000|TZOFFSETFROM:+0200|TZOFFSETTO:+0100|TZNAME:CET|END:STANDARD|\
        END:VTIMEZONE|\
        BEGIN:VEVENT|UID:00000000-0000-0000-0000-000000000007|DTSTAMP:20260901T100000Z|LAST-MODIFIED:20260901T100000Z|\
        SEQUENCE:3|DTSTART;TZID=Europe/Paris:20261024T220000|DTEND;TZID=Europe/Paris:20261025T013000|\
        STATUS:TENTATIVE|TRANSP:TRANSPARENT|SUMMARY:Montage lumière|LOCATION:Grande salle\\; 12\\, rue des Lilas|\
        DESCRIPTION:Poste : son\\n\\nC:\\\\regie|URL:https://crew.example.org/invite?token=abc|END:VEVENT|END:VCALENDAR";
    assert_eq!(lines(&calendar).join("|"), expected);
    assert_eq!(*calendar.to_ics(), *calendar.clone().to_ics());
    assert!(!format!("{calendar:?} {:?}", calendar.to_ics()).contains("token"));
}

#[test]
fn a_local_time_that_comes_twice_is_written_in_utc() {
    let paris = |start, end| feed(vec![event(zone("Europe/Paris"), start, end)]);
    let both = paris("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    assert_eq!(values(&both, "DTSTART;TZID=Europe/Paris"), [] as [&str; 0]);
    assert_eq!(values(&both, "DTSTART").last().unwrap(), "20261025T003000Z");
    assert_eq!(values(&both, "DTEND"), ["20261025T013000Z"]);
    let around = paris("2026-10-24T23:59:59Z", "2026-10-25T02:00:00Z");
    assert_eq!(values(&around, "DTSTART;TZID=Europe/Paris"), ["20261025T015959"]);
    assert_eq!(values(&around, "DTEND;TZID=Europe/Paris"), ["20261025T030000"]);
}

#[test]
fn a_zone_without_a_name_is_utc() {
    let posix = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for zone in [TimeZone::UTC, zone("UTC"), TimeZone::fixed(jiff::tz::offset(2)), TimeZone::unknown(), posix]
    {
        let calendar = feed(vec![event(zone, "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z")]);
        assert_eq!(values(&calendar, "DTSTART"), ["20260701T080000Z"]);
        assert!(values(&calendar, "TZID").is_empty());
    }
    let named = TimeZone::tzif("Paris:1\r\nATTENDEE", &tzif_of_utc()).unwrap();
    let calendar = feed(vec![event(named, "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z")]);
    assert_eq!(values(&calendar, "DTSTART"), ["20260701T080000Z"]);
}

/// The smallest file of a zone (RFC 9636).
fn tzif_of_utc() -> Vec<u8> {
    let mut block = [&b"TZif2"[..], &[0; 15]].concat();
    // No transitions, one type, four characters of its abbreviation.
    for count in [0_u32, 0, 0, 0, 1, 4] {
        block.extend(count.to_be_bytes());
    }
    block.extend([&[0; 6][..], b"UTC\0"].concat());
    [&block, &block[..], b"\nUTC0\n"].concat()
}

#[test]
fn a_zone_without_transitions_has_one_observance() {
    let calendar = feed(vec![event(zone("Etc/GMT+5"), "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z")]);
    assert_eq!(values(&calendar, "TZOFFSETFROM"), ["-0500"]);
    assert_eq!(values(&calendar, "TZOFFSETTO"), ["-0500"]);
    let kolkata = feed(vec![event(zone("Asia/Kolkata"), "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z")]);
    assert_eq!(values(&kolkata, "TZOFFSETTO"), ["+0530"]);
}

#[test]
fn no_list_of_observances_grows_with_the_years_between_events() {
    let year = |year: u16| {
        event(zone("Europe/Paris"), &format!("{year}-07-01T08:00:00Z"), &format!("{year}-07-01T12:00:00Z"))
    };
    let calendar = feed(vec![year(2200), year(2026), year(2027), year(2026)]);
    let begins = values(&calendar, "BEGIN");
    assert_eq!(begins.iter().filter(|begin| *begin == "VTIMEZONE").count(), 1);
    let observances = ["20260329", "20261025", "20270328", "20271031", "22000330", "22001026"];
    let onsets = values(&calendar, "DTSTART");
    assert!(onsets.iter().zip(observances).all(|(onset, day)| onset.starts_with(day)), "{onsets:?}");
    assert_eq!(onsets.len(), observances.len());
}

#[test]
fn what_is_not_allowed_is_left_out() {
    let mut odd = event(TimeZone::UTC, "2026-07-01T08:00:00Z", "2026-07-01T08:00:00.9Z");
    odd.sequence = i64::MAX;
    odd.summary = " \u{202e}\u{200b}\r\n".into();
    odd.location = Some("\0".into());
    odd.description = Some("\n\u{2028}".into());
    let calendar = Calendar { method: Method::Cancel, name: Some(String::new()), events: vec![odd.clone()] };
    for absent in ["DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME"] {
        assert!(values(&calendar, absent).is_empty(), "{absent}");
    }
    assert_eq!(values(&calendar, "SEQUENCE"), ["2147483647"]);
    assert_eq!(values(&calendar, "METHOD"), ["CANCEL"]);
    odd.sequence = -1;
    assert_eq!(values(&feed(vec![odd]), "SEQUENCE"), ["0"]);
    assert_eq!(values(&feed(Vec::new()), "BEGIN"), ["VCALENDAR", "VTIMEZONE", "STANDARD"]);
}

#[test]
fn a_status_says_whether_the_time_is_taken() {
    for (status, word, transparency) in [
        (Status::Tentative, "TENTATIVE", "TRANSPARENT"),
        (Status::Confirmed, "CONFIRMED", "OPAQUE"),
        (Status::Cancelled, "CANCELLED", "TRANSPARENT"),
    ] {
        let event = Event { status, ..event(TimeZone::UTC, "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z") };
        let calendar = feed(vec![event]);
        assert_eq!(values(&calendar, "STATUS"), [word]);
        assert_eq!(values(&calendar, "TRANSP"), [transparency]);
    }
}

#[test]
fn no_text_is_a_formula() {
    let of = |text: &str| {
        let mut one = event(TimeZone::UTC, "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z");
        (one.location, one.description) = (Some(text.into()), Some(text.into()));
        one.summary = text.into();
        let calendar = Calendar { name: Some(text.into()), ..feed(vec![one]) };
        ["SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME"]
            .map(|name| values(&calendar, name).concat())
    };
    for (text, written) in [
        ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
        ("\t=1", "'=1"),
        ("\u{a0}=1", "'\u{a0}=1"),
        ("\u{200b}@x", "'\u{200b}@x"),
        ("-2+3", "'-2+3"),
        ("+33 6", "'+33 6"),
        ("\u{ff1d}1", "'\u{ff1d}1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
    ] {
        assert_eq!(of(text), [written; 5], "{text:?}");
    }
}

/// Reads the local time of a zone's DTSTART by the observances alone, as RFC 5545 section 3.6.5 has it.
fn read_by_observances(calendar: &Calendar, local: &str) -> jiff::Timestamp {
    let read = |text: &str| DateTime::strptime("%Y%m%dT%H%M%S", text).unwrap();
    let local = read(local);
    let begins = values(calendar, "DTSTART").into_iter().filter(|begins| !begins.ends_with('Z'));
    let begins = begins.map(|begins| read(&begins));
    let offsets = values(calendar, "TZOFFSETTO").into_iter().map(|offset| {
        let sign = if offset.starts_with('-') { -1 } else { 1 };
        let part = |range| offset.get(range).map_or(0, |digits: &str| digits.parse::<i32>().unwrap());
        jiff::tz::Offset::from_seconds(sign * (part(1..3) * 3600 + part(3..5) * 60 + part(5..7))).unwrap()
    });
    let (_, offset) =
        begins.zip(offsets).filter(|(begins, _)| *begins <= local).max_by_key(|(begins, _)| *begins).unwrap();
    offset.to_timestamp(local).unwrap()
}

/// The instant of a property of the only event.
fn instant(calendar: &Calendar, name: &str, tzid: &str) -> jiff::Timestamp {
    match &*values(calendar, &format!("{name};TZID={tzid}")) {
        [local] => read_by_observances(calendar, local),
        _ => {
            let utc = values(calendar, name).pop().unwrap();
            DateTime::strptime("%Y%m%dT%H%M%SZ", utc).unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp()
        }
    }
}

fn any_zone() -> impl Strategy<Value = String> {
    let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "{names:?}");
    prop::sample::select(names)
}

/// Within half a day of the zone's next transition, if that is wanted.
fn near_transitions(zone: &TimeZone, second: i64, near: bool) -> i64 {
    let at = jiff::Timestamp::from_second(second).unwrap();
    match zone.following(at).next() {
        Some(transition) if near && transition.timestamp().as_second() < 7_200_000_000 => {
            transition.timestamp().as_second() + second % 86_400 - 43_200
        }
        _ => second,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_observances_of_a_file_give_its_instants(
        name in any_zone(), second in 86_400_i64..7_200_000_000, near in any::<bool>(), length in 1_i64..32 * 86_400,
    ) {
        let zone = zone(&name);
        let start = near_transitions(&zone, second, near);
        let start = Timestamp::from_micros(start * 1_000_000);
        let end = start.plus_seconds(length);
        let calendar = feed(vec![Event { start, end, ..event(zone.clone(), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z") }]);
        let tzid = zone.iana_name().unwrap();
        prop_assert_eq!(instant(&calendar, "DTSTART", tzid), start.into());
        prop_assert_eq!(instant(&calendar, "DTEND", tzid), end.into());
    }
}

/// What may do harm, and anything else; never blank.
fn typed() -> impl Strategy<Value = String> {
    let harmful = prop::sample::select(vec![
        "\r\nATTENDEE:mailto:x@evil.example\r\n",
        "\nEND:VEVENT\nBEGIN:VALARM\n",
        "\r\n \r\n\tX-EVIL:1",
        "\u{85}URL:https://evil.example\u{2028}X:1\u{2029}",
        "a:b;c=d,e\\",
        "\\n\\\\n\\;\\,\\N",
        "\";TZID=x:1\"",
        "\u{202e}\u{2066}\0\u{7f}\u{b}\u{c}\u{1c}\u{feff}",
        "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
        "=cmd|' /C calc'!A0",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 e\u{301} 葛\u{e0100}城",
    ]);
    ("(?s).{0,80}", harmful, "(?s).{0,300}")
        .prop_map(|(before, harm, after)| format!("{before}{harm}{after}x"))
}

fn with_texts(texts: [String; 5]) -> Calendar {
    let [name, summary, location, description, url] = texts;
    let mut typed = event(zone("Europe/Paris"), "2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z");
    (typed.summary, typed.location, typed.description) = (summary, Some(location), Some(description));
    typed.url = Some(url.into());
    Calendar { name: Some(name), ..feed(vec![typed]) }
}

/// What is before the value of each line.
fn heads(calendar: &Calendar) -> Vec<String> {
    lines(calendar).iter().map(|line| line.split_once(':').unwrap().0.to_owned()).collect()
}

/// The text that a reader takes from a value; fails for what no TEXT contains.
fn unescaped(value: &str) -> String {
    let (mut text, mut chars) = (String::new(), value.chars());
    while let Some(c) = chars.next() {
        assert!(!matches!(c, ';' | ','), "{value:?}");
        text.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(escaped @ ('\\' | ';' | ',')) => escaped,
                other => panic!("\\{other:?} in {value:?}"),
            },
            c => c,
        });
    }
    text
}

proptest! {
    #[test]
    fn no_text_is_more_than_a_text(texts in prop::array::uniform5(typed())) {
        let calendar = with_texts(texts.clone());
        let harmless = with_texts(std::array::from_fn(|_| "x".to_owned()));
        prop_assert_eq!(heads(&calendar), heads(&harmless));
        for (name, text) in ["NAME", "SUMMARY", "LOCATION", "DESCRIPTION"].iter().zip(&texts) {
            let read = unescaped(&values(&calendar, name).concat());
            // Spaces, line breaks and what must not be there aside, it is what was typed.
            let kept = |text: &str| -> String {
                text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '\\' | ';' | ',' | ':' | '"' | '=')).collect()
            };
            prop_assert_eq!(kept(&read), kept(text));
            let is_one_line = !read.contains('\n') || *name == "DESCRIPTION";
            prop_assert!(is_one_line && !read.starts_with(['=', '+', '-', '@']), "{:?}", read);
        }
        prop_assert!(values(&calendar, "URL").concat().is_ascii());
    }

    #[test]
    fn a_file_is_lines_of_75_octets(texts in prop::array::uniform5(typed())) {
        let file = with_texts(texts).to_ics();
        let mut before = String::new();
        for line in file.strip_suffix("\r\n").unwrap().split("\r\n") {
            prop_assert!(line.len() <= 75, "{}", line);
            let bidi = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            prop_assert!(!line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || bidi(c)), "{:?}", line);
            if line.starts_with(' ') {
                let backslashes = before.len() - before.trim_end_matches('\\').len();
                // Those of this value; a URL has none.
                prop_assert!(backslashes.is_multiple_of(2), "{:?} {:?}", before, line);
            }
            line.clone_into(&mut before);
        }
    }
}

#[test]
fn no_space_is_beside_a_fold() {
    let words = "Rendez-vous devant l'entrée des artistes, avec gants, casque et chaussures de sécurité; repas sur place. ";
    let mut one = event(TimeZone::UTC, "2026-07-01T08:00:00Z", "2026-07-01T12:00:00Z");
    one.description = Some(words.repeat(40));
    let file = feed(vec![one]).to_ics();
    let folds: Vec<_> = file.match_indices("\r\n ").collect();
    assert!(folds.len() > 40);
    for (at, fold) in folds {
        assert!(!file[..at].ends_with(' ') && !file[at + fold.len()..].starts_with(' '));
    }
}
