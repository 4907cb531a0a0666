//! Everything that differs by operating system, behind one interface: clocks, peer identity, the runtime directory, private
//! files, opening a link, hardening, the local transport. No other room has a `#[cfg]` for a system.

mod clock;
mod private;
mod process;

pub use private::{create_private_dir, create_private_file, is_network_filesystem, open_private_file, sync_dir};
pub use process::{NotAProcessIdentity, ProcessIdentity, kill_self};
mod hardening;
mod worker;
mod worker_confinement;
mod worker_module_file;

pub use clock::{Deadline, boot_id, boottime};
pub use hardening::{keep_memory_private, renounce_new_privileges};
pub use worker::{
    AgentChannel, WorkerChannel, WorkerCommand, WorkerProcess, adopt_channel, describe_exit, end_process, own_program, spawn_worker,
};
pub use worker_confinement::{Confined, ConfinementError, confine};
pub use worker_module_file::{ModuleFileError, check_module_file};
