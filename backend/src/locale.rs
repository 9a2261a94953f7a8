//! The languages that people are written to in, and how each writes days and times.
//!
//! The callers choose the zone: a [`Zoned`] is written on its own wall clock. Numbers and their units are kept together by
//! no-break spaces.

use jiff::{
    Unit, Zoned,
    civil::{Date, Time, Weekday},
    tz::{Offset, TimeZone},
};

crate::words::words! {
    /// A language, and how it writes days and times.
    pub enum Locale {
        /// French.
        French = "fr",
        /// English, with the day before the month and 24 hours.
        English = "en",
        /// American English, with the month first and 12 hours.
        American = "en-US",
    }
}

/// From when to when, as people write it, on the wall clock of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `mardi 1er juin 2027`; two days when it lasts longer than a night.
    pub day: String,
    /// `14 h – 18 h`; with their days when it lasts longer than a night.
    pub times: String,
    /// What must not be missed: it ends the next day, or the clock changes in between.
    pub remark: Option<String>,
    /// `4 h`.
    pub duration: String,
}

const FRENCH_DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const ENGLISH_DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The longest that still is one evening and its night, in hours.
const NIGHT: i64 = 18;

impl Locale {
    /// The language that an `Accept-Language` header prefers; English when it names none of these.
    #[must_use]
    pub fn accepted(accept_language: &str) -> Self {
        let mut best = (0.0, Self::English);
        for item in accept_language.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let Some(locale) = parts.next().and_then(Self::of_tag) else { continue };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            // Of equal ones the first.
            if quality > best.0 {
                best = (quality, locale);
            }
        }
        best.1
    }

    /// The language of a tag such as `fr-CA`.
    fn of_tag(tag: &str) -> Option<Self> {
        let tag = tag.to_ascii_lowercase();
        match (tag.split('-').next(), tag.as_str()) {
            (Some("fr"), _) => Some(Self::French),
            (_, "en-us" | "en-ca") => Some(Self::American),
            (Some("en"), _) => Some(Self::English),
            _ => None,
        }
    }

    /// From `start` to `end`, on the wall clock of `start`.
    #[must_use]
    pub fn period(self, start: &Zoned, end: &Zoned) -> Period {
        let end = end.with_time_zone(start.time_zone().clone());
        let (first, last) = (start.date(), last_day(start, &end));
        let hours = end.timestamp().duration_since(start.timestamp()).as_hours();
        let in_a_night =
            first.tomorrow().is_ok_and(|next| next == last) && hours <= NIGHT && end.hour() <= 12;
        let clock = self.clock_change(start, &end);
        let (day, times, ends) = if first == last {
            (self.date(first), self.times(start.time(), end.time(), end.date() > first), None)
        } else if in_a_night {
            let ends = match self {
                Self::French => format!("se termine {}", self.short_date(last)),
                Self::English | Self::American => format!("ends {}", self.short_date(last)),
            };
            (self.date(first), self.times(start.time(), end.time(), true), Some(ends))
        } else {
            (self.days(first, last), self.times_with_days((first, start.time()), (last, end.time())), None)
        };
        let remarks: Vec<_> = ends.into_iter().chain(clock).collect();
        Period {
            day,
            times,
            remark: (!remarks.is_empty()).then(|| remarks.join(self.between_remarks())),
            duration: self.duration(start, &end),
        }
    }

    const fn between_remarks(self) -> &'static str {
        match self {
            Self::French => "\u{a0}; ",
            Self::English | Self::American => "; ",
        }
    }

    /// `mardi 1er juin 2027 à 14 h`; with the offset from UTC where the wall clock shows the same time twice.
    #[must_use]
    pub fn moment(self, at: &Zoned) -> String {
        let (day, time) = (self.day(at), self.time(at.time()));
        let offset = if is_ambiguous(at) { format!(" ({})", offset(at.offset())) } else { String::new() };
        match self {
            Self::French => format!("{day} à {time}{offset}"),
            Self::English | Self::American => format!("{day} at {time}{offset}"),
        }
    }

    /// `mardi 1er juin 2027`.
    #[must_use]
    pub fn day(self, at: &Zoned) -> String {
        self.date(at.date())
    }

    /// What to write where the zone could be mistaken. The tz database has no names in French, so it is its identifier.
    #[must_use]
    pub fn zone(self, zone: &TimeZone) -> String {
        let name = match zone.iana_name() {
            // The signs of `Etc/GMT+5` are the other way round.
            Some(name) if !name.starts_with("Etc/") && name != "UTC" => name.replace('_', " "),
            _ => return offset(zone.to_offset(jiff::Timestamp::UNIX_EPOCH)),
        };
        match self {
            Self::French => format!("heure locale, {name}"),
            Self::English | Self::American => format!("local time, {name}"),
        }
    }

    /// How long it is from `now` to a later instant: `dans 3 jours`. Days are those of the calendar of `at`'s zone.
    /// `None` for what is not later.
    #[must_use]
    pub fn until(self, now: &Zoned, at: &Zoned) -> Option<String> {
        let now = now.with_time_zone(at.time_zone().clone());
        let minutes = at.timestamp().duration_since(now.timestamp()).as_mins();
        if *at <= now {
            return None;
        }
        let days = now.date().until((Unit::Day, at.date())).map_or(0, |span| span.get_days());
        let french = self == Self::French;
        Some(match (minutes, days) {
            (0..=1, _) if french => "dans une minute".into(),
            (0..=1, _) => "in a minute".into(),
            (2..=59, _) if french => format!("dans {minutes}\u{a0}minutes"),
            (2..=59, _) => format!("in {minutes}\u{a0}minutes"),
            (60..=119, _) if french => "dans une heure".into(),
            (60..=119, _) => "in an hour".into(),
            (_, 0) if french => format!("dans {}\u{a0}heures", minutes / 60),
            (_, 0) => format!("in {}\u{a0}hours", minutes / 60),
            (_, 1) if french => "demain".into(),
            (_, 1) => "tomorrow".into(),
            (_, _) if french => format!("dans {days}\u{a0}jours"),
            (_, _) => format!("in {days}\u{a0}days"),
        })
    }

    fn date(self, day: Date) -> String {
        match self {
            Self::French | Self::English => format!("{} {}", self.short_date(day), day.year()),
            Self::American => format!("{}, {}", self.short_date(day), day.year()),
        }
    }

    /// Without the year.
    fn short_date(self, day: Date) -> String {
        let (weekday, month) = (self.weekday(day.weekday()), self.month(day));
        match self {
            Self::French if day.day() == 1 => format!("{weekday} 1er {month}"),
            Self::French | Self::English => format!("{weekday} {} {month}", day.day()),
            Self::American => format!("{weekday}, {month} {}", day.day()),
        }
    }

    /// Two days; the month and the year once when they are the same.
    fn days(self, first: Date, last: Date) -> String {
        if first.year() != last.year() {
            return format!("{} – {}", self.date(first), self.date(last));
        }
        if self == Self::American || first.month() != last.month() {
            return format!("{} – {}", self.short_date(first), self.date(last));
        }
        let ordinal = if self == Self::French && first.day() == 1 { "er" } else { "" };
        format!("{} {}{ordinal} – {}", self.weekday(first.weekday()), first.day(), self.date(last))
    }

    /// Two times of a day, the second of which may be on the next one.
    fn times(self, start: Time, end: Time, next_day: bool) -> String {
        let ends = if next_day { self.end(end) } else { self.time(end) };
        let half = |time: Time| time.hour() >= 12;
        let (noon, midnight) = (Time::constant(12, 0, 0, 0), Time::midnight());
        let starts = match self {
            // PM once, unless a word takes its place.
            Self::American
                if !next_day
                    && half(start) == half(end)
                    && start != noon
                    && end != noon
                    && end != midnight =>
            {
                american(start)
            }
            _ => self.time(start),
        };
        format!("{starts}\u{a0}– {ends}")
    }

    /// The weekday alone would be mistaken from a week on.
    fn times_with_days(self, start: (Date, Time), end: (Date, Time)) -> String {
        let within_a_week = start.0.until((Unit::Day, end.0)).is_ok_and(|span| span.get_days() < 7);
        let day = |day: Date| match within_a_week {
            true => self.weekday(day.weekday()).to_owned(),
            false => format!("{},", self.short_date(day)),
        };
        format!("{} {}\u{a0}– {} {}", day(start.0), self.time(start.1), day(end.0), self.end(end.1))
    }

    fn time(self, time: Time) -> String {
        match self {
            Self::French if time.minute() == 0 => format!("{}\u{a0}h", time.hour()),
            Self::French => format!("{}\u{a0}h\u{a0}{:02}", time.hour(), time.minute()),
            Self::English => format!("{:02}:{:02}", time.hour(), time.minute()),
            Self::American if (time.hour(), time.minute()) == (12, 0) => "noon".into(),
            Self::American => {
                format!("{}\u{a0}{}", american(time), if time.hour() < 12 { "AM" } else { "PM" })
            }
        }
    }

    /// Midnight as the end of a day.
    fn end(self, time: Time) -> String {
        match self {
            _ if time != Time::midnight() => self.time(time),
            Self::French => "minuit".into(),
            Self::English | Self::American => "midnight".into(),
        }
    }

    /// In French a number of hours alone reads as a time of the day.
    fn duration(self, start: &Zoned, end: &Zoned) -> String {
        let minutes = end.timestamp().duration_since(start.timestamp()).as_mins().max(0);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let minute_unit = if self == Self::French && hours > 0 { "" } else { "\u{a0}min" };
        let duration = match (hours, minutes) {
            (0, minutes) => format!("{minutes}{minute_unit}"),
            (hours, 0) => format!("{hours}\u{a0}h"),
            (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}{minute_unit}"),
        };
        if self == Self::French { format!("durée\u{a0}{duration}") } else { duration }
    }

    /// A change of the clock between the two, or times that the wall clock of that night shows twice.
    fn clock_change(self, start: &Zoned, end: &Zoned) -> Option<String> {
        let (before, after) = (start.offset(), end.offset());
        let shift = (after.seconds() - before.seconds()) / 60;
        let (from, to) = (offset(before), offset(after));
        if shift == 0 {
            return (is_ambiguous(start) || is_ambiguous(end)).then(|| match self {
                Self::French => format!("les horloges reculent cette nuit-là\u{a0}: heures en {from}"),
                Self::English | Self::American => {
                    format!("the clocks go back that night: times are in {from}")
                }
            });
        }
        let by = match (shift.abs() / 60, shift.abs() % 60) {
            (0, minutes) => format!("{minutes}\u{a0}min"),
            (hours, 0) => format!("{hours}\u{a0}h"),
            (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}"),
        };
        Some(match (self, shift > 0) {
            (Self::French, true) => format!("les horloges avancent de {by} entre-temps ({from} puis {to})"),
            (Self::French, false) => format!("les horloges reculent de {by} entre-temps ({from} puis {to})"),
            (_, true) => format!("the clocks go forward {by} in between ({from}, then {to})"),
            (_, false) => format!("the clocks go back {by} in between ({from}, then {to})"),
        })
    }

    fn weekday(self, day: Weekday) -> &'static str {
        let names = if self == Self::French { FRENCH_DAYS } else { ENGLISH_DAYS };
        names[usize::from(day.to_monday_zero_offset().unsigned_abs()) % 7]
    }

    fn month(self, day: Date) -> &'static str {
        let names = if self == Self::French { FRENCH_MONTHS } else { ENGLISH_MONTHS };
        names[(usize::from(day.month().unsigned_abs()) + 11) % 12]
    }
}

/// What ends at midnight ends on the day before.
fn last_day(start: &Zoned, end: &Zoned) -> Date {
    match end.date().yesterday() {
        Ok(yesterday) if end.time() == Time::midnight() && yesterday >= start.date() => yesterday,
        _ => end.date(),
    }
}

/// Without AM or PM.
fn american(time: Time) -> String {
    let hour = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    format!("{hour}:{:02}", time.minute())
}

fn is_ambiguous(at: &Zoned) -> bool {
    at.time_zone().to_ambiguous_timestamp(at.datetime()).is_ambiguous()
}

/// `UTC+5:30`.
fn offset(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".into(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Locale::*, *};

    fn at(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    fn paris(local: &str) -> Zoned {
        at(&format!("{local}[Europe/Paris]"))
    }

    /// Day, times and remark, with ordinary spaces.
    fn written(locale: Locale, start: &Zoned, end: &Zoned) -> (String, String, String) {
        let period = locale.period(start, end);
        let plain = |text: String| text.replace('\u{a0}', " ");
        (plain(period.day), plain(period.times), plain(period.remark.unwrap_or_default()))
    }

    #[track_caller]
    fn is_written(locale: Locale, (start, end): (&Zoned, &Zoned), (day, times, remark): (&str, &str, &str)) {
        assert_eq!(written(locale, start, end), (day.into(), times.into(), remark.into()), "{locale}");
    }

    #[test]
    fn speaks_the_language_that_is_asked_for_most() {
        for (header, locale) in [
            ("", English),
            ("fr", French),
            ("fr-CA, en;q=0.8", French),
            ("de, en;q=0.5, fr;q=0.9", French),
            ("de", English),
            ("en-GB,fr;q=0.9", English),
            ("en-US,en;q=0.9,fr;q=0.8", American),
            ("en-CA", American),
            ("EN-us", American),
            ("fr;q=0, en-AU", English),
            ("fr;q=0", English),
            ("fr;q=0.3, en-US;q=0.7", American),
            ("fr;q=nan", English),
            ("*;q=0.1, ;;,", English),
        ] {
            assert_eq!(Locale::accepted(header), locale, "{header}");
        }
    }

    #[test]
    fn one_day() {
        let (start, end) = (paris("2027-06-01T14:00"), paris("2027-06-01T18:00"));
        is_written(French, (&start, &end), ("mardi 1er juin 2027", "14 h – 18 h", ""));
        is_written(English, (&start, &end), ("Tuesday 1 June 2027", "14:00 – 18:00", ""));
        is_written(American, (&start, &end), ("Tuesday, June 1, 2027", "2:00 – 6:00 PM", ""));
        let (start, end) = (paris("2027-08-02T09:05"), paris("2027-08-02T14:30"));
        is_written(French, (&start, &end), ("lundi 2 août 2027", "9 h 05 – 14 h 30", ""));
        is_written(English, (&start, &end), ("Monday 2 August 2027", "09:05 – 14:30", ""));
        is_written(American, (&start, &end), ("Monday, August 2, 2027", "9:05 AM – 2:30 PM", ""));
    }

    #[test]
    fn noon_and_midnight_are_not_mistaken() {
        let day =
            |from: &str, to: &str| (paris(&format!("2027-06-01T{from}")), paris(&format!("2027-06-{to}")));
        for (from, to, french, english, american) in [
            ("20:00", "02T00:00", "20 h – minuit", "20:00 – midnight", "8:00 PM – midnight"),
            ("00:00", "01T04:00", "0 h – 4 h", "00:00 – 04:00", "12:00 – 4:00 AM"),
            ("00:00", "02T00:00", "0 h – minuit", "00:00 – midnight", "12:00 AM – midnight"),
            ("12:00", "01T18:00", "12 h – 18 h", "12:00 – 18:00", "noon – 6:00 PM"),
            ("09:00", "01T12:00", "9 h – 12 h", "09:00 – 12:00", "9:00 AM – noon"),
            ("12:30", "01T18:00", "12 h 30 – 18 h", "12:30 – 18:00", "12:30 – 6:00 PM"),
        ] {
            let (start, end) = day(from, to);
            for (locale, times) in [(French, french), (English, english), (American, american)] {
                let (_, written, remark) = written(locale, &start, &end);
                assert_eq!((written.as_str(), remark.as_str()), (times, ""));
            }
        }
    }

    #[test]
    fn a_night_is_of_its_first_day_and_says_when_it_ends() {
        let (start, end) = (paris("2027-06-01T20:00"), paris("2027-06-02T01:00"));
        is_written(
            French,
            (&start, &end),
            ("mardi 1er juin 2027", "20 h – 1 h", "se termine mercredi 2 juin"),
        );
        is_written(
            English,
            (&start, &end),
            ("Tuesday 1 June 2027", "20:00 – 01:00", "ends Wednesday 2 June"),
        );
        let ends = "ends Wednesday, June 2";
        is_written(American, (&start, &end), ("Tuesday, June 1, 2027", "8:00 PM – 1:00 AM", ends));
        let (start, end) = (paris("2027-12-31T22:00"), paris("2028-01-01T06:00"));
        let ends = "se termine samedi 1er janvier";
        is_written(French, (&start, &end), ("vendredi 31 décembre 2027", "22 h – 6 h", ends));
    }

    #[test]
    fn what_lasts_longer_names_both_days() {
        let (start, end) = (paris("2027-06-01T14:00"), paris("2027-06-03T18:00"));
        let times = "mardi 14 h – jeudi 18 h";
        is_written(French, (&start, &end), ("mardi 1er – jeudi 3 juin 2027", times, ""));
        let times = "Tuesday 14:00 – Thursday 18:00";
        is_written(English, (&start, &end), ("Tuesday 1 – Thursday 3 June 2027", times, ""));
        let (day, times) = ("Tuesday, June 1 – Thursday, June 3, 2027", "Tuesday 2:00 PM – Thursday 6:00 PM");
        is_written(American, (&start, &end), (day, times, ""));
        // The next day, but no night.
        let (start, end) = (paris("2027-06-30T09:00"), paris("2027-07-01T08:00"));
        let (day, times) = ("mercredi 30 juin – jeudi 1er juillet 2027", "mercredi 9 h – jeudi 8 h");
        is_written(French, (&start, &end), (day, times, ""));
        // A week on, the weekday alone would be mistaken.
        let (start, end) = (paris("2027-06-01T14:00"), paris("2027-06-08T18:00"));
        let times = "mardi 1er juin, 14 h – mardi 8 juin, 18 h";
        is_written(French, (&start, &end), ("mardi 1er – mardi 8 juin 2027", times, ""));
        let (start, end) = (paris("2027-06-01T14:00"), paris("2027-06-04T00:00"));
        let times = "mardi 14 h – jeudi minuit";
        is_written(French, (&start, &end), ("mardi 1er – jeudi 3 juin 2027", times, ""));
        let (start, end) = (paris("2027-12-30T14:00"), paris("2028-01-02T18:00"));
        let day = "Thursday 30 December 2027 – Sunday 2 January 2028";
        is_written(English, (&start, &end), (day, "Thursday 14:00 – Sunday 18:00", ""));
    }

    #[test]
    fn a_change_of_the_clock_is_said_with_both_offsets() {
        let (start, end) = (paris("2027-03-27T22:00"), paris("2027-03-28T06:00"));
        let remark =
            "se termine dimanche 28 mars ; les horloges avancent de 1 h entre-temps (UTC+1 puis UTC+2)";
        is_written(French, (&start, &end), ("samedi 27 mars 2027", "22 h – 6 h", remark));
        assert_eq!(French.period(&start, &end).duration, "durée\u{a0}7\u{a0}h", "the clock shows eight");
        let (start, end) = (paris("2027-10-30T22:00"), paris("2027-10-31T06:00"));
        let remark = "ends Sunday 31 October; the clocks go back 1 h in between (UTC+2, then UTC+1)";
        is_written(English, (&start, &end), ("Saturday 30 October 2027", "22:00 – 06:00", remark));
        assert_eq!(English.period(&start, &end).duration, "9\u{a0}h");
        // Half past two comes twice.
        let (start, end) = (paris("2027-10-31T00:30+02:00"), paris("2027-10-31T02:30+02:00"));
        let remark = "les horloges reculent cette nuit-là : heures en UTC+2";
        is_written(French, (&start, &end), ("dimanche 31 octobre 2027", "0 h 30 – 2 h 30", remark));
        let again = paris("2027-10-31T02:30+01:00");
        let remark = "the clocks go back 1 h in between (UTC+2, then UTC+1)";
        is_written(English, (&end, &again), ("Sunday 31 October 2027", "02:30 – 02:30", remark));
        let (first, second) = (French.moment(&end), French.moment(&again));
        assert!(
            first.ends_with("2\u{a0}h\u{a0}30 (UTC+2)") && second.ends_with("(UTC+1)"),
            "{first} {second}"
        );
        // Lord Howe Island moves by half an hour.
        let (start, end) =
            (at("2027-10-02T22:00[Australia/Lord_Howe]"), at("2027-10-03T06:00[Australia/Lord_Howe]"));
        let (_, _, remark) = written(English, &start, &end);
        assert!(
            remark.ends_with("the clocks go forward 30 min in between (UTC+10:30, then UTC+11)"),
            "{remark}"
        );
    }

    #[test]
    fn a_moment_has_its_weekday() {
        let moment = paris("2027-06-01T14:00");
        assert_eq!(French.moment(&moment), "mardi 1er juin 2027 à 14\u{a0}h");
        assert_eq!(English.moment(&moment), "Tuesday 1 June 2027 at 14:00");
        assert_eq!(American.moment(&moment), "Tuesday, June 1, 2027 at 2:00\u{a0}PM");
        assert_eq!(French.day(&moment), "mardi 1er juin 2027");
        assert_eq!(French.moment(&paris("2027-06-02T00:00")), "mercredi 2 juin 2027 à 0\u{a0}h");
    }

    #[test]
    fn durations_are_hours_and_minutes() {
        let start = paris("2027-06-01T14:00");
        for (end, french, english) in [
            ("2027-06-01T18:00", "durée 4 h", "4 h"),
            ("2027-06-01T18:30", "durée 4 h 30", "4 h 30 min"),
            ("2027-06-01T18:05", "durée 4 h 05", "4 h 05 min"),
            ("2027-06-01T14:45", "durée 45 min", "45 min"),
            ("2027-06-03T14:00", "durée 48 h", "48 h"),
        ] {
            let duration =
                |locale: Locale| locale.period(&start, &paris(end)).duration.replace('\u{a0}', " ");
            assert_eq!((duration(French).as_str(), duration(English).as_str()), (french, english));
        }
    }

    #[test]
    fn a_zone_is_named_so_that_it_is_right() {
        let zone = |name: &str| TimeZone::get(name).unwrap();
        assert_eq!(French.zone(&zone("Europe/Paris")), "heure locale, Europe/Paris");
        assert_eq!(American.zone(&zone("America/New_York")), "local time, America/New York");
        assert_eq!(English.zone(&zone("UTC")), "UTC");
        assert_eq!(English.zone(&zone("Etc/GMT+5")), "UTC−5");
        assert_eq!(English.zone(&TimeZone::fixed(jiff::tz::offset(-3))), "UTC−3");
    }

    #[test]
    fn how_long_until_then() {
        let now = paris("2027-06-01T14:00");
        for (then, french, english) in [
            ("2027-06-01T14:01", "dans une minute", "in a minute"),
            ("2027-06-01T14:20", "dans 20 minutes", "in 20 minutes"),
            ("2027-06-01T15:30", "dans une heure", "in an hour"),
            ("2027-06-01T23:00", "dans 9 heures", "in 9 hours"),
            ("2027-06-02T23:00", "demain", "tomorrow"),
            ("2027-06-04T08:00", "dans 3 jours", "in 3 days"),
        ] {
            let until = |locale: Locale| locale.until(&now, &paris(then)).unwrap().replace('\u{a0}', " ");
            assert_eq!((until(French).as_str(), until(American).as_str()), (french, english));
        }
        assert_eq!(French.until(&now, &now), None);
        assert_eq!(French.until(&now, &paris("2027-05-31T14:00")), None);
        // Less than an hour before midnight, the next day is tomorrow but near.
        assert_eq!(
            English.until(&paris("2027-06-01T23:50"), &paris("2027-06-02T00:10")).unwrap(),
            "in 20\u{a0}minutes"
        );
    }
}
