//! The pages as people use them: in a real browser, over a real socket.

mod answers;
mod changes;
mod folder;
mod keyboard;
mod layout;
mod passwords;
mod pictures;
mod unsubscribing;

use crate::{
    pages::{Asked, states::CONTACT},
    support::{Browser, Kind, Scripts, Server, Test},
};
use coulisses::http::serving::Patience;

/// Sizes of screens, in CSS pixels.
const SMALLEST: (u32, u32) = (320, 568);
const PHONE: (u32, u32) = (360, 740);
const DESK: (u32, u32) = (1280, 900);

const ACCEPT: &str = "button[value=accept]";
const DECLINE: &str = "button[value=decline]";
const REASON: &str = "button[value=reason]";

/// The program behind a socket, and somebody who looks at its pages with a phone.
struct House {
    browser: Browser,
    server: Server,
    test: Test,
}

impl House {
    async fn open(db: Kind, language: &str, scripts: Scripts) -> Self {
        let listener = Server::listener().await;
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let test = Test::start_with(db, &[("PUBLIC_URL", &url)]).await;
        test.execute(CONTACT).await;
        let server = Server::on(listener, &test, Patience::default());
        let browser = Browser::start(language, scripts).await;
        browser.resize(PHONE).await;
        browser.prefer_dark(false).await;
        Self { browser, server, test }
    }

    /// Opens the link of a call.
    async fn look(&self, asked: &Asked) {
        self.browser.open(&self.server.url(&format!("/invite?token={}", asked.token))).await;
    }
}
