//! The local HTTP endpoint: the guard, pairing, the routes, events, their description, and the page.
//!
//! Belongs here: everything between a connection and the use cases below: who may call, what a request must look like, what an
//! answer looks like. Does not belong here: deciding anything about certificates, tokens, consent or services.
//!
//! A request passes [`guard`] before any route sees it; there is no other way in. What a person sees is served as a static shell
//! (`assets/`) that holds no data and gets it with a token of its own.

mod agent;
mod announcement;
mod applications;
mod body;
mod bond;
mod bucket;
mod caller;
mod checkpoints;
mod connection;
mod credentials;
mod disconnected;
mod events;
mod extract;
mod guard;
mod heads;
mod idempotency;
mod language;
mod lingering;
mod listeners;
mod metrics;
mod module_path;
mod objects;
mod openapi;
mod page_sessions;
mod pairings;
mod permission;
mod places;
mod preference;
mod problem;
mod question_pins;
mod rates;
mod reader_events;
mod refusals;
mod routes;
mod selector;
mod shared;
mod submission;
mod visible;
mod watched;
mod webhooks;

pub use agent::{Agent, RunningAgent, StartOptions};
pub use announcement::Announcement;
