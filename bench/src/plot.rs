//! The ratios of a report as bars beside the bars they have to reach.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use plotters::prelude::*;
use serde::Deserialize;

const WIDTH: u32 = 900;
const ROW: u32 = 44;
const MARGIN: u32 = 30;
const NAMES: i32 = 380;
const HELD: RGBColor = RGBColor(46, 125, 50);
const SHORT: RGBColor = RGBColor(198, 40, 40);
const INK: RGBColor = RGBColor(60, 60, 60);
const GRID: RGBColor = RGBColor(225, 225, 225);

#[derive(Args)]
pub(crate) struct Options {
    /// What `cargo xtask bench` wrote
    report: PathBuf,
    /// The SVG to write
    picture: PathBuf,
}

#[derive(Deserialize)]
struct Report {
    bars: Vec<Bar>,
}

/// What is drawn of a bar: those that compare with the floor.
#[derive(Deserialize)]
struct Bar {
    name: String,
    ratio: Option<f64>,
    at_least: Option<f64>,
    held: Option<bool>,
    floor: Option<f64>,
}

pub(crate) fn draw(options: &Options) -> Result<()> {
    let report = fs::read(&options.report).context("the report cannot be read")?;
    let report: Report = serde_json::from_slice(&report).context("this is no report")?;
    let bars: Vec<_> = report.bars.iter().filter(|bar| bar.floor.is_some() && bar.ratio.is_some()).collect();
    let height = ROW * u32::try_from(bars.len())? + 2 * MARGIN;
    let root = SVGBackend::new(&options.picture, (WIDTH, height)).into_drawing_area();
    paint(&root, &bars).map_err(|error| anyhow!("the picture cannot be drawn: {error}"))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn paint(root: &Area<'_>, bars: &[&Bar]) -> Result<(), Box<dyn std::error::Error>> {
    root.fill(&WHITE)?;
    let text = |size: i32| ("sans-serif", size).into_font().color(&INK);
    let bottom = i32::try_from(MARGIN + ROW * u32::try_from(bars.len())?)?;
    let right = i32::try_from(WIDTH - MARGIN)?;
    // Some are faster than their floor: the scale ends where the longest does.
    let most = bars.iter().filter_map(|bar| bar.ratio).fold(1.0_f64, f64::max);
    let x = |ratio: f64| NAMES + (f64::from(right - NAMES) * ratio / most).round() as i32;
    for tenth in (0..=10).step_by(2) {
        let at = x(f64::from(tenth) / 10.0);
        root.draw(&PathElement::new([(at, MARGIN as i32), (at, bottom)], GRID))?;
        root.draw(&Text::new(format!("{:.1}", f64::from(tenth) / 10.0), (at - 8, bottom + 6), text(15)))?;
    }
    root.draw(&Text::new("of the floor's speed", (NAMES, 8), text(15)))?;
    for (row, bar) in (0_i32..).zip(bars) {
        let top = i32::try_from(MARGIN)? + row * i32::try_from(ROW)? + 10;
        let (ratio, colour) =
            (bar.ratio.unwrap_or_default(), if bar.held == Some(true) { HELD } else { SHORT });
        root.draw(&Text::new(bar.name.as_str(), (10, top + 5), text(17)))?;
        root.draw(&Rectangle::new([(NAMES, top), (x(ratio), top + 24)], colour.filled()))?;
        root.draw(&Text::new(format!("{ratio:.2}"), (NAMES + 6, top + 5), text(17).color(&WHITE)))?;
        if let Some(at_least) = bar.at_least {
            root.draw(&PathElement::new(
                [(x(at_least), top - 4), (x(at_least), top + 28)],
                INK.stroke_width(2),
            ))?;
        }
    }
    Ok(root.present()?)
}
