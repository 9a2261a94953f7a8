//! A headless Chromium with a profile of its own, driven through WebDriver.

use super::AT_MOST;
use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value as Json, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
};
use tokio::time::timeout;
use url::{ParseError, Url};

/// Whether the browser runs scripts of pages; what a test asks it to run is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As most browsers are set.
    On,
    /// As some people set theirs.
    Off,
}

/// Ends when dropped.
pub struct Browser {
    client: Client,
    session: Url,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// With an empty profile, in this language.
    pub async fn start(language: &str, scripts: Scripts) -> Self {
        let driver = setting("TEST_CHROMEDRIVER_URL");
        let profile = tempfile::tempdir().expect("a folder");
        let capabilities = capabilities(language, scripts, profile.path());
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().expect("an object").clone());
        let client = builder.connect(&driver).await.expect("a session of ChromeDriver");
        let id = client.session_id().await.expect("a session").expect("its id");
        let session = format!("{driver}/session/{id}").parse().expect("its URL");
        Self { client, session, _profile: profile }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// Goes back to the page before.
    pub async fn back(&self) {
        self.client.back().await.expect("the page before");
    }

    /// Where it is.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        self.client.title().await.expect("a title")
    }

    /// All that is visible, with spaces for no-break spaces.
    pub async fn text(&self) -> String {
        self.visible().await.expect("a page")
    }

    async fn visible(&self) -> Option<String> {
        let body = self.client.find(Locator::Css("body")).await.ok()?;
        Some(body.text().await.ok()?.replace(['\u{a0}', '\u{202f}'], " "))
    }

    /// Waits until this is visible.
    pub async fn until(&self, wanted: &str) {
        let seen = timeout(AT_MOST, async {
            while self.visible().await.is_none_or(|text| !text.contains(wanted)) {}
        });
        if seen.await.is_err() {
            panic!("{wanted:?} is not in {}", self.text().await);
        }
    }

    /// Whether all of these are visible.
    pub async fn shows(&self, wanted: &[&str]) {
        let text = self.text().await;
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted:?} is not in {text}");
        }
    }

    /// Clicks the one element that a selector names.
    pub async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.expect(selector);
        element.click().await.expect(selector);
    }

    /// Types into a field, instead of what is there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.expect(selector);
        field.clear().await.expect(selector);
        field.send_keys(text).await.expect(selector);
    }

    /// Presses a key, wherever the focus is.
    pub async fn press(&self, key: Key) {
        let value = char::from(key);
        let presses = KeyActions::new("keyboard".into()).then(KeyAction::Down { value });
        let presses = presses.then(KeyAction::Up { value });
        self.client.perform_actions(presses).await.expect("a key is pressed");
    }

    /// Presses a key while others are held.
    pub async fn press_with(&self, held: &[Key], key: char) {
        let held = held.iter().map(|held| char::from(*held));
        let down = held.clone().map(|value| KeyAction::Down { value });
        let up = held.map(|value| KeyAction::Up { value });
        let pressed = [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        let all = down.chain(pressed).chain(up);
        let presses = all.fold(KeyActions::new("keyboard".into()), KeyActions::then);
        self.client.perform_actions(presses).await.expect("keys are pressed");
    }

    /// Presses the mouse at a place of the window, moves it to others, and lets go of it at the last one.
    pub async fn drag(&self, places: &[(f64, f64)]) {
        let to = |&(x, y): &(f64, f64)| PointerAction::MoveTo { duration: None, x, y };
        let (first, rest) = places.split_first().expect("a place to press at");
        let down = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        let moves = [to(first), down].into_iter().chain(rest.iter().map(to));
        let all = moves.chain([PointerAction::Up { button: MOUSE_BUTTON_LEFT }]);
        let actions = all.fold(MouseActions::new("mouse".into()), MouseActions::then);
        self.client.perform_actions(actions).await.expect("the mouse moves");
    }

    /// Presses the mouse at a place and moves it to others, without letting go.
    pub async fn hold(&self, places: &[(f64, f64)]) {
        let to = |&(x, y): &(f64, f64)| PointerAction::MoveTo { duration: None, x, y };
        let (first, rest) = places.split_first().expect("a place to press at");
        let down = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        let all = [to(first), down].into_iter().chain(rest.iter().map(to));
        let actions = all.fold(MouseActions::new("mouse".into()), MouseActions::then);
        self.client.perform_actions(actions).await.expect("the mouse moves");
    }

    /// Moves the mouse that is held to a place, and lets go of it.
    pub async fn let_go(&self, (x, y): (f64, f64)) {
        let to = PointerAction::MoveTo { duration: None, x, y };
        let actions = MouseActions::new("mouse".into()).then(to);
        let actions = actions.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(actions).await.expect("the mouse is let go of");
    }

    /// Clicks at a place of the window.
    pub async fn click_at(&self, place: (f64, f64)) {
        self.drag(&[place]).await;
    }

    /// Whether a script of the test comes true in time.
    pub async fn until_true(&self, script: &str) {
        let seen = timeout(AT_MOST, async { while self.run(script).await != json!(true) {} });
        if seen.await.is_err() {
            panic!("{script} is not true of {}", self.text().await);
        }
    }

    /// Runs a script in each page that is opened from now on, before its own.
    pub async fn prepare(&self, script: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Lets requests to such addresses fail from now on, as on a bad connection; none, to let all of them through again.
    pub async fn block(&self, addresses: &[&str]) {
        self.command("Network.enable", json!({})).await;
        self.command("Network.setBlockedURLs", json!({ "urls": addresses })).await;
    }

    /// Opens another tab, which is the one that is looked at from now on.
    pub async fn open_tab(&self) {
        let tab = self.client.new_window(true).await.expect("a tab");
        self.client.switch_to_window(tab.handle).await.expect("the tab is looked at");
    }

    /// Looks at the tab that was opened as the first, second, ….
    pub async fn look_at_tab(&self, index: usize) {
        let tabs = self.client.windows().await.expect("tabs");
        self.client.switch_to_window(tabs[index].clone()).await.expect("the tab is looked at");
    }

    /// Types, wherever the focus is.
    pub async fn type_text(&self, text: &str) {
        let focus = self.client.active_element().await.expect("a focus");
        focus.send_keys(text).await.expect("it takes text");
    }

    /// What a script of the test returns.
    pub async fn run(&self, script: &str) -> Json {
        self.client.execute(script, Vec::new()).await.expect(script)
    }

    /// Shows pages at this size from now on, as a phone does.
    pub async fn resize(&self, size: (u32, u32)) {
        self.show_at(size, true).await;
    }

    /// The same, as a computer does.
    pub async fn resize_window(&self, size: (u32, u32)) {
        self.show_at(size, false).await;
    }

    async fn show_at(&self, (width, height): (u32, u32), mobile: bool) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.command("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Prefers dark pages, or light ones.
    pub async fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let scheme = json!({ "name": "prefers-color-scheme", "value": value });
        // Nothing is half way between two colours when it is looked at.
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.command("Emulation.setEmulatedMedia", json!({ "features": [scheme, still] })).await;
    }

    /// The status with which the page came.
    pub async fn status(&self) -> u64 {
        let status = self.run("return performance.getEntriesByType('navigation')[0].responseStatus").await;
        status.as_u64().expect("a status")
    }

    /// The whole page as a PNG, however long it is.
    pub async fn picture(&self) -> Vec<u8> {
        let taken = self.command("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64")
    }

    /// What axe-core finds against WCAG 2.2, levels A and AA.
    pub async fn violations(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(setting("TEST_AXE")).expect("axe-core");
        self.run(&axe).await;
        let found = self.client.execute_async(LOOK, Vec::new()).await.expect("axe-core runs");
        assert!(found["passed"].as_u64().is_some_and(|rules| rules > 5), "{found}");
        let violations = found["violations"].as_array().expect("violations");
        violations.iter().map(|one| one.as_str().expect("a text").to_owned()).collect()
    }

    /// A command of the DevTools protocol.
    async fn command(&self, cmd: &'static str, params: Json) -> Json {
        let command = DevTools { cmd, params, session: self.session.clone() };
        self.client.issue_cmd(command).await.expect(cmd)
    }
}

impl Drop for Browser {
    /// Also when a test has failed and its runtime takes no more requests.
    fn drop(&mut self) {
        let driver = (self.session.host_str(), self.session.port());
        let (Some(host), Some(port)) = driver else { return };
        let Ok(mut stream) = TcpStream::connect((host, port)) else { return };
        let request = format!(
            "DELETE {} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n",
            self.session.path()
        );
        // It answers once the browser has ended and lets go of its profile.
        let _ = stream.set_read_timeout(Some(AT_MOST));
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut [0]));
    }
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}

fn capabilities(language: &str, scripts: Scripts, profile: &std::path::Path) -> Json {
    let mut arguments = vec![
        "--headless".to_owned(),
        "--disable-gpu".into(),
        "--disable-quic".into(),
        "--no-first-run".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--disable-sync".into(),
        // So that it ends when ChromeDriver does, however that happens.
        "--remote-debugging-pipe".into(),
        format!("--user-data-dir={}", profile.display()),
    ];
    if is_root() {
        // Chromium refuses to run as root within its sandbox.
        arguments.push("--no-sandbox".into());
    }
    let mut preferences = json!({ "intl.accept_languages": language });
    if scripts == Scripts::Off {
        const BLOCK: u8 = 2;
        preferences["profile.managed_default_content_settings.javascript"] = json!(BLOCK);
    }
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments, "prefs": preferences },
        "timeouts": { "pageLoad": AT_MOST.as_millis(), "script": AT_MOST.as_millis() },
    })
}

fn is_root() -> bool {
    let id = std::process::Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

#[derive(Debug)]
struct DevTools {
    cmd: &'static str,
    params: Json,
    session: Url,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, _: &Url, _: Option<&str>) -> Result<Url, ParseError> {
        Url::parse(&format!("{}/goog/cdp/execute", self.session))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.cmd, "params": self.params }).to_string()))
    }
}

const LOOK: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const options = { runOnly: { type: 'tag', values: tags }, rules: { 'target-size': { enabled: true } } };
    const told = rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`);
    axe.run(document, options).then(
        found => done({ passed: found.passes.length, violations: found.violations.flatMap(told) }),
        error => done({ passed: 0, violations: [String(error)] }),
    );
";
