//! Throw-away tokens.
