//! Signatures of ours before independent verifiers: who accepts what, and that everybody refuses changed content.
//!
//! The matrix with 20 signatures an algorithm belongs to every run; `the_whole_matrix`, with 200 and more verifiers, is ignored by default and writes
//! `docs/interoperability.md`. Many signatures because a length bug (a short r or s, a leading zero) shows once in 256.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod algorithms;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../../agent/tests/cms/authority.rs"]
mod authority;
#[path = "../../agent/tests/cms/kazakh_key.rs"]
mod kazakh_key;
mod report;
mod samples;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../../agent/tests/cms/stamping_server.rs"]
mod stamping_server;
mod timestamps;
mod verifiers;

use algorithms::{ALL, Algorithm};
use report::{Cell, Report};
use samples::Samples;
use verifiers::{Verdict, Verifier};

#[test]
fn what_everybody_needs() {
    matrix(&ALL, &Verifier::USUAL, 20);
}

#[test]
#[ignore = "takes minutes; make test-full runs it"]
fn the_whole_matrix() {
    let report = matrix(&ALL, &Verifier::ALL, 200);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/interoperability.md");
    std::fs::write(path, report.to_string()).unwrap();
}

/// Lets every verifier judge `count` signatures of each algorithm, and some over changed content.
fn matrix(algorithms: &[Algorithm], verifiers: &[Verifier], count: usize) -> Report {
    let samples: Vec<Samples> = std::thread::scope(|scope| {
        let makers: Vec<_> = algorithms
            .iter()
            .map(|algorithm| scope.spawn(move || Samples::make(*algorithm, count)))
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    let mut report = Report::new(algorithms, count);
    let mut wrong = Vec::new();
    for verifier in verifiers {
        let judged: Vec<&Samples> = samples
            .iter()
            .filter(|samples| verifier.gap(&samples.algorithm).is_none())
            .collect();
        let mut verdicts = verifier.verdicts(&judged).into_iter();
        let column = samples.iter().map(|samples| match verifier.gap(&samples.algorithm) {
            Some(gap) => Cell::Gap(gap),
            None => cell(*verifier, samples, &verdicts.next().unwrap(), &mut wrong),
        });
        let column = column.collect();
        report.add(*verifier, column);
    }
    println!("{report}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    report
}

fn cell(verifier: Verifier, samples: &Samples, verdicts: &[Verdict], wrong: &mut Vec<String>) -> Cell {
    let name = samples.algorithm.name;
    let (honest, changed) = verdicts.split_at(samples.honest().len());
    let refusals: Vec<_> = honest.iter().filter_map(|verdict| verdict.as_ref().err()).collect();
    if let Some(reason) = refusals.first() {
        let (refused, all) = (refusals.len(), honest.len());
        wrong.push(format!(
            "{verifier} refuses {refused} of {all} {name} signatures: {reason}"
        ));
    }
    let fooled = changed.iter().filter(|verdict| verdict.is_ok()).count();
    if fooled > 0 {
        wrong.push(format!(
            "{verifier} accepts changed content under {fooled} {name} signatures"
        ));
    }
    Cell::Accepted(honest.len() - refusals.len(), changed.len() - fooled)
}
