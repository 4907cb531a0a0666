//! The `softhsm-fixtures` command.
fn main() {}
