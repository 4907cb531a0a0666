//! tokensign: a signing agent for hardware tokens.
//!
//! The rooms of the house, lowest floor first. A room uses the floors below it, never one above or beside; a test over
//! the imports (`tests/floors.rs`) keeps it so.
//!
//! | floor | room | owns |
//! |---|---|---|
//! | 1 | [`certificate`] | X.509 reading: identity, key usage, validity, selection |
//! | 1 | [`cms`] | bytes in, bytes out: signed attributes, SignedData, algorithms, verification |
//! | 1 | [`config`], [`messages`], [`platform`] | configuration, the error catalogue and texts, the operating system |
//! | 2 | [`secrets`] | where bearer tokens come from |
//! | 2 | [`store`] | SQLite: jobs, approvals, grants, applications, the audit chain |
//! | 2 | [`time_and_revocation`] | timestamps, OCSP and revocation lists over HTTP |
//! | 2 | [`amqp`] | AMQP 0-9-1 for a consumer: connect, take messages, acknowledge |
//! | 2 | [`preview`] | what a document says, drawn in a sealed process |
//! | 2 | [`http_client`] | HTTP to the services: TLS, limits, the bearer token, classes of failure |
//! | 3 | [`consent`] | the desk of waiting questions, approvals, grants |
//! | 4 | [`token`] | one worker process per PKCS#11 module, inventory, PIN state, signing |
//! | 4 | [`jobs`] | the durable step engine |
//! | 5 | [`signing`] | the one use case: every signature is made here |
//! | 5 | [`service_profiles`] | the configured profiles of a service with their clients, and what they say of their jobs |
//! | 6 | [`idocs`], [`mig24`] | each: a typed client and its durable scenarios |
//! | 7 | [`endpoint`], [`prompters`] | the local HTTP endpoint with its guard, and the ways to reach the person |
//! | 8 | [`cli`] | commands |

pub mod amqp;
pub mod certificate;
pub mod cli;
pub mod cms;
pub mod config;
pub mod consent;
pub mod endpoint;
pub mod http_client;
pub mod idocs;
pub mod jobs;
pub mod messages;
pub mod mig24;
pub mod platform;
pub mod preview;
pub mod prompters;
pub mod secrets;
pub mod service_profiles;
pub mod signing;
pub mod store;
pub mod time_and_revocation;
pub mod token;
