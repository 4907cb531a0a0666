//! The matrix as a document.

use std::fmt;

use crate::algorithms::Algorithm;
use crate::verifiers::Verifier;

pub(crate) struct Report {
    algorithms: Vec<&'static str>,
    count: usize,
    columns: Vec<(Verifier, Vec<Cell>)>,
}

pub(crate) enum Cell {
    /// How many were accepted, and how many with changed content were refused.
    Accepted(usize, usize),
    /// The verifier cannot judge such signatures.
    Gap(&'static str),
}

impl Report {
    pub(crate) fn new(algorithms: &[Algorithm], count: usize) -> Self {
        Self {
            algorithms: algorithms.iter().map(|algorithm| algorithm.name).collect(),
            count,
            columns: Vec::new(),
        }
    }

    /// One cell for each algorithm.
    pub(crate) fn add(&mut self, verifier: Verifier, cells: Vec<Cell>) {
        self.columns.push((verifier, cells));
    }

    fn gaps(&self) -> Vec<&'static str> {
        let mut gaps = Vec::new();
        for cell in self.columns.iter().flat_map(|(_, cells)| cells) {
            match cell {
                Cell::Gap(reason) if !gaps.contains(reason) => gaps.push(*reason),
                _ => {}
            }
        }
        gaps
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Which verifier accepts what\n")?;
        writeln!(
            f,
            "Written by `make test-full`: {} detached CAdES-B signatures of each algorithm before each verifier, each over content of its own. A cell tells how\n\
             many were accepted and, behind the comma, how many with changed content were refused. A letter stands for a gap of the verifier, explained below\n\
             the table: it refuses such signatures whoever makes them.\n\n\
             Kazakh signatures (GOST 34.10-2015) are put under the identifiers of TC26 for OpenSSL, because only the national software knows their own: their\n\
             values are those of the Russian standard in another order of bytes. How the agent lays signatures out: [signatures.md](signatures.md).\n",
            self.count
        )?;
        let names: Vec<_> = self.columns.iter().map(|(verifier, _)| verifier.to_string()).collect();
        writeln!(f, "| algorithm | {} |", names.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(names.len()))?;
        let gaps = self.gaps();
        for (row, algorithm) in self.algorithms.iter().enumerate() {
            write!(f, "| {algorithm} |")?;
            for (_, cells) in &self.columns {
                match &cells[row] {
                    Cell::Accepted(accepted, refused) => write!(f, " {accepted}, {refused} |")?,
                    Cell::Gap(reason) => {
                        let place = gaps.iter().position(|gap| gap == reason).unwrap_or_default();
                        write!(f, " {} |", letter(place))?;
                    }
                }
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        for (place, gap) in gaps.iter().enumerate() {
            writeln!(f, "- {}: {gap}", letter(place))?;
        }
        Ok(())
    }
}

fn letter(place: usize) -> char {
    (b'a'..=b'z').nth(place).map_or('?', char::from)
}
