//! `coulisses demo`: fills an empty database with a season, then serves.

mod changes;
mod festivals;
pub(super) mod open;
mod season;

use super::{
    CliError, migrate, say,
    serve::{self, Serve},
    start,
};
use crate::{config::Config, db::migrations::Exclusive, resources::invitations, state::App, telemetry};
use clap::Args;
use std::collections::HashMap;

/// The password of the three accounts on a developer's machine; `--open-to-network` generates another one.
const PASSWORD: &str = "entree-des-artistes";

#[derive(Debug, Args)]
pub(super) struct Demo {
    #[command(flatten)]
    serve: Serve,
    /// Let others on this network in, from a telephone for example: with secrets, a password and a database of its own
    #[arg(long)]
    pub(super) open_to_network: bool,
}

impl Demo {
    /// `settings` are those of [`open`].
    pub(super) async fn run(
        self,
        config: Config,
        settings: &HashMap<String, String>,
    ) -> Result<(), CliError> {
        let password = if self.open_to_network { open::password(settings)? } else { PASSWORD };
        if !self.open_to_network && !config.is_developers_machine() {
            return Err(CliError::Refused(
                "the demonstration has sign-ins that everyone knows: it runs with ENV=dev on a loopback address only; \
                    --open-to-network makes one with its own"
                    .into(),
            ));
        }
        let _last_lines =
            telemetry::init(&config).map_err(|source| CliError::Io { what: "cannot log".into(), source })?;
        let app = start(config).await?;
        migrate::prepare(&app, self.serve.migrate, serve::log).await?;
        let listener = serve::bind(&app.config).await?;
        // If several processes start at the same time, one fills the database and the others find it filled.
        let alone =
            Exclusive::of(&app.db, || serve::log("another coulisses is filling the database; waiting"))
                .await?;
        season::fill_if_empty(&app, password).await?;
        alone.release().await?;
        welcome(&app, password, self.open_to_network).await?;
        let signals = serve::StopSignals::listen().map_err(serve::cannot_serve)?;
        serve::serve(app, listener, signals).await
    }
}

async fn welcome(app: &App, password: &str, is_open: bool) -> Result<(), CliError> {
    let url = &app.config.public_url;
    say(&format!("\n  Coulisses Crew is on {url}"));
    say(&format!("  The API, to read and try: {url}/docs\n"));
    if let Some(folder) = app.config.mail.files(app.config.environment) {
        say(&format!("  Its mails are files in {}\n", folder.display()));
    }
    match season::find(app).await? {
        Some(org) => {
            say(&format!("  Plan in a browser: {url}/app/"));
            say(&format!("  Sign in there with the password \"{password}\" as"));
            for (role, email) in season::SIGN_INS {
                say(&format!("    {:<8} {email}", role.word()));
            }
            match invitations::pending_link(&app.db, &app.tokens, org, &app.config.public_url).await? {
                Some(link) => {
                    say(&format!("\n  A technician's invitation, to answer in a browser:\n    {link}\n"));
                    if is_open {
                        say(&open::code(&link)?);
                    }
                }
                None => say(
                    "\n  No invitation waits for an answer; stop this and delete the database file to begin again.\n",
                ),
            }
        }
        None => say("  The database holds other organisations, so nothing was added to it.\n"),
    }
    if is_open {
        say(&format!("{}\n", open::RISK));
    }
    Ok(())
}
