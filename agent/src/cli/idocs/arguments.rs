use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::arguments::Scenario;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Idocs {
    /// Send a file as a new document, sign it and start its route.
    Send(SendFile),
    /// Sign a document that is in iDocs.
    Sign(Sign),
    /// Show a document's state.
    Status {
        /// The document's id.
        document: String,
        /// The profile in the configuration; needed when there are several.
        #[arg(long)]
        profile: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SendFile {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    /// The document's name; without it the file's.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The document's number.
    #[arg(long)]
    pub(super) number: String,
    /// The document's date, YYYY-MM-DD.
    #[arg(long)]
    pub(super) date: String,
    /// The document group: Accounting, Financial, Legal, Constitutive, HR, Paperwork, Purchase, Warehouse, Organizational or General.
    #[arg(long)]
    pub(super) group: String,
    /// The counterparty's BIN, or IIN with --individual.
    #[arg(long, value_name = "BIN")]
    pub(super) counterparty: String,
    /// Whom to notify at the counterparty; may be repeated.
    #[arg(long, value_name = "EMAIL")]
    pub(super) email: Vec<String>,
    /// The counterparty is an individual.
    #[arg(long)]
    pub(super) individual: bool,
    /// A comment for the counterparty.
    #[arg(long)]
    pub(super) comment: Option<String>,
    /// The employee who signs; without it found by the certificate's IIN.
    #[arg(long, value_name = "ID")]
    pub(super) employee: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Sign {
    /// The document's id.
    #[arg(value_name = "DOCUMENT")]
    pub(super) document: String,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    /// Whether the document comes or goes.
    #[arg(long, value_enum, default_value_t = Direction::Outgoing)]
    pub(super) direction: Direction,
    /// The employee who signs; without it found by the certificate's IIN.
    #[arg(long, value_name = "ID")]
    pub(super) employee: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Direction {
    /// Ours, to the counterparty.
    Outgoing,
    /// The counterparty's, to us.
    Incoming,
}
