//! Two ways to do the same thing, measured in turns, so that what disturbs the machine disturbs both.

use std::time::Duration;

/// How often each side is measured; odd, so that there is a middle one.
const ROUNDS: usize = 15;

/// What was measured, for the table at the end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    /// What one of ours takes, and one of the other's.
    ours: Spread,
    other: Spread,
    /// Speed of ours in parts of the other's, round by round.
    ratio: Spread,
}

/// The middle of many values, and what nine of ten keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) p10: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Self {
            p10: at(0.1),
            p50: at(0.5),
            p90: at(0.9),
        }
    }
}

impl Report {
    /// Measures `ours` beside `other`: each call does `count` pieces and gives how long they took. The ratio above 1 means that ours is quicker.
    pub(crate) fn compare(
        &mut self,
        what: &str,
        count: usize,
        mut ours: impl FnMut() -> Duration,
        mut other: impl FnMut() -> Duration,
    ) -> Spread {
        let (mut our_times, mut other_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        // The first round warms caches and is not counted.
        for round in 0..=ROUNDS {
            // Turns about, so that neither side always comes after the other.
            let (our, theirs) = if round % 2 == 0 {
                let our = ours();
                (our, other())
            } else {
                let theirs = other();
                (ours(), theirs)
            };
            if round > 0 {
                our_times.push(our.as_secs_f64() / count as f64);
                other_times.push(theirs.as_secs_f64() / count as f64);
                ratios.push(theirs.as_secs_f64() / our.as_secs_f64());
            }
        }
        let row = Row {
            what: what.to_owned(),
            ours: Spread::of(our_times),
            other: Spread::of(other_times),
            ratio: Spread::of(ratios),
        };
        println!("  {}", row.text());
        let ratio = row.ratio;
        self.rows.push(row);
        ratio
    }

    /// All of it once more.
    pub(crate) fn print(&self) {
        println!("\nspeed in parts of what stands beside it: p50 [p10 to p90] of {ROUNDS} rounds");
        for row in &self.rows {
            println!("  {}", row.text());
        }
    }
}

impl Row {
    fn text(&self) -> String {
        format!(
            "{:<52} {:.2} [{:.2} to {:.2}]   {} beside {}",
            self.what,
            self.ratio.p50,
            self.ratio.p10,
            self.ratio.p90,
            each(self.ours.p50),
            each(self.other.p50)
        )
    }
}

/// What one piece takes, and so how many a second.
fn each(seconds: f64) -> String {
    format!("{:.1} µs ({:.0}/s)", seconds * 1e6, 1.0 / seconds)
}
