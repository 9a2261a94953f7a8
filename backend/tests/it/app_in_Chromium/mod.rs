//! The web application as planners and technicians use it: in a real browser, over a real socket, as it is embedded.

mod accessible;
mod board;
mod hands;
mod live;
mod sessions;
mod technician;
mod today;
mod week;

use crate::support::{Browser, Kind, NOW, PASSWORD, Scripts, Server, Test};
use coulisses::{http::serving::Patience, live::LOOKED_EVERY};
use serde_json::json;
use tokio::task::JoinSet;
use week::Week;

/// Sizes of screens, in CSS pixels.
const PHONE: (u32, u32) = (360, 740);
const DESK: (u32, u32) = (1440, 900);

const MANAGER: &str = "manager@rideau.example";
const TECH: &str = "tech@rideau.example";

/// Pages know the test's time, and keep what goes wrong in them: nothing may.
const PREPARED: &str = "
    const shift = Date.parse('NOW') - Date.now(), Real = Date;
    window.Date = class extends Real {
        constructor(...given) { given.length === 0 ? super(Real.now() + shift) : super(...given); }
        static now() { return Real.now() + shift; }
    };
    window.wrong = [];
    addEventListener('error', event => window.wrong.push(String(event.message)));
    addEventListener('unhandledrejection', event => window.wrong.push(String(event.reason)));
    addEventListener('securitypolicyviolation', event => window.wrong.push(event.violatedDirective + ' ' + event.blockedURI));";

/// The program behind a socket, with what it does periodically for whoever listens.
struct House {
    server: Server,
    test: Test,
    _looking: JoinSet<()>,
}

impl House {
    async fn open(db: Kind) -> Self {
        let listener = Server::listener().await;
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let test = Test::start_with(db, &[("PUBLIC_URL", &url)]).await;
        test.prove(MANAGER).await;
        test.prove(TECH).await;
        let server = Server::on(listener, &test, Patience::default());
        let (live, mut looking) = (test.app.live.clone(), JoinSet::new());
        looking.spawn(async move {
            let mut pace = tokio::time::interval(LOOKED_EVERY);
            loop {
                pace.tick().await;
                live.look().await;
            }
        });
        Self { server, test, _looking: looking }
    }

    /// A browser of its own, before the application.
    async fn visitor(&self, language: &str) -> Visitor {
        let browser = Browser::start(language, Scripts::On).await;
        browser.prepare(&PREPARED.replace("NOW", NOW)).await;
        browser.resize_window(DESK).await;
        browser.prefer_dark(false).await;
        browser.open(&self.server.url("/app/")).await;
        Visitor { browser }
    }

    /// The same, signed in.
    async fn signed_in(&self, language: &str, email: &str) -> Visitor {
        let visitor = self.visitor(language).await;
        visitor.sign_in(email, PASSWORD).await;
        visitor.browser.until_true("return document.querySelector('nav') !== null").await;
        visitor
    }

    /// A manager, who sees the board of the week's Monday.
    async fn planner_at_the_board(&self) -> Visitor {
        let planner = self.signed_in("en-GB", MANAGER).await;
        planner.go(Week::DAY).await;
        planner.browser.until("To fill").await;
        planner
    }
}

/// Somebody at a browser.
struct Visitor {
    browser: Browser,
}

impl Visitor {
    async fn sign_in(&self, email: &str, password: &str) {
        self.browser.until_true("return document.querySelector('input[name=email]') !== null").await;
        self.browser.fill("input[name=email]", email).await;
        self.browser.fill("input[name=password]", password).await;
        self.browser.click("form button.main").await;
    }

    /// Another screen, by its address.
    async fn go(&self, hash: &str) {
        self.browser.run(&format!("location.hash = {}", json!(hash))).await;
    }

    /// Nothing went wrong in the page: no exception, and nothing that its Content-Security-Policy forbids.
    async fn nothing_wrong(&self) {
        assert_eq!(self.browser.run("return window.wrong").await, json!([]));
    }
}
