//! `coulisses healthcheck`.

use super::{CliError, say};
use crate::config::Config;
use std::time::Duration;

/// Asks `/readyz` of the server with this configuration; an error unless it is ready.
pub(super) async fn run(config: &Config) -> Result<(), CliError> {
    // 0.0.0.0 and :: are addresses to listen on, not to connect to.
    let host = if config.host.is_unspecified() { std::net::Ipv4Addr::LOCALHOST.into() } else { config.host };
    let url = format!("http://{}/readyz", std::net::SocketAddr::new(host, config.port));
    let failed = |error: reqwest::Error| {
        CliError::Refused(format!("no server answers at {url} ({error}); start it with `coulisses serve`"))
    };
    // HTTP_PROXY must not apply: the server is on this machine.
    let client =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().map_err(failed)?;
    let response = client.get(&url).send().await.map_err(failed)?;
    let status = response.status();
    let body = response.text().await.map_err(failed)?;
    if status.is_success() {
        say(&body);
        Ok(())
    } else {
        Err(CliError::Refused(format!("the server at {url} is not ready ({status}): {body}")))
    }
}
