//! tokensign: a signing agent for hardware tokens.

pub mod certificate;
pub mod cms;
