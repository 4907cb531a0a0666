use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::arguments::Scenario;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Idocs {
    /// Send files as new documents, sign them and start their routes.
    Send(SendFiles),
    /// Sign documents that are in iDocs.
    Sign(Sign),
    /// Sign what waits in the inbox.
    SignInbox(SignInbox),
    /// List what waits in the inbox.
    Inbox(List),
    /// List documents.
    Documents(ListDocuments),
    /// Show a document with its route.
    Show(OneDocument),
    /// Show a document's state.
    Status {
        /// The document's id.
        document: String,
        #[command(flatten)]
        profile: Profile,
    },
    /// Fetch a document's print form.
    PrintForm(Fetch),
    /// Fetch a document's archive: its original files, print form and signatures.
    Archive(Fetch),
    /// Fetch many documents, prepared in bulk.
    Download(Download),
    /// Make a draft of files; nothing is signed or sent.
    Draft(Draft),
    /// Give a document its route, or many documents theirs.
    Route(Route),
    /// Show the organisation that the profile's token belongs to.
    Company(Profile),
    /// List the organisation's employees.
    Employees(Profile),
    /// Show what an employee may do.
    Permissions {
        /// The employee's id.
        employee: String,
        #[command(flatten)]
        profile: Profile,
    },
    /// List operations in bulk.
    Operations(List),
    /// Have changes of documents told to an address of yours; it replaces the one before.
    Subscribe {
        /// The address, https.
        url: String,
        /// Say what would be sent, and do nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        profile: Profile,
    },
}

/// Which profile.
#[derive(Args, Debug)]
pub(in crate::cli) struct Profile {
    /// The profile in the configuration; needed when there are several.
    #[arg(id = "profile", long, value_name = "PROFILE")]
    pub(super) name: Option<String>,
}

/// What stands on a document.
#[derive(Args, Debug)]
pub(in crate::cli) struct Paper {
    /// The document's number. Where each of several files becomes a document, {n} stands for 1, 2, … and {name} for the file's name
    /// without its ending.
    #[arg(long)]
    pub(super) number: String,
    /// The document's date, YYYY-MM-DD.
    #[arg(long)]
    pub(super) date: String,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SendFiles {
    /// The files; each becomes a document. Patterns with * and ? are understood.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    /// The document's name; without it the file's. For several files {name} stands for the file's name without its ending.
    #[arg(long)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) paper: Paper,
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
    /// Say what would be sent and signed, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Sign {
    /// The documents' ids.
    #[arg(value_name = "DOCUMENT", required = true)]
    pub(super) documents: Vec<String>,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    /// Whether the documents come or go.
    #[arg(long, value_enum, default_value_t = Direction::Outgoing)]
    pub(super) direction: Direction,
    /// The employee who signs; without it found by the certificate's IIN.
    #[arg(long, value_name = "ID")]
    pub(super) employee: Option<String>,
    /// Say what would be signed, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SignInbox {
    #[command(flatten)]
    pub(super) scenario: Scenario,
    /// Documents dated from this day on, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub(super) from: Option<String>,
    /// Documents dated to this day, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub(super) to: Option<String>,
    /// Documents in this state instead of IN_NEW; may be repeated.
    #[arg(long, value_name = "STATE")]
    pub(super) status: Vec<String>,
    /// At most so many.
    #[arg(long)]
    pub(super) limit: Option<usize>,
    /// The employee who signs; without it found by the certificate's IIN.
    #[arg(long, value_name = "ID")]
    pub(super) employee: Option<String>,
    /// List what would be signed, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// A page of something.
#[derive(Args, Debug)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    pub(super) profile: Profile,
    /// Pass over so many.
    #[arg(long, default_value_t = 0)]
    pub(super) skip: usize,
    /// List at most so many.
    #[arg(long, default_value_t = 50)]
    pub(super) top: usize,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ListDocuments {
    #[command(flatten)]
    pub(super) page: List,
    /// Whether the documents come or go.
    #[arg(long, value_enum, default_value_t = Direction::Outgoing)]
    pub(super) direction: Direction,
    /// Only in this state (DRAFT, SENT_BY_SENDER, …); may be repeated.
    #[arg(long, value_name = "STATE")]
    pub(super) status: Vec<String>,
    /// Dated from this day on, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub(super) from: Option<String>,
    /// Dated to this day, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub(super) to: Option<String>,
    /// Only of this author.
    #[arg(long, value_name = "EMPLOYEE")]
    pub(super) author: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct OneDocument {
    /// The document's id.
    pub(super) document: String,
    /// Whether the document comes or goes.
    #[arg(long, value_enum, default_value_t = Direction::Outgoing)]
    pub(super) direction: Direction,
    #[command(flatten)]
    pub(super) profile: Profile,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Fetch {
    /// The document's id.
    pub(super) document: String,
    #[command(flatten)]
    pub(super) profile: Profile,
    /// Where the file goes: a file or a directory. Without it the document's id with an ending, here.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Download {
    /// The documents' ids.
    #[arg(value_name = "DOCUMENT", required = true)]
    pub(super) documents: Vec<String>,
    #[command(flatten)]
    pub(super) profile: Profile,
    /// For which employee.
    #[arg(long, value_name = "ID")]
    pub(super) employee: Option<String>,
    /// The directory for the files; without it this one.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite files that are there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Draft {
    /// The document's files. Patterns with * and ? are understood.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) profile: Profile,
    /// For the organisation itself instead of a counterparty.
    #[arg(long)]
    pub(super) internal: bool,
    /// The document's name; without it the first file's.
    #[arg(long)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) paper: Paper,
    /// The document group: Accounting, Financial, Legal, Constitutive, HR, Paperwork, Purchase, Warehouse, Organizational or General.
    #[arg(long, default_value = "General")]
    pub(super) group: String,
    /// The employee who makes it.
    #[arg(long, value_name = "ID")]
    pub(super) author: Option<String>,
    /// Say what would be sent, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Route {
    /// The document's id.
    #[arg(value_name = "DOCUMENT", required_unless_present = "file", conflicts_with = "file")]
    pub(super) document: Option<String>,
    /// Routes of many documents instead: JSON as for POST /v1/idocs/{profile}/routes.
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) profile: Profile,
    /// Which kind of route.
    #[arg(long, value_enum, default_value_t = RouteKind::Quick)]
    pub(super) kind: RouteKind,
    /// The employee who makes the route.
    #[arg(long, value_name = "ID", required_unless_present = "file")]
    pub(super) employee: Option<String>,
    /// In which order the stations act.
    #[arg(long, value_enum, default_value_t = Order::None)]
    pub(super) order: Order,
    /// A counterparty's BIN; may be repeated.
    #[arg(long, value_name = "BIN")]
    pub(super) counterparty: Vec<String>,
    /// Whom to notify at the counterparty, when there is one; may be repeated.
    #[arg(long, value_name = "EMAIL")]
    pub(super) email: Vec<String>,
    /// A comment for the counterparties.
    #[arg(long)]
    pub(super) comment: Option<String>,
    /// An employee and what they shall do: ID:sign, ID:approve, ID:inform or ID:reject; may be repeated.
    #[arg(long, value_name = "ID:ACTION")]
    pub(super) act: Vec<String>,
    /// Say what would be sent, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Direction {
    /// Ours, to the counterparty.
    Outgoing,
    /// The counterparty's, to us.
    Incoming,
}

impl Direction {
    /// The face's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Outgoing => "outgoing",
            Self::Incoming => "incoming",
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum RouteKind {
    /// Of an outgoing draft, to counterparties.
    Quick,
    /// Of an outgoing draft, through the organisation and to counterparties.
    Outgoing,
    /// Of an incoming document, through the organisation.
    Incoming,
    /// Of an internal document.
    Internal,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Order {
    /// Not said.
    None,
    /// All at once.
    Parallel,
    /// One after the other.
    Sequential,
}
