//! Three ways to do the same on the board: by dragging, by clicks alone, and by keys alone (WCAG 2.5.7).

use super::Visitor;
use fantoccini::key::Key;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Pointer,
    Clicks,
    Keys,
}

/// Steps to a quarter of an hour.
const QUARTERS: i32 = 4;
/// More keys than anything here takes.
const MOST_KEYS: usize = 60;

impl Visitor {
    /// Takes a call out of the list beside the board and puts it on somebody's row.
    pub async fn put(&self, way: Way, call: &str, user: &str) {
        let item = format!(".tray [data-lift='{call}']");
        match way {
            Way::Pointer => self.browser.drag(&[self.middle(&item).await, self.on_row(user).await]).await,
            Way::Clicks => {
                self.browser.click(&item).await;
                self.browser.click_at(self.on_row(user).await).await;
            }
            Way::Keys => {
                self.tab_to(&item).await;
                self.browser.press_with(&[], ' ').await;
                self.aim_by_keys(user).await;
                self.browser.press(Key::Enter).await;
            }
        }
    }

    /// Gives what is in somebody's row to somebody else.
    pub async fn give(&self, way: Way, block: &str, user: &str) {
        match way {
            Way::Pointer => {
                self.browser.drag(&[self.middle(&spot(block)).await, self.on_row(user).await]).await
            }
            Way::Clicks => {
                self.browser.click(&spot(block)).await;
                self.act("Move…").await;
                self.browser.click_at(self.on_row(user).await).await;
            }
            Way::Keys => {
                self.walk_to(block).await;
                self.browser.press_with(&[], ' ').await;
                self.aim_by_keys(user).await;
                self.browser.press(Key::Enter).await;
            }
        }
    }

    /// Moves what is in a row by hours.
    pub async fn shift(&self, way: Way, block: &str, hours: i32) {
        let (from, by) = (self.start_of(block).await, self.pixels(hours).await);
        match way {
            Way::Pointer => {
                let (x, y) = (from.0 + 40.0, from.1);
                self.browser.drag(&[(x, y), (x + by, y)]).await;
            }
            Way::Clicks => {
                self.browser.click(&spot(block)).await;
                self.act("Move…").await;
                self.browser.click_at((from.0 + by, from.1)).await;
            }
            Way::Keys => {
                self.walk_to(block).await;
                self.browser.press_with(&[], ' ').await;
                self.press_often(Key::Right, hours * QUARTERS).await;
                self.browser.press(Key::Enter).await;
            }
        }
    }

    /// Lets what is in a row end hours later.
    pub async fn stretch(&self, way: Way, block: &str, hours: i32) {
        let (from, by) = (self.end_of(block).await, self.pixels(hours).await);
        match way {
            Way::Pointer => {
                let (x, y) = (from.0 - 3.0, from.1);
                self.browser.drag(&[(x, y), (x + by, y)]).await;
            }
            Way::Clicks => {
                self.browser.click(&spot(block)).await;
                self.act("Change the end…").await;
                self.browser.click_at((from.0 + by, from.1)).await;
            }
            Way::Keys => {
                self.walk_to(block).await;
                self.browser.press_with(&[Key::Shift], ' ').await;
                self.tab_to_text("Change the end…").await;
                self.browser.press(Key::Enter).await;
                self.press_often(Key::Right, hours * QUARTERS).await;
                self.browser.press(Key::Enter).await;
            }
        }
    }

    /// Where a call is in the list beside the board.
    pub async fn call(&self, call: &str) -> (f64, f64) {
        self.middle(&format!(".tray [data-lift='{call}']")).await
    }

    pub async fn lift_by_click(&self, call: &str) {
        self.browser.click(&format!(".tray [data-lift='{call}']")).await;
    }

    pub async fn drop_on(&self, user: &str) {
        self.browser.click_at(self.on_row(user).await).await;
    }

    /// Clicks a button of the bar about what is selected.
    pub async fn act(&self, name: &str) {
        let script = format!(
            "const all = [...document.querySelectorAll('[role=toolbar] button')].filter(it => it.innerText.trim() === {});
            return all.map(it => {{ const at = it.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }})[0];",
            json!(name)
        );
        self.browser.click_at(place(&self.browser.run(&script).await)).await;
    }

    async fn middle(&self, selector: &str) -> (f64, f64) {
        let script = format!(
            "const at = document.querySelector({}).getBoundingClientRect(); return [at.x + Math.min(at.width, 60) / 2, at.y + at.height / 2];",
            json!(selector)
        );
        place(&self.browser.run(&script).await)
    }

    /// Where nothing else is in a row: after midnight.
    pub async fn on_row(&self, user: &str) -> (f64, f64) {
        let script = format!(
            "const at = document.querySelector('[data-row=\"{user}\"] .track').getBoundingClientRect();
            return [at.x + 20, at.y + at.height / 2];"
        );
        place(&self.browser.run(&script).await)
    }

    pub async fn start_of(&self, block: &str) -> (f64, f64) {
        self.bar(block, 0).await
    }

    async fn end_of(&self, block: &str) -> (f64, f64) {
        self.bar(block, 1).await
    }

    /// An end of a block's bar, which its text may go beyond.
    async fn bar(&self, block: &str, end: u8) -> (f64, f64) {
        let script = format!(
            "const it = document.querySelector({}), at = it.getBoundingClientRect();
            const bar = it.getBoundingClientRect().width;
            return [at.x + {end} * bar, at.y + at.height / 2];",
            json!(spot(block))
        );
        place(&self.browser.run(&script).await)
    }

    /// How far so many hours are apart on the board of a day.
    pub async fn pixels(&self, hours: i32) -> f64 {
        let width = self.browser.run("return document.querySelector('.lines').clientWidth").await;
        width.as_f64().expect("a width") / 24.0 * f64::from(hours)
    }

    async fn press_often(&self, key: Key, times: i32) {
        for _ in 0..times {
            self.browser.press(key).await;
        }
    }

    /// Presses Tab until an element has the focus.
    pub async fn tab_to(&self, selector: &str) {
        self.tab_until(&format!("return document.activeElement.matches({})", json!(selector))).await;
    }

    async fn tab_to_text(&self, text: &str) {
        self.tab_until(&format!("return document.activeElement.innerText.trim() === {}", json!(text))).await;
    }

    async fn tab_until(&self, script: &str) {
        for _ in 0..MOST_KEYS {
            self.browser.press(Key::Tab).await;
            if self.browser.run(script).await == json!(true) {
                return;
            }
        }
        panic!("no Tab leads where {script}");
    }

    /// Goes into the board by Tab, and to a block by arrows.
    async fn walk_to(&self, block: &str) {
        self.tab_until("return document.activeElement.closest('[role=grid]') !== null && document.activeElement.hasAttribute('data-spot')")
            .await;
        for _ in 0..MOST_KEYS {
            self.browser.press(Key::Up).await;
        }
        for _ in 0..MOST_KEYS {
            for key in [Key::Home, Key::Right, Key::Right, Key::Right] {
                self.browser.press(key).await;
                let at = self.browser.run("return document.activeElement.dataset.spot").await;
                if at == json!(block) {
                    return;
                }
            }
            self.browser.press(Key::Home).await;
            self.browser.press(Key::Down).await;
        }
        panic!("no arrow leads to {block}");
    }

    /// Presses arrows until the row of somebody is aimed at.
    async fn aim_by_keys(&self, user: &str) {
        let aims = format!("return document.querySelector('.row.aim')?.dataset.row === '{user}'");
        for key in [Key::Up, Key::Down] {
            for _ in 0..MOST_KEYS {
                if self.browser.run(&aims).await == json!(true) {
                    return;
                }
                self.browser.press(key).await;
            }
        }
        panic!("no arrow aims at {user}");
    }
}

fn spot(block: &str) -> String {
    format!(".block[data-spot='{block}']")
}

fn place(found: &Json) -> (f64, f64) {
    (found[0].as_f64().expect("x"), found[1].as_f64().expect("y"))
}
