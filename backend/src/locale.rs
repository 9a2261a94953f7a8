//! The languages that people are written to in, and how each writes days and times.

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
    /// `14 h – 18 h`.
    pub times: String,
    /// What must not be missed: it ends the next day, or the clock changes in between.
    pub remark: Option<String>,
    /// `4 h`.
    pub duration: String,
}
