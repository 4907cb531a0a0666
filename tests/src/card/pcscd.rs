//! A PC/SC service of a test's own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::programs::require;

const PROGRAM: &str = "/usr/sbin/pcscd";
/// The driver of vsmartcard's virtual reader; Debian's place for serial drivers.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// ykcs11 looks at readers of that name only.
const READER: &str = "Yubico YubiKey OTP+FIDO+CCID";

/// Inside of its namespace the service sees no driver for real readers, and its fixed directory `/run/pcscd` is the test's.
const SCRIPT: &str = r#"set -e
mount -t tmpfs none /usr/lib/pcsc/drivers
mkdir -p /run/pcscd 2>/dev/null || { mount -t tmpfs none /run && mkdir /run/pcscd; }
mount --bind "$1" /run/pcscd
exec "$3" --foreground --error --config "$2""#;

/// How long the service may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `pcscd` with one virtual reader. Killed when dropped.
#[derive(Debug)]
pub struct Pcscd {
    directory: PathBuf,
    port: u16,
    child: Child,
}

impl Pcscd {
    /// Starts the service with its files in `directory`.
    ///
    /// # Panics
    /// When it is not installed, says what installs it, or does not start, with its log.
    pub fn start(directory: &Path) -> Self {
        for (file, package) in [(PROGRAM, "pcscd"), (DRIVER, "vsmartcard-vpcd")] {
            assert!(Path::new(file).exists(), "{file} is missing: apt-get install {package}");
        }
        require("unshare", "util-linux");
        require("setpriv", "util-linux");
        for part in ["run", "readers"] {
            fs::create_dir_all(directory.join(part)).expect("the directory can be made");
        }
        let driver = directory.join("libifdvpcd.so");
        fs::copy(DRIVER, &driver).expect("the driver can be copied");
        let mut log = String::new();
        for _ in 0..5 {
            let port = some_port();
            write_reader(directory, &driver, port);
            let mut service = Self {
                directory: directory.to_owned(),
                port,
                child: spawn(directory),
            };
            if service.is_ready_in_time() {
                return service;
            }
            // Somebody else had the port, most likely.
            log = service.log();
        }
        panic!("pcscd does not start:\n{log}");
    }

    /// The environment variable that leads PC/SC programs to this service.
    pub fn environment(&self) -> (&'static str, String) {
        let socket = self.socket();
        ("PCSCLITE_CSOCK_NAME", socket.to_str().expect("a plain name").to_owned())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the service, as a crash does; its clients find a closed socket.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for file in ["pcscd.comm", "pcscd.pid"] {
            let _ = fs::remove_file(self.directory.join("run").join(file));
        }
    }

    /// Starts it again after a [`kill`](Self::kill), with the same reader.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.directory);
        assert!(self.is_ready_in_time(), "pcscd does not start again:\n{}", self.log());
    }

    /// A connection for a card.
    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the virtual reader listens");
        stream.set_nodelay(true).expect("a socket option");
        stream
    }

    fn is_ready_in_time(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            // Not by connecting: that would be a card.
            if is_listening(self.port) && self.socket().exists() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("run/pcscd.comm")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("pcscd.log")).unwrap_or_default()
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(directory: &Path) -> Child {
    let log = File::options()
        .append(true)
        .create(true)
        .open(directory.join("pcscd.log"))
        .expect("the log can be written");
    // It ends with the thread of the test, also when that is killed.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["sh", "-c", SCRIPT, "pcscd"])
        .args([&directory.join("run"), &directory.join("readers"), Path::new(PROGRAM)])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file can be cloned"))
        .stderr(log)
        .spawn()
        .expect("setpriv starts")
}

fn write_reader(directory: &Path, driver: &Path, port: u16) {
    let reader = format!(
        "FRIENDLYNAME \"{READER}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {}\nCHANNELID {port}\n",
        driver.display()
    );
    fs::write(directory.join("readers/virtual"), reader).expect("the reader's file can be written");
}

/// The driver takes this port and the next one, below those that the system gives to clients.
fn some_port() -> u16 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    20_000 + u16::from_be_bytes(bytes) % 6_000 * 2
}

fn is_listening(port: u16) -> bool {
    let local = format!(":{port:04X} ");
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    // 0A is TCP_LISTEN.
    sockets
        .lines()
        .any(|line| line.contains(&local) && line.contains(" 0A "))
}
