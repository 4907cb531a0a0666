//! The command line.
//!
//! Belongs here: arguments, what is printed and how, the terminal prompter, exit codes. Every command speaks to an agent over its
//! local socket as any program would: to the one that runs, else to one started inside this process.
//! Does not belong here: carrying anything out.

mod approve;
mod arguments;
mod audit;
mod client;
mod desk_commands;
mod doctor;
mod event_stream;
mod evidence_folder;
mod follow;
mod form;
mod globs;
mod grants;
mod idocs;
mod inventory;
mod jobs;
mod logging;
mod mig24;
mod output;
mod own_agent;
mod pin_source;
mod problem;
mod prompter;
mod question_text;
mod result_files;
mod serve;
mod services;
mod session;
mod sign;
mod table;
mod timestamp;
mod token_watch;
mod upload;
mod verify;
mod words;

use std::process::ExitCode;

use clap::CommandFactory;
use tracing::Level;

use crate::config::{Config, Layers};
use crate::messages::{Fault, Language, Localizer};
use crate::platform;
use crate::preview;
use crate::token::worker;
use arguments::{Command, LogFormat};
use output::Output;
use session::Session;

pub use arguments::Arguments;

/// Carries a command out and gives the exit code of the design: that of the error's code, 0 when there is none.
pub fn run(arguments: &Arguments) -> ExitCode {
    // A worker reads no configuration and starts no runtime: it is to load one library and do nothing else.
    if let Command::Worker(arguments) = &arguments.command {
        return worker::main(arguments);
    }
    if let Command::PreviewWorker(arguments) = &arguments.command {
        return preview::main(arguments);
    }
    let global = &arguments.global;
    let language = global.language.or_else(Language::of_environment);
    let before_configuration = Output::new(global.json, Localizer::new(language.unwrap_or_default()));
    let mut session = match Config::load(&Layers::of_environment(global.config.clone())) {
        Ok(config) => Session {
            config,
            output: before_configuration,
        },
        Err(fault) => return end(before_configuration, Err(fault)),
    };
    let configured = session
        .config
        .agent
        .language
        .as_deref()
        .and_then(|name| name.parse().ok());
    session.output = Output::new(global.json, Localizer::new(language.or(configured).unwrap_or_default()));
    end(session.output, carry_out(&session, &arguments.command))
}

fn end(output: Output, result: Result<(), Fault>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            output.fault(&fault);
            ExitCode::from(fault.code().exit() as u8)
        }
    }
}

/// So many threads read and write files for the rest of the program. A thread keeps memory of its own, and hundreds of programs may ask at once; their
/// pieces of work are short and wait for each other without harm.
const MOST_BLOCKING_THREADS: usize = 16;

fn carry_out(session: &Session, command: &Command) -> Result<(), Fault> {
    // Most commands may come to ask for a PIN; none is worth a core that might hold one.
    platform::dump_no_core().map_err(Fault::internal)?;
    match command {
        Command::Serve(arguments) => logging::start(arguments.log_format, Level::INFO)?,
        _ => logging::start(LogFormat::Text, Level::ERROR)?,
    }
    // TLS for the services; a second installation of it is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(MOST_BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(Fault::internal)?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(session, arguments).await,
            Command::Status => desk_commands::status(session).await,
            Command::Tokens(arguments) if arguments.watch => token_watch::watch(session).await,
            Command::Tokens(_) => inventory::tokens(session).await,
            Command::Certs(arguments) => inventory::certs(session, arguments).await,
            Command::Sign(arguments) => sign::run(session, arguments).await,
            Command::Verify(arguments) => verify::run(session, arguments).await,
            Command::Timestamp(arguments) => timestamp::run(session, arguments).await,
            Command::Idocs(command) => idocs::run(session, command).await,
            Command::Mig24(command) => mig24::run(session, command).await,
            Command::Approve(arguments) => approve::run(session, arguments).await,
            Command::Open(arguments) => desk_commands::open(session, arguments).await,
            Command::Lock => desk_commands::lock(session).await,
            Command::Apps(command) => desk_commands::apps(session, command).await,
            Command::Grants(command) => grants::run(session, command).await,
            Command::Jobs(command) => jobs::run(session, command).await,
            Command::Audit(command) => audit::run(session, command),
            Command::Modules(command) => inventory::modules(session, command).await,
            Command::Doctor => doctor::run(session).await,
            Command::Completions { shell } => completions(session, *shell),
            // Handled before anything was read.
            Command::Worker(_) | Command::PreviewWorker(_) => Ok(()),
        }
    });
    // A thread that still reads the terminal must not keep the process.
    runtime.shutdown_background();
    result
}

fn completions(session: &Session, shell: clap_complete::Shell) -> Result<(), Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tokensign", &mut script);
    session.output.bytes(&script).map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_argument_is_explained() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            command
                .get_subcommands()
                .filter(|command| command.get_name() != "help")
                .for_each(check);
        }
        let mut command = Arguments::command();
        command.build();
        check(&command);
    }
}
