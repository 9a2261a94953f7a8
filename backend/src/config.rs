//! The configuration: environment variables, read and validated once. `.env.example` documents each.

mod files;
mod mail;
mod reader;
mod retention;
mod values;

pub use mail::{MailSettings, SmtpLogin, SmtpServer, SmtpTls};
pub use retention::Retention;

use crate::db::{DatabaseUrl, Pool};
use axum::http::HeaderValue;
use ipnet::IpNet;
use reader::Reader;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, net::IpAddr, time::Duration};
use url::Url;
use values::{parse_cache_url, parse_collector_url, parse_networks, parse_origins, parse_public_url};

/// The deployment environment; decides which settings are required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Development: cookies without TLS; on a loopback address also built-in secrets and reset tokens in responses.
    Dev,
    Staging,
    Prod,
}

/// Where lists are cached.
#[derive(Clone, PartialEq, Eq)]
pub enum CacheUrl {
    InProcess,
    /// A Redis or Valkey server.
    Redis(Url),
}

/// Without the password, so it may be logged.
impl fmt::Display for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Redis(url) = self else { return f.write_str("memory://") };
        let mut shown = url.clone();
        if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
            return f.write_str("redis://***");
        }
        // May contain a password, as in a database's URL.
        shown.set_query(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For reading at a terminal.
    Pretty,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub database_url: DatabaseUrl,
    /// Whether neither DATABASE_URL nor DB_URL is set.
    pub database_is_default: bool,
    pub pool: Pool,
    pub redis_url: CacheUrl,
    pub cache_ttl: Duration,
    pub secret_key: SecretString,
    /// What SECRET_KEY was before, or will be: what it signed is read, nothing is signed with it.
    pub secret_key_previous: Option<SecretString>,
    pub jwt_algorithm: jsonwebtoken::Algorithm,
    pub access_token_ttl: Duration,
    pub refresh_token_ttl: Duration,
    pub invites_secret: SecretString,
    /// As `secret_key_previous`.
    pub invites_secret_previous: Option<SecretString>,
    pub invites_ttl: Duration,
    pub host: IpAddr,
    pub port: u16,
    /// PUBLIC_URL, without a trailing slash
    pub public_url: String,
    /// CORS_ORIGINS, as browsers send them
    pub cors_origins: Vec<HeaderValue>,
    pub trusted_proxies: Vec<IpNet>,
    pub mail: MailSettings,
    pub retention: Retention,
    pub log_level: tracing::Level,
    pub log_format: LogFormat,
    pub metrics_enabled: bool,
    /// OTEL_EXPORTER_OTLP_ENDPOINT, to which `/v1/traces` is appended
    pub otlp_endpoint: Option<Url>,
    pub request_id_header: axum::http::HeaderName,
    pub request_timeout: Duration,
    pub shutdown_delay: Duration,
    pub shutdown_grace: Duration,
}

/// Every mistake in the environment, one line each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has mistakes:\n  {}", .0.join("\n  "))]
pub struct ConfigError(Vec<String>);

const DEV_SECRET_KEY: &str = "dev-only-secret-key-0123456789abcdef";
const DEV_INVITES_SECRET: &str = "dev-only-invites-secret-0123456789ab";
const SECRET_KEY_PREVIOUS: &str = "SECRET_KEY_PREVIOUS";
const INVITES_SECRET_PREVIOUS: &str = "INVITES_SECRET_PREVIOUS";

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// All mistakes together.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`.
    ///
    /// # Errors
    /// All mistakes together.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        use Environment::{Dev, Prod, Staging};
        let mut env = Reader::new(lookup);
        let environment = env.choice("ENV", Dev, &[("dev", Dev), ("staging", Staging), ("prod", Prod)]);
        let host = env.read("BACKEND_HOST", IpAddr::from([127, 0, 0, 1]), |text| {
            if text == "localhost" {
                return Ok(IpAddr::from([127, 0, 0, 1]));
            }
            text.parse().map_err(|_| "must be an IP address, for example 127.0.0.1 or 0.0.0.0".into())
        });
        let port = env.number("BACKEND_PORT", 8000, 0, u16::MAX);
        let public_url = env.read("PUBLIC_URL", format!("http://127.0.0.1:{port}"), parse_public_url);
        let built_in_allowed = environment == Dev && host.is_loopback() && is_this_machine(&public_url);
        let published = [DEV_SECRET_KEY, DEV_INVITES_SECRET];
        let secret_key = env.secret("SECRET_KEY", DEV_SECRET_KEY, &published, built_in_allowed);
        let invites_secret = env.secret("INVITES_SECRET", DEV_INVITES_SECRET, &published, built_in_allowed);
        let secret_key_previous = env.previous_secret(SECRET_KEY_PREVIOUS, &published, built_in_allowed);
        let invites_secret_previous =
            env.previous_secret(INVITES_SECRET_PREVIOUS, &published, built_in_allowed);
        env.mistakes.extend(equal_secrets(&[
            ("SECRET_KEY", Some(&secret_key)),
            ("INVITES_SECRET", Some(&invites_secret)),
            (SECRET_KEY_PREVIOUS, secret_key_previous.as_ref()),
            (INVITES_SECRET_PREVIOUS, invites_secret_previous.as_ref()),
        ]));
        let database_name = if env.text("DATABASE_URL").is_some() { "DATABASE_URL" } else { "DB_URL" };
        if env.text(database_name).is_none()
            && let Some(empty) = ["DATABASE_URL", "DB_URL"].into_iter().find(|name| env.is_empty(name))
        {
            env.mistakes.push(format!(
                "{empty} is empty: name a database, or remove the variable to have a file in ./backend"
            ));
        }
        let database_is_default = env.text(database_name).is_none();
        let database_url = env.read(database_name, DatabaseUrl::default(), |text| {
            text.parse().map_err(|error| format!("{error}"))
        });
        let request_timeout = Duration::from_secs(env.number("REQUEST_TIMEOUT_SECONDS", 20, 1, 600));
        let config = Self {
            environment,
            database_url,
            database_is_default,
            pool: Pool {
                max_connections: env.number("DB_MAX_CONNECTIONS", 10, 1, 1000),
                acquire_timeout: Duration::from_millis(env.number("DB_ACQUIRE_TIMEOUT_MS", 2000, 1, 600_000)),
                statement_timeout: Some(request_timeout / 2),
            },
            redis_url: env.read("REDIS_URL", CacheUrl::InProcess, parse_cache_url),
            cache_ttl: Duration::from_secs(env.number("CACHE_TTL_SECONDS", 60, 1, 86_400)),
            secret_key,
            secret_key_previous,
            jwt_algorithm: env.choice(
                "JWT_ALG",
                jsonwebtoken::Algorithm::HS256,
                &[
                    ("HS256", jsonwebtoken::Algorithm::HS256),
                    ("HS384", jsonwebtoken::Algorithm::HS384),
                    ("HS512", jsonwebtoken::Algorithm::HS512),
                ],
            ),
            access_token_ttl: Duration::from_secs(60 * env.number("ACCESS_TOKEN_MINUTES", 30, 1, 1440)),
            refresh_token_ttl: Duration::from_secs(86_400 * env.number("REFRESH_TOKEN_DAYS", 7, 1, 365)),
            invites_secret,
            invites_secret_previous,
            invites_ttl: Duration::from_secs(env.number("INVITES_TTL_SECONDS", 604_800, 1, 31_536_000)),
            host,
            port,
            public_url,
            cors_origins: env.read("CORS_ORIGINS", Vec::new(), parse_origins),
            trusted_proxies: env.read("TRUSTED_PROXIES", Vec::new(), parse_networks),
            mail: MailSettings::read(&mut env),
            retention: Retention::read(&mut env),
            log_level: env.read("LOG_LEVEL", tracing::Level::INFO, |text| {
                // The first backend, in Python, called it WARNING.
                let text = if text.eq_ignore_ascii_case("warning") { "warn" } else { text };
                text.parse().map_err(|_| "must be one of TRACE, DEBUG, INFO, WARN, ERROR".into())
            }),
            log_format: env.choice(
                "LOG_FORMAT",
                LogFormat::Json,
                &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)],
            ),
            metrics_enabled: env.choice("METRICS_ENABLED", true, &[("true", true), ("false", false)]),
            otlp_endpoint: env
                .read("OTEL_EXPORTER_OTLP_ENDPOINT", None, |text| parse_collector_url(text).map(Some)),
            request_id_header: env.read(
                "REQUEST_ID_HEADER",
                axum::http::HeaderName::from_static("x-request-id"),
                |text| text.parse().map_err(|_| "must be the name of an HTTP header".into()),
            ),
            request_timeout,
            shutdown_delay: Duration::from_secs(env.number(
                "SHUTDOWN_DELAY_SECONDS",
                if environment == Dev { 0 } else { 5 },
                0,
                300,
            )),
            shutdown_grace: Duration::from_secs(env.number("SHUTDOWN_GRACE_SECONDS", 25, 0, 600)),
        };
        if env.mistakes.is_empty() { Ok(config) } else { Err(ConfigError(env.mistakes)) }
    }

    /// Whether the program can be reached from this machine only, so that responses may contain tokens that belong in an
    /// e-mail, and the demonstration may have published passwords.
    pub fn is_developers_machine(&self) -> bool {
        self.environment == Environment::Dev && self.host.is_loopback() && is_this_machine(&self.public_url)
    }

    /// How long an invitation is valid, in seconds.
    pub fn invites_seconds(&self) -> i64 {
        i64::try_from(self.invites_ttl.as_secs()).unwrap_or(i64::MAX)
    }

    /// Whether cookies have the `Secure` attribute.
    pub fn secure_cookies(&self) -> bool {
        self.environment != Environment::Dev
    }

    /// Whether links in invitations work on this machine only, although ENV is not dev.
    pub fn links_lead_nowhere(&self) -> bool {
        self.environment != Environment::Dev && is_this_machine(&self.public_url)
    }

    /// Warnings for an operator, outside ENV=dev; full sentences.
    pub fn doubts(&self) -> Vec<String> {
        if self.environment == Environment::Dev {
            return Vec::new();
        }
        let mut doubts = Vec::new();
        if self.database_is_default {
            doubts.push(format!(
                "DATABASE_URL is not set: everything is in a file below the folder that the program was started in ({})",
                self.database_url
            ));
        }
        if self.links_lead_nowhere() {
            doubts.push("links in invitations work on this machine only; set PUBLIC_URL".into());
        } else if self.public_url.starts_with("http://") {
            doubts.push("PUBLIC_URL begins with http://: browsers keep no session there; use https:// behind a proxy with TLS".into());
        }
        doubts.extend(self.mail.doubts());
        doubts
    }

    pub fn password_url(&self, token: &str) -> String {
        format!("{}/password?token={token}", self.public_url)
    }

    pub fn calls_url(&self, token: &str) -> String {
        format!("{}/calls?token={token}", self.public_url)
    }

    /// For mails that are sent without being asked for: `List-Unsubscribe`.
    pub fn unsubscribe_url(&self, token: &str) -> String {
        format!("{}/unsubscribe?token={token}", self.public_url)
    }

    /// Every setting by its variable's name, with secrets masked.
    pub fn effective(&self) -> Vec<(&'static str, String)> {
        let seconds = |duration: Duration| duration.as_secs().to_string();
        let mut settings = vec![
            ("ENV", format!("{:?}", self.environment).to_lowercase()),
            ("DATABASE_URL", self.database_url.to_string()),
            ("DB_MAX_CONNECTIONS", self.pool.max_connections.to_string()),
            ("DB_ACQUIRE_TIMEOUT_MS", self.pool.acquire_timeout.as_millis().to_string()),
            ("REDIS_URL", self.redis_url.to_string()),
            ("CACHE_TTL_SECONDS", seconds(self.cache_ttl)),
            ("SECRET_KEY", "***".into()),
            (SECRET_KEY_PREVIOUS, masked(self.secret_key_previous.as_ref())),
            ("JWT_ALG", format!("{:?}", self.jwt_algorithm)),
            ("ACCESS_TOKEN_MINUTES", (self.access_token_ttl.as_secs() / 60).to_string()),
            ("REFRESH_TOKEN_DAYS", (self.refresh_token_ttl.as_secs() / 86_400).to_string()),
            ("INVITES_SECRET", "***".into()),
            (INVITES_SECRET_PREVIOUS, masked(self.invites_secret_previous.as_ref())),
            ("INVITES_TTL_SECONDS", seconds(self.invites_ttl)),
            ("BACKEND_HOST", self.host.to_string()),
            ("BACKEND_PORT", self.port.to_string()),
            ("PUBLIC_URL", self.public_url.clone()),
            ("CORS_ORIGINS", list(self.cors_origins.iter().filter_map(|origin| origin.to_str().ok()))),
            ("TRUSTED_PROXIES", list(&self.trusted_proxies)),
            ("LOG_LEVEL", self.log_level.to_string()),
            ("LOG_FORMAT", format!("{:?}", self.log_format).to_lowercase()),
            ("METRICS_ENABLED", self.metrics_enabled.to_string()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", list(&self.otlp_endpoint)),
            ("REQUEST_ID_HEADER", self.request_id_header.to_string()),
            ("REQUEST_TIMEOUT_SECONDS", seconds(self.request_timeout)),
            ("SHUTDOWN_DELAY_SECONDS", seconds(self.shutdown_delay)),
            ("SHUTDOWN_GRACE_SECONDS", seconds(self.shutdown_grace)),
        ];
        settings.extend(self.mail.effective());
        settings.extend(self.retention.effective());
        settings
    }
}

/// Empty when it is not set.
fn masked(secret: Option<&SecretString>) -> String {
    secret.map(|_| "***".into()).unwrap_or_default()
}

/// A mistake for each two secrets that are the same: each is for one purpose alone.
fn equal_secrets(secrets: &[(&str, Option<&SecretString>)]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (position, (name, secret)) in secrets.iter().enumerate() {
        for (other, another) in &secrets[position + 1..] {
            if let (Some(one), Some(two)) = (secret, another)
                && one.expose_secret() == two.expose_secret()
            {
                mistakes.push(format!("{name} and {other} must differ"));
            }
        }
    }
    mistakes
}

fn list(items: impl IntoIterator<Item: ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

/// PUBLIC_URL counts, because behind a proxy the listen address may be loopback for a public service.
fn is_this_machine(public_url: &str) -> bool {
    let host = Url::parse(public_url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    host.is_some_and(|host| matches!(&*host, "127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests;
