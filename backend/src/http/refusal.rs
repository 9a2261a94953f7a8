//! Refusals that do not depend on the resource.

use super::{MAX_BODY, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URI_BYTES};
use crate::error::refusals;

refusals! {
    /// The body is not JSON at all.
    Malformed { what: String = "expected value at line 1 column 1".into() } =>
        BAD_REQUEST, "malformed_json", "The body is not valid JSON: {what}.";

    /// The head of the request breaks a rule of HTTP/1.1 that guards against smuggling.
    MalformedRequest { what: &'static str = "send one Host header with the name and port of this server" } =>
        BAD_REQUEST, "malformed_request", "This is not a well-formed HTTP request; {what}.";

    /// The route exists, the method does not.
    MethodNotAllowed =>
        METHOD_NOT_ALLOWED, "method_not_allowed",
        "This address does not take that method; the Allow header lists those it takes.";

    /// The object is not as the client saw it.
    PreconditionFailed =>
        PRECONDITION_FAILED, "precondition_failed",
        "The object changed since it was read, or is not what the condition names; read it again and decide anew.";

    /// The key belongs to another request.
    IdempotencyKeyReused =>
        UNPROCESSABLE_ENTITY, "idempotency_key_reused",
        "This Idempotency-Key was used for another request; send a new key with a new request.";

    /// The first request with the key has not ended.
    IdempotencyInProgress =>
        CONFLICT, "idempotency_in_progress",
        "The first request with this Idempotency-Key is still running; send it again in a moment.";

    /// The body exceeds the limit in bytes.
    TooLarge { most: usize = MAX_BODY } =>
        PAYLOAD_TOO_LARGE, "too_large", "The body is larger than {most} bytes; send less at once.";

    /// The path and the query are longer than any of this API.
    UriTooLong =>
        URI_TOO_LONG, "uri_too_long", "The address is longer than {MAX_URI_BYTES} bytes; ask for less at once.";

    /// More or longer headers than any client of this API needs.
    HeadersTooLarge =>
        REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large",
        "Send at most {MAX_HEADERS} headers of together {MAX_HEADER_BYTES} bytes; a browser may have old cookies to delete.";

    /// The body is not JSON by its content type.
    UnsupportedMediaType =>
        UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send JSON with the header Content-Type: application/json.";
}
