//! What can be asked for, and how often: as the operations are declared.

use crate::operations::{Draw, Operation, declared};
use std::sync::LazyLock;

/// One way to send an operation of the document.
pub struct Call {
    /// How.
    pub draw: Draw,
    /// The method, in lower case.
    pub method: String,
    /// The path as the document has it, without its base.
    pub path: String,
    /// The path with the name of the thing in it.
    pub address: &'static str,
    /// What its answer has the ids of.
    pub makes: Option<&'static str>,
}

/// Every operation outside sign-in and the probes.
pub static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let calls = |operation: &'static Operation| {
        operation.draws().into_iter().map(|draw| Call {
            draw,
            method: operation.method.as_str().to_lowercase(),
            path: operation.template.trim_start_matches("/api/v1").to_owned(),
            address: operation.declared.path(),
            makes: operation.declared.makes,
        })
    };
    declared().iter().flat_map(calls).collect()
});
