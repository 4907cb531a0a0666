//! Everything that differs by operating system, behind one interface: clocks, peer identity, the runtime directory, private
//! files, opening a link, hardening, the local transport. No other room has a `#[cfg]` for a system.

mod clock;
#[cfg(unix)]
mod dbus_signals;
mod directories;
mod hardening;
mod journal;
mod keyring;
mod link;
mod local;
mod network_filesystem;
mod peer;
mod private;
mod process;
mod screen_lock;
mod sealed_reader;
mod signal;
mod socket_clients;
#[cfg(target_os = "linux")]
mod socket_diagnostics;
#[cfg(target_os = "linux")]
mod socket_table;
mod terminal;
mod user;
mod worker;
mod worker_confinement;
mod worker_module_file;

pub use clock::{Deadline, boot_id, boottime, slept};
pub use directories::{
    socket_path, system_config_directory, user_config_directory, user_runtime_directory, user_state_directory,
};
pub use hardening::{dump_no_core, keep_memory_private, renounce_new_privileges};
pub use journal::note_in_journal;
pub use keyring::{KeyringError, read_keyring};
pub use link::{OpenLinkError, find_program, has_desktop_session, open_link};
pub use local::{LocalListener, LocalStream, http_over_socket};
pub use network_filesystem::is_network_filesystem;
pub use peer::{Peer, Process, tcp_peer};
pub use private::{
    create_private_file, ensure_private_directory, file_version, make_private_directory, open_private_file,
    read_private_file, sync_directory, write_private_file, write_result_file, write_result_file_with,
};
pub use process::{NotAProcessIdentity, ProcessIdentity, is_running};
pub use screen_lock::{ScreenLocks, SessionEvent};
pub use sealed_reader::{SealLimits, seal, spawn_reader, standard_input_file};
pub use signal::{interrupt, kill_self, shutdown_signal};
pub use socket_clients::clients_of_socket;
pub use terminal::{Terminal, Typed};
pub use user::current_uid;
pub use worker::{
    AgentChannel, WorkerChannel, WorkerCommand, WorkerProcess, adopt_channel, describe_exit, end_process, own_program,
    spawn_worker,
};
pub use worker_confinement::{Confined, ConfinementError, confine};
pub use worker_module_file::{ModuleFileError, check_configuration_file, check_module_file};
