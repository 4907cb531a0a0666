//! Measurements: `make bench`, or `scripts/test.sh --bench NAME…` for those whose name contains one of the words.
//!
//! Figures of a machine say little; each measurement stands beside another one of the same run, and what counts is the ratio.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code, reason = "shared with the tests of the token room, which use more of it")]
#[path = "../../agent/tests/token_fleet/approvals.rs"]
#[allow(missing_docs, unreachable_pub)]
mod approvals;
#[allow(
    dead_code,
    missing_docs,
    reason = "shared with the tests of the CMS room, which use more of it"
)]
#[path = "../../agent/tests/cms/authority.rs"]
mod authority;
mod cms;
mod endpoint;
mod measure;
mod raw_loop;
mod worker;

use measure::Report;

type Benchmark = fn(&mut Report);

/// Every benchmark by its name.
const BENCHMARKS: &[(&str, Benchmark)] = &[("worker", worker::run), ("endpoint", endpoint::run), ("cms", cms::run)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("raw-loop", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return raw_loop::serve(rest);
    }
    // `cargo bench` adds an option of its own.
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
    let mut report = Report::default();
    for (name, run) in BENCHMARKS {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            println!("\n{name}");
            run(&mut report);
        }
    }
    report.print();
}
