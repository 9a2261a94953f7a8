//! The form of a declaration.

use crate::replay::script::{Script, Who};
use serde_json::Value as Json;

/// A size, and what it comes from.
pub type Bound = (&'static str, &'static str);

/// How the replay sends an operation.
#[derive(Debug, Clone)]
pub struct Draw {
    /// How often, beside the others.
    pub weight: usize,
    /// Who sends it unless chance decides otherwise.
    pub who: Who,
    /// Makes the body.
    pub body: Option<fn(&mut Script) -> Json>,
    /// Makes the query.
    pub query: Option<fn(&mut Script) -> String>,
}

/// One operation. In its address and its bodies `<name>` stands for something of a [`House`].
///
/// [`House`]: super::House
#[derive(Debug, Clone, Default)]
pub struct Declaration {
    pub method: &'static str,
    /// Path and query of a call that succeeds for whoever may, under the API's base path or the program's own.
    pub address: String,
    /// Its body; empty for none.
    pub body: &'static str,
    /// Address and body with which the owner calls, where that is another call.
    pub sampled: Option<(String, &'static str)>,
    pub exceptions: Vec<(&'static str, u16)>,
    pub bound: Option<Bound>,
    pub bound_of_resource: Option<Bound>,
    pub statements: Option<u64>,
    pub listed: Option<(&'static str, u64)>,
    pub draws: Vec<Draw>,
    pub makes: Option<&'static str>,
    pub tested_by: &'static str,
}

macro_rules! methods {
    ($($name:ident $method:literal)*) => {$(
        pub fn $name(address: &str) -> Declaration {
            Declaration { method: $method, address: address.into(), ..Declaration::default() }
        }
    )*};
}
methods! { get "GET" put "PUT" post "POST" patch "PATCH" delete "DELETE" }

/// The declarations of a resource whose answers are at most so large, but for what they say themselves.
pub fn each_at_most(bound: Bound, declared: Vec<Declaration>) -> Vec<Declaration> {
    let bounded = |one: Declaration| Declaration { bound_of_resource: Some(bound), ..one };
    declared.into_iter().map(bounded).collect()
}

impl Declaration {
    /// The test about it.
    pub fn tested_by(self, test: &'static str) -> Self {
        Self { tested_by: test, ..self }
    }

    /// The body; with `<number>` in it where the same again would be no change.
    pub fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    /// The owner succeeds with another call than the one of docs/access.md.
    pub fn sampled(self, address: &str, body: &'static str) -> Self {
        Self { sampled: Some((address.into(), body)), ..self }
    }

    /// These columns of docs/access.md get another status than the rules say.
    pub fn gets(mut self, status: u16, columns: &[&'static str]) -> Self {
        self.exceptions.extend(columns.iter().map(|column| (*column, status)));
        self
    }

    /// Its largest answer, and what that comes from.
    pub fn at_most(self, size: &'static str, because: &'static str) -> Self {
        Self { bound: Some((size, because)), ..self }
    }

    /// What it costs in SQL statements.
    pub fn statements(self, count: u64) -> Self {
        Self { statements: Some(count), ..self }
    }

    /// What it costs as a list, asked for with this query.
    pub fn listed(self, query: &'static str, statements: u64) -> Self {
        Self { listed: Some((query, statements)), ..self }
    }

    /// What its answer has the id of: a thing that the replay then draws, and that a `House` can make.
    pub fn makes(self, thing: &'static str) -> Self {
        Self { makes: Some(thing), ..self }
    }

    /// The replay sends it so often, as them.
    pub fn drawn(mut self, weight: usize, who: Who) -> Self {
        self.draws.push(Draw { weight, who, body: None, query: None });
        self
    }

    /// With such a body.
    pub fn with(mut self, make: fn(&mut Script) -> Json) -> Self {
        self.draws.last_mut().expect("`drawn` comes first").body = Some(make);
        self
    }

    /// With such a query.
    pub fn asking(mut self, make: fn(&mut Script) -> String) -> Self {
        self.draws.last_mut().expect("`drawn` comes first").query = Some(make);
        self
    }

    /// The address without its query.
    pub fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// The query.
    pub fn query(&self) -> &str {
        self.address.split_once('?').map_or("", |(_, query)| query)
    }

    /// The same operation under another name.
    pub fn under(mut self, today: &str, name: &str, tested_by: &'static str) -> Self {
        self.address = self.address.replacen(today, name, 1);
        self.draws.iter_mut().for_each(|draw| draw.weight = (draw.weight / 2).max(1));
        Self { tested_by, ..self }
    }
}
