//! What can go wrong.

use std::path::PathBuf;

/// Why a set of fixtures cannot be made, read or copied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not on the PATH.
    #[error("{program} is not found on the PATH; install it: apt-get install {package}")]
    MissingProgram {
        /// The program's name
        program: &'static str,
        /// The Debian package that holds it
        package: &'static str,
    },
    /// A program ended with an error.
    #[error("{command} fails: {output}")]
    Command {
        /// The program and what it was to do
        command: String,
        /// What it printed
        output: String,
    },
    /// OpenSSL cannot use GOST keys.
    #[error(
        "openssl cannot load the gost engine; install it: apt-get install libengine-gost-openssl (openssl says: {0})"
    )]
    GostEngine(String),
    /// The SoftHSM library is in none of the usual places.
    #[error(
        "libsofthsm2.so is in none of the usual places; install it: apt-get install softhsm2, or name it with \
         --softhsm-module"
    )]
    SoftHsmModule,
    /// The GOST test module is not beside the running program.
    #[error("libgost_token.so is not beside {0}; build it: cargo build -p gost-token, or name it with --gost-module")]
    GostModule(PathBuf),
    /// A program answers with something unexpected.
    #[error("{program} answers without {missing}: {output}")]
    UnexpectedOutput {
        /// The program
        program: &'static str,
        /// What the answer lacks
        missing: &'static str,
        /// The answer
        output: String,
    },
    /// The directory holds something else.
    #[error("{0} holds files that are no fixtures; choose another directory, or add them there with --force")]
    ForeignDirectory(PathBuf),
    /// A PIN that the tokens would not take.
    #[error("the PIN file must hold 4 to 32 digits and nothing else")]
    Pin,
    /// `fixtures.json` is not what this version writes.
    #[error("{path} cannot be read as a description of fixtures ({source}); make the set again")]
    Manifest {
        /// The file
        path: PathBuf,
        /// What is wrong with it
        source: serde_json::Error,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or directory
        path: PathBuf,
        /// What the system says
        source: std::io::Error,
    },
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl Error {
    /// Says which file an input or output error is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
