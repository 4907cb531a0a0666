//! PKCS#11 tokens: one worker process a module, its supervisor, the inventory, PIN state, signing.
//!
//! Belongs here: everything that a vendor's library and its token do and fail to do. [`worker`] is the only place where such a
//! library is loaded, and runs in a process of its own; the rest is the agent's side of it. Does not belong here: documents, CMS,
//! HTTP, asking the person.
//!
//! [`Fleet`] is the way in. It signs [`Authorised`] values only: each was matched with an approval of the consent room.

mod authorised;
mod batch;
mod ckr;
mod connection;
mod discovery;
mod duplicates;
mod error;
mod fleet;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod inventory;
mod item;
mod keeper;
mod kept_logins;
mod launch;
mod output;
mod p11_kit;
mod pin;
mod presence;
mod progress;
mod protocol;
mod reader_list;
mod reader_watch;
mod readers;
mod refused_pins;
mod serving;
mod spawner;
mod supervision;
pub mod worker;

pub use authorised::Authorised;
pub use batch::{Batch, Outcome, Signatures, Unsigned};
pub use ckr::Ckr;
pub use discovery::{Discovery, Origin};
pub use error::TokenError;
pub use fleet::{Fleet, FleetOptions, Preferred};
pub use inventory::{Inventory, ModuleState, ModuleStatus, Token, TokenCertificate, TokenId};
pub use item::Value;
pub use launch::{Deadlines, ModuleSpec};
pub use p11_kit::P11KitDirectories;
pub use pin::{PinState, PinStatus};
pub use presence::{Family, Install, Presence, ReaderStatus};
pub use protocol::{KeyPresence, Library};
pub use reader_watch::ReaderWatch;
pub use readers::{Card, Interrupter, Reader, ReaderService, ReadersError, Wake};
pub use supervision::CrashPolicy;
