//! `coulisses demo`.

use super::{CliError, serve::Serve};
use crate::config::Config;

/// Fills an empty database, then serves.
pub(super) async fn run(serve: Serve, config: Config) -> Result<(), CliError> {
    serve.run(config).await
}
