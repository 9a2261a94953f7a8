//! A mail as RFC 5322 and MIME want it.

use super::{
    letter::one_line,
    outgoing::{Attachment, Outgoing},
};
use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        Body, Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{
            ContentDisposition, ContentTransferEncoding, ContentType, ContentTypeErr, HeaderName, HeaderValue,
        },
    },
};
use std::time::{Duration, SystemTime};
use url::{Host, Url};

/// Whom mail is from when MAIL_FROM has no name.
const SENDER: &str = "Coulisses Crew";
/// Display names are cut here, in characters.
const LONGEST_NAME: usize = 80;
/// RFC 5322 allows lines of 998 characters, and a URL cannot be folded.
const LONGEST_URL: usize = 900;

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmailable {
    #[error("no mail can be sent to this address: {0}")]
    Address(#[from] AddressError),
    #[error(transparent)]
    Mime(#[from] lettre::error::Error),
    #[error(transparent)]
    Kind(#[from] ContentTypeErr),
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
        .message_id(Some(format!("<{}@{host}>", mail.id)));
    // Few servers would take a header that is not in ASCII; the contact is in the text, too.
    let reply_to = mail.reply_to.as_deref().and_then(|email| address(email).ok());
    if let Some(reply_to) = reply_to.filter(|email| AsRef::<str>::as_ref(email).is_ascii()) {
        message = message.reply_to(Mailbox::new(None, reply_to));
    }
    let mut message = message.multipart(parts(mail)?)?;
    let mut field = |name, value: String| {
        let name = HeaderName::new_from_ascii_str(name);
        message.headers_mut().insert_raw(HeaderValue::new(name, value));
    };
    // RFC 3834: no person typed it, so no vacation notice should answer.
    field("Auto-Submitted", "auto-generated".into());
    if let Some(url) = mail.unsubscribe.as_deref().and_then(unsubscribe) {
        field("List-Unsubscribe", format!("<{url}>"));
        // RFC 8058, 3.1: only an HTTPS URL may be posted to.
        if url.scheme() == "https" {
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into());
        }
    }
    Ok(message)
}

/// The URL as a header field can contain it: parsed, it is in ASCII and has no spaces, angle brackets or control characters.
fn unsubscribe(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= LONGEST_URL).then_some(url)
}

/// Quoted-printable encodes every "=", so that no text contains a boundary. Neither boundary begins with the other: that
/// alone would end a part (RFC 2046, 5.1.2).
fn parts(mail: &Outgoing) -> Result<MultiPart, ContentTypeErr> {
    let texts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_{}", mail.id))
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.html));
    let Some(attachment) = &mail.attachment else { return Ok(texts) };
    Ok(MultiPart::builder()
        .kind(MultiPartKind::Mixed)
        .boundary(format!("=_mixed_{}", mail.id))
        .multipart(texts)
        .singlepart(calendar(attachment)?))
}

fn calendar(attachment: &Attachment) -> Result<SinglePart, ContentTypeErr> {
    let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={}", attachment.method))?;
    Ok(SinglePart::builder()
        .header(kind)
        .header(ContentDisposition::attachment(attachment.name))
        .body(quoted_printable(&attachment.ics)))
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(quoted_printable(text))
}

/// Lines of 76 characters, whatever the text has.
fn quoted_printable(text: &str) -> Body {
    let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable);
    body.unwrap_or_else(Body::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::MailAbout;
    use uuid::Uuid;

    const ICS: &str = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nSUMMARY:Montage lumière = «\u{a0}Électro\u{a0}»\r\n\
                       DESCRIPTION:a long line that a calendar folds after seventy-five octets so th\r\n at it goes on\r\n\
                       --=_00000000-0000-0000-0000-000000000007--\r\nEND:VCALENDAR\r\n";

    fn mail() -> Outgoing {
        Outgoing {
            id: Uuid::from_u128(7),
            about: MailAbout::CalledOff,
            org: None,
            to: crate::text::Email::parse("nina@example.org").unwrap(),
            name: None,
            reply_to: None,
            at: "2027-05-20T08:00:00Z".parse().unwrap(),
            subject: "Annulée".into(),
            text: "Texte\n--=_mixed_00000000-0000-0000-0000-000000000007\n".to_owned().into(),
            html: "<p>é</p>".to_owned().into(),
            attachment: None,
            unsubscribe: None,
        }
    }

    fn with_calendar() -> Outgoing {
        mail().with_calendar(Attachment { name: "calls.ics", method: "CANCEL", ics: ICS.to_owned().into() })
    }

    fn formatted(mail: &Outgoing) -> String {
        let from = "crew@example.org".parse().unwrap();
        String::from_utf8(message(mail, &from, "crew.example.org").unwrap().formatted()).unwrap()
    }

    /// The head of a part, and what its Content-Type's boundary divides its body into (RFC 2046).
    fn divided(part: &str) -> (&str, Vec<&str>) {
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        let boundary = head.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let (body, after) = body.split_once(&format!("--{boundary}--")).unwrap();
        assert_eq!(after.trim(), "");
        let delimiter = format!("--{boundary}\r\n");
        let mut parts = body.split(&*delimiter);
        assert_eq!(parts.next(), Some(""));
        (head, parts.map(|part| part.strip_suffix("\r\n").unwrap()).collect())
    }

    /// RFC 2045, 6.7.
    fn decoded(text: &str) -> String {
        let text = text.replace("=\r\n", "");
        let mut parts = text.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_calendar_goes_beside_the_texts() {
        let mail = formatted(&with_calendar());
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 78), "{mail}");
        let (head, parts) = divided(&mail);
        assert!(head.contains("\r\nContent-Type: multipart/mixed;"), "{head}");
        let [texts, calendar] = parts[..] else { panic!("{parts:?}") };
        let (head, texts) = divided(texts);
        assert!(head.starts_with("Content-Type: multipart/alternative;"), "{head}");
        assert_eq!(texts.len(), 2);
        let (head, body) = calendar.split_once("\r\n\r\n").unwrap();
        for field in [
            "Content-Type: text/calendar; charset=utf-8; method=CANCEL",
            "Content-Disposition: attachment; filename=\"calls.ics\"",
            "Content-Transfer-Encoding: quoted-printable",
        ] {
            assert!(head.split("\r\n").any(|line| line == field), "{field} is missing in {head}");
        }
        assert_eq!(decoded(body), ICS);
        let boundaries: Vec<_> =
            mail.split("boundary=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let [outer, inner] = boundaries[..] else { panic!("{boundaries:?}") };
        assert!(!outer.starts_with(inner) && !inner.starts_with(outer), "{boundaries:?}");
        assert_eq!(formatted(&with_calendar()), mail, "the same mail has the same bytes");
    }

    #[test]
    fn a_calendar_in_ascii_contains_no_boundary_either() {
        let ics = "BEGIN:VCALENDAR\r\n--=_mixed_00000000-0000-0000-0000-000000000007--\r\nEND:VCALENDAR\r\n";
        let attachment = Attachment { name: "calls.ics", method: "PUBLISH", ics: ics.to_owned().into() };
        let mail = formatted(&mail().with_calendar(attachment));
        let (_, body) = divided(&mail).1[1].split_once("\r\n\r\n").unwrap();
        assert_eq!(decoded(body), ics);
    }

    #[test]
    fn a_mail_without_a_calendar_has_its_texts_alone() {
        let mail = formatted(&mail());
        let (head, parts) = divided(&mail);
        assert!(
            head.contains("\r\nContent-Type: multipart/alternative;") && !head.contains("List-"),
            "{head}"
        );
        assert!(head.contains("\r\nAuto-Submitted: auto-generated"), "{head}");
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn only_an_https_link_is_posted_to() {
        let fields = |url: &str| {
            let mail = formatted(&mail().with_unsubscribe(url.to_owned().into()));
            let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
            head.split("\r\n").filter(|line| line.starts_with("List-")).map(str::to_owned).collect::<Vec<_>>()
        };
        let url = "https://crew.example.org/unsubscribe?token=a.b";
        let posted =
            [&format!("List-Unsubscribe: <{url}>"), "List-Unsubscribe-Post: List-Unsubscribe=One-Click"];
        assert_eq!(fields(url), posted);
        let plain = "http://127.0.0.1:8000/unsubscribe?token=a.b";
        assert_eq!(fields(plain), [format!("List-Unsubscribe: <{plain}>")]);
        for refused in [
            "",
            "/unsubscribe",
            "javascript:alert(1)",
            "mailto:x@example.org",
            &format!("{url}{}", "x".repeat(900)),
        ] {
            assert!(fields(refused).is_empty(), "{refused}");
        }
    }
}
