//! What people are paid.

use super::declaration::{Declaration, each_at_most, get, post, put};
use crate::replay::script::{Script, Who::Manager};
use serde_json::{Value as Json, json};

const RATES: &str = r#"{"rate_profile":{"jour":<number>}}"#;

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        ("24 KiB", "50 labels of 100 characters"),
        vec![
            get("/rates/user/<user>")
                .statements(4)
                .drawn(3, Manager)
                .tested_by("rates::planners_set_them_and_the_person_reads_them"),
            put("/rates/user/<user>")
                .body(RATES)
                .drawn(4, Manager)
                .with(rates)
                .tested_by("rates::rates_are_replaced_whole_by_put_and_post"),
            post("/rates/user/<user>?daily_eur=250")
                .sampled("/rates/user/<user>", RATES)
                .drawn(3, Manager)
                .with(rates)
                .tested_by("rates::rates_are_replaced_whole_by_put_and_post"),
        ],
    )
}

fn rates(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({ "rate_profile": null }),
        1 => json!({ "rate_profile": { "jour": 250, "heure": 19.99, "été": 1_000_000 } }),
        _ => json!({ "rate_profile": { "jour": s.pick(&[1.0, 2.5, -1.0]) } }),
    }
}
