//! Everything that differs by operating system, behind one interface: clocks, peer identity, the runtime directory, private
//! files, opening a link, hardening, the local transport. No other room has a `#[cfg]` for a system.

mod clock;
mod private;
mod process;

pub use clock::{Deadline, boot_id, boottime};
pub use private::{create_private_dir, create_private_file, is_network_filesystem, open_private_file, sync_dir};
pub use process::{NotAProcessIdentity, ProcessIdentity, kill_self};
