//! `softhsm-fixtures create --dir DIR`: throw-away tokens, CAs and certificates in one directory.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks to its terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use softhsm_fixtures::{Error, Fixtures, Options, Pin};

/// Throw-away PKCS#11 tokens with a test CA and signer certificates.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a set in a directory, in place of one that is there.
    Create {
        /// The directory; nothing outside it is touched
        #[arg(long)]
        dir: PathBuf,
        /// Use the directory even if it holds other files; those stay
        #[arg(long)]
        force: bool,
        /// Take the user PIN of both tokens from this file instead of random digits
        #[arg(long, value_name = "PATH")]
        pin_file: Option<PathBuf>,
        /// The SoftHSM library, when it is in none of the usual places
        #[arg(long, value_name = "PATH")]
        softhsm_module: Option<PathBuf>,
        /// The GOST test module, when it is not beside this program
        #[arg(long, value_name = "PATH")]
        gost_module: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let Command::Create {
        dir,
        force,
        pin_file,
        softhsm_module,
        gost_module,
    } = Arguments::parse().command;
    let made = pin_file.map(|path| Pin::from_file(&path)).transpose().and_then(|pin| {
        Fixtures::create_with(
            &dir,
            &Options {
                force,
                pin,
                softhsm_module,
                gost_module,
            },
        )
    });
    match made {
        Ok(fixtures) => {
            summarise(&fixtures);
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn summarise(fixtures: &Fixtures) {
    let usable = fixtures
        .certificates()
        .iter()
        .filter(|certificate| certificate.usable)
        .count();
    println!(
        "{} certificates ({usable} fit to sign) in {} tokens: {}",
        fixtures.certificates().len(),
        fixtures.tokens().len(),
        fixtures.directory().join("fixtures.json").display()
    );
    println!("configuration: {}", fixtures.configuration().display());
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("softhsm-fixtures: {error}");
    ExitCode::FAILURE
}
