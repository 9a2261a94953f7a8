//! Speaks SMTP.
//!
//! lettre's own transport is not used. Its pool keeps a connection whose exchange was given up half-way, so that the next
//! mail would read the last one's answer; only connecting has a time limit; and its errors do not tell whether a server
//! refused us or this recipient.

use crate::{
    config::{SmtpLogin, SmtpServer, SmtpTls},
    secret::Secret,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};
use std::{future::Future, sync::Mutex, time::Duration};
use tokio::time::{Instant, timeout};

/// For each command and its answer; a server that takes longer is tried again later.
const COMMAND: Duration = Duration::from_secs(10);
/// For the answer to a whole message, which many servers look through first. Whoever is too impatient sends it twice.
const ACCEPT: Duration = Duration::from_secs(60);
/// For each of the addresses that the server's name stands for.
const CONNECT: Duration = Duration::from_secs(4);
/// How long an unused connection is kept: less than the minutes after which servers close theirs.
const IDLE: Duration = Duration::from_secs(20);
/// Unused connections that are kept.
const KEPT: usize = 4;

/// Where in the exchange it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, greeting, TLS, signing in, and whom the mail is from.
    Us,
    Recipient,
    Message,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server's answer, or why there was none.
    Smtp(Stage, Error),
    /// No answer in time.
    Slow,
    /// The recipient's address needs SMTPUTF8, which the server does not speak.
    NeedsUtf8,
}

pub(super) struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    secrets: Vec<Secret>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Smtp {
    pub(super) fn new(server: SmtpServer, hello: ClientId) -> Result<Self, Error> {
        let tls = match server.tls {
            SmtpTls::None => None,
            SmtpTls::Wrapped | SmtpTls::StartTls => Some(TlsParameters::new(server.host.clone())?),
        };
        let secrets = server.login.iter().flat_map(|SmtpLogin { user, password }| {
            let plain = BASE64.encode(format!("\0{user}\0{}", &**password));
            [password.to_string(), BASE64.encode(&**password), plain].map(Secret::from).into_iter()
        });
        let secrets = secrets.filter(|secret| !secret.is_empty());
        Ok(Self { secrets: secrets.collect(), server, tls, hello, idle: Mutex::default() })
    }

    /// The forms in which the password goes to the server, which may repeat them in an error.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|secret| &**secret)
    }

    /// When this is cancelled, its connection is closed.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        if let Some(mut kept) = self.take() {
            match envelope(&mut kept, message).await {
                // A kept connection may be closed by now, or have carried as many mails as the server likes.
                Err(Failure::Smtp(Stage::Us, _) | Failure::Slow) => drop(kept),
                outcome => return self.finish(kept, message, outcome).await,
            }
        }
        let mut connection = self.connect().await?;
        let outcome = envelope(&mut connection, message).await;
        self.finish(connection, message, outcome).await
    }

    async fn finish(
        &self,
        mut connection: AsyncSmtpConnection,
        message: &Message,
        outcome: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let outcome = match outcome {
            Ok(()) => content(&mut connection, &message.formatted()).await,
            refused => refused,
        };
        match outcome {
            Ok(()) => self.keep(connection),
            // Politeness; nothing depends on the answer.
            Err(_) => drop(timeout(Duration::from_secs(1), connection.abort()).await),
        }
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let (host, port) = (self.server.host.as_str(), self.server.port);
        let wrapped = if self.server.tls == SmtpTls::Wrapped { self.tls.clone() } else { None };
        let connecting =
            AsyncSmtpConnection::connect_tokio1((host, port), Some(CONNECT), &self.hello, wrapped, None);
        let mut connection = step(Stage::Us, connecting).await?;
        if let (SmtpTls::StartTls, Some(tls)) = (self.server.tls, &self.tls) {
            step(Stage::Us, connection.starttls(tls.clone(), &self.hello)).await?;
        }
        if let Some(login) = &self.server.login {
            let credentials = Credentials::new(login.user.clone(), login.password.to_string());
            step(Stage::Us, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(connection)
    }

    /// The connection that was used last.
    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push((connection, Instant::now()));
        }
    }
}

/// Whom it is from and to. Nothing has been sent when this fails.
async fn envelope(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Failure> {
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    if !envelope.to().iter().all(|to| AsRef::<str>::as_ref(to).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure::NeedsUtf8);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    step(Stage::Us, connection.command(Mail::new(envelope.from().cloned(), parameters))).await?;
    for to in envelope.to() {
        step(Stage::Recipient, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    Ok(())
}

async fn content(connection: &mut AsyncSmtpConnection, bytes: &[u8]) -> Result<(), Failure> {
    step(Stage::Message, connection.command(Data)).await?;
    within(ACCEPT, Stage::Message, connection.message(bytes)).await?;
    Ok(())
}

async fn step<T>(stage: Stage, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    within(COMMAND, stage, work).await
}

async fn within<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(|error| Failure::Smtp(stage, error)),
        Err(_) => Err(Failure::Slow),
    }
}
