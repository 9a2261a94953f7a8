//! Settings that may stand in a file of their own: `SECRET_KEY_FILE=/run/secrets/key` instead of `SECRET_KEY=…`. What stands in the
//! environment is inherited by every process that is started; container engines and systemd hand secrets over as files.

use std::{collections::HashMap, fs};

/// Those that are a secret or may hold a password.
const MAY_BE_FILES: [&str; 8] = [
    "DATABASE_URL",
    "DB_URL",
    "REDIS_URL",
    "SMTP_URL",
    "SECRET_KEY",
    super::SECRET_KEY_PREVIOUS,
    "INVITES_SECRET",
    super::INVITES_SECRET_PREVIOUS,
];

/// The settings that files hold, by their names without `_FILE`. A line break at the end of a file does not count.
///
/// Mistakes, one line each, are added to `mistakes`; they never quote a file.
pub(super) fn read(
    lookup: &dyn Fn(&str) -> Option<String>,
    mistakes: &mut Vec<String>,
) -> HashMap<&'static str, String> {
    let mut values = HashMap::new();
    for name in MAY_BE_FILES {
        let given = |name: &str| lookup(name).filter(|text| !text.trim().is_empty());
        let variable = format!("{name}_FILE");
        let Some(path) = given(&variable) else { continue };
        if given(name).is_some() {
            mistakes.push(format!("{name} and {variable} are both set: remove one of them"));
            continue;
        }
        match fs::read_to_string(path.trim()) {
            Ok(text) if text.trim().is_empty() => {
                mistakes.push(format!("{variable} names {path}, which is empty"));
            }
            Ok(text) => {
                values.insert(name, text.trim_end_matches(['\r', '\n']).to_owned());
            }
            Err(error) => {
                mistakes.push(format!("{variable} names {path}, which cannot be read: {error}"));
            }
        }
    }
    values
}
