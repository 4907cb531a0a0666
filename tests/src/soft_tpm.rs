//! A TPM in software with a PKCS#11 token on it: swtpm, tpm2-abrmd on a message bus of its own, tpm2-pkcs11.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::certify::certify;
use crate::programs::require;

/// The user PIN of its token.
pub const PIN: &str = "123456";

/// The module, in Debian's place.
const MODULE: &str = "/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so";

/// How long one of the services may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is missing, with what brings it.
const PROGRAMS: [(&str, &str); 5] = [
    ("swtpm", "swtpm"),
    ("swtpm_setup", "swtpm-tools"),
    ("dbus-daemon", "dbus"),
    ("tpm2_ptool", "libtpm2-pkcs11-tools"),
    ("pkcs11-tool", "opensc"),
];

/// A token with one P-256 key and its certificate. Its services are killed when it is dropped.
#[derive(Debug)]
pub struct SoftTpm {
    directory: PathBuf,
    services: Vec<Child>,
    bus: String,
}

impl SoftTpm {
    /// Makes the token in `directory`.
    ///
    /// # Panics
    /// When a program is missing or fails.
    pub fn create(directory: &Path) -> Self {
        for (program, package) in PROGRAMS {
            require(program, package);
        }
        for (file, package) in [
            (MODULE, "libtpm2-pkcs11-1"),
            ("/usr/sbin/tpm2-abrmd", "tpm2-abrmd"),
            (
                "/usr/lib/x86_64-linux-gnu/libtss2-tcti-tabrmd.so.0",
                "libtss2-tcti-tabrmd0",
            ),
        ] {
            assert!(Path::new(file).exists(), "{file} is missing: apt-get install {package}");
        }
        for part in ["state", "store"] {
            fs::create_dir_all(directory.join(part)).expect("the directory can be made");
        }
        let mut tpm = Self {
            directory: directory.to_owned(),
            services: Vec::new(),
            bus: format!("unix:path={}", directory.join("bus").display()),
        };
        tpm.start();
        tpm.fill();
        tpm
    }

    /// The PKCS#11 module.
    pub fn module(&self) -> &'static Path {
        Path::new(MODULE)
    }

    /// The environment variables that it needs.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        let bus = "tabrmd:bus_type=session".to_owned();
        [
            ("DBUS_SESSION_BUS_ADDRESS", self.bus.clone()),
            ("TPM2_PKCS11_TCTI", bus.clone()),
            ("TPM2TOOLS_TCTI", bus),
            ("TPM2_PKCS11_STORE", self.path("store")),
        ]
    }

    /// The certificate of its key, in DER.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("cert.der")
    }

    /// The CA that issued it, in PEM.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    fn start(&mut self) {
        let state = self.path("state");
        self.run(
            "swtpm_setup",
            &["--tpm2", "--tpmstate", &state, "--createek", "--overwrite"],
        );
        let port = some_port();
        let socket = |port: u16| format!("type=tcp,port={port},bindaddr=127.0.0.1");
        let (server, control, state) = (socket(port), socket(port + 1), format!("dir={state}"));
        let flags = ["--flags", "not-need-init,startup-clear"];
        let arguments = [
            &[
                "socket",
                "--tpm2",
                "--tpmstate",
                &state,
                "--server",
                &server,
                "--ctrl",
                &control,
            ],
            &flags[..],
        ]
        .concat();
        self.spawn("swtpm", &arguments);
        let address = format!("--address={}", self.bus);
        self.spawn("dbus-daemon", &["--session", "--nofork", &address]);
        let bus = self.directory.join("bus");
        self.wait_for("the message bus", || bus.exists());
        let tcti = format!("--tcti=swtpm:host=127.0.0.1,port={port}");
        let mut arguments = vec!["--session", "--flush-all", &tcti];
        if rustix::process::geteuid().is_root() {
            arguments.push("--allow-root");
        }
        self.spawn("/usr/sbin/tpm2-abrmd", &arguments);
    }

    fn fill(&self) {
        let store = self.path("store");
        let begun = Instant::now();
        // The resource manager takes a moment to be on the bus.
        while !self
            .command("tpm2_ptool", &["init", "--path", &store])
            .status()
            .expect("it starts")
            .success()
        {
            assert!(begun.elapsed() < PATIENCE, "no TPM:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(200));
        }
        let in_store = ["--path", store.as_str()];
        let token = ["--pid", "1", "--sopin", "87654321", "--userpin", PIN, "--label", "tpm"];
        self.run("tpm2_ptool", &[&["addtoken"], &token[..], &in_store].concat());
        let key = [
            "--label",
            "tpm",
            "--userpin",
            PIN,
            "--algorithm",
            "ecc256",
            "--key-label",
            "key",
        ];
        self.run("tpm2_ptool", &[&["addkey"], &key[..], &in_store].concat());
        self.certify();
        let certificate = self.path("cert.pem");
        let certificate = ["--label", "tpm", "--key-label", "key", &certificate];
        self.run("tpm2_ptool", &[&["addcert"], &in_store[..], &certificate].concat());
    }

    /// Has a CA of its own certify the key, by its public half.
    fn certify(&self) {
        let public = self.path("pub.der");
        let read = ["--read-object", "--type", "pubkey", "--label", "key", "-o", &public];
        self.run("pkcs11-tool", &[&["--module", MODULE], &read[..]].concat());
        certify(&self.directory);
    }

    fn spawn(&mut self, program: &str, arguments: &[&str]) {
        let child = self.command(program, arguments).spawn();
        self.services
            .push(child.unwrap_or_else(|error| panic!("{program}: {error}")));
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program, arguments).status().expect("it starts");
        assert!(status.success(), "{program} {arguments:?}: {status}\n{}", self.log());
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.directory.join("log"))
            .expect("the log can be written");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be cloned"))
            .stderr(log);
        command
    }

    fn wait_for(&self, what: &str, is_there: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_there() {
            assert!(begun.elapsed() < PATIENCE, "{what} does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> String {
        let path = self.directory.join(name);
        path.to_str().expect("test directories have plain names").to_owned()
    }
}

impl Drop for SoftTpm {
    fn drop(&mut self) {
        for service in self.services.iter_mut().rev() {
            let _ = service.kill();
            let _ = service.wait();
        }
    }
}

/// swtpm takes this port and the next one, below those that the system gives to clients.
fn some_port() -> u16 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    12_000 + u16::from_be_bytes(bytes) % 3_500 * 2
}
