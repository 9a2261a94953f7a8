//! `/invite?token=`: shows a call as a ticket, and takes the answer. The reason for a no is asked for after it.

use super::{
    errors::note,
    template::{Chip, Form as Shown, InvitePage, Kind, Shell, lead_to, respond},
    ticket::Ticket,
    visitor::{Outcome, Visitor},
    words::{Told, Words},
};
use crate::{
    auth::{InvalidToken, InviteClaims},
    error::Error,
    http::{Form, RequestInfo},
    resources::{
        assignments::{self, AssignmentStatus},
        feeds,
        invitations::{
            self, AlreadyAnswered, ChangedSinceSeen, Decision, LinkStatus, Obstacle, Opened, Seen,
        },
    },
    secret::Secret,
    state::App,
    text::Reason,
};
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use deserr::Deserr;

const PATH: &str = "/invite";
const CALENDAR: &str = "/invite.ics";

pub async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    let link = app.tokens.read_invite(&visitor.token);
    let view = View { visitor: &visitor, token: &visitor.token, status: StatusCode::OK };
    view.of(&app, link.as_ref(), Said::before(&visitor)).await
}

#[derive(Debug, Deserr)]
pub struct AnswerForm {
    #[deserr(default)]
    token: Secret,
    /// `accept`, `decline`, or `reason` to give one after a no.
    #[deserr(default)]
    answer: String,
    #[deserr(default)]
    reason: String,
    #[deserr(default)]
    seen: String,
}

pub async fn answer(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    mut visitor: Visitor,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Error> {
    let link = app.tokens.read_invite(&form.token);
    // The page may lead to itself in another language.
    visitor.token = form.token.clone();
    let refused = |status| View { visitor: &visitor, token: &form.token, status };
    let Some(claims) = link else {
        return refused(StatusCode::BAD_REQUEST).of(&app, None, Said::default()).await;
    };
    let decision = match read_answer(&form, visitor.words()) {
        Ok(decision) => decision,
        Err(notice) => {
            let said = Said { notice: Some(notice), reason: form.reason.clone(), ..Said::default() };
            return refused(StatusCode::BAD_REQUEST).of(&app, Some(&claims), said).await;
        }
    };
    let seen = Some(form.seen.as_str()).filter(|seen| !seen.is_empty());
    match invitations::answer_by_link(&app, &request, &claims, decision, seen).await {
        Ok(_) => lead_to(&visitor.address(PATH, &form.token, &Outcome::default())),
        // A failure is no page of this call: the database may be out of reach.
        Err(error) if error.failure().is_some() => Err(error),
        // To the page as it is now, so that reloading and going back are harmless.
        Err(error) => lead_to(&refusal_of(&error, &form, &visitor)),
    }
}

/// What is wrong with it, if anything is.
fn read_answer(form: &AnswerForm, words: &Words) -> Result<Decision, &'static str> {
    match form.answer.as_str() {
        "accept" => Ok(Decision::Accept),
        "decline" | "reason" => {
            let reason = Reason::parse_optional(&form.reason).map_err(|_| words.reason_too_long)?;
            Ok(Decision::Decline { reason: reason.map(Into::into) })
        }
        _ => Err(words.choose),
    }
}

/// The page of the call, with what it cannot know of an answer that was refused.
fn refusal_of(error: &Error, form: &AnswerForm, visitor: &Visitor) -> String {
    let mut outcome = Outcome { stands: error.is::<AlreadyAnswered>(), ..Outcome::default() };
    if error.is::<ChangedSinceSeen>() {
        outcome.was.push(Seen::decode(&form.seen).map(|seen| seen.encode()).unwrap_or_default());
    }
    visitor.address(PATH, &form.token, &outcome)
}

/// What became of what was sent.
#[derive(Debug, Default)]
struct Said {
    notice: Option<&'static str>,
    /// Typed but not saved.
    reason: String,
    /// Whether the mission has changed since the person looked.
    changed: bool,
    /// What they had seen.
    was: Option<Seen>,
}

impl Said {
    /// Of the answer that led to this page.
    fn before(visitor: &Visitor) -> Self {
        Self {
            notice: visitor.outcome.stands.then_some(visitor.words().answer_stands),
            reason: String::new(),
            changed: !visitor.outcome.was.is_empty(),
            was: visitor.outcome.was.first().and_then(|was| Seen::decode(was)),
        }
    }
}

struct View<'a> {
    visitor: &'a Visitor,
    token: &'a str,
    status: StatusCode,
}

impl View<'_> {
    /// The page of a link as things stand now.
    async fn of(&self, app: &App, link: Option<&InviteClaims>, said: Said) -> Result<Response, Error> {
        let (words, now) = (self.visitor.words(), app.db.clock().now());
        let opened = match link {
            Some(claims) => invitations::open(&app.db, claims, now).await,
            None => Err(InvalidToken.into()),
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) if error.is::<InvalidToken>() => {
                return respond(StatusCode::BAD_REQUEST, &note(self.visitor, &words.invalid, None));
            }
            Err(error) => return Err(error),
        };
        let was = said.was.clone().or_else(|| opened.known());
        let ticket = Ticket::of(&opened, was.as_ref(), self.visitor.locale, now)?;
        let mut standing = Standing::of_link(&opened, said.changed);
        if let (Standing::Declined, Some(claims)) = (standing, link) {
            let assignment = assignments::get(&app.db, claims.org, opened.assignment_id).await?;
            if assignment.decline_reason.is_some() {
                standing = Standing::DeclinedWithReason;
            }
        }
        let feed = opened.feed.zip(link).map(|((user, version), link)| {
            feeds::user_address(&app.config, &app.tokens, link.org, user, version)
        });
        respond(self.status, &self.page(&opened, &ticket, standing, (said, feed)))
    }

    fn page<'a>(
        &'a self,
        opened: &'a Opened,
        ticket: &'a Ticket,
        standing: Standing,
        (said, feed): (Said, Option<Secret>),
    ) -> InvitePage<'a> {
        let words = self.visitor.words();
        let (kind, told) = standing.told(words);
        let chip = Chip { kind, word: told.map_or(words.pending, |told| told.word) };
        let who = ticket.who(words);
        let told_why = standing == Standing::DeclinedWithReason && said.notice.is_none();
        let notice = match said.notice {
            _ if told_why => Some(words.reason_told),
            _ if standing == Standing::AskedAgain => None,
            None if said.changed && standing != Standing::Changed => Some(words.changed.title),
            notice => notice,
        };
        InvitePage {
            shell: Shell::of(self.visitor, format!("{} · {} · {}", chip.word, ticket.title, ticket.org)),
            ticket,
            chip,
            title: told.map_or("", |told| told.title),
            next: told.map(|told| told.next.replace("{who}", who)).unwrap_or_default(),
            notice: notice.map(|notice| notice.replace("{who}", who)),
            good: told_why,
            form: match standing {
                standing if standing.asks() || standing == Standing::ToConfirm => Shown::Question,
                Standing::Moved => Shown::Confirmation,
                Standing::Hindered(Obstacle::ScheduleConflict) => Shown::Decline,
                Standing::Declined => Shown::Reason(said.reason),
                _ => Shown::None,
            },
            calendar: standing
                .is_accepted()
                .then(|| self.visitor.address(CALENDAR, self.token, &Outcome::default())),
            // Not for whoever holds a link that was taken back.
            feed: feed.filter(|_| matches!(standing, Standing::Accepted | Standing::ToConfirm)),
            action: self.visitor.action(PATH),
            token: self.token,
            seen: &opened.seen,
        }
    }
}

/// Where a call stands, for its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Asked,
    /// Asked at another time or place than the person was told.
    AskedElsewhere,
    Changed,
    Hindered(Obstacle),
    Accepted,
    /// Accepted otherwise than by this link.
    DownAsComing,
    /// The same, and this link can still answer.
    ToConfirm,
    /// Accepted at another time or place.
    Moved,
    Declined,
    DeclinedWithReason,
    DownAsAbsent,
    AskedAgain,
    Closed(LinkStatus),
}

impl Standing {
    /// `changed` since they looked.
    pub(super) fn of_link(opened: &Opened, changed: bool) -> Self {
        use AssignmentStatus::{Accepted, Cancelled, Declined, Invited};
        use LinkStatus::{Answered, CalledOff, Over, Pending};
        match (opened.invitation_status, opened.status) {
            (status @ (CalledOff | Over), _) => Self::Closed(status),
            (_, Cancelled) => Self::Closed(CalledOff),
            (Answered, Accepted | Declined) if opened.answer != Some(opened.status) => match opened.status {
                Accepted => Self::DownAsComing,
                _ => Self::DownAsAbsent,
            },
            (Answered | Pending, Accepted) if opened.needs_confirmation => Self::Moved,
            (Answered, Accepted) => Self::Accepted,
            (Answered, Declined) => Self::Declined,
            (Answered, Invited) => Self::AskedAgain,
            (Pending, Accepted) => Self::ToConfirm,
            (Pending, Invited) => match opened.obstacle {
                Some(obstacle) => Self::Hindered(obstacle),
                None if changed => Self::Changed,
                None if opened.shown.is_some() => Self::AskedElsewhere,
                None => Self::Asked,
            },
            (_, Accepted) => Self::DownAsComing,
            (_, Declined) => Self::DownAsAbsent,
            (status, Invited) => Self::Closed(status),
        }
    }

    pub(super) fn asks(self) -> bool {
        matches!(self, Self::Asked | Self::AskedElsewhere | Self::Changed)
    }

    fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::DownAsComing | Self::ToConfirm)
    }

    /// How it looks and what is said of it; nothing but the question of what is simply asked.
    pub(super) fn told(self, words: &Words) -> (Kind, Option<&Told>) {
        let (kind, told) = match self {
            Self::Asked | Self::Closed(LinkStatus::Pending | LinkStatus::Answered) => {
                return (Kind::Asked, None);
            }
            Self::AskedElsewhere => (Kind::Warning, &words.moved_asked),
            Self::Changed => (Kind::Warning, &words.changed),
            Self::Hindered(Obstacle::ScheduleConflict) => (Kind::Conflict, &words.conflict),
            Self::Hindered(Obstacle::QuotaReached) => (Kind::Closed, &words.quota),
            Self::Hindered(Obstacle::UserInactive) => (Kind::Closed, &words.inactive),
            Self::Hindered(Obstacle::ProjectArchived) => (Kind::Closed, &words.archived),
            Self::Accepted => (Kind::Accepted, &words.accepted),
            Self::DownAsComing => (Kind::Accepted, &words.down_as_coming),
            Self::ToConfirm => (Kind::Accepted, &words.confirm),
            Self::Moved => (Kind::Warning, &words.moved),
            Self::Declined | Self::DeclinedWithReason => (Kind::Declined, &words.declined),
            Self::DownAsAbsent => (Kind::Declined, &words.down_as_absent),
            Self::AskedAgain => (Kind::Closed, &words.asked_again),
            Self::Closed(LinkStatus::Expired) => (Kind::Closed, &words.expired),
            Self::Closed(LinkStatus::Revoked) => (Kind::Closed, &words.revoked),
            Self::Closed(LinkStatus::Superseded) => (Kind::Closed, &words.superseded),
            Self::Closed(LinkStatus::CalledOff) => (Kind::CalledOff, &words.called_off),
            Self::Closed(LinkStatus::Over) => (Kind::Closed, &words.over),
        };
        (kind, Some(told))
    }
}
