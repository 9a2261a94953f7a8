//! A mail as RFC 5322 and MIME want it.

use super::{letter::one_line, outgoing::Outgoing};
use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        Body, Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, SystemTime};
use url::Host;

/// Whom mail is from when MAIL_FROM has no name.
const SENDER: &str = "Coulisses Crew";
/// Display names are cut here, in characters.
const LONGEST_NAME: usize = 80;

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmailable {
    #[error("no mail can be sent to this address: {0}")]
    Address(#[from] AddressError),
    #[error(transparent)]
    Mime(#[from] lettre::error::Error),
}

/// RFC 3834: no person typed it, so no vacation notice should answer.
#[derive(Debug, Clone)]
struct AutoSubmitted(String);

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// Domains are written in ASCII (RFC 5890), because few servers know SMTPUTF8.
pub(super) fn address(email: &str) -> Result<Address, AddressError> {
    let (user, domain) = email.rsplit_once('@').ok_or(AddressError::MissingParts)?;
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) => Address::new(user, domain),
        _ => Address::new(user, domain),
    }
}

/// The mail that `from` sends; `host` makes its id unique in the world.
pub(super) fn message(mail: &Outgoing, from: &Mailbox, host: &str) -> Result<Message, Unmailable> {
    let name = |text: &str| {
        let name: String = one_line(text).chars().take(LONGEST_NAME).collect();
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    };
    let sender = from.name.as_deref().unwrap_or(SENDER);
    // The org's name comes first on what its people receive; the address stays ours, as SPF and DMARC want it.
    let shown = match mail.org.as_deref().and_then(name) {
        Some(org) => format!("{org} via {sender}"),
        None => sender.to_owned(),
    };
    let at = u64::try_from(mail.at.as_seconds()).unwrap_or(0);
    let mut message = Message::builder()
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
        .from(Mailbox::new(Some(shown), from.email.clone()))
        .to(Mailbox::new(mail.name.as_deref().and_then(name), address(&mail.to)?))
        .subject(one_line(&mail.subject))
        .message_id(Some(format!("<{}@{host}>", mail.id)))
        .header(AutoSubmitted("auto-generated".into()));
    // Few servers would take a header that is not in ASCII; the contact is in the text, too.
    let reply_to = mail.reply_to.as_deref().and_then(|email| address(email).ok());
    if let Some(reply_to) = reply_to.filter(|email| AsRef::<str>::as_ref(email).is_ascii()) {
        message = message.reply_to(Mailbox::new(None, reply_to));
    }
    // Quoted-printable encodes every "=", so that no text contains the boundary.
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_{}", mail.id))
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.html));
    Ok(message.multipart(parts)?)
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    // Lines of 76 characters, whatever the text has.
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let body = Body::new_with_encoding(text.to_owned(), encoding);
    SinglePart::builder().header(kind).body(body.unwrap_or_else(Body::new))
}
