//! `edo-sandbox`: stand-ins for the iDocs Integration API V3 and the EDO.MIG24 API over real HTTP.
//!
//! The sandbox keeps state like the services do, issues its own tickets, and accepts a signature only after OpenSSL has
//! verified it against the exact bytes and a test CA. Everything that took effect is written to a log with its time, so a
//! test can prove that nothing was created, saved or finished twice. `tests/sandbox/README.md` is the manual.
//!
//! What belongs here: the two services ([`idocs`], [`mig24`]), faults by rule, the log of effects, the control API under
//! `/_sandbox/`, and the handles by which tests start it: [`Sandbox`] in this process, [`SandboxProcess`] as a child.
//! What does not: anything of the agent. The sandbox shares no code with the client it judges.

mod app;
mod bearer;
mod behaviour;
mod call;
mod clock;
mod config;
mod connection;
mod control;
mod effects;
mod error_style;
mod fault_layer;
mod faults;
mod idocs;
mod mig24;
mod process;
mod request_log;
mod server;
mod storage;
mod summary;
mod verification;

#[cfg(test)]
mod tests;

pub use bearer::BearerToken;
pub use behaviour::{
    Behaviour, DownloadLink, ErrorStyle, HashEncoding, HashKind, IdocsBehaviour, JsonLabel, Mig24Behaviour,
    PrepareAnswer, PrepareLayout, SignatureForm,
};
pub use config::{Company, Employee, Organisation, People, SandboxConfig, User};
pub use control::{InboxDocumentSeed, SeedFile};
pub use effects::{Effect, Happened, PreparedDigest, Service};
pub use faults::{Action, FaultRule, FaultRules, FaultState, RedeliveredAnswer, When};
pub use process::{ControlClient, ControlError, SandboxProcess};
pub use request_log::{Authorization, LoggedRequest};
pub use server::{Announcement, RunningSandbox, Sandbox, StartError};
pub use summary::{DocumentSummary, Duplicate, DuplicateKind, GroupSummary, IdocsSummary, Mig24Summary, Summary};
