//! The `tokensign` command.

use std::process::ExitCode;

use clap::Parser;
use tokensign::cli::{self, Arguments};

fn main() -> ExitCode {
    cli::run(&Arguments::parse())
}
