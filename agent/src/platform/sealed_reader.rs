//! A process that reads one open file and computes: it can open nothing, speak to nobody and start nothing.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::process::Stdio;

use super::worker_confinement::ConfinementError;
use super::{keep_memory_private, own_program, renounce_new_privileges};

/// What a sealed process may take.
#[derive(Clone, Copy, Debug)]
pub struct SealLimits {
    /// Its address space, in bytes (`RLIMIT_AS`).
    pub memory_bytes: u64,
    /// Its processor time, in seconds (`RLIMIT_CPU`); the kernel kills it then.
    pub cpu_seconds: u64,
}

/// Starts this program with `arguments`, `input` as its standard input and its standard output piped. Dropping it kills it.
///
/// It gets nothing of the agent's environment, and no descriptor besides. Must be called within a tokio runtime.
///
/// # Errors
/// The program cannot be started.
pub fn spawn_reader(arguments: &[OsString], input: File) -> io::Result<tokio::process::Child> {
    tokio::process::Command::new(own_program()?)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::from(input))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// The file that standard input is, without the buffer that the standard library puts before it.
///
/// # Errors
/// No descriptor is left.
pub fn standard_input_file() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Seals this process for the rest of its life: what is open stays usable, and that is all. Call it while the process has one
/// thread.
///
/// # Errors
/// The system knows the mechanism and refuses it.
pub fn seal(limits: SealLimits) -> Result<(), ConfinementError> {
    keep_memory_private()
        .and_then(|()| renounce_new_privileges())
        .and_then(|()| limit(limits))
        .map_err(|error| ConfinementError::new(&error))?;
    imp::seal()
}

fn limit(limits: SealLimits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [
        (Resource::As, limits.memory_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        // Pipes are no files: the answer can still be written.
        (Resource::Fsize, 0),
    ];
    for (resource, most) in limits {
        let most = Some(most);
        setrlimit(
            resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        )?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::BTreeMap;

    use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, Scope};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    use super::ConfinementError;

    /// All that a program needs that computes on what it has open: memory, its own files, time, its end. What is not in the list
    /// fails with EPERM.
    const ALLOWED: &[libc::c_long] = &[
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_newfstatat,
        libc::SYS_pread64,
        libc::SYS_read,
        libc::SYS_restart_syscall,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_sigaltstack,
        libc::SYS_statx,
        // How a program aborts itself.
        libc::SYS_tgkill,
        libc::SYS_write,
        libc::SYS_writev,
    ];

    pub(super) fn seal() -> Result<(), ConfinementError> {
        // No rule allows anything. A kernel without Landlock leaves it to the filter below, which opens nothing either.
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V6))
            .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(ABI::V6)))
            .and_then(|ruleset| ruleset.scope(Scope::AbstractUnixSocket | Scope::Signal))
            .and_then(Ruleset::create)
            .and_then(|ruleset| ruleset.restrict_self())
            .map_err(|error| ConfinementError::new(&error))?;
        let program = filter().map_err(|error| ConfinementError::new(&error))?;
        seccompiler::apply_filter(&program).map_err(|error| ConfinementError::new(&error))
    }

    fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
        let rules: BTreeMap<i64, _> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?.try_into()
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::ConfinementError;

    pub(super) fn seal() -> Result<(), ConfinementError> {
        Ok(())
    }
}
