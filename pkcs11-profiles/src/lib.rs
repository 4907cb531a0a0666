//! Token families as data.
