//! Sends mails, or writes them to files.

use super::{
    mime,
    outgoing::Outgoing,
    smtp::{Failure, Smtp, Stage},
};
use crate::config::Config;
use lettre::{Address, message::Mailbox, transport::smtp::extension::ClientId};
use std::{
    fmt, fs,
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;
use url::{Host, Url};

/// Why a mail was not sent, in a sentence for the people who sent it: without secrets or control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Worth another try: nothing here is the recipient's fault.
    #[error("{0}")]
    Later(String),
    /// This recipient or this message will not be taken.
    #[error("{0}")]
    Refused(String),
}

#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error("SMTP_URL cannot be used: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

/// Sends mail the way that the configuration says.
#[derive(Clone)]
pub struct Mailer {
    way: Way,
    from: Mailbox,
    /// The host of PUBLIC_URL, for Message-IDs.
    host: Arc<str>,
}

#[derive(Clone)]
enum Way {
    Smtp(Arc<Smtp>),
    Files(PathBuf),
    Nowhere,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::Smtp(_) => "Mailer::Smtp",
            Way::Files(_) => "Mailer::Files",
            Way::Nowhere => "Mailer::Nowhere",
        })
    }
}

impl Mailer {
    /// The longest that [`Mailer::send`] takes.
    pub const LONGEST: Duration = Duration::from_secs(100);

    /// # Errors
    /// The mail server's name cannot be one, or TLS does not work here.
    pub fn of(config: &Config) -> Result<Self, MailerError> {
        let url = Url::parse(&config.public_url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or("localhost");
        let way = match (&config.mail.server, config.mail.files(config.environment)) {
            (Some(server), _) => {
                let hello = match url.as_ref().and_then(Url::host) {
                    Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
                    Some(Host::Ipv4(ip)) => ClientId::Ipv4(ip),
                    Some(Host::Ipv6(ip)) => ClientId::Ipv6(ip),
                    None => ClientId::default(),
                };
                Way::Smtp(Arc::new(Smtp::new(server.clone(), hello)?))
            }
            (None, Some(folder)) => Way::Files(folder.to_owned()),
            (None, None) => Way::Nowhere,
        };
        Ok(Self { way, from: config.mail.from.clone(), host: host.into() })
    }

    /// One that sends no mail, whatever the configuration says.
    pub fn nowhere() -> Self {
        let from = Mailbox::new(None, Address::new("nobody", "localhost").expect("a valid address"));
        Self { way: Way::Nowhere, from, host: "localhost".into() }
    }

    /// Whether there is anywhere for mail to go.
    pub fn can_send(&self) -> bool {
        !matches!(self.way, Way::Nowhere)
    }

    /// Sends it once. When the answer to it was lost it may have arrived, and is sent again with the same Message-ID.
    ///
    /// # Errors
    /// [`Undelivered`], which says whether to try again.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), Undelivered> {
        let message = mime::message(mail, &self.from, &self.host)
            .map_err(|error| Undelivered::Refused(presentable(&error.to_string(), [])))?;
        match &self.way {
            Way::Smtp(smtp) => {
                let outcome = timeout(Self::LONGEST, smtp.send(&message)).await.unwrap_or(Err(Failure::Slow));
                outcome.map_err(|failure| {
                    undelivered(&failure, &|said| {
                        let calendar = mail.attachment.as_ref().map(|file| unfolded(&file.ics));
                        let texts = [Some(&*mail.text), mail.unsubscribe.as_deref(), calendar.as_deref()];
                        let tokens = texts.into_iter().flatten().flat_map(tokens);
                        presentable(said, tokens.chain(smtp.secrets()))
                    })
                })
            }
            Way::Files(folder) => write(folder.clone(), mail.id.to_string(), message.formatted())
                .await
                .map_err(|error| Undelivered::Later(format!("the mail could not be written: {error}"))),
            Way::Nowhere => Err(Undelivered::Later("no mail server is configured".into())),
        }
    }
}

/// Which failures concern this mail alone. Whatever an operator can mend (a password, a certificate, a relay that does not
/// know us, a block list) is tried again, so that no mail is lost for it.
fn undelivered(failure: &Failure, presentable: &dyn Fn(&str) -> String) -> Undelivered {
    match failure {
        Failure::Slow => Undelivered::Later("the mail server did not answer in time".into()),
        Failure::NeedsUtf8 => Undelivered::Refused(
            "the mail server cannot send to an address with such letters before the @ (it has no SMTPUTF8)"
                .into(),
        ),
        Failure::Smtp(stage, error) => {
            let code = error.status().map(u16::from);
            let source = std::error::Error::source(error).map(ToString::to_string);
            let said = source.unwrap_or_else(|| error.to_string());
            let shown = match code {
                Some(code) => presentable(&format!("{code} {said}")),
                None => presentable(&said),
            };
            if concerns_this_mail(*stage, code, &said) {
                Undelivered::Refused(shown)
            } else {
                Undelivered::Later(shown)
            }
        }
    }
}

fn concerns_this_mail(stage: Stage, code: Option<u16>, said: &str) -> bool {
    let (permanent, policy) = (matches!(code, Some(501 | 521 | 550..=559)), said.starts_with("5.7."));
    match stage {
        Stage::Us => false,
        // Before the message was seen, a policy (RFC 3463, X.7.Z) is about who sends: no relaying, a block list.
        Stage::Recipient => permanent && !policy,
        Stage::Message => permanent,
    }
}

/// In characters.
const LONGEST_WORDS: usize = 300;

/// A server's words without control characters and without what it may repeat of these secrets.
fn presentable<'a>(said: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut said = said.to_owned();
    for secret in secrets {
        said = said.replace(secret, "***");
    }
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if said.chars().count() <= LONGEST_WORDS {
        return said;
    }
    said.chars().take(LONGEST_WORDS - 1).chain(['…']).collect()
}

/// A calendar's lines as they were before they were folded (RFC 5545, 3.1).
fn unfolded(calendar: &str) -> String {
    calendar.replace("\r\n ", "")
}

/// What is behind the `?` of each link in a text; calendars escape what follows with a backslash.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split_whitespace().filter(|word| word.contains("://"));
    links
        .flat_map(|link| link.split(['?', '&', '=', '#', '\\']).skip(1))
        .filter(|part| part.len() >= SHORTEST_TOKEN)
}

/// Shorter parts of a link are words such as `token`, which a server may well say.
const SHORTEST_TOKEN: usize = 16;

/// The same mail has the same file.
async fn write(folder: PathBuf, name: String, bytes: Vec<u8>) -> io::Result<()> {
    let writing = tokio::task::spawn_blocking(move || {
        let (mut folders, mut options) = (fs::DirBuilder::new(), fs::OpenOptions::new());
        folders.recursive(true);
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
            folders.mode(0o700);
            options.mode(0o600);
        }
        folders.create(&folder)?;
        let unfinished = folder.join(format!(".{name}"));
        options.open(&unfinished)?.write_all(&bytes)?;
        fs::rename(unfinished, folder.join(format!("{name}.eml")))
    });
    writing.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_can_mend_is_tried_again() {
        for (stage, code, said, refused) in [
            (Stage::Us, 554, "5.7.1 your address is blocked", false),
            (Stage::Us, 535, "5.7.8 bad password", false),
            (Stage::Us, 550, "this sender is not yours", false),
            (Stage::Recipient, 530, "5.7.0 sign in first", false),
            (Stage::Recipient, 554, "5.7.1 relay access denied", false),
            (Stage::Recipient, 421, "4.3.2 closing", false),
            (Stage::Recipient, 452, "4.2.2 mailbox full", false),
            (Stage::Recipient, 550, "5.1.1 no such user", true),
            (Stage::Recipient, 501, "5.1.3 bad address", true),
            (Stage::Recipient, 556, "5.1.10 takes no mail", true),
            (Stage::Message, 451, "4.7.1 greylisted", false),
            (Stage::Message, 550, "5.7.1 looks like spam", true),
            (Stage::Message, 552, "5.3.4 too big", true),
            (Stage::Message, 503, "5.5.1 what?", false),
        ] {
            assert_eq!(concerns_this_mail(stage, Some(code), said), refused, "{stage:?} {code} {said}");
        }
        assert!(!concerns_this_mail(Stage::Message, None, "connection reset"));
    }

    #[test]
    fn a_servers_words_are_short_and_hold_no_secret() {
        let token = "eyJhbGciOiJIUzI1NiJ9.claims.signature";
        let text = format!("Answer:\nhttps://crew.example/invite?token={token}\n");
        let said = format!(
            "5.7.1 spam:\r\n\u{1b}[31m https://crew.example/invite?token={token} {}",
            "é".repeat(400)
        );
        let shown = presentable(&said, tokens(&text));
        assert!(shown.starts_with("5.7.1 spam: [31m https://crew.example/invite?token=*** é"), "{shown}");
        assert!(!shown.contains(token) && shown.chars().count() == LONGEST_WORDS, "{shown}");
        // In a calendar a link may be folded and have a line break behind it.
        let calendar = format!(
            "DESCRIPTION:https://crew.example/invite?token={}\r\n {}\\nAsk",
            &token[..9],
            &token[9..]
        );
        let calendar = unfolded(&calendar);
        assert_eq!(presentable(&format!("spam: {token}"), tokens(&calendar)), "spam: ***");
    }

    #[tokio::test]
    async fn a_file_is_private_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("a/mail");
        for text in ["one", "two"] {
            write(mails.clone(), "id".into(), text.into()).await.unwrap();
        }
        let names: Vec<_> = fs::read_dir(&mails).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["id.eml"]);
        assert_eq!(fs::read_to_string(mails.join("id.eml")).unwrap(), "two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&mails), mode(&mails.join("id.eml"))), (0o700, 0o600));
        }
    }
}
