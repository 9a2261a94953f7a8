//! JSON bodies, read strictly: unknown members, wrong types and values that break a rule are all reported at once.

use super::{
    Describe, Description, MAX_BODY, MAX_BULK_BODY, RequestInfo,
    refusal::{Malformed, UnsupportedMediaType},
    requirements::MAX_BODY_BYTES,
};
use crate::{
    error::{Error, FieldError},
    json::{self, Flaw, push_step},
    workers::{Lane, Workers},
};
use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, Request},
    http::{HeaderMap, HeaderValue, header},
};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};
use serde_json::Value as Json;
use std::{fmt::Write, ops::ControlFlow};
use utoipa::{ToSchema, openapi::schema::ArrayBuilder};

/// Nested arrays and objects: more than any body of this API has, and the number in the security rules.
const MAX_DEPTH: usize = 32;
/// Enough to correct a bulk request by; more would make the response larger than the request.
const MAX_ERRORS: usize = 100;

/// A JSON body. None at all, or `null`, counts as `{}`: required members are then reported as missing.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The body of a verb that takes nothing.
#[derive(Debug, Deserr, utoipa::ToSchema)]
#[schema(as = EmptyRequest)]
#[deserr(deny_unknown_fields)]
pub struct Empty {}

/// An array of 1 to 1000 objects, each read by itself, so that every bad one is reported by its index. Large bodies are
/// parsed and planned by the [`Workers`].
pub struct BulkItems<T> {
    items: Vec<Result<T, Vec<FieldError>>>,
    lane: Lane,
}

/// Items of a bulk request.
const MAX_ITEMS: usize = 1000;
/// Errors reported for one bad item; enough to correct it by.
const MAX_ERRORS_OF_ITEM: usize = 5;
/// Errors reported for all items together, divided evenly among the bad ones; each gets at least one.
const MAX_ERRORS_OF_ITEMS: usize = 1000;

impl<T: Send + 'static> BulkItems<T> {
    /// Applies the rules to every item.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the mistakes of all items, each under its index; those of [`Lane::run`].
    pub async fn plan<U: Send + 'static>(
        self,
        rules: impl Fn(T) -> Result<U, Vec<FieldError>> + Send + 'static,
    ) -> Result<Vec<U>, Error> {
        let Self { items, lane } = self;
        lane.run(async move { plan(items, rules) }).await?
    }
}

fn plan<T, U>(
    items: Vec<Result<T, Vec<FieldError>>>,
    rules: impl Fn(T) -> Result<U, Vec<FieldError>>,
) -> Result<Vec<U>, Error> {
    let mut planned = Vec::with_capacity(items.len());
    let mut bad = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match item.and_then(&rules) {
            Ok(item) => planned.push(item),
            Err(mut of_item) => {
                of_item.truncate(MAX_ERRORS_OF_ITEM);
                bad.push((index, of_item));
            }
        }
    }
    if bad.is_empty() {
        return Ok(planned);
    }
    let of_each = MAX_ERRORS_OF_ITEMS / bad.len();
    let told = bad.into_iter().flat_map(|(index, of_item)| {
        of_item.into_iter().take(of_each).map(move |mistake| mistake.at_index(index))
    });
    Err(Error::Invalid(told.collect()))
}

impl<S: Send + Sync, T: Deserr<BadInput>> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        check(object(parse(request, state).await?)).map(Self)
    }
}

impl<T: ToSchema> Describe for Body<T> {
    fn describe(operation: &mut Description) {
        let schema = operation.schema::<T>();
        operation.body(schema);
    }
}

impl<T: ToSchema> Describe for BulkItems<T> {
    fn describe(operation: &mut Description) {
        let item = operation.schema::<T>();
        operation.body(ArrayBuilder::new().items(item).min_items(Some(1)).max_items(Some(MAX_ITEMS)));
        operation.extension(MAX_BODY_BYTES, MAX_BULK_BODY);
    }
}

impl<S, T> FromRequest<S> for BulkItems<T>
where
    S: Send + Sync,
    Workers: FromRef<S>,
    T: Deserr<BadInput> + Send + 'static,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let info = RequestInfo::of(request.extensions());
        let body = Sent::of(request, state).await?;
        let lane = info.lane(&Workers::from_ref(state), body.bytes.len() > MAX_BODY);
        let items = lane.run(async move { read_items(&body) }).await??;
        Ok(Self { items, lane })
    }
}

fn read_items<T: Deserr<BadInput>>(body: &Sent) -> Result<Vec<Result<T, Vec<FieldError>>>, Error> {
    match body.json()?.unwrap_or_default() {
        Json::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => {
            let read = |item| match check_at(2, item) {
                Ok(item) => Ok(Ok(item)),
                Err(Error::Invalid(mut mistakes)) => {
                    mistakes.truncate(MAX_ERRORS_OF_ITEM);
                    Ok(Err(mistakes))
                }
                Err(error) => Err(error),
            };
            items.into_iter().map(read).collect()
        }
        _ => Err(Error::invalid("", format!("must be an array of 1 to {MAX_ITEMS} objects"))),
    }
}

/// No body and `null` count as an empty object.
pub(super) fn object(body: Option<Json>) -> Json {
    match body {
        None | Some(Json::Null) => Json::Object(serde_json::Map::new()),
        Some(json) => json,
    }
}

/// The body as JSON; `None` when it is empty.
pub(super) async fn parse<S: Send + Sync>(request: Request, state: &S) -> Result<Option<Json>, Error> {
    Sent::of(request, state).await?.json()
}

/// The body as it was sent.
struct Sent {
    is_json: bool,
    /// Its `Content-Encoding`, unless `identity`.
    encoding: Option<String>,
    bytes: Bytes,
}

impl Sent {
    async fn of<S: Send + Sync>(request: Request, state: &S) -> Result<Self, Error> {
        let is_json = is_json(request.headers());
        let encoding = request.headers().get(header::CONTENT_ENCODING).map(HeaderValue::to_str);
        let encoding = encoding.map(|word| word.unwrap_or("that is there").trim().to_ascii_lowercase());
        let encoding = encoding.filter(|word| !matches!(&**word, "" | "identity"));
        // `run_to_completion` received it, within the limits, before the handler was called.
        let bytes = Bytes::from_request(request, state).await.map_err(|error| Error::internal(error))?;
        Ok(Self { is_json, encoding, bytes })
    }

    fn json(&self) -> Result<Option<Json>, Error> {
        if self.bytes.is_empty() {
            // PowerShell sends a content type without a body.
            return Ok(None);
        }
        if let Some(encoding) = &self.encoding {
            let what = format!("its Content-Encoding is {encoding}; send it without");
            return Err(Malformed { what }.into());
        }
        if !self.is_json {
            return Err(UnsupportedMediaType.into());
        }
        // Windows PowerShell and Excel put a byte order mark in front, which RFC 8259 section 8.1 lets a reader ignore.
        let text = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        if let Err(error) = std::str::from_utf8(text) {
            let what = format!("it must be UTF-8, and byte {} is not", error.valid_up_to() + 1);
            return Err(Malformed { what }.into());
        }
        json::parse(text).map(Some).map_err(|flaw| match flaw {
            Flaw::Malformed(error) => Malformed { what: error.to_string() }.into(),
            Flaw::Numbers(pointers) => {
                let wrong = |pointer| FieldError::invalid(pointer, json::NUMBER_RULE);
                Error::Invalid(pointers.into_iter().map(wrong).collect())
            }
        })
    }
}

/// Deserialises parsed JSON.
///
/// # Errors
/// [`Error::Invalid`] names every member that is wrong.
pub(super) fn check<T: Deserr<BadInput>>(json: Json) -> Result<T, Error> {
    check_at(1, json)
}

/// The same for JSON at this nesting level of the body.
fn check_at<T: Deserr<BadInput>>(depth: usize, json: Json) -> Result<T, Error> {
    refuse_unusable_at(depth, &json)?;
    deserr::deserialize(json).map_err(|BadInput(errors)| Error::Invalid(errors))
}

/// # Errors
/// [`Error::Invalid`] names every NUL character and every value that is nested too deep.
pub(super) fn refuse_unusable(json: &Json) -> Result<(), Error> {
    refuse_unusable_at(1, json)
}

fn refuse_unusable_at(depth: usize, json: &Json) -> Result<(), Error> {
    let mut wrong = BadInput::default();
    find_unusable(json, &mut String::new(), depth, &mut wrong);
    if wrong.0.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong.0)) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// Whether JSON that is not a body (a cursor) passes the checks of one.
pub(super) fn is_usable(json: &Json) -> bool {
    refuse_unusable(json).is_ok()
}

/// Finds NUL characters, which PostgreSQL cannot store, and nesting beyond [`MAX_DEPTH`].
fn find_unusable(json: &Json, pointer: &mut String, depth: usize, wrong: &mut BadInput) {
    if depth > MAX_DEPTH && (json.is_array() || json.is_object()) {
        wrong.push(FieldError::invalid(pointer.clone(), format!("is nested deeper than {MAX_DEPTH} levels")));
        return;
    }
    let mut inside = |step: &str, value: &Json, pointer: &mut String| {
        let length = pointer.len();
        push_step(pointer, step);
        if step.contains('\0') {
            wrong.push(FieldError::invalid(pointer.clone(), "must not contain the NUL character"));
        }
        find_unusable(value, pointer, depth + 1, wrong);
        pointer.truncate(length);
    };
    match json {
        Json::String(text) if text.contains('\0') => {
            wrong.push(FieldError::invalid(pointer.clone(), "must not contain the NUL character"));
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| inside(&i.to_string(), item, pointer))
        }
        Json::Object(members) => members.iter().for_each(|(name, value)| inside(name, value, pointer)),
        _ => {}
    }
}

/// The JSON pointer to a top-level member of the body.
pub fn pointer_to(name: &str) -> String {
    let mut pointer = String::new();
    push_step(&mut pointer, name);
    pointer
}

fn pointer_of(at: ValuePointerRef) -> String {
    match at {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            let mut pointer = pointer_of(*prev);
            push_step(&mut pointer, key);
            pointer
        }
        ValuePointerRef::Index { index, prev } => {
            let mut pointer = pointer_of(*prev);
            push_step(&mut pointer, &index.to_string());
            pointer
        }
    }
}

/// All errors of one input, as the API reports them.
#[derive(Debug, Default)]
pub struct BadInput(Vec<FieldError>);

impl BadInput {
    fn push(&mut self, error: FieldError) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(error);
        }
    }

    /// Continues until there are [`MAX_ERRORS`].
    fn flow(self) -> ControlFlow<Self, Self> {
        if self.0.len() < MAX_ERRORS { ControlFlow::Continue(self) } else { ControlFlow::Break(self) }
    }
}

impl MergeWithError<BadInput> for BadInput {
    fn merge(known: Option<Self>, more: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut all = known.unwrap_or_default();
        more.0.into_iter().for_each(|error| all.push(error));
        all.flow()
    }
}

impl DeserializeError for BadInput {
    fn error<V: IntoValue>(
        known: Option<Self>,
        error: ErrorKind<V>,
        at: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let mut pointer = pointer_of(at);
        let (code, detail) = match error {
            ErrorKind::IncorrectValueKind { actual, accepted: [ValueKind::Integer, ..] }
                if actual.kind() == ValueKind::Float =>
            {
                ("type", "must be a whole number, written without a point or an exponent".into())
            }
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                ("type", format!("must be {}, not {}", kinds(accepted), kind(actual.kind())))
            }
            ErrorKind::MissingField { field } => {
                push_step(&mut pointer, field);
                ("missing", "is required".into())
            }
            ErrorKind::UnknownKey { key, accepted } => {
                push_step(&mut pointer, key);
                ("unknown", format!("is not a member of this object; it takes {}", accepted.join(", ")))
            }
            ErrorKind::UnknownValue { accepted, .. } => {
                ("invalid", format!("must be one of {}", accepted.join(", ")))
            }
            ErrorKind::BadSequenceLen { expected, .. } => ("invalid", format!("must have {expected} items")),
            // deserr's message about the word that tells the shapes of an object apart, which here is always in `type`.
            ErrorKind::Unexpected { msg } if msg == "Incorrect tag value" => {
                push_step(&mut pointer, "type");
                ("invalid", "must be one of the words that the API document lists".into())
            }
            ErrorKind::Unexpected { msg } => ("invalid", bound(&msg).unwrap_or(msg)),
        };
        let mut all = known.unwrap_or_default();
        all.push(FieldError { pointer, code, detail });
        all.flow()
    }
}

/// Rewords deserr's message about a number out of range, which describes a Rust type, as a rule.
fn bound(message: &str) -> Option<String> {
    let after = |text: &str| Some(message.split_once(text)?.1.trim_end_matches('`').to_owned());
    let most = after("maximum value authorized is `").map(|most| format!("must be at most {most}"));
    most.or_else(|| Some(format!("must be at least {}", after("minimum value authorized is `")?)))
}

fn kinds(accepted: &[ValueKind]) -> String {
    let mut words = String::new();
    for (i, accepted) in accepted.iter().enumerate() {
        let _ = write!(words, "{}{}", if i == 0 { "" } else { " or " }, kind(*accepted));
    }
    words
}

fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer => "a whole number",
        ValueKind::NegativeInteger => "a negative number",
        ValueKind::Float => "a number",
        ValueKind::String => "a text",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Name;

    #[derive(Debug, Deserr)]
    #[deserr(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code, reason = "only reading it is tested")]
        name: Name,
        #[deserr(default)]
        #[allow(dead_code, reason = "only reading it is tested")]
        level: Option<u8>,
    }

    fn mistakes(json: &str) -> Vec<(String, &'static str)> {
        match check::<Vec<Sample>>(serde_json::from_str(json).unwrap()) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|e| (e.pointer, e.code)).collect(),
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[test]
    fn names_every_wrong_member_at_once() {
        let found = mistakes(r#"[{"nam/e":1}, {"name":"", "level":"x"}, {"name":"ok"}, 7]"#);
        for wanted in [
            ("/0/nam~1e", "unknown"),
            ("/0/name", "missing"),
            ("/1/name", "invalid"),
            ("/1/level", "type"),
            ("/3", "type"),
        ] {
            assert!(
                found.iter().any(|(pointer, code)| (pointer.as_str(), *code) == wanted),
                "{wanted:?} not in {found:?}"
            );
        }
    }

    #[test]
    fn refuses_nul_and_deep_nesting() {
        assert_eq!(mistakes(r#"[{"name":"a\u0000b"}]"#), [("/0/name".to_owned(), "invalid")]);
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert_eq!(mistakes(&deep).len(), 1);
    }

    #[test]
    fn a_name_as_long_as_the_body_is_not_told_back() {
        let name = "~".repeat(10_000);
        let found = mistakes(&format!(r#"[{{"name":"ok","{name}":{{"x\u0000":"\u0000"}}}}]"#));
        assert!(found.iter().all(|(pointer, _)| pointer.len() < json::MAX_POINTER + 10), "{found:?}");
        assert!(found[0].0.starts_with("/0/~0~0") && found[0].0.ends_with('…'), "{found:?}");
    }

    #[test]
    fn a_number_that_does_not_fit_is_told_the_rule() {
        for (level, rule) in [
            ("256", "must be at most 255"),
            ("2.0", "must be a whole number, written without a point or an exponent"),
            ("1e2", "must be a whole number, written without a point or an exponent"),
            ("-1", "must be a whole number, not a negative number"),
        ] {
            let json = format!(r#"{{"name":"ok","level":{level}}}"#);
            match check::<Sample>(serde_json::from_str(&json).unwrap()) {
                Err(Error::Invalid(errors)) => assert_eq!(errors[0].detail, rule, "{level}"),
                other => panic!("{level} gave {other:?}"),
            }
        }
    }

    #[test]
    fn stops_at_a_hundred() {
        let many = format!("[{}]", vec!["{}"; 500].join(","));
        assert_eq!(mistakes(&many).len(), MAX_ERRORS);
    }
}
