//! A headless Chromium through ChromeDriver, as somebody measures with it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::http::Http;

/// Ends when dropped.
pub(super) struct Browser<'a> {
    http: &'a Http,
    session: String,
}

/// What somebody's machine and connection are like.
#[derive(Clone, Copy)]
pub(super) struct Device {
    pub(super) size: (u32, u32),
    pub(super) phone: bool,
    /// How many times slower than this machine.
    pub(super) slower: u32,
    pub(super) slow_network: bool,
}

/// Lighthouse's "slow 4G": milliseconds, and bytes a second down and up.
const SLOW_4G: (u32, u32, u32) = (150, 1_638_400 / 8, 768_000 / 8);

impl<'a> Browser<'a> {
    pub(super) fn start(http: &'a Http, driver: &str) -> Result<Self> {
        let arguments =
            json!(["--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--lang=en-GB"]);
        let options = json!({ "args": arguments, "prefs": { "intl.accept_languages": "en-GB" } });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options, "timeouts": { "script": 60_000 } });
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let answer = http.post(&format!("{driver}/session"), None, &body)?;
        let id = answer["value"]["sessionId"].as_str().context("ChromeDriver started no browser")?;
        Ok(Self { http, session: format!("{driver}/session/{id}") })
    }

    pub(super) fn open(&self, url: &str) -> Result<()> {
        self.send("url", &json!({ "url": url })).map(|_| ())
    }

    /// What the body of an `async` function returns in the page.
    pub(super) fn run(&self, script: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
            (async () => {{ {script} }})().then(value => done([true, value]), error => done([false, String(error)]));"
        );
        let answer = self.send("execute/async", &json!({ "script": script, "args": [] }))?;
        ensure!(answer[0] == true, "in the page: {}", answer[1]);
        Ok(answer[1].clone())
    }

    /// The same, a number.
    pub(super) fn number(&self, script: &str) -> Result<f64> {
        self.run(script)?.as_f64().context("the page gave no number")
    }

    /// A command of the DevTools protocol.
    pub(super) fn command(&self, cmd: &str, params: Value) -> Result<Value> {
        self.send("goog/cdp/execute", &json!({ "cmd": cmd, "params": params }))
    }

    pub(super) fn become_device(&self, device: Device) -> Result<()> {
        let (width, height) = device.size;
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": device.phone });
        self.command("Emulation.setDeviceMetricsOverride", screen)?;
        self.command("Emulation.setCPUThrottlingRate", json!({ "rate": device.slower }))?;
        let (latency, down, up) = if device.slow_network { SLOW_4G } else { (0, 0, 0) };
        let limit = |bytes: u32| if bytes == 0 { -1 } else { i64::from(bytes) };
        let network = json!({
            "offline": false, "latency": latency, "downloadThroughput": limit(down), "uploadThroughput": limit(up),
        });
        self.command("Network.enable", json!({}))?;
        self.command("Network.setCacheDisabled", json!({ "cacheDisabled": device.slow_network }))?;
        self.command("Network.emulateNetworkConditions", network)?;
        Ok(())
    }

    /// Presses and lets go of the mouse at the middle of an element, or moves there first.
    pub(super) fn click(&self, selector: &str) -> Result<()> {
        let at = self.run(&format!(
            "const at = document.querySelector({}).getBoundingClientRect();
            return [at.x + Math.min(at.width, 80) / 2, at.y + at.height / 2];",
            json!(selector)
        ))?;
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    fn send(&self, path: &str, body: &Value) -> Result<Value> {
        let mut answer = self.http.post(&format!("{}/{path}", self.session), None, body)?;
        Ok(answer["value"].take())
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        // ChromeDriver ends with the command in any case.
        let _ = self.http.delete(&self.session);
    }
}
