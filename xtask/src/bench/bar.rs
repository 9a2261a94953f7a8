//! What is measured, and how good it has to be.

use serde::Serialize;

/// Those that were measured so far.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Bars(Vec<Bar>);

impl Bars {
    /// Also says so at once: whoever waits sees how far it is, and an error later does not lose it.
    pub(super) fn push(&mut self, bar: Bar) {
        let [name, measure, product, ratio, limit, verdict] = bar.cells();
        let cells = [measure, product, ratio, limit, verdict];
        let cells: Vec<_> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        println!("    {name}: {}", cells.join(", "));
        self.0.push(bar);
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Bar> {
        self.0.iter()
    }
}

/// A line of the report.
#[derive(Serialize)]
pub(super) struct Bar {
    name: String,
    unit: &'static str,
    /// The floor's figure, where it is the measure.
    floor: Option<f64>,
    /// The figure of something else that is the measure.
    reference: Option<f64>,
    /// None where this system does not tell.
    product: Option<f64>,
    /// The product's figure by the floor's, or by the other one.
    ratio: Option<f64>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    /// None for what is told for information only.
    held: Option<bool>,
}

impl Bar {
    /// Requests a second: the product's are to be so many of the floor's.
    pub(super) fn of_floor(name: &str, (floor, product): (f64, f64), at_least: f64) -> Self {
        let ratio = product / floor;
        Self {
            floor: Some(floor),
            ratio: Some(ratio),
            at_least: Some(at_least),
            held: Some(ratio >= at_least),
            ..Self::told(name, "requests/s", Some(product))
        }
    }

    /// Requests a second, against those of another kind.
    pub(super) fn faster(name: &str, (reference, product): (f64, f64), at_least: f64) -> Self {
        let ratio = product / reference;
        Self {
            at_least: Some(at_least),
            held: Some(ratio >= at_least),
            ..Self::against(name, "requests/s", (reference, product))
        }
    }

    /// Milliseconds, against those of something smaller.
    pub(super) fn slower(name: &str, (reference, product): (f64, f64), at_most: f64) -> Self {
        let ratio = product / reference;
        Self {
            at_most: Some(at_most),
            held: Some(ratio <= at_most),
            ..Self::against(name, "ms", (reference, product))
        }
    }

    /// A figure that is to be no larger.
    pub(super) fn absolute(name: &str, unit: &'static str, product: Option<f64>, at_most: f64) -> Self {
        let held = product.map(|product| product <= at_most);
        Self { at_most: Some(at_most), held, ..Self::told(name, unit, product) }
    }

    /// For information: a figure and the other it is compared with.
    pub(super) fn against(name: &str, unit: &'static str, (reference, product): (f64, f64)) -> Self {
        Self {
            reference: Some(reference),
            ratio: Some(product / reference),
            ..Self::told(name, unit, Some(product))
        }
    }

    /// For information.
    pub(super) fn told(name: &str, unit: &'static str, product: Option<f64>) -> Self {
        Self {
            name: name.to_owned(),
            unit,
            floor: None,
            reference: None,
            product,
            ratio: None,
            at_least: None,
            at_most: None,
            held: None,
        }
    }

    /// Whether it has to be reached, and could be measured.
    pub(super) fn is_bar(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn is_short(&self) -> bool {
        self.held == Some(false)
    }

    /// Its cells, as a table shows them: name, floor or measure, product, ratio, bar, verdict.
    pub(super) fn cells(&self) -> [String; 6] {
        let figure = |figure: Option<f64>| figure.map_or_else(String::new, |figure| shown(figure, self.unit));
        let limit = match (self.at_least, self.at_most, self.ratio) {
            (Some(least), ..) => format!("≥ {least:.2}"),
            (None, Some(most), Some(_)) => format!("≤ {most:.2}"),
            (None, Some(most), None) => format!("≤ {}", shown(most, self.unit)),
            (None, None, _) => String::new(),
        };
        let verdict = match (self.held, self.product) {
            (_, None) => "not told here",
            (Some(true), _) => "held",
            (Some(false), _) => "SHORT",
            (None, _) => "",
        };
        [
            self.name.clone(),
            figure(self.floor.or(self.reference)),
            figure(self.product),
            self.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            limit,
            verdict.to_owned(),
        ]
    }
}

fn shown(figure: f64, unit: &str) -> String {
    let digits = match figure {
        ..1.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    let unit = if unit == "requests/s" { "/s" } else { unit };
    format!("{figure:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_held_from_its_very_figure_on() {
        assert!(!Bar::of_floor("", (100.0, 60.0), 0.60).is_short());
        assert!(Bar::of_floor("", (100.0, 59.0), 0.60).is_short());
        assert!(!Bar::slower("", (10.0, 13.0), 1.3).is_short());
        assert!(Bar::slower("", (10.0, 13.1), 1.3).is_short());
        assert!(!Bar::faster("", (100.0, 500.0), 5.0).is_short());
        assert!(Bar::faster("", (100.0, 499.0), 5.0).is_short());
        assert!(Bar::absolute("", "MB", Some(40.1), 40.0).is_short());
    }

    #[test]
    fn what_cannot_be_told_is_neither_held_nor_short() {
        let untold = Bar::absolute("memory", "MB", None, 40.0);
        assert!(!untold.is_short() && !untold.is_bar());
        assert_eq!(untold.cells(), ["memory", "", "", "", "≤ 40.0 MB", "not told here"]);
    }

    #[test]
    fn shows_figures_with_their_units() {
        let cells = Bar::of_floor("get", (1234.5, 740.7), 0.60).cells();
        assert_eq!(cells, ["get", "1234 /s", "741 /s", "0.60", "≥ 0.60", "held"]);
        assert_eq!(
            Bar::absolute("shift", "", Some(0.04), 0.05).cells()[2..],
            ["0.04 ", "", "≤ 0.05 ", "held"]
        );
    }
}
