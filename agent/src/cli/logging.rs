use std::env;
use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::arguments::LogFormat;
use crate::messages::Fault;

/// Sends the log to stderr. `TOKENSIGN_LOG` is a level for this program (`debug`), or levels by module (`tokensign=debug,hyper=info`).
///
/// # Errors
/// `invalid_field` when `TOKENSIGN_LOG` cannot be read.
pub(super) fn start(format: LogFormat, level: Level) -> Result<(), Fault> {
    let filter = match env::var("TOKENSIGN_LOG") {
        Ok(text) if !text.is_empty() => filter(&text)?,
        _ => ours_at(level),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Text => registry
            .with(lines.with_ansi(std::io::stderr().is_terminal()))
            .try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    Ok(())
}

fn filter(text: &str) -> Result<Targets, Fault> {
    if let Ok(level) = text.parse::<Level>() {
        return Ok(ours_at(level));
    }
    text.parse::<Targets>()
        .map_err(|error| Fault::invalid_field("TOKENSIGN_LOG", error))
}

/// Libraries speak up only when something is wrong.
fn ours_at(level: Level) -> Targets {
    Targets::new().with_default(Level::WARN).with_target("tokensign", level)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_bare_level_is_for_this_program() {
        let targets = filter("debug").unwrap();
        assert!(targets.would_enable("tokensign::cli", &Level::DEBUG));
        assert!(!targets.would_enable("hyper", &Level::DEBUG));
        assert!(filter("hyper=info").unwrap().would_enable("hyper", &Level::INFO));
        assert!(filter("tokensign=loud").is_err());
    }
}
