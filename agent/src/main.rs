//! The `tokensign` command.

use std::process::ExitCode;

use clap::Parser;
use tokensign::token::worker;

/// A signing agent for hardware tokens.
#[derive(Parser)]
enum Command {
    /// Serves one PKCS#11 module to the agent that started it.
    #[command(hide = true)]
    Worker(worker::Arguments),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Worker(arguments) => worker::main(&arguments),
    }
}
