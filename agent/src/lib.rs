//! tokensign: a signing agent for hardware tokens.
pub mod platform;
