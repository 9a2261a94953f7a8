//! The sequence of requests: drawn from a seed, and from the ids, tags and links of the answers so far.

use crate::operations::{Draw, Operation, declared};
use crate::support::Outcome;
use coulisses::random::Random;
use serde_json::{Value as Json, json};
use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Owner,
    Admin,
    Manager,
    Tech,
    Anonymous,
    Stranger,
}

/// All of them, in the order in which they sign in.
pub const EVERYONE: [Who; 6] =
    [Who::Owner, Who::Admin, Who::Manager, Who::Tech, Who::Anonymous, Who::Stranger];

/// A request, ready to be sent twice.
#[derive(Debug, Clone)]
pub struct Request {
    pub who: Who,
    pub method: String,
    pub path: String,
    pub body: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    /// Method and path as the document has them.
    pub operation: String,
}

/// What can be asked for, and how often: every operation outside sign-in and the probes, as it is declared.
static CALLS: LazyLock<Vec<(&Operation, Draw)>> = LazyLock::new(|| {
    let draws =
        |operation: &'static Operation| operation.draws().into_iter().map(move |draw| (operation, draw));
    declared().iter().flat_map(draws).collect()
});

/// See the module.
pub struct Script {
    random: Random,
    ids: HashMap<&'static str, Vec<String>>,
    /// Of each path, the tags seen, the latest last.
    tags: HashMap<String, Vec<String>>,
    /// Next pages, and for whom.
    pages: Vec<Request>,
    /// Requests that had a key.
    keyed: Vec<Request>,
    /// Invitation, assignment and token.
    links: Vec<(String, String, String)>,
    /// The addresses of feeds, with their keys.
    feeds: Vec<String>,
    /// Operations that were carried out.
    done: HashSet<String>,
    /// What takes the manager's last change of the plan back.
    undo: Option<String>,
    /// The link that the request being made is about.
    link: Option<(String, String, String)>,
}

impl Script {
    pub fn new(seed: u64, orgs: [String; 2], tech_user: String) -> Self {
        let ids = HashMap::from([("org", orgs.into()), ("user", vec![tech_user])]);
        Self {
            random: Random::seeded(seed),
            ids,
            tags: HashMap::new(),
            pages: Vec::new(),
            keyed: Vec::new(),
            links: Vec::new(),
            feeds: Vec::new(),
            done: HashSet::new(),
            undo: None,
            link: None,
        }
    }

    pub fn below(&mut self, end: usize) -> usize {
        u32::from_le_bytes(self.random.bytes()) as usize % end
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, words: &'a [T]) -> &'a T {
        &words[self.below(words.len())]
    }

    pub fn instant(&mut self) -> Json {
        json!(format!("2026-07-{:02}T{:02}:00:00Z", 10 + self.below(3), self.below(24)))
    }

    /// One to three of something.
    pub fn some(&mut self, make: fn(&mut Self) -> Json) -> Json {
        (0..=self.below(3)).map(|_| make(self)).collect()
    }

    /// An id of that kind, most often a recent one; sometimes of nothing.
    pub fn id(&mut self, kind: &str) -> Json {
        json!(self.id_text(kind))
    }

    fn id_text(&mut self, kind: &str) -> String {
        let known = self.ids.get(kind).cloned().unwrap_or_default();
        if known.is_empty() || self.chance(3) {
            return (*self.pick(&["01900000-0000-7000-8000-000000000000", "nobody"])).to_owned();
        }
        // The people and missions of the moment stay few, so that they are taken and full; one person has a session.
        let recent = match kind {
            "user" if self.chance(40) => return known[0].clone(),
            "user" => 3,
            "mission" => 3,
            _ => 10,
        };
        let back =
            if self.chance(85) { self.below(known.len().min(recent)) } else { self.below(known.len()) };
        known[known.len() - 1 - back].clone()
    }

    /// A filter or none, and now and then a page that is too small.
    pub fn query(&mut self, filters: &[&str]) -> String {
        let mut parts = Vec::new();
        if self.chance(50) {
            parts.push((*self.pick(filters)).to_owned());
        }
        if self.chance(60) {
            parts.push(format!("limit={}", self.pick(&[1, 2, 2, 3, 7, 0])));
        }
        if self.chance(3) {
            parts.push((*self.pick(&["nope=1", "cursor=WzEsMl0", "limit=x"])).to_owned());
        }
        parts.join("&")
    }

    /// The token of a recent link.
    pub fn token(&mut self) -> String {
        if self.links.is_empty() || self.chance(5) {
            return "no.such.token".into();
        }
        let back = self.below(self.links.len().min(8));
        self.links[self.links.len() - 1 - back].2.clone()
    }

    /// The body that takes a change of the plan back.
    pub fn undo(&mut self) -> Json {
        json!({ "undo": self.undo.as_deref().unwrap_or("of nobody") })
    }

    /// The body of an answer: with the token of the link that it is about, or of another, or without one.
    pub fn answer_body(&mut self) -> Json {
        match (self.link.clone(), self.below(20)) {
            (Some((.., token)), 0..18) => json!({ "token": token }),
            (Some(_), 18) => json!({ "token": self.token() }),
            _ => json!({}),
        }
    }

    /// The next request.
    pub fn next(&mut self) -> Request {
        if !self.pages.is_empty() && self.chance(8) {
            let chosen = self.below(self.pages.len());
            return self.pages.swap_remove(chosen);
        }
        if !self.keyed.is_empty() && self.chance(5) {
            let back = self.below(self.keyed.len().min(12));
            return self.keyed[self.keyed.len() - 1 - back].clone();
        }
        // Whatever was not carried out yet is tried again and again, so that nothing is left to luck.
        if self.chance(10) {
            let left: Vec<_> = CALLS.iter().filter(|(call, _)| !self.done.contains(&call.name())).collect();
            if !left.is_empty() {
                let chosen = self.below(left.len());
                return self.make(left[chosen]);
            }
        }
        let total: usize = CALLS.iter().map(|(_, draw)| draw.weight).sum();
        let mut drawn = self.below(total);
        let chosen = CALLS.iter().find(|(_, draw)| {
            let here = drawn < draw.weight;
            drawn = drawn.saturating_sub(draw.weight);
            here
        });
        self.make(chosen.expect("the weights add up"))
    }

    fn make(&mut self, (call, draw): &(&Operation, Draw)) -> Request {
        let who = if self.chance(8) { *self.pick(&EVERYONE) } else { draw.who };
        let answers = call.template.ends_with("/accept") || call.template.ends_with("/decline");
        let by_link = answers && (draw.who == Who::Anonymous || self.chance(50)) && !self.links.is_empty();
        self.link = by_link.then(|| {
            let back = self.below(self.links.len().min(8));
            self.links[self.links.len() - 1 - back].clone()
        });
        let mut path = self.feed_of(call).unwrap_or_else(|| self.path_of(call.declared.path()));
        if let Some(query) = draw.query {
            path = format!("{path}?{}", query(self)).trim_end_matches('?').to_owned();
        }
        let mut body = draw.body.map(|make| make(self));
        let mut headers = Vec::new();
        let mut text = None;
        if let Some(body) = &mut body {
            text = Some(self.spoil(body, &mut headers));
        }
        let mut method = call.method.to_string();
        if self.chance(2) {
            method = (*self.pick(&["PUT", "DELETE", "OPTIONS", "HEAD"])).to_owned();
        }
        if method == "PATCH" && self.chance(60) && headers.is_empty() {
            headers.push(("content-type", "application/merge-patch+json".to_owned()));
        }
        self.conditions(&method, &path, &mut headers);
        let request = Request { who, method, path, body: text, headers, operation: call.name() };
        if request.headers.iter().any(|(name, _)| *name == "idempotency-key") {
            self.keyed.push(request.clone());
        }
        request
    }

    /// The address of a feed that somebody was shown; now and then one without a key.
    fn feed_of(&mut self, call: &Operation) -> Option<String> {
        let (of, _) =
            call.declared.path().split_once('<').filter(|(_, rest)| rest.ends_with("/calendar.ics"))?;
        let shown: Vec<_> = self.feeds.iter().filter(|feed| feed.starts_with(of)).cloned().collect();
        if shown.is_empty() || self.chance(10) {
            return None;
        }
        let back = self.below(shown.len().min(4));
        Some(shown[shown.len() - 1 - back].clone())
    }

    fn path_of(&mut self, address: &str) -> String {
        let Some((before, rest)) = address.split_once('<') else { return address.to_owned() };
        let (thing, after) = rest.split_once('>').expect("a name has an end");
        let id = match (&self.link, thing) {
            (Some((invitation, ..)), "invitation") => invitation.clone(),
            (Some((_, assignment, _)), "assignment") => assignment.clone(),
            // The one person with a session stays.
            (_, "newcomer") => self.id_text("guest"),
            (_, "unproven") => self.id_text("account"),
            (_, "moved-mission") => self.id_text("mission"),
            (_, "moved") => self.id_text("assignment"),
            (_, thing) => self.id_text(thing),
        };
        format!("{before}{id}{after}")
    }

    /// The body as text; now and then not what the document asks for.
    fn spoil(&mut self, body: &mut Json, headers: &mut Vec<(&'static str, String)>) -> String {
        if !self.chance(8) {
            return body.to_string();
        }
        let object = if body.is_array() { &mut body[0] } else { &mut *body };
        let names: Vec<String> =
            object.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        match (self.below(6), names.is_empty()) {
            (0, false) => {
                object.as_object_mut().and_then(|members| members.remove(self.pick(&names)));
            }
            (1, false) => {
                object[self.pick(&names)] = self.pick(&[json!(7), json!("x"), json!(null), json!([])]).clone()
            }
            (2, _) => object["unknown"] = json!(1),
            (3, _) => return "{\"name\": \"x\",".into(),
            (4, _) => headers.push(("content-type", "text/plain".into())),
            _ => return "{\"name\":\"a\",\"name\":\"b\"}".into(),
        }
        body.to_string()
    }

    fn conditions(&mut self, method: &str, path: &str, headers: &mut Vec<(&'static str, String)>) {
        let known = self.tags.get(path).cloned().unwrap_or_default();
        match method {
            "PUT" | "PATCH" | "DELETE" if self.chance(30) => {
                let tag = match (self.below(10), known.as_slice()) {
                    (0..5, [.., latest]) => latest.clone(),
                    (5..7, [first, ..]) => first.clone(),
                    (7, _) => "\"other\"".into(),
                    _ => "*".into(),
                };
                headers.push(("if-match", tag));
            }
            "GET" if self.chance(40) => {
                headers.extend(known.last().map(|latest| ("if-none-match", latest.clone())));
            }
            "POST" if self.chance(25) => {
                headers.push(("idempotency-key", format!("key-{}", self.below(6))));
            }
            _ => {}
        }
    }

    /// Remembers what an answer brought.
    pub fn learn(&mut self, request: &Request, answer: &Outcome) {
        let path = request.path.split('?').next().unwrap_or_default().to_owned();
        let tag = answer.header("etag");
        if !tag.is_empty() {
            self.tags.entry(path.clone()).or_default().push(tag.to_owned());
        }
        let next = answer.header("link").strip_prefix('<').and_then(|link| link.split_once('>'));
        if let Some((next, _)) = next {
            let next = next.strip_prefix("/api/v1").expect("a link of this API").to_owned();
            self.pages.push(Request { path: next, headers: Vec::new(), ..request.clone() });
            let excess = self.pages.len().saturating_sub(6);
            self.pages.drain(..excess);
        }
        // A link that is refused is dead, or its person is taken: the next answer is rather by another.
        if answer.status.is_client_error() && self.chance(50) {
            self.links.retain(|(invitation, assignment, _)| {
                ![invitation, assignment].iter().any(|id| path.contains(id.as_str()))
            });
        }
        if !answer.status.is_success() || answer.text.is_empty() || request.who == Who::Stranger {
            return;
        }
        if request.operation.starts_with(&request.method) {
            self.done.insert(request.operation.clone());
        }
        // A calendar, or a stream of events.
        if answer.header("content-type").starts_with("text/") {
            return;
        }
        let body = answer.json();
        if request.who == Who::Manager {
            self.undo = body["undo"].as_str().map(str::to_owned).or(self.undo.take());
        }
        let feed = body["url"].as_str().and_then(|url| url.split_once("/api/v1"));
        self.feeds.extend(feed.map(|(_, address)| address.to_owned()));
        if request.method == "GET" && path == "/mails" {
            // The only things that no request makes.
            let mails = body.as_array().into_iter().flatten().filter_map(|mail| mail["id"].as_str());
            self.ids.insert("mail", mails.map(str::to_owned).collect());
        }
        if request.method == "DELETE" {
            let gone = path.rsplit('/').next().unwrap_or_default();
            self.ids.values_mut().for_each(|ids| ids.retain(|id| id != gone));
        } else if request.method == "POST" {
            self.learn_new(&request.operation, &body);
        }
    }

    fn learn_new(&mut self, operation: &str, body: &Json) {
        let call = declared().iter().find(|call| call.name() == operation).expect("a declared operation");
        let Some(kind) = call.declared.makes else { return };
        let text = |value: &Json| value.as_str().map(str::to_owned);
        let created = if body.is_array() { body.as_array().cloned() } else { Some(vec![body.clone()]) };
        for object in created.into_iter().flatten() {
            if let (Some(id), Some(assignment), Some(token)) =
                (text(&object["id"]), text(&object["assignment_id"]), text(&object["token"]))
            {
                self.links.push((id, assignment, token));
            }
            let ids = object["ids"].as_array().into_iter().flatten().filter_map(text);
            let ids: Vec<_> = ids
                .chain(text(&object["id"]))
                .chain(text(&object["account_id"]).filter(|_| kind == "account"))
                .collect();
            for kind in [kind].into_iter().chain((kind == "user").then_some("guest")) {
                let known = self.ids.entry(kind).or_default();
                let new: Vec<_> = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
                known.extend(new);
            }
        }
    }
}
