//! What a process that handles PINs gives up at its start.

use std::io;

/// No core dump, and no reading of this process's memory by others of the same user.
///
/// On Linux `PR_SET_DUMPABLE` 0 makes `/proc/<pid>/{mem,environ,maps,fd}` unreadable for everybody but root and refuses
/// ptrace; `RLIMIT_CORE` 0 holds everywhere.
///
/// # Errors
/// The system refuses, which no supported system does.
pub fn keep_memory_private() -> io::Result<()> {
    dump_no_core()?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// No core dump. For a client that holds a PIN for a moment: an agent reads `/proc/<pid>/exe` to say who asks, which
/// [`keep_memory_private`] would forbid it.
///
/// # Errors
/// The system refuses, which no supported system does.
pub fn dump_no_core() -> io::Result<()> {
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(rustix::process::Resource::Core, none)?;
    Ok(())
}

/// Gives up for ever the privileges that a set-user-id program would bring (`PR_SET_NO_NEW_PRIVS`).
///
/// # Errors
/// The system refuses.
pub fn renounce_new_privileges() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}
