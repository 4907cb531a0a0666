use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use uuid::Uuid;

use super::idocs::Idocs;
use super::mig24::Mig24;
use super::pin_source::PinSource;
use crate::messages::Language;
use crate::preview;
use crate::token::worker;

/// Signs with hardware tokens: every signature is shown to a person first.
#[derive(Debug, Parser)]
#[command(name = "tokensign", version, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 not understood, 3 refused by the person, 4 token or PIN, 5 service.\n\
                        Environment: TOKENSIGN_CONFIG (a configuration file), TOKENSIGN_LOG (a log level, or levels by module)."
)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Args, Debug)]
pub(super) struct Global {
    /// A configuration file instead of the system's and the user's.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print one JSON value on stdout, and errors as problem JSON on stderr.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// The language of texts: en, kk or ru (otherwise that of the environment).
    #[arg(long, global = true)]
    pub(super) language: Option<Language>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the agent in the foreground until it is told to end.
    Serve(Serve),
    /// Show whether the agent runs and what it waits for.
    Status,
    /// List the tokens that are plugged in.
    Tokens(Tokens),
    /// List certificates and what each may be used for.
    Certs(Certs),
    /// Sign files; each signature is written beside its file.
    Sign(Sign),
    /// Verify a signature.
    Verify(Verify),
    /// Add timestamps to a signature that has none.
    Timestamp(Timestamp),
    /// Sign and send documents in iDocs.
    #[command(subcommand)]
    Idocs(Idocs),
    /// Sign and send package groups in EDO.MIG24.
    #[command(subcommand)]
    Mig24(Mig24),
    /// Answer the questions that wait for you.
    Approve(Approve),
    /// Open the page on which questions are answered.
    Open(Open),
    /// End every remembered permission and every login to a token.
    Lock,
    /// Programs that are connected.
    #[command(subcommand)]
    Apps(Apps),
    /// Permissions that you had remembered.
    #[command(subcommand)]
    Grants(Grants),
    /// Work in hand and its outcome.
    #[command(subcommand)]
    Jobs(Jobs),
    /// The record of what was asked, decided and signed.
    #[command(subcommand)]
    Audit(Audit),
    /// PKCS#11 modules, the drivers of tokens.
    #[command(subcommand)]
    Modules(Modules),
    /// Look for what could keep tokensign from working.
    Doctor,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Serves one PKCS#11 module to the agent that started it.
    #[command(hide = true)]
    Worker(worker::Arguments),
    /// Shows the document on its standard input to the agent that started it.
    #[command(hide = true)]
    PreviewWorker(preview::Arguments),
}

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The loopback address and port; without it 127.0.0.1:9482, or the first free port of 9483–9499.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// Listen on the Unix socket only.
    #[arg(long, conflicts_with = "listen")]
    pub(super) no_tcp: bool,
    /// How log lines are written on stderr.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Args, Debug)]
pub(super) struct Tokens {
    /// Go on and tell of every token that is plugged in or pulled out, until broken off.
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Args, Debug)]
pub(super) struct Certs {
    /// Only certificates that fit: a fingerprint's beginning, a PKCS#11 URI, or filters such as iin=…,bin=….
    #[arg(value_name = "SELECTOR")]
    pub(super) selector: Option<String>,
    /// Only certificates for this purpose.
    #[arg(long, value_enum)]
    pub(super) purpose: Option<Purpose>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Purpose {
    /// Signing documents.
    Signature,
    /// Logging in.
    Authentication,
}

/// With which certificate, and where the PIN comes from.
#[derive(Args, Debug)]
pub(super) struct Signer {
    /// The certificate: a fingerprint's beginning, a PKCS#11 URI, or filters such as iin=…,bin=….
    #[arg(long = "cert", value_name = "SELECTOR")]
    pub(super) certificate: Option<String>,
    /// Where the PIN comes from: prompt, pinentry, env:NAME or file:PATH. The last two work only for certificates that the
    /// configuration names unattended.
    #[arg(long, value_name = "SOURCE", default_value = "prompt")]
    pub(super) pin_source: PinSource,
}

#[derive(Args, Debug)]
pub(super) struct Sign {
    /// The files to sign; - for stdin, with --out.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) signer: Signer,
    /// The signature's format.
    #[arg(long, value_enum, default_value_t = Format::CadesB)]
    pub(super) format: Format,
    /// Put the content into the signature.
    #[arg(long)]
    pub(super) attached: bool,
    /// Put the known certificates of the chain into the signature.
    #[arg(long)]
    pub(super) include_chain: bool,
    /// Add the signature to this one over the same file; what is in it stays as it is. The result goes to --out.
    #[arg(long, value_name = "SIGNATURE", requires = "out", conflicts_with = "attached")]
    pub(super) add_to: Option<PathBuf>,
    /// How the signature is written.
    #[arg(long, value_enum, default_value_t = Encoding::Der)]
    pub(super) encoding: Encoding,
    /// Where the signature goes: a file, or a directory; - for stdout. Without it FILE.p7s.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite a signature that is there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// CAdES baseline B (ETSI EN 319 122-1).
    CadesB,
    /// CAdES baseline T: with a timestamp.
    CadesT,
    /// CMS (RFC 5652); what is made is a CAdES-B signature, which is one.
    Cms,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Encoding {
    /// Bytes.
    Der,
    /// Text between BEGIN CMS and END CMS (RFC 7468).
    Pem,
    /// Base64 on one line.
    Base64,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The signature: DER, PEM or base64.
    #[arg(value_name = "SIGNATURE")]
    pub(super) signature: PathBuf,
    /// The signed file; without it SIGNATURE without .p7s, if there is such a file.
    #[arg(long, value_name = "FILE")]
    pub(super) content: Option<PathBuf>,
    /// A root certificate to trust (PEM); may be repeated.
    #[arg(long = "root", value_name = "FILE")]
    pub(super) roots: Vec<PathBuf>,
    /// Ask the issuers of the certificates whether they were revoked (OCSP, revocation lists); only then anything is fetched.
    #[arg(long)]
    pub(super) revocation: bool,
}

#[derive(Args, Debug)]
pub(super) struct Timestamp {
    /// The signature: DER, PEM or base64.
    #[arg(value_name = "SIGNATURE")]
    pub(super) signature: PathBuf,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Encoding::Der)]
    pub(super) encoding: Encoding,
    /// Where the result goes: a file, or - for stdout.
    #[arg(long, value_name = "PATH")]
    pub(super) out: PathBuf,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub(super) force: bool,
}

/// What the scenarios of both services take.
#[derive(Args, Debug)]
pub(super) struct Scenario {
    /// The profile in the configuration; needed when there are several.
    #[arg(long)]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) signer: Signer,
    /// Start it and do not wait: questions are answered elsewhere.
    #[arg(long)]
    pub(super) detach: bool,
}

#[derive(Args, Debug)]
pub(super) struct Approve {
    /// Only this question.
    #[arg(conflicts_with = "watch")]
    pub(super) question: Option<Uuid>,
    /// Go on waiting for questions and answer them as they come.
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Args, Debug)]
pub(super) struct Open {
    /// Print the one-time link instead of opening it.
    #[arg(long)]
    pub(super) print: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Apps {
    /// List them.
    List,
    /// End a program's connection.
    Revoke {
        /// The program's id from the list.
        id: Uuid,
    },
    /// Give a program another name.
    Rename {
        /// The program's id from the list.
        id: Uuid,
        /// The new name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Grants {
    /// List those that hold.
    List,
    /// End one.
    Revoke {
        /// Its id from the list.
        id: Uuid,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    /// List them, the newest first.
    List(JobsList),
    /// Show one with its steps.
    Show {
        /// The job's id.
        id: Uuid,
    },
    /// Take up one that stopped.
    Retry {
        /// The job's id.
        id: Uuid,
    },
    /// Say of one that stopped whether the step in doubt happened at the service; look there first.
    Settle(JobsSettle),
    /// Cancel one that is not closed.
    Cancel {
        /// The job's id.
        id: Uuid,
    },
    /// Remove at the service what one left there.
    RemoveLeft {
        /// The job's id.
        id: Uuid,
    },
    /// Write what proves one into a new folder: signatures, documents as long as they are kept, audit entries.
    Export {
        /// The job's id.
        id: Uuid,
        /// The folder; it is made.
        #[arg(long, value_name = "PATH")]
        dir: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(super) struct JobsList {
    /// Only what is not closed.
    #[arg(long)]
    pub(super) open: bool,
    /// Only of this state: running, stopped, finished, failed, refused or cancelled.
    #[arg(long)]
    pub(super) state: Option<String>,
    /// Only started on this day (2026-11-22) or at this time (RFC 3339), or later.
    #[arg(long, value_name = "DAY")]
    pub(super) since: Option<String>,
    /// Only started before this day or time.
    #[arg(long, value_name = "DAY")]
    pub(super) until: Option<String>,
    /// Only with a document whose name or number holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) name: Option<String>,
    /// Only with a counterparty whose name, BIN, INN or code holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) counterparty: Option<String>,
    /// Only with this id at the service, or this digest in base64.
    #[arg(long, value_name = "ID")]
    pub(super) reference: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    pub(super) limit: u32,
    /// Only started before this job: the next page of a list that ended with it.
    #[arg(long, value_name = "ID")]
    pub(super) before: Option<Uuid>,
}

#[derive(Args, Debug)]
pub(super) struct JobsSettle {
    /// The job's id.
    pub(super) id: Uuid,
    /// It happened: the step counts as done.
    #[arg(long, required_unless_present = "did_not", conflicts_with = "did_not")]
    pub(super) happened: bool,
    /// It did not happen: the step is begun again.
    #[arg(long)]
    pub(super) did_not: bool,
    /// Which step, where several are in doubt.
    #[arg(long)]
    pub(super) step: Option<String>,
    /// What the step brought about, where it needs it (the id that the service gave).
    #[arg(long, value_name = "ID", requires = "happened")]
    pub(super) result: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// List the newest entries.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Show one entry whole.
    Show {
        /// Its number from the list.
        number: i64,
    },
    /// Check that no entry was changed, removed or inserted.
    Verify {
        /// Check too that the record goes on from a checkpoint: a file as the agent writes it (without a name its own), or a line of
        /// the system's journal.
        #[arg(long, value_name = "FILE", num_args = 0..=1)]
        checkpoint: Option<Option<PathBuf>>,
    },
    /// Print the whole record, the oldest entry first.
    Export {
        /// How.
        #[arg(long, value_enum, default_value_t = AuditFormat::Jsonl)]
        format: AuditFormat,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AuditFormat {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values (RFC 4180) with a heading.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(super) enum Modules {
    /// List them, with what is wrong with them.
    List,
    /// Try one in a process of its own, and keep it when it loads.
    Add(AddModule),
    /// Let go of one that was added.
    Remove {
        /// The module's file, or a PKCS#11 URI with module-path or module-name.
        path: String,
    },
    /// Take back one that was set aside, and end its worker.
    Release {
        /// The module's file, or a PKCS#11 URI with module-path or module-name.
        path: String,
    },
}

#[derive(Args, Debug)]
pub(super) struct AddModule {
    /// The module's file, or a PKCS#11 URI with module-path.
    pub(super) path: String,
    /// The token family to treat it as; recognised by the file's name without it.
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// An environment variable that the module needs; not for secrets. May be given several times.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub(super) variables: Vec<(String, String)>,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
