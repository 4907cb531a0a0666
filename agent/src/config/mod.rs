//! Typed configuration and its layers: built-in < `/etc/tokensign/tokensign.toml` + `conf.d` < the user's < flags.
//!
//! Belongs here: the types, reading and merging the files, locked keys, and the checks that need no I/O elsewhere.
//! Does not belong here: opening what the configuration names.

mod added_modules;
mod check;
mod directories;
mod layers;
mod mig24_queue;
mod mig24_shapes;
mod model;
mod timestamp;

pub use added_modules::AddedModules;
pub use directories::Directories;
pub use layers::Layers;
pub use mig24_queue::{Mig24Queue, Mig24QueueNames};
pub use mig24_shapes::{
    CertificateEncoding, FinishItems, FinishShape, GroupIdBy, GroupShape, Mig24Shapes, PrepareShape, RemoteShape,
    UploadShape, Verb,
};
pub use model::{
    AgentConfig, ApplicationConfig, CertificatePolicy, Config, DiscoveryConfig, EndpointConfig, GrantsConfig, HashKind,
    IdocsProfile, LockedConfig, Mig24Profile, ModuleConfig, RetryConfig, ServiceConfig, ServiceProfile, TokenSource,
    VerificationConfig, WebhooksConfig,
};
pub use timestamp::{ProfileTimestamp, TimestampConfig, TimestampLevel};
