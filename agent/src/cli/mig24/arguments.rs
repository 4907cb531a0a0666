use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::cli::arguments::{Scenario, Signer};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Mig24 {
    /// Send files as a new package group and sign them.
    Send(SendFiles),
    /// Sign a package group that is in EDO.MIG24.
    Sign(Sign),
    /// Have EDO.MIG24 sign a package group with a key that it keeps, or send an employee a link.
    SignRemotely(SignRemotely),
    /// Show what EDO.MIG24 gives to be signed and how it is read; nothing is signed.
    Explain(Explain),
    /// Show a package group's state.
    Status {
        /// The package group's id.
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Documents that are stored in EDO.MIG24.
    #[command(subcommand)]
    Documents(Documents),
    /// Package groups that are not signed yet.
    #[command(subcommand)]
    Groups(Groups),
    /// Packages: documents with what belongs to them.
    #[command(subcommand)]
    Packages(Packages),
    /// List the employees of the organisation, or show one.
    Employees {
        /// Only this one, by id.
        #[arg(value_name = "ID")]
        employee: Option<String>,
        /// The organisation's id at the service; the profile's when absent.
        #[arg(long, value_name = "ID")]
        organization: Option<String>,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// List the organisations with which invitations were exchanged.
    Counterparties {
        #[command(flatten)]
        profile: ProfileName,
    },
    /// List invitations to exchange documents.
    Invitations {
        /// Those that went instead of those that came.
        #[arg(long)]
        outgoing: bool,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// List the operators with which EDO.MIG24 exchanges documents.
    Operators {
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Show what arrives in the organisation's queues, as it comes.
    Watch(Watch),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ProfileName {
    /// The profile in the configuration; needed when there are several.
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
}

/// What every command takes that changes something.
#[derive(Args, Debug)]
pub(in crate::cli) struct Rehearsal {
    /// Only say what would be sent and signed.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Recipient {
    /// The recipient's subscriber code.
    #[arg(long = "recipient", value_name = "CODE", required_unless_present = "inn")]
    pub(super) code: Option<String>,
    /// The recipient by its details: its INN.
    #[arg(
        long = "recipient-inn",
        value_name = "INN",
        conflicts_with = "code",
        requires = "email"
    )]
    pub(super) inn: Option<String>,
    /// The recipient's name.
    #[arg(long = "recipient-name", value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The recipient's e-mail address.
    #[arg(long = "recipient-email", value_name = "EMAIL")]
    pub(super) email: Option<String>,
    /// The recipient's KPP.
    #[arg(long = "recipient-kpp", value_name = "KPP")]
    pub(super) kpp: Option<String>,
    /// The recipient's OGRN.
    #[arg(long = "recipient-ogrn", value_name = "OGRN")]
    pub(super) ogrn: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SendFiles {
    /// The files, 10,000 at most. Patterns with * and ? are understood.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    #[command(flatten)]
    pub(super) recipient: Recipient,
    /// Files that the recipient need not sign; each is one of FILE. Patterns are understood here too.
    #[arg(long, value_name = "FILE")]
    pub(super) unsigned_by_recipient: Vec<PathBuf>,
    /// The power of attorney (МЧД) to sign by.
    #[arg(long, value_name = "ID")]
    pub(super) mchd: Option<String>,
    #[command(flatten)]
    pub(super) rehearsal: Rehearsal,
}

/// A package group, and by what power it is signed.
#[derive(Args, Debug)]
pub(in crate::cli) struct GroupToSign {
    /// The package group's id.
    #[arg(value_name = "GROUP")]
    pub(super) group: String,
    /// The power of attorney (МЧД) to sign by.
    #[arg(long, value_name = "ID")]
    pub(super) mchd: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Sign {
    #[command(flatten)]
    pub(super) what: GroupToSign,
    #[command(flatten)]
    pub(super) scenario: Scenario,
    #[command(flatten)]
    pub(super) rehearsal: Rehearsal,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SignRemotely {
    /// The package group's id.
    #[arg(value_name = "GROUP")]
    pub(super) group: String,
    /// The employee who signs, by id: with the certificate that the service keeps, or by a link.
    #[arg(long, value_name = "ID", required_unless_present = "container")]
    pub(super) user: Option<String>,
    /// The name of the container that signs.
    #[arg(long, value_name = "NAME", conflicts_with = "user")]
    pub(super) container: Option<String>,
    /// The power of attorney (МЧД) that goes with the container.
    #[arg(long, value_name = "ID", requires = "container")]
    pub(super) mchd: Option<String>,
    #[command(flatten)]
    pub(super) profile: ProfileName,
    /// Start it and do not wait: the question is answered elsewhere.
    #[arg(long)]
    pub(super) detach: bool,
    #[command(flatten)]
    pub(super) rehearsal: Rehearsal,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Explain {
    #[command(flatten)]
    pub(super) what: GroupToSign,
    #[command(flatten)]
    pub(super) signer: Signer,
    #[command(flatten)]
    pub(super) profile: ProfileName,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Documents {
    /// List them.
    List {
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Show one.
    Show {
        /// The document's id.
        #[arg(value_name = "DOCUMENT")]
        document: String,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Store files; nothing is signed or sent.
    Upload(Upload),
    /// Store a universal transfer document (УПД) from a JSON file; nothing is signed or sent.
    UploadUpd(UploadUpd),
    /// Save a document's file, or a signature's by its id.
    Download {
        /// The document's id.
        #[arg(value_name = "DOCUMENT")]
        document: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Save the picture (PDF) of an uploaded УПД.
    Visualize {
        /// The picture's id, from the queue of visualisations.
        #[arg(value_name = "ID")]
        picture: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        profile: ProfileName,
    },
}

/// Where a download goes.
#[derive(Args, Debug)]
pub(in crate::cli) struct Target {
    /// The file to write, or a directory; - for stdout. Without it a file of the service's name for it.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Upload {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The document's GUID, for a single file; made up when absent.
    #[arg(long, value_name = "GUID")]
    pub(super) id: Option<Uuid>,
    /// How they are stored; otherwise XML is detected and all else informal.
    #[arg(long, value_enum)]
    pub(super) form: Option<Form>,
    #[command(flatten)]
    pub(super) profile: ProfileName,
    #[command(flatten)]
    pub(super) rehearsal: Rehearsal,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Form {
    /// Any file, as it is.
    Informal,
    /// The service tells the type.
    Detected,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct UploadUpd {
    /// The JSON file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The document's GUID when the file has none; made up when absent.
    #[arg(long, value_name = "GUID")]
    pub(super) id: Option<Uuid>,
    #[command(flatten)]
    pub(super) profile: ProfileName,
    #[command(flatten)]
    pub(super) rehearsal: Rehearsal,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Groups {
    /// Make a group of stored documents.
    Create {
        #[command(flatten)]
        documents: GroupDocuments,
        #[command(flatten)]
        recipient: Recipient,
        #[command(flatten)]
        profile: ProfileName,
        #[command(flatten)]
        rehearsal: Rehearsal,
    },
    /// Replace a group's recipient and documents.
    Update {
        /// The package group's id.
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        documents: GroupDocuments,
        #[command(flatten)]
        recipient: Recipient,
        #[command(flatten)]
        profile: ProfileName,
        #[command(flatten)]
        rehearsal: Rehearsal,
    },
    /// Add stored documents to a group.
    Add {
        /// The package group's id.
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        documents: GroupDocuments,
        #[command(flatten)]
        profile: ProfileName,
        #[command(flatten)]
        rehearsal: Rehearsal,
    },
    /// Delete a group.
    Delete {
        /// The package group's id.
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        profile: ProfileName,
        #[command(flatten)]
        rehearsal: Rehearsal,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct GroupDocuments {
    /// The ids of documents that the recipient signs.
    #[arg(value_name = "DOCUMENT", required_unless_present = "unsigned_by_recipient")]
    pub(super) documents: Vec<String>,
    /// The id of a document that the recipient need not sign; may be repeated.
    #[arg(long, value_name = "DOCUMENT")]
    pub(super) unsigned_by_recipient: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Packages {
    /// Show one.
    Show {
        /// The package's id.
        #[arg(value_name = "PACKAGE")]
        package: String,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Save what belongs to one: document, signatures, receipts.
    Download {
        /// The package's id.
        #[arg(value_name = "PACKAGE")]
        package: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        profile: ProfileName,
    },
    /// Ask for one's state to be sent to the organisation's queue.
    RequestStatus {
        /// The package's id.
        #[arg(value_name = "PACKAGE")]
        package: String,
        #[command(flatten)]
        rehearsal: Rehearsal,
        #[command(flatten)]
        profile: ProfileName,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Watch {
    /// Begin behind this number; without it with everything that is stored.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) after: i64,
    /// Show what is there and end.
    #[arg(long)]
    pub(super) once: bool,
    #[command(flatten)]
    pub(super) profile: ProfileName,
}
