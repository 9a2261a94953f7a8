//! Reads what the test harness prints and counts it.

/// Passed and failed tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Count {
    pub(crate) fn is_zero(self) -> bool {
        self == Self::default()
    }

    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Ignored => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Ignored,
}

/// What all test binaries of one run reported.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Tests whose name says that they ran on SQLite.
    pub(crate) sqlite: Count,
    /// Tests whose name says that they ran on PostgreSQL.
    pub(crate) postgres: Count,
    /// Tests the harness selected, whatever became of them.
    pub(crate) selected: u32,
    /// The test whose verdict has not come yet.
    open: Option<String>,
}

impl Outcome {
    /// Takes one line of output, in order.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(count) = selected(line) {
            self.selected += count;
        } else if let Some((name, rest)) = started(line) {
            self.open = Some(name.to_owned());
            self.close(rest);
        } else {
            self.close(line);
        }
    }

    /// With `--nocapture` a test's own output stands between its name and its verdict.
    fn close(&mut self, text: &str) {
        let Some(verdict) = verdict(text) else { return };
        let Some(name) = self.open.take() else { return };
        if name.contains("Sqlite") {
            self.sqlite.add(verdict);
        }
        if name.contains("Postgres") {
            self.postgres.add(verdict);
        }
    }
}

/// `running 12 tests`
fn selected(line: &str) -> Option<u32> {
    let (count, unit) = line.strip_prefix("running ")?.split_once(' ')?;
    matches!(unit, "test" | "tests").then(|| count.parse().ok())?
}

/// `test races::quota::db_1_Sqlite ... ok`
fn started(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ...")?;
    // A verdict follows at once, or a test's own output.
    Some((name, rest.trim_start()))
}

fn verdict(text: &str) -> Option<Verdict> {
    // With `--report-time` the duration follows: `ok <0.012s>`.
    match text.split(' ').next()? {
        "ok" => Some(Verdict::Passed),
        "FAILED" => Some(Verdict::Failed),
        "ignored" | "ignored," => Some(Verdict::Ignored),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Outcome {
        let mut outcome = Outcome::default();
        output.lines().for_each(|line| outcome.read(line));
        outcome
    }

    #[test]
    fn counts_each_database_by_the_names_of_its_tests() {
        let outcome = read(
            "\nrunning 6 tests\n\
             test races::quota::db_1_Sqlite ... ok\n\
             test races::quota::db_2_Postgres ... FAILED\n\
             test races::accept::db_1_Sqlite ... ok\n\
             test races::accept::db_2_Postgres ... ok\n\
             test rules::overlap ... ok\n\
             test slow::db_1_Sqlite ... ignored, takes an hour\n\n\
             failures:\n    races::quota::db_2_Postgres\n\n\
             test result: FAILED. 4 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(outcome.sqlite, Count { passed: 2, failed: 0 });
        assert_eq!(outcome.postgres, Count { passed: 1, failed: 1 });
        assert_eq!(outcome.selected, 6);
    }

    #[test]
    fn adds_up_the_binaries() {
        let outcome = read("running 0 tests\n\nrunning 1 test\ntest a ... ok\n\nrunning 12 tests\n");
        assert_eq!(outcome.selected, 13);
    }

    #[test]
    fn finds_a_verdict_behind_the_output_of_its_test() {
        let outcome = read(
            "test one::db_1_Sqlite ... connected\nok\n\
             test two::db_1_Sqlite ... \nwaiting\nFAILED\n\
             test three::db_1_Sqlite ... ignored\nok\n\
             test four::db_1_Sqlite ... ignored, takes an hour\nok\n",
        );
        assert_eq!(outcome.sqlite, Count { passed: 1, failed: 1 });
    }

    #[test]
    fn reads_verdicts_that_carry_more() {
        let outcome = read(
            "test one::db_1_Sqlite ... ok <0.012s>\n\
             test two::db_1_Sqlite - should panic ... ok\r\n",
        );
        assert_eq!(outcome.sqlite, Count { passed: 2, failed: 0 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let outcome = read(
            "ok\nFAILED\nrunning late\nrunning 2 errands\n\
             test a::db_1_Sqlite has been running for over 60 seconds\nok\n\
             test result: ok. 84 passed; 0 failed\n",
        );
        assert!(outcome.sqlite.is_zero() && outcome.postgres.is_zero());
        assert_eq!(outcome.selected, 0);
    }
}
