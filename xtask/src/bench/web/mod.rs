//! `cargo xtask bench web`: how fast the web application is, as it is embedded in the release build, in a headless Chromium.
//!
//! The bars are what people notice, so they are absolute; a machine that is busy with something else is not worth measuring on.
//! A page that does nothing but scroll plain rows is measured in the same run, and told beside them.

mod browser;
mod week;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use self::browser::{Browser, Device};
use self::week::{MONDAY, Planner};
use super::bar::{Bar, Bars};
use super::http::Http;
use super::stage::median;
use crate::cargo::{self, workspace_root};
use crate::cleanup::Cleanup;
use crate::server::{self, Profile, Server};
use crate::servers;

/// The demonstration's sign-ins and their password.
const PLANNER: &str = "karim@rideau-rouge.example";
const TECHNICIAN: &str = "lea@rideau-rouge.example";
const PASSWORD: &str = "entree-des-artistes";

const DESK: Device = Device { size: (1440, 900), phone: false, slower: 1, slow_network: false };
const PHONE: Device = Device { size: (360, 740), phone: true, slower: 4, slow_network: true };

#[derive(Args)]
pub(crate) struct Options {
    /// Measurements of each; the median counts
    #[arg(long, value_name = "NUMBER", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Release, &cleanup)?;
    let directory = cargo::target_directory()?.join("bench");
    fs::create_dir_all(&directory).context("cannot create a directory under target")?;
    let server = Server::start(&program, None, &directory.join("web.log"), &cleanup)?;
    let driver = servers::browser_driver(&directory, &cleanup)?;
    let http = Http::new();
    let mut bars = Bars::default();
    bars.push(embedded(&server.url)?);

    println!("==> 1000 missions of 200 people in a week");
    let api = format!("{}/api/v1", server.url);
    let credentials = json!({ "email": PLANNER, "password": PASSWORD });
    let answer = http.post(&format!("{api}/auth/login"), None, &credentials)?;
    let token = answer["access_token"].as_str().context("signing in gave no token")?.to_owned();
    Planner { http: &http, api, token }.fill()?;
    let page = Page {
        browser: Browser::start(&http, &driver)?,
        url: format!("{}/app/", server.url),
        rounds: options.rounds,
    };
    page.browser.become_device(DESK)?;
    page.sign_in(PLANNER)?;
    bars.push(Bar::told("frames of plain rows, p95", "ms", Some(page.plain_rows()?)));
    for by in ["person", "mission"] {
        page.board(&mut bars, by)?;
    }
    page.drops(&mut bars)?;
    drop(page);

    println!("==> a technician's phone: slow 4G, four times slower");
    let page = Page {
        browser: Browser::start(&http, &driver)?,
        url: format!("{}/app/", server.url),
        rounds: options.rounds,
    };
    page.browser.become_device(Device { slow_network: false, slower: 1, ..PHONE })?;
    page.sign_in(TECHNICIAN)?;
    page.browser.become_device(PHONE)?;
    page.first_paint(&mut bars)?;
    let short = bars.iter().any(Bar::is_short);
    Ok(if short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What the files of the application take in the program: each as it is, by gzip and by brotli, as they are sent.
fn embedded(url: &str) -> Result<Bar> {
    let dist = workspace_root().join("web").join("dist");
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut bytes = 0;
    for path in files(&dist, Path::new(""))? {
        for encoding in ["identity", "gzip", "br"] {
            let request = agent.get(format!("{url}/app/{path}")).header("Accept-Encoding", encoding);
            let mut answer = request.call().with_context(|| format!("GET /app/{path}"))?;
            // What is not made smaller is kept once.
            let sent = answer.headers().get("content-encoding").and_then(|value| value.to_str().ok());
            if encoding == "identity" || sent == Some(encoding) {
                let length = answer
                    .headers()
                    .get("content-length")
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                bytes += match length {
                    Some(length) => length,
                    None => answer.body_mut().read_to_vec()?.len(),
                };
            }
        }
    }
    Ok(Bar::absolute("the application's files in the program", "MB", Some(bytes as f64 / 1e6), 1.0))
}

/// The paths of all files below a folder, with slashes.
fn files(root: &Path, below: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(below)).context("web/dist cannot be read")? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            found.extend(files(root, &path)?);
        } else {
            found.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(found)
}

/// The application in a browser.
struct Page<'a> {
    browser: Browser<'a>,
    url: String,
    rounds: u32,
}

impl Page<'_> {
    fn sign_in(&self, email: &str) -> Result<()> {
        self.browser.open(&self.url)?;
        self.until("document.querySelector('input[name=email]')")?;
        let fill = format!(
            "for (const [name, value] of Object.entries({})) {{
                const field = document.querySelector(`input[name=${{name}}]`);
                field.value = value;
                field.dispatchEvent(new Event('input', {{ bubbles: true }}));
            }}
            document.querySelector('form').requestSubmit();",
            json!({ "email": email, "password": PASSWORD })
        );
        self.browser.run(&fill)?;
        self.until("document.querySelector('nav')")
    }

    fn board(&self, bars: &mut Bars, by: &str) -> Result<()> {
        let address = format!("{}#/board?from={MONDAY}&by={by}", self.url);
        let first = self.medians(|| {
            self.browser.open("about:blank")?;
            self.browser.open(&address)?;
            self.browser.number(FIRST_ROW)
        })?;
        bars.push(Bar::absolute(&format!("board by {by}: first frame"), "ms", Some(first), 500.0));
        let nodes = self.browser.number("return document.querySelectorAll('*').length")?;
        bars.push(Bar::absolute(&format!("board by {by}: elements"), "", Some(nodes), 1500.0));
        for (slower, at_most) in [(1, 17.5), (4, 34.0)] {
            self.browser.become_device(Device { slower, ..DESK })?;
            let frames = self.medians(|| self.browser.number(&SCROLL.replace("GRID", "[role=grid]")))?;
            let name = format!("board by {by}: scrolling, p95, {slower} × slower");
            bars.push(Bar::absolute(&name, "ms", Some(frames), at_most));
        }
        self.browser.become_device(DESK)
    }

    /// From the click that drops a call until the frame that shows it, and the slowest of all that was clicked.
    fn drops(&self, bars: &mut Bars) -> Result<()> {
        self.browser.open("about:blank")?;
        self.browser.open(&format!("{}#/board?from={MONDAY}", self.url))?;
        self.until("document.querySelector('.tray [data-lift]')")?;
        self.browser.run(WATCH)?;
        let drop = self.medians(|| {
            self.browser.run("window.slowest = 0;")?;
            self.browser.click(".tray [data-lift]")?;
            self.until("document.querySelector('.row.free .track')")?;
            self.browser.number(SETTLED)?;
            self.browser
                .run("window.all = Math.max(window.all ?? 0, window.slowest); window.slowest = 0;")?;
            self.browser.click(".row.free .track")?;
            self.until("document.querySelector('.notice')")?;
            let dropped = self.browser.number(SETTLED)?;
            self.browser.run("window.all = Math.max(window.all ?? 0, window.slowest);")?;
            Ok(dropped)
        })?;
        bars.push(Bar::absolute("a drop is painted", "ms", Some(drop), 50.0));
        let slowest = self.browser.number("return window.all")?;
        bars.push(Bar::absolute("slowest click (INP)", "ms", Some(slowest), 100.0));
        let moved = self.browser.number("return window.shifted")?;
        bars.push(Bar::absolute("layout shift (CLS), board", "", Some(moved), 0.05));
        Ok(())
    }

    /// How soon a technician sees their calls.
    fn first_paint(&self, bars: &mut Bars) -> Result<()> {
        let painted: Vec<Value> = (0..self.rounds)
            .map(|_| {
                self.browser.open("about:blank")?;
                self.browser.open(&self.url)?;
                self.until("document.querySelector('article')")?;
                self.browser.run(PAINTED)
            })
            .collect::<Result<_>>()?;
        let of = |name: &str| painted.iter().filter_map(|one| one[name].as_f64()).collect::<Vec<_>>();
        bars.push(Bar::absolute("a technician's calls: LCP", "ms", Some(median(of("painted"))), 2500.0));
        bars.push(Bar::absolute("a technician's calls: CLS", "", Some(median(of("shifted"))), 0.05));
        Ok(())
    }

    fn plain_rows(&self) -> Result<f64> {
        self.browser.open("about:blank")?;
        self.browser.run(PLAIN)?;
        self.browser.number(&SCROLL.replace("GRID", "#plain"))
    }

    fn medians(&self, measure: impl Fn() -> Result<f64>) -> Result<f64> {
        Ok(median((0..self.rounds).map(|_| measure()).collect::<Result<_>>()?))
    }

    fn until(&self, there: &str) -> Result<()> {
        let wait = format!(
            "const limit = performance.now() + 30000;
            while (!({there})) {{
                if (performance.now() > limit) throw new Error('it never came: ' + document.body.innerText.slice(0, 400));
                await new Promise(resume => requestAnimationFrame(resume));
            }}"
        );
        self.browser.run(&wait).map(|_| ())
    }
}

/// Milliseconds from the navigation until the first row is painted.
const FIRST_ROW: &str = "
    while (!document.querySelector('[data-row]')) await new Promise(resume => requestAnimationFrame(resume));
    await new Promise(resume => requestAnimationFrame(() => setTimeout(resume)));
    return performance.now();";

/// Milliseconds of 95 % of the frames while 120 steps of 60 pixels are scrolled.
const SCROLL: &str = "
    const grid = document.querySelector('GRID'), took = [];
    grid.scrollTop = 0;
    await new Promise(resume => requestAnimationFrame(() => requestAnimationFrame(resume)));
    let last = performance.now();
    for (let step = 0; step < 120; step++) {
        grid.scrollTop += 60;
        const now = await new Promise(resume => requestAnimationFrame(resume));
        took.push(now - last);
        last = now;
    }
    took.shift();
    took.sort((one, other) => one - other);
    return took[Math.floor(took.length * 0.95)];";

const PLAIN: &str = "
    const list = document.createElement('div');
    list.id = 'plain';
    list.style.cssText = 'height: 800px; overflow: auto';
    for (let row = 0; row < 500; row++) {
        const one = document.createElement('div');
        one.style.cssText = 'height: 40px; border-bottom: 1px solid #ccc';
        one.textContent = `Row ${row} with some text`;
        list.append(one);
    }
    document.body.append(list);";

/// Keeps how long the slowest click took until its frame, and how far things moved by themselves.
const WATCH: &str = "
    window.slowest = 0;
    window.shifted = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (entry.interactionId) window.slowest = Math.max(window.slowest, entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 });
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });";

/// The slowest click, once its entry is there. Below 16 ms there is none.
const SETTLED: &str = "
    await new Promise(resume => setTimeout(resume, 300));
    return window.slowest;";

/// Milliseconds until the largest paint, and how far things moved by themselves.
const PAINTED: &str = "
    await new Promise(resume => setTimeout(resume, 1500));
    const entries = type => new Promise(done => {
        let timer = setTimeout(() => done([]), 500);
        new PerformanceObserver(list => { clearTimeout(timer); done(list.getEntries()); }).observe({ type, buffered: true });
    });
    const paints = await entries('largest-contentful-paint');
    const shifts = await entries('layout-shift');
    return {
        painted: paints.at(-1)?.startTime ?? 0,
        shifted: shifts.filter(entry => !entry.hadRecentInput).reduce((sum, entry) => sum + entry.value, 0),
    };";
