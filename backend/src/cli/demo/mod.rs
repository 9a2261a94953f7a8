//! `coulisses demo`: a season to look at, in an empty database; then `serve`.

mod festivals;
mod season;

use super::{
    CliError, migrate, say,
    serve::{self, Serve},
    start,
};
use crate::{app::App, config::Config, db::migrations::Exclusive, resources::invitations, telemetry};

/// The password of the three sign-ins. They exist on a developer's own machine only.
const PASSWORD: &str = "entree-des-artistes";

/// Fills an empty database, then serves.
pub(super) async fn run(serve: Serve, config: Config) -> Result<(), CliError> {
    if !config.is_developers_machine() {
        return Err(CliError::Refused(
            "the demonstration has sign-ins that everyone knows: it runs with ENV=dev on a loopback address only".into(),
        ));
    }
    let _last_lines =
        telemetry::init(&config).map_err(|source| CliError::Io { what: "cannot log".into(), source })?;
    let app = start(config).await?;
    migrate::prepare(&app, serve.migrate, serve::log).await?;
    let listener = serve::bind(&app.config).await?;
    // Of several that begin at once, one fills the database and the others find it filled.
    let alone =
        Exclusive::of(&app.db, || serve::log("another coulisses is filling the database; waiting")).await?;
    season::fill_if_empty(&app, PASSWORD).await?;
    alone.release().await?;
    welcome(&app).await?;
    serve::serve(app, listener).await
}

/// What a newcomer needs.
async fn welcome(app: &App) -> Result<(), CliError> {
    let url = &app.config.public_url;
    say(&format!("\n  Coulisses Crew is on {url}"));
    say(&format!("  The API, to read and try: {url}/docs\n"));
    match season::find(app).await? {
        Some(org) => {
            say(&format!(
                "  Sign in through the API (POST /api/v1/auth/login) with the password \"{PASSWORD}\" as"
            ));
            for (role, email) in season::SIGN_INS {
                say(&format!("    {:<8} {email}", role.word()));
            }
            match invitations::pending_link(&app.db, &app.tokens, org, &app.config.public_url).await? {
                Some(link) => {
                    say(&format!("\n  A technician's invitation, to answer in a browser:\n    {link}\n"))
                }
                None => say(
                    "\n  No invitation waits for an answer; stop this and delete the database file to begin again.\n",
                ),
            }
        }
        None => say("  The database holds other organisations, so nothing was added to it.\n"),
    }
    Ok(())
}
