//! The `edo-sandbox` command: stand-ins for iDocs and MIG24. See the README beside this file.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde::de::DeserializeOwned;
use tokensign_tests::sandbox::{BearerToken, Employee, Organisation, Sandbox, SandboxConfig};
use tokio::signal::unix::{SignalKind, signal};

/// Stand-ins for the iDocs and MIG24 services: state, tickets, and signatures verified by OpenSSL.
#[derive(Debug, Parser)]
#[command(name = "edo-sandbox", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// PEM file with the CAs of RSA and ECDSA certificates
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// PEM file with the CAs of GOST certificates; without it they are refused
    #[arg(long, value_name = "FILE")]
    gost_ca: Option<PathBuf>,
    /// OpenSSL configuration that loads the GOST engine; by default one is written that finds the engine by its name
    #[arg(long, value_name = "FILE")]
    openssl_conf: Option<PathBuf>,
    /// Write the bound port to this file
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Keep state here, also for the next start; by default it goes with the process
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// JSON file with fault rules, as for POST /_sandbox/faults
    #[arg(long, value_name = "FILE")]
    fault_rules: Option<PathBuf>,
    /// JSON file with switches, as for PUT /_sandbox/behaviour
    #[arg(long, value_name = "FILE")]
    behaviour: Option<PathBuf>,
    /// The broker to which MIG24's events are published: amqp://user:password@host:port/vhost
    #[arg(long, env = "EDO_SANDBOX_AMQP_URL", hide_env_values = true, value_name = "URL")]
    amqp_url: Option<String>,
    /// The bearer token of iDocs; by default random
    #[arg(long, env = "EDO_SANDBOX_IDOCS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    idocs_token: Option<String>,
    /// The bearer token of MIG24; by default random
    #[arg(long, env = "EDO_SANDBOX_MIG24_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    mig24_token: Option<String>,
    /// BIN of the iDocs company
    #[arg(long, value_name = "BIN")]
    company_bin: Option<String>,
    /// Name of the iDocs company
    #[arg(long, value_name = "NAME")]
    company_name: Option<String>,
    /// IIN of an iDocs employee; may be repeated
    #[arg(long = "employee", value_name = "IIN")]
    employees: Vec<String>,
    /// JSON file with {"employees": […], "users": […]}
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// INN of the MIG24 organisation
    #[arg(long, value_name = "INN")]
    org_inn: Option<String>,
    /// KPP of the MIG24 organisation
    #[arg(long, value_name = "KPP")]
    org_kpp: Option<String>,
    /// Name of the MIG24 organisation
    #[arg(long, value_name = "NAME")]
    org_name: Option<String>,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let port_file = arguments.port_file.clone();
    let sandbox = Sandbox::start(config(arguments)?)?;
    if let Some(file) = port_file {
        let beside = file.with_extension("new");
        std::fs::write(&beside, sandbox.address().port().to_string())?;
        std::fs::rename(&beside, &file)?;
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&sandbox.announcement())?)?;
    stdout.flush()?;
    wait_for_the_end()?;
    Ok(())
}

/// Until Ctrl-C or SIGTERM, so that a temporary state directory is removed on the way out.
#[tokio::main(flavor = "current_thread")]
async fn wait_for_the_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

fn config(arguments: Arguments) -> Result<SandboxConfig, Box<dyn std::error::Error>> {
    let mut config = SandboxConfig::new(arguments.ca);
    config.listen = arguments.listen;
    config.gost_ca = arguments.gost_ca;
    config.openssl_conf = arguments.openssl_conf;
    config.state_dir = arguments.state_dir;
    config.amqp_url = arguments.amqp_url;
    config.idocs_token = arguments.idocs_token.map(BearerToken::new);
    config.mig24_token = arguments.mig24_token.map(BearerToken::new);
    if let Some(file) = arguments.people {
        config.people = read_json(&file)?;
    }
    config
        .people
        .employees
        .extend(arguments.employees.into_iter().map(Employee::with_iin));
    if let Some(file) = arguments.behaviour {
        config.behaviour = read_json(&file)?;
    }
    if let Some(file) = arguments.fault_rules {
        config.faults = read_json::<tokensign_tests::sandbox::FaultRules>(&file)?.rules;
    }
    config.company.bin = arguments.company_bin.unwrap_or(config.company.bin);
    config.company.name = arguments.company_name.unwrap_or(config.company.name);
    let Organisation { inn, kpp, name } = config.organisation;
    config.organisation = Organisation {
        inn: arguments.org_inn.unwrap_or(inn),
        kpp: arguments.org_kpp.unwrap_or(kpp),
        name: arguments.org_name.unwrap_or(name),
    };
    Ok(config)
}

fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    let content = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&content).map_err(|error| format!("{}: {error}", file.display()))
}
