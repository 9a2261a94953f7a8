//! Refusals: rules of the domain that a request breaks. Each is declared once, by [`refusals!`], in the module of the
//! resource that refuses.

use super::{Conflicts, Error, FieldError};
use axum::http::StatusCode;
use std::fmt::Display;

/// A refusal. Its `Display` is the sentence that tells the client what to do.
pub trait Refusal: Display + Sized {
    /// Stable, for programs.
    const CODE: &'static str;
    const STATUS: StatusCode;

    /// A realistic instance, for documentation.
    fn sample() -> Self;

    /// Adds further members of the problem.
    fn complete(&self, _: &mut Refused) {}
}

/// A refusal of any type, as the problem needs it.
#[derive(Debug, Clone)]
pub struct Refused {
    pub code: &'static str,
    pub status: StatusCode,
    /// One sentence that says what to do.
    pub detail: String,
    pub errors: Vec<FieldError>,
    pub conflicts: Conflicts,
    /// In seconds.
    pub retry_after: Option<u64>,
}

impl Refused {
    fn of<R: Refusal>(refusal: &R) -> Self {
        let mut refused = Self {
            code: R::CODE,
            status: R::STATUS,
            detail: refusal.to_string(),
            errors: Vec::new(),
            conflicts: Conflicts::default(),
            retry_after: None,
        };
        refusal.complete(&mut refused);
        refused
    }
}

impl<R: Refusal> From<R> for Error {
    fn from(refusal: R) -> Self {
        Self::Refused(Box::new(Refused::of(&refusal)))
    }
}

/// Declares refusals, and `REFUSALS` with a sample of each:
///
/// ```ignore
/// refusals! {
///     /// When it is returned.
///     RoleInUse { role: String = "lumiere".into() } =>
///         CONFLICT, "role_in_use", "The role {role} has people on it; change their assignments first.";
/// }
/// ```
///
/// The values of the members are the sample's. `with |refusal, refused| …` after the sentence implements
/// [`Refusal::complete`].
macro_rules! refusals {
    ($(
        $(#[$doc:meta])*
        $name:ident $({ $($member:ident: $type:ty = $sample:expr),+ $(,)? })? =>
            $status:ident, $code:literal, $sentence:tt $(, with $complete:expr)?;
    )+) => {
        $($crate::error::refusals! {
            @type [$(#[$doc])*] $name [$($($member: $type = $sample),+)?] $sentence
        }

        impl $name {
            pub const CODE: &'static str = $code;
        }

        impl $crate::error::Refusal for $name {
            const CODE: &'static str = $code;
            const STATUS: axum::http::StatusCode = axum::http::StatusCode::$status;

            fn sample() -> Self {
                Self $({ $($member: $sample),+ })?
            }

            $(fn complete(&self, refused: &mut $crate::error::Refused) {
                let complete: fn(&Self, &mut $crate::error::Refused) = $complete;
                complete(self, refused);
            })?
        })+

        /// A sample of each.
        pub const REFUSALS: &[fn() -> $crate::error::Error] =
            &[$(|| <$name as $crate::error::Refusal>::sample().into()),+];
    };
    (@type [$($doc:tt)*] $name:ident [] $sentence:tt) => {
        $($doc)*
        #[derive(Debug, Clone, thiserror::Error)]
        #[error($sentence)]
        pub struct $name;
    };
    (@type [$($doc:tt)*] $name:ident [$($member:ident: $type:ty = $sample:expr),+] $sentence:tt) => {
        $($doc)*
        #[derive(Debug, Clone, thiserror::Error)]
        #[error($sentence)]
        pub struct $name {
            $(pub $member: $type),+
        }
    };
}
pub(crate) use refusals;

impl UnknownReference {
    /// With several members that name objects which do not exist.
    pub fn at(pointers: Vec<String>, name: &'static str) -> Error {
        let mut refused = Refused::of(&UnknownReference { pointer: "", name });
        let unknown = |pointer| FieldError::of(pointer, UnknownReference::CODE, "does not exist");
        refused.errors = pointers.into_iter().map(unknown).collect();
        Error::Refused(Box::new(refused))
    }
}

refusals! {
    /// Nothing there, or another org's.
    NotFound => NOT_FOUND, "not_found", "Nothing is at this address; check the id.";

    /// The body names an object that does not exist, in the member at `pointer`; `name` is what was looked for.
    UnknownReference { pointer: &'static str = "/user_id", name: &'static str = "user" } =>
        NOT_FOUND, "unknown_reference", "The {name} named in the body does not exist; check the id.",
        with |refusal, refused| refused.errors.push(FieldError::of(refusal.pointer, "unknown_reference", "does not exist"));

    /// A name or membership that must be unique is taken, by the member at `pointer`.
    Duplicate {
        pointer: &'static str = "/name",
        detail: &'static str = "A project of this name exists already; choose another name.",
    } =>
        CONFLICT, "duplicate", "{detail}",
        with |refusal, refused| refused.errors.push(FieldError::of(refusal.pointer, "duplicate", refusal.detail));
}
