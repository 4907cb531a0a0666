//! EDO.MIG24 (Russia): the typed client of its API and the durable scenarios that sign and send package groups.
//!
//! Belongs here: the paths and shapes of that API, what is asked of it in which order, and what is done when an answer is lost.
//! Does not belong here: how a signature comes about, and who asked for it.

mod client;
mod documents;
mod hash_value;
mod input;
mod model;
mod package_group;
mod readings;
mod removal;
mod service;
mod shapes;

pub use client::{DocumentForm, Mig24Client};
pub use input::{DocumentToSend, GroupToSend, SendGroup, SignGroup, SpooledFile};
pub use model::{GroupDocument, GroupInfo, Recipient, RecipientOrganisation, Signedness, User};
pub use package_group::{PACKAGE_GROUP, SEND};
pub use removal::REMOVAL;
pub use service::Mig24;
pub use shapes::{Prepared, PreparedItem};
