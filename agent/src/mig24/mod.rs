//! EDO.MIG24 (Russia): the typed client of its API and the durable scenarios that sign and send package groups.
//!
//! Belongs here: the paths and shapes of that API, what is asked of it in which order, and what is done when an answer is lost.
//! Does not belong here: how a signature comes about, and who asked for it.

mod client;
mod documents;
mod explain;
mod fetched;
mod group_scenario;
mod hash_value;
mod input;
mod known_group;
mod model;
mod package_group;
mod queue;
mod readings;
mod remote;
mod removal;
mod service;
mod shapes;
mod signatures;

pub use client::{DocumentForm, InvitationDirection, Mig24Client};
pub use explain::{ExplainGroup, ExplainedItem, Explanation};
pub use input::{DocumentToSend, GroupToSend, SendGroup, SignGroup, SpooledFile};
pub use model::{
    Counterparty, Delivery, DocumentInfo, Employee, GroupDocument, GroupInfo, Invitation, InvitationState, Operator,
    PackageInfo, Recipient, RecipientOrganisation, Signedness,
};
pub use package_group::{PACKAGE_GROUP, SEND};
pub use queue::{QueueEvent, QueueState, QueueStatus, QueueTopic};
pub use remote::{REMOTE_SIGNATURE, SignRemotely};
pub use removal::REMOVAL;
pub use service::Mig24;
pub use shapes::{Prepared, PreparedItem};
