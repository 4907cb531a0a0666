//! The profiles of the configuration that lead to a service: each by its name, with its settings and its client.
//!
//! Belongs here: the registry that iDocs and MIG24 share, how a profile's bearer token is fetched, what a profile says of its
//! jobs ([`crate::jobs::Terms`]). Does not belong here: which calls a client makes, and what a scenario does with them.

mod profile;
mod registry;

pub use profile::Profile;
pub use registry::Profiles;
