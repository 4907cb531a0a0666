//! Confining the process that holds a vendor library: Landlock for files and network, seccomp for system calls.

use std::path::PathBuf;

use pkcs11_profiles::Confinement;

/// What the system could do of what was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Confined {
    /// All of it.
    Fully,
    /// The kernel knows a part of it only.
    Partly,
    /// Nothing was asked, or the system offers nothing.
    Not,
}

/// Why the process cannot be confined.
#[derive(Debug, thiserror::Error)]
#[error("the worker process cannot be confined: {0}")]
pub struct ConfinementError(String);

impl ConfinementError {
    pub(super) fn new(cause: &dyn std::fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// Confines this process, and every thread that it starts afterwards, for the rest of its life.
///
/// `reads` and `writes` are directories and files beyond the system's that stay reachable at [`Confinement::Strict`]; those
/// that do not exist are passed over. Call it while the process has one thread.
///
/// # Errors
/// The kernel knows the mechanism and refuses it.
pub fn confine(level: Confinement, reads: &[PathBuf], writes: &[PathBuf]) -> Result<Confined, ConfinementError> {
    match level {
        Confinement::Off => Ok(Confined::Not),
        Confinement::NoExec => imp::forbid_system_calls(imp::Network::Open),
        Confinement::Strict => {
            let files = imp::restrict_files(reads, writes)?;
            let calls = imp::forbid_system_calls(imp::Network::LocalOnly)?;
            Ok(if files == calls { files } else { Confined::Partly })
        }
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };

    use super::{Confined, ConfinementError};

    /// The newest Landlock ABI whose rules are used; older kernels enforce what they know.
    const LANDLOCK: ABI = ABI::V6;

    /// What every module may read: libraries, configuration, sockets of pcscd and udev, its own process.
    const SYSTEM: &[&str] = &[
        "/usr", "/lib", "/lib64", "/opt", "/etc", "/run", "/var/run", "/proc", "/sys", "/dev",
    ];

    /// Devices that libraries write to as a matter of course.
    const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    /// Whether the process may speak to a network.
    #[derive(Clone, Copy, Eq, PartialEq)]
    pub(super) enum Network {
        Open,
        LocalOnly,
    }

    pub(super) fn restrict_files(reads: &[PathBuf], writes: &[PathBuf]) -> Result<Confined, ConfinementError> {
        let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let write = read | AccessFs::from_write(LANDLOCK);
        let device = read | AccessFs::WriteFile;
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK))
            .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(LANDLOCK)))
            .and_then(|ruleset| ruleset.scope(Scope::AbstractUnixSocket | Scope::Signal))
            .and_then(Ruleset::create)
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(SYSTEM, read)))
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(reads, read)))
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(DEVICES, device)))
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(writes, write)))
            .and_then(|ruleset| ruleset.restrict_self())
            .map_err(|error| ConfinementError(error.to_string()))?;
        Ok(match status.ruleset {
            RulesetStatus::FullyEnforced => Confined::Fully,
            RulesetStatus::PartiallyEnforced => Confined::Partly,
            RulesetStatus::NotEnforced => Confined::Not,
        })
    }

    pub(super) fn forbid_system_calls(network: Network) -> Result<Confined, ConfinementError> {
        let program = filter(network).map_err(|error| ConfinementError(error.to_string()))?;
        match seccompiler::apply_filter(&program) {
            Ok(()) => Ok(Confined::Fully),
            Err(error) => Err(ConfinementError(error.to_string())),
        }
    }

    /// System calls that no PKCS#11 module has a business with: looking into other processes, loading kernel code, changing
    /// mounts and namespaces, kernel key rings, starting programs. An allow list would break vendor modules, whose calls
    /// nobody knows.
    const FORBIDDEN: &[libc::c_long] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_fsopen,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
    ];

    /// Address families that leave the machine. Local sockets (pcscd) and netlink (udev) stay.
    const FAR_FAMILIES: &[libc::c_int] = &[libc::AF_INET, libc::AF_INET6, libc::AF_PACKET];

    fn filter(network: Network) -> Result<BpfProgram, seccompiler::BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
        if network == Network::LocalOnly {
            let families = FAR_FAMILIES
                .iter()
                .map(|family| {
                    let family = u64::from(family.unsigned_abs());
                    SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)
                        .and_then(|condition| SeccompRule::new(vec![condition]))
                })
                .collect::<Result<_, _>>()?;
            rules.insert(libc::SYS_socket, families);
        }
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, std::env::consts::ARCH.try_into()?)?.try_into()
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::path::PathBuf;

    use super::{Confined, ConfinementError};

    pub(super) enum Network {
        Open,
        LocalOnly,
    }

    pub(super) fn restrict_files(_reads: &[PathBuf], _writes: &[PathBuf]) -> Result<Confined, ConfinementError> {
        Ok(Confined::Not)
    }

    pub(super) fn forbid_system_calls(_network: Network) -> Result<Confined, ConfinementError> {
        Ok(Confined::Not)
    }
}
