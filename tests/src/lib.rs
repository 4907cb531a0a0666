//! Helpers of the end-to-end tests: the built programs, fixtures, a running agent, independent verifiers.

pub mod agent;
pub mod broker;
pub mod card;
mod certify;
pub mod fixtures;
pub mod kryoptic;
pub mod openssl;
pub mod programs;
pub mod sandbox;
pub mod soft_tpm;
pub mod tls_identity;
pub mod transcoding;
