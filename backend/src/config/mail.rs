//! The settings of mail.

use super::{Environment, reader::Reader};
use crate::{db::hides_a_password, secret::Secret};
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};
use url::{Host, Url};

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// `smtp://`: not at all.
    None,
    /// `smtps://`: TLS from the first byte.
    Wrapped,
    /// `smtp+starttls://`: the connection is given up unless it can be upgraded.
    StartTls,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    pub tls: SmtpTls,
    /// A name or an IP address, an IPv6 one without brackets.
    pub host: String,
    pub port: u16,
    pub login: Option<SmtpLogin>,
}

#[derive(Debug, Clone)]
pub struct SmtpLogin {
    pub user: String,
    pub password: Secret,
}

/// Without the password, so it may be logged.
impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.tls {
            SmtpTls::None => "smtp",
            SmtpTls::Wrapped => "smtps",
            SmtpTls::StartTls => "smtp+starttls",
        };
        let login = self.login.as_ref().map(|login| format!("{}:***@", login.user)).unwrap_or_default();
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{scheme}://{login}{host}:{}", self.port)
    }
}

impl SmtpServer {
    /// Whether anybody on the way could read the password.
    fn shows_its_password(&self) -> bool {
        let here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        self.tls == SmtpTls::None && self.login.is_some() && !here
    }
}

/// What mail needs to know.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// SMTP_URL
    pub server: Option<SmtpServer>,
    /// MAIL_FROM
    pub from: Mailbox,
    /// MAIL_DIR: where mail is written instead of being sent, in ENV=dev without SMTP_URL.
    pub folder: PathBuf,
    /// MAIL_GATHER_SECONDS: how long a mail waits for more to tell the same person.
    pub gather: Duration,
}

impl MailSettings {
    pub(super) fn read(env: &mut Reader<'_>) -> Self {
        let server = env.read("SMTP_URL", None, |text| parse_smtp_url(text).map(Some));
        if server.is_some() && env.text("MAIL_FROM").is_none() {
            env.mistakes.push(
                "MAIL_FROM must be set with SMTP_URL: the address that mail comes from, for example \
                    crew@example.org"
                    .into(),
            );
        }
        Self {
            server,
            from: env.read("MAIL_FROM", default_from(), parse_mailbox),
            folder: env.read("MAIL_DIR", "./backend/mail".into(), |text| Ok(text.into())),
            gather: Duration::from_secs(env.number("MAIL_GATHER_SECONDS", 30, 0, 3600)),
        }
    }

    /// Warnings for an operator, outside ENV=dev.
    pub(super) fn doubts(&self) -> Option<String> {
        match &self.server {
            None => Some(
                "SMTP_URL is not set: no mail is sent, and every link has to be handed over by hand".into(),
            ),
            Some(server) if server.shows_its_password() => Some(format!(
                "SMTP_URL ({server}) sends its password in clear over the network; use smtps:// or smtp+starttls://"
            )),
            Some(_) => None,
        }
    }

    /// Each setting by its variable's name.
    pub(super) fn effective(&self) -> [(&'static str, String); 4] {
        [
            ("SMTP_URL", self.server.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("MAIL_FROM", self.from.to_string()),
            ("MAIL_DIR", self.folder.display().to_string()),
            ("MAIL_GATHER_SECONDS", self.gather.as_secs().to_string()),
        ]
    }

    /// Where mail goes as files, which is a developer's substitute for a mail server.
    pub fn files(&self, environment: Environment) -> Option<&std::path::Path> {
        (self.server.is_none() && environment == Environment::Dev).then_some(&*self.folder)
    }
}

/// Without a name, because `.env` files differ in how they quote spaces.
fn default_from() -> Mailbox {
    lettre::Address::new_dangerous("crew", "localhost").into()
}

fn parse_mailbox(text: &str) -> Result<Mailbox, String> {
    let mailbox: Option<Mailbox> = text.parse().ok();
    let ascii = |mailbox: &Mailbox| AsRef::<str>::as_ref(&mailbox.email).is_ascii();
    mailbox.filter(ascii).filter(|_| !text.contains(char::is_control)).ok_or_else(|| {
        "must be an address in ASCII that mail can come from, for example Coulisses Crew <crew@example.org>".into()
    })
}

fn parse_smtp_url(text: &str) -> Result<SmtpServer, String> {
    let wrong = || {
        "must be smtp://host:25, smtps://user:password@host:465 or smtp+starttls://user:password@host:587, with \
            @ : / ? # and % of user and password percent-encoded (%40 %3A %2F %3F %23 %25)"
            .to_owned()
    };
    if hides_a_password(text.split_once(':').ok_or_else(wrong)?.1) {
        return Err("has an @ too many or in the wrong place: write those of the password as %40, and : / ? # and % as %3A %2F %3F %23 %25".into());
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let (tls, default_port) = match url.scheme() {
        "smtp" => (SmtpTls::None, 25),
        "smtps" => (SmtpTls::Wrapped, 465),
        "smtp+starttls" => (SmtpTls::StartTls, 587),
        _ => return Err(wrong()),
    };
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let host = match url.host() {
        Some(Host::Ipv6(ip)) => ip.to_string(),
        // In a scheme that the URL standard does not know it is any text.
        Some(host) => Host::parse(&host.to_string()).map_err(|_| wrong())?.to_string(),
        None => return Err(wrong()),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) | (_, None) => return Err("must name both a user and a password, or neither".into()),
        (user, Some(password)) => Some(SmtpLogin {
            user: decoded(user).map_err(|_| wrong())?,
            password: decoded(password).map_err(|_| wrong())?.into(),
        }),
    };
    let port = url.port().unwrap_or(default_port);
    if bare && port > 0 { Ok(SmtpServer { tls, host, port, login }) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<MailSettings, Vec<String>> {
        let lookup =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let mut env = Reader::new(&lookup);
        let settings = MailSettings::read(&mut env);
        if env.mistakes.is_empty() { Ok(settings) } else { Err(env.mistakes) }
    }

    #[test]
    fn a_server_has_three_forms() {
        for (url, shown) in [
            ("smtp://mail.example", "smtp://mail.example:25"),
            ("smtp://127.0.0.1:1025/", "smtp://127.0.0.1:1025"),
            ("smtps://u:p@Mail.example", "smtps://u:***@mail.example:465"),
            ("smtp+starttls://u:p@[::1]", "smtp+starttls://u:***@[::1]:587"),
        ] {
            assert_eq!(parse_smtp_url(url).unwrap().to_string(), shown, "{url}");
        }
        let server = parse_smtp_url("smtps://nina%40example.org:p%40s%3As%2Fw%C3%B6rd@mail.example").unwrap();
        let login = server.login.unwrap();
        assert_eq!((&*login.user, &*login.password), ("nina@example.org", "p@s:s/wörd"));
    }

    #[test]
    fn what_is_no_server_is_told_without_its_password() {
        for wrong in [
            "mail.example:25",
            "http://mail.example",
            "smtp+tls://mail.example",
            "smtp://",
            "smtp://u:hush@",
            "smtp://u@mail.example",
            "smtp://:hush@mail.example",
            "smtp://u:hush@mail.example:0",
            "smtp://u:hush@mail.example:70000",
            "smtp://u:hush@mail.example/inbox",
            "smtp://u:hush@mail.example?tls=required",
            "smtp://u:hush@mail exam.ple",
            "smtp://u:hu@sh@mail.example",
            "smtp://u:hu/sh@mail.example",
            "smtp://u:hush%ff@mail.example",
        ] {
            let said = read(&[("SMTP_URL", wrong), ("MAIL_FROM", "crew@example.org")]).unwrap_err().join(" ");
            assert!(said.starts_with("SMTP_URL ") && !said.contains("hu"), "{wrong}: {said}");
        }
    }

    #[test]
    fn who_sends_must_be_named_with_a_server() {
        assert!(
            read(&[("SMTP_URL", "smtp://mail.example")]).unwrap_err()[0].starts_with("MAIL_FROM must be")
        );
        assert_eq!(read(&[]).unwrap().from.to_string(), "crew@localhost");
        for wrong in [
            "crew",
            "Crew <crew@>",
            "régie@b.example",
            "a@b.example, c@d.example",
            "a@b.example\r\nBcc: c@d.example",
        ] {
            assert!(
                read(&[("MAIL_FROM", wrong)]).unwrap_err()[0].starts_with("MAIL_FROM must be"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_password_in_clear_is_a_doubt() {
        let doubt = |url| read(&[("SMTP_URL", url), ("MAIL_FROM", "a@b.example")]).unwrap().doubts();
        let said = doubt("smtp://u:hush@mail.example").unwrap();
        assert!(said.contains("in clear") && !said.contains("hush"), "{said}");
        for fine in
            ["smtp://mail.example", "smtp://u:p@127.0.0.2", "smtp://u:p@[::1]", "smtps://u:p@mail.example"]
        {
            assert_eq!(doubt(fine), None, "{fine}");
        }
        assert!(read(&[]).unwrap().doubts().is_some());
    }
}
