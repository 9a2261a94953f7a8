//! Declaring events.

use super::Activity;
use crate::{
    db::{JsonText, List},
    ids::Id,
};
use uuid::Uuid;

/// Something that happened to an object. Declared by `events!`.
pub trait Event {
    type Object: Id + Into<Uuid>;

    /// In the audit log and its API.
    const OBJECT_TYPE: &'static str;
    /// The cached lists that show such objects.
    const LISTS: &'static [List];

    fn action(&self) -> Action;

    /// `None` when it concerns no single object.
    fn object(&self) -> Option<Self::Object>;

    /// The object as it was.
    ///
    /// # Errors
    /// When it cannot be serialised.
    fn before(&self) -> Result<Option<JsonText>, serde_json::Error>;

    /// The object as it became.
    ///
    /// # Errors
    /// When it cannot be serialised.
    fn after(&self) -> Result<Option<JsonText>, serde_json::Error>;

    /// What planners are told of it; `None` for what only the audit log has.
    fn activity(&self) -> Option<Activity>;
}

/// What was done: the object's type and a verb, as published in the audit log (`mission.update`). Each event's is a
/// constant of its enum, so that nobody compares text: `recorded.action == MissionEvent::CANCELLED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action(&'static str);

impl Action {
    /// # Panics
    /// When `name` does not begin with the object's type and a point. `events!` calls it in a constant, where a panic is an
    /// error of the compiler.
    pub const fn of(object_type: &str, name: &'static str) -> Self {
        let (kind, bytes) = (object_type.as_bytes(), name.as_bytes());
        assert!(bytes.len() > kind.len() + 1 && bytes[kind.len()] == b'.', "an action is `type.verb`");
        let mut at = 0;
        while at < kind.len() {
            assert!(bytes[at] == kind[at], "an action begins with the type of its object");
            at += 1;
        }
        Self(name)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Declares the events of one type of object:
///
/// ```ignore
/// events! {
///     /// What happens to a mission.
///     pub enum MissionEvent<'a> of "mission" (MissionId), shown in [Missions] {
///         CREATED = "mission.create": Created { after: &'a Mission } of after.id,
///         UPDATED = "mission.update": Updated { before: &'a Mission, after: &'a Mission } of after.id,
///     }
/// }
/// ```
///
/// In brackets are the variants of [`List`] that show such an object; `, told by function` behind them names what makes its
/// [`Activity`]. A row is the constant and the text of its [`Action`],
/// the variant, and the object's id. Members called `before` and `after` are serialised into the audit log, others are not.
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum $name:ident $(<$lifetime:lifetime>)? of $object_type:literal ($id:ty), shown in [$($list:ident),*] $(, told by $told:path)? {
            $(
                $constant:ident = $action:literal:
                    $variant:ident { $($member:ident: $type:ty),+ $(,)? } of $object:expr
            ),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name $(<$lifetime>)? {
            $($variant { $($member: $type),+ }),+
        }

        // Evaluated by `cargo check` as well, which leaves out the constants of an enum with a lifetime.
        const _: () = { $($crate::events::Action::of($object_type, $action);)+ };

        impl $(<$lifetime>)? $name $(<$lifetime>)? {
            $(pub const $constant: $crate::events::Action = $crate::events::Action::of($object_type, $action);)+
        }

        #[allow(unused_variables, reason = "each function uses some of the members")]
        impl $(<$lifetime>)? $crate::events::Event for $name $(<$lifetime>)? {
            type Object = $id;
            const OBJECT_TYPE: &'static str = $object_type;
            const LISTS: &'static [$crate::db::List] = &[$($crate::db::List::$list),*];

            fn action(&self) -> $crate::events::Action {
                match self { $(Self::$variant { .. } => Self::$constant),+ }
            }

            fn object(&self) -> Option<$id> {
                match *self { $(Self::$variant { $($member),+ } => $object.into()),+ }
            }

            fn before(&self) -> Result<Option<$crate::db::JsonText>, serde_json::Error> {
                Ok(match *self {
                    $(Self::$variant { $($member),+ } => $crate::events::events!(@before $($member $member)+)),+
                })
            }

            fn after(&self) -> Result<Option<$crate::db::JsonText>, serde_json::Error> {
                Ok(match *self {
                    $(Self::$variant { $($member),+ } => $crate::events::events!(@after $($member $member)+)),+
                })
            }

            fn activity(&self) -> Option<$crate::events::Activity> {
                $crate::events::events!(@told self $($told)?)
            }
        }
    };
    (@told $event:ident $told:path) => { $told($event) };
    (@told $event:ident) => { None };
    // Each member twice: to be compared by its name, and to be used.
    (@before before $value:ident $($rest:ident)*) => { Some($crate::db::JsonText::of(&$value)?) };
    (@before $other:ident $value:ident $($rest:ident)*) => { $crate::events::events!(@before $($rest)*) };
    (@before) => { None };
    (@after after $value:ident $($rest:ident)*) => { Some($crate::db::JsonText::of(&$value)?) };
    (@after $other:ident $value:ident $($rest:ident)*) => { $crate::events::events!(@after $($rest)*) };
    (@after) => { None };
}
pub(crate) use events;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MissionId;

    #[derive(Debug, serde::Serialize)]
    pub struct Show {
        id: MissionId,
        name: &'static str,
    }

    events! {
        pub enum ShowEvent<'a> of "show" (MissionId), shown in [Missions, Projects] {
            CREATED = "show.create": Created { after: &'a Show } of after.id,
            RENAMED = "show.rename": Renamed { before: &'a Show, after: &'a Show } of after.id,
            DELETED = "show.delete": Deleted { before: &'a Show } of before.id,
            CLOSED = "show.close": Closed { id: Option<MissionId> } of id,
        }
    }

    #[test]
    fn an_event_is_what_its_row_declares() {
        let id = MissionId(Uuid::from_u128(7));
        let (old, new) = (Show { id, name: "old" }, Show { id, name: "new" });
        let text = |show: &Show| Some(JsonText::of(show).expect("JSON"));
        let said = |event: ShowEvent| {
            let (before, after) = (event.before().expect("JSON"), event.after().expect("JSON"));
            (event.action(), event.object(), before, after)
        };
        let (before, after) = (&old, &new);
        assert_eq!(said(ShowEvent::Created { after }), (ShowEvent::CREATED, Some(id), None, text(after)));
        let renamed = ShowEvent::Renamed { before, after };
        assert_eq!(said(renamed), (ShowEvent::RENAMED, Some(id), text(before), text(after)));
        assert_eq!(said(ShowEvent::Deleted { before }), (ShowEvent::DELETED, Some(id), text(before), None));
        assert_eq!(said(ShowEvent::Closed { id: None }), (ShowEvent::CLOSED, None, None, None));
        assert_eq!((ShowEvent::OBJECT_TYPE, ShowEvent::CLOSED.as_str()), ("show", "show.close"));
        assert_eq!(ShowEvent::LISTS, [List::Missions, List::Projects]);
    }

    #[test]
    #[should_panic(expected = "begins with the type of its object")]
    fn an_action_begins_with_the_type_of_its_object() {
        Action::of("show", "shop.create");
    }

    #[test]
    #[should_panic(expected = "type.verb")]
    fn a_longer_word_is_another_type() {
        Action::of("show", "shows.create");
    }
}
