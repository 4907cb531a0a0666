//! The `tokensign` command.
fn main() {}
