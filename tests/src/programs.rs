//! The programs under test, as cargo built them.

use std::path::{Path, PathBuf};

/// The directory of the built programs (`target/debug`, …): two above the test binary in `deps`.
///
/// # Panics
/// When the test binary does not lie where cargo puts it.
pub fn directory() -> PathBuf {
    let test = std::env::current_exe().expect("the test binary has a path");
    let mut directory = test.parent().expect("the test binary lies in a directory");
    if directory.ends_with("deps") {
        directory = directory.parent().expect("deps lies in the profile's directory");
    }
    directory.to_owned()
}

/// A built file by name.
///
/// # Panics
/// With the command that builds it, when it is missing.
pub fn built(name: &str) -> PathBuf {
    let path = directory().join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace --features tokensign/failpoints` first",
        path.display()
    );
    path
}

/// The `tokensign` program.
pub fn tokensign() -> PathBuf {
    built("tokensign")
}

/// Fails with the line that installs it when `program` is not on the path.
///
/// # Panics
/// When the program is missing.
pub fn require(program: &str, package: &str) {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| is_file(&dir.join(program))));
    assert!(found, "{program} is missing: apt-get install {package}");
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
