//! Everything that differs by operating system, behind one interface: clocks, peer identity, the runtime directory, private
//! files, opening a link, hardening, the local transport. No other room has a `#[cfg]` for a system.

mod clock;

pub use clock::{Deadline, boot_id, boottime};
