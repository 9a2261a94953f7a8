//! What other programs read in a calendar: icalendar (Python) and ical.js (JavaScript), which must agree.

use coulisses::timestamp::Timestamp;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct ReadCalendar {
    pub method: Option<String>,
    pub name: Option<String>,
    pub events: Vec<ReadEvent>,
}

/// Its properties, their escapes undone, with the instants that the file's own zones give.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct ReadEvent {
    pub uid: String,
    pub sequence: i64,
    pub changed_at: Timestamp,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub status: Option<String>,
    pub transparency: Option<String>,
    pub summary: Option<String>,
    pub location: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
}

/// The events of one file. Tests that call this have `Readers` in their names.
pub fn read(file: &str) -> Vec<ReadEvent> {
    read_all(&[file]).remove(0).events
}

/// Reads many files at once: the two programs take a quarter of a second to start.
pub fn read_all(files: &[&str]) -> Vec<ReadCalendar> {
    let mut python = Command::new(setting("TEST_ICALENDAR"));
    // It decodes its input as UTF-8 wherever the tests run.
    python.args(["-X", "utf8"]).arg(script("read.py"));
    let mut javascript = Command::new(setting("TEST_NODE"));
    javascript.arg(script("read.mjs")).arg(setting("TEST_ICAL_JS"));
    // In a zone of its own, so that no local time is right by chance.
    let read = [python, javascript].map(|mut program| run(program.env("TZ", "Pacific/Chatham"), files));
    let [by_python, by_javascript] = read;
    assert_eq!(by_python.len(), files.len());
    for ((file, one), other) in files.iter().zip(&by_python).zip(&by_javascript) {
        assert_eq!(one, other, "icalendar and ical.js disagree on {file}");
    }
    by_python
}

fn run(program: &mut Command, files: &[&str]) -> Vec<ReadCalendar> {
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let input = serde_json::to_vec(files).expect("texts are JSON");
    // It reads all of its input before it writes; if it ends earlier it says why.
    let _ = child.stdin.take().expect("its input").write_all(&input);
    let output = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?} refuses {files:#?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{program:?}: {error}"))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/calendars").join(name)
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
