//! The OpenAPI document follows from the handlers' signatures: each extractor and each answer describes its part of the
//! operation ([`Describe`]), and [`operations!`] collects them where a route is registered.

use super::{RequestInfo, idempotency};
use crate::error::Error;
use axum::{
    Extension,
    extract::{OriginalUri, State},
    http::{HeaderMap, StatusCode},
};
use axum_extra::extract::CookieJar;
use serde_json::Value as Json;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Content, HeaderBuilder, ObjectBuilder, OpenApiBuilder, Ref, RefOr, Required, Response,
        ResponseBuilder,
        extensions::Extensions,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ArrayBuilder, Schema, Type},
        security::SecurityRequirement,
        tag::TagBuilder,
    },
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The OpenAPI extension with the codes of an operation's refusals, until `openapi::publish` makes responses of them.
pub const PROBLEMS: &str = "x-problems";

/// Says its part of the operation of a handler that takes or answers it.
pub trait Describe {
    fn describe(operation: &mut Description);
}

/// An operation while its handler's signature describes it.
pub struct Description<'a> {
    pub method: HttpMethod,
    pub path: &'a str,
    operation: &'a mut Operation,
    schemas: &'a mut Vec<(String, RefOr<Schema>)>,
    codes: Vec<&'static str>,
    /// Whether all that it writes is taken back.
    pub(super) keeps_nothing: bool,
}

impl Description<'_> {
    /// It may be refused with these codes.
    pub fn refuses(&mut self, codes: &[&'static str]) {
        self.codes.extend(codes);
    }

    /// A caller may authenticate in this way; several are alternatives, and an empty one is no authentication.
    pub fn security(&mut self, way: SecurityRequirement) {
        self.operation.security.get_or_insert_default().push(way);
    }

    pub fn extension(&mut self, name: &str, value: impl Into<Json>) {
        let more = Extensions::builder().add(name, value.into()).build();
        self.operation.extensions.get_or_insert_default().merge(more);
    }

    pub fn parameter(&mut self, parameter: Parameter) {
        self.operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
    }

    pub fn query<T: IntoParams>(&mut self) {
        self.refuses(&["validation_failed"]);
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            if parameter.name == super::page::CURSOR {
                self.refuses(&["invalid_cursor"]);
            }
            self.parameter(parameter);
        }
    }

    /// The only parameter of the path.
    pub fn path_parameter(&mut self, schema: RefOr<Schema>) {
        let name = self.path.split(['{', '}']).nth(1).unwrap_or_default();
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
        self.parameter(parameter.required(Required::True).schema(Some(schema)).build());
    }

    /// An optional header of text.
    pub fn header(&mut self, name: &str, description: &str, example: &str) {
        let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = header.required(Required::False).description(Some(description)).schema(Some(text));
        self.parameter(header.example(Some(example.into())).build());
    }

    /// A reference to the schema of `T`, which goes into the document's components.
    pub fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(self.schemas);
        Ref::from_schema_name(T::name()).into()
    }

    /// A JSON body; one without a required member may be left out, and is then an empty object.
    pub fn body(&mut self, schema: impl Into<RefOr<Schema>>) {
        let json = Content::new(Some(schema));
        let body = RequestBodyBuilder::new().content("application/json", json).build();
        self.operation.request_body = Some(RefOr::T(body));
        self.refuses(&["validation_failed", "malformed_json", "unsupported_media_type"]);
    }

    /// A JSON response with status 200.
    pub fn answers<T: Shape + ?Sized>(&mut self) {
        let schema = T::shape(self);
        self.responds("200", "application/json", schema);
    }

    pub fn responds(&mut self, status: &str, media_type: &str, schema: impl Into<RefOr<Schema>>) {
        let response = ResponseBuilder::new().content(media_type, Content::new(Some(schema))).build();
        self.operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
    }

    /// A header of a response, which is added if there is none with this status yet.
    pub fn response_header(&mut self, status: &str, name: &str, description: &str) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
        self.response(status).headers.insert(name.to_owned(), RefOr::T(header));
    }

    /// The response with this status.
    pub fn response(&mut self, status: &str) -> &mut Response {
        let response = self.operation.responses.responses.entry(status.to_owned());
        match response.or_insert_with(|| RefOr::T(Response::new(""))) {
            RefOr::T(response) => response,
            RefOr::Ref(_) => unreachable!("a signature's responses are its own"),
        }
    }
}

/// What a response shows: one thing, or an array of them.
pub trait Shape {
    fn shape(operation: &mut Description) -> RefOr<Schema>;
}

impl<T: ToSchema> Shape for T {
    fn shape(operation: &mut Description) -> RefOr<Schema> {
        operation.schema::<T>()
    }
}

impl<T: ToSchema> Shape for [T] {
    fn shape(operation: &mut Description) -> RefOr<Schema> {
        ArrayBuilder::new().items(operation.schema::<T>()).into()
    }
}

/// Takes part in the work without being seen from outside.
macro_rules! unseen {
    ($($part:ty $(, $S:ident)?;)+) => {$(
        impl$(<$S>)? Describe for $part {
            fn describe(_: &mut Description) {}
        }
    )+};
}
unseen! {
    State<S>, S;
    OriginalUri;
    Extension<RequestInfo>;
    HeaderMap;
}

impl<T: ToSchema> Describe for axum::Json<T> {
    fn describe(operation: &mut Description) {
        operation.answers::<T>();
    }
}

/// An answer that says itself which statuses it has.
impl<A: Describe> Describe for (StatusCode, A) {
    fn describe(operation: &mut Description) {
        A::describe(operation);
    }
}

/// The refresh token; what it does not find is refused by the handler, or harmless.
impl Describe for CookieJar {
    fn describe(operation: &mut Description) {
        operation.security(SecurityRequirement::new("refresh_cookie", [""; 0]));
        operation.security(SecurityRequirement::default());
    }
}

impl<A: Describe> Describe for (CookieJar, A) {
    fn describe(operation: &mut Description) {
        A::describe(operation);
        operation.response_header("200", "Set-Cookie", "The cookie `refresh_token`.");
    }
}

impl<A: Describe> Describe for Result<A, Error> {
    fn describe(operation: &mut Description) {
        A::describe(operation);
    }
}

/// A handler whose extractors `P` and answer describe its operation.
pub trait Signature<P> {
    fn describe(operation: &mut Description);
}

macro_rules! signatures {
    ($(($($part:ident),*))+) => {$(
        impl<H, F, A, $($part),*> Signature<($($part,)*)> for H
        where
            H: Fn($($part),*) -> F,
            F: Future<Output = A>,
            A: Describe,
            $($part: Describe,)*
        {
            fn describe(operation: &mut Description) {
                $($part::describe(operation);)*
                A::describe(operation);
            }
        }
    )+};
}
signatures! { () (A1) (A1, A2) (A1, A2, A3) (A1, A2, A3, A4) (A1, A2, A3, A4, A5) (A1, A2, A3, A4, A5, A6)
(A1, A2, A3, A4, A5, A6, A7) }

/// Adds to the routes of one handler what its signature says of them.
pub fn described<H: Signature<P>, P, S>(_: &H, routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let (mut schemas, mut paths, router) = routes;
    for (path, item) in &mut paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let mut description = Description {
                method,
                path,
                operation,
                schemas: &mut schemas,
                codes: Vec::new(),
                keeps_nothing: false,
            };
            H::describe(&mut description);
            idempotency::describe(&mut description);
            let Description { operation, codes, .. } = description;
            let extensions = operation.extensions.get_or_insert_default();
            let own = extensions.remove(PROBLEMS);
            let own = own.iter().filter_map(Json::as_array).flatten().cloned();
            let all: Vec<Json> = own.chain(codes.into_iter().map(Into::into)).collect();
            extensions.insert(PROBLEMS.to_owned(), all.into());
        }
    }
    (schemas, paths, router)
}

/// No routes yet of this tag. The document has the tags in the order in which their routes are merged.
pub fn tagged<S>(name: &str, description: &str) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let tag = TagBuilder::new().name(name).description(Some(description)).build();
    OpenApiRouter::with_openapi(OpenApiBuilder::new().tags(Some([tag])).build())
}

/// The routes of several handlers at one path, as one.
pub fn joined<S>(one: UtoipaMethodRouter<S>, other: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let (mut schemas, mut paths, router) = one;
    schemas.extend(other.0);
    paths.merge(other.1);
    (schemas, paths, router.merge(other.2))
}

/// Registers handlers of one path, as `utoipa_axum::routes!` does, with all that their signatures say.
macro_rules! operations {
    ($first:ident $(, $more:ident)* $(,)?) => {{
        let routes = $crate::http::described(&$first, utoipa_axum::routes!($first));
        $(let routes = $crate::http::joined(routes, $crate::http::described(&$more, utoipa_axum::routes!($more)));)*
        routes
    }};
}
pub(crate) use operations;
