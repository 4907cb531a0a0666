//! A certificate for a key that a token made by itself, from a CA of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Takes the public key from `pub.der` (SubjectPublicKeyInfo) in the directory and leaves `ca.pem`, `cert.pem` and `cert.der` there.
///
/// # Panics
/// When OpenSSL fails.
pub(crate) fn certify(directory: &Path) {
    fs::write(
        directory.join("ext"),
        "keyUsage=critical,digitalSignature,nonRepudiation\n",
    )
    .expect("a file can be written");
    for command in [
        "pkey -pubin -inform DER -in pub.der -out pub.pem",
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=CA -keyout ca.key -out ca.pem",
        "x509 -new -force_pubkey pub.pem -subj /CN=Signer -CA ca.pem -CAkey ca.key -days 3650 -extfile ext -out cert.pem",
        "x509 -in cert.pem -outform DER -out cert.der",
    ] {
        let output = Command::new("openssl")
            .args(command.split(' '))
            .current_dir(directory)
            .output()
            .expect("openssl starts");
        assert!(
            output.status.success(),
            "openssl {command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
