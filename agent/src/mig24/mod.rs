//! EDO.MIG24 (Russia): the typed client of its API and the durable scenarios that sign and send package groups.
//!
//! Belongs here: the paths and shapes of that API, what is asked of it in which order, and what is done when an answer is lost.
//! Does not belong here: how a signature comes about, and who asked for it.

mod client;
mod hash_value;
mod model;
mod shapes;

pub use client::{DocumentForm, Mig24Client};
pub use model::{GroupDocument, GroupInfo, Recipient, RecipientOrganisation, Signedness, User};
pub use shapes::{Prepared, PreparedItem};
