//! The report: on the terminal, as JSON, as a picture, and in the documentation.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::bar::{Bar, Bars};
use super::growth::Plans;
use super::stage::Stage;
use crate::cargo::workspace_root;

const HEAD: [&str; 6] = ["what", "floor or measure", "product", "ratio", "bar", ""];
/// What `--save` writes stands between these lines.
const BEGIN: &str = "<!-- table: written by `cargo xtask bench --save` -->";
const END: &str = "<!-- end of table -->";

#[derive(Serialize)]
pub(super) struct Report {
    /// The commit that was measured; with a plus sign where files differ from it.
    commit: String,
    machine: String,
    bars: Bars,
    /// Bars that were not measured.
    left_out: Vec<&'static str>,
    plans: Option<Plans>,
}

impl Report {
    pub(super) fn of(stage: &Stage<'_>, bars: Bars, left_out: &[&'static str], plans: Option<Plans>) -> Self {
        Self { commit: commit(), machine: machine(stage), bars, left_out: left_out.to_vec(), plans }
    }

    /// Prints the table and what else there is to say; whether every bar was held.
    pub(super) fn tell(&self) -> bool {
        let rows: Vec<_> =
            [HEAD.map(str::to_owned)].into_iter().chain(self.bars.iter().map(Bar::cells)).collect();
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: [usize; 6] = std::array::from_fn(width);
        println!();
        for [name, measure, product, ratio, bar, verdict] in &rows {
            println!(
                "{name:<0$}  {measure:>1$}  {product:>2$}  {ratio:>3$}  {bar:>4$}  {verdict}",
                widths[0], widths[1], widths[2], widths[3], widths[4]
            );
        }
        println!("\n{} at {}", self.machine, self.commit);
        if !self.left_out.is_empty() {
            println!("left out by --quick: {}", self.left_out.join("; "));
        }
        let scans = self.plans.as_ref().map(|plans| plans.sequential_scans.join(", ")).unwrap_or_default();
        if let Some(plans) = &self.plans {
            println!("\n{}", plans.text());
        }
        if !scans.is_empty() {
            println!("SHORT: big tables are read from one end to the other: {scans}");
        }
        let short = self.bars.iter().filter(|bar| bar.is_short()).count();
        println!(
            "bench: {} bars, {short} of them short",
            self.bars.iter().filter(|bar| bar.is_bar()).count()
        );
        short == 0 && scans.is_empty()
    }

    /// Writes the JSON and the picture; into the documentation with `save`.
    pub(super) fn write(&self, stage: &Stage<'_>, save: bool) -> Result<()> {
        let directory =
            if save { workspace_root().join("docs").join("performance") } else { stage.directory.clone() };
        fs::create_dir_all(&directory).context("cannot create a directory for the report")?;
        let (json, svg) = (directory.join("bench.json"), directory.join("bench.svg"));
        fs::write(&json, serde_json::to_string_pretty(self)? + "\n").context("cannot write the report")?;
        if let Some(plans) = &self.plans {
            fs::write(directory.join("plans.txt"), plans.text()).context("cannot write the plans")?;
        }
        let text = |path: &Path| path.to_str().map(ToOwned::to_owned).context("a path is not Unicode");
        stage.floor(&["plot", &text(&json)?, &text(&svg)?])?;
        println!("written: {} and {}", json.display(), svg.display());
        if save { self.document() } else { Ok(()) }
    }

    /// Puts the table in the place that docs/performance.md has for it.
    fn document(&self) -> Result<()> {
        let file = workspace_root().join("docs").join("performance.md");
        let text = fs::read_to_string(&file).context("docs/performance.md cannot be read")?;
        let place = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
        ensure!(place.is_some(), "docs/performance.md has no place for the table: {BEGIN} … {END}");
        let (before, after) = place.unwrap_or_default();
        let row = |cells: [String; 6]| format!("| {} |\n", cells.join(" | "));
        let head = row(HEAD.map(str::to_owned)) + "|---|--:|--:|--:|--:|---|\n";
        let rows: String = self.bars.iter().map(|bar| row(bar.cells())).collect();
        let about = format!("Measured on {}, at commit {}.", self.machine, self.commit);
        let table = format!("{before}{BEGIN}\n\n{about}\n\n{head}{rows}\n{END}{after}");
        fs::write(&file, table).context("docs/performance.md cannot be written")
    }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(workspace_root()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "an unknown commit".into());
    if changed { commit + "+" } else { commit }
}

fn machine(stage: &Stage<'_>) -> String {
    let processors = std::thread::available_parallelism().map_or(1, |number| number.get());
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("processors", |(_, model)| model);
    format!(
        "{processors} × {model}, {}, PostgreSQL {} and Redis {} on the same machine",
        std::env::consts::OS,
        stage.servers.postgres_version,
        stage.servers.redis_version
    )
}
