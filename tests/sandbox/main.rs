//! The `edo-sandbox` command.
fn main() {}
