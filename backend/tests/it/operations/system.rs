//! The probes and what the program tells of itself.

use super::WORDS;
use super::declaration::{Declaration, each_at_most, get};

pub fn declared() -> Vec<Declaration> {
    let probes = "obs::probes_answer_without_a_session";
    each_at_most(
        WORDS,
        vec![
            get("/healthz").tested_by(probes),
            get("/livez").tested_by("readiness::a_program_without_its_database_lives_but_is_not_ready"),
            get("/readyz").tested_by("readiness::a_program_whose_database_answers_is_ready"),
            get("/metrics")
                .at_most("4 MiB", "a bounded set of series, whatever is asked for")
                .tested_by("metrics::names_labels_and_buckets_are_as_agreed"),
            get("/ping").tested_by(probes),
        ],
    )
}
