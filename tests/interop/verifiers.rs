//! The columns of the matrix: independent verifiers, each by its own command.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tokensign_tests::transcoding;

use crate::algorithms::Algorithm;
use crate::samples::{Sample, Samples};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verifier {
    OpenSsl,
    Certtool,
    BouncyCastle,
    PyHanko,
    Gpgsm,
    Nss,
    Pkijs,
}

/// `Err` says why the signature is not accepted.
pub(crate) type Verdict = Result<(), String>;

impl Verifier {
    pub(crate) const USUAL: [Self; 4] = [Self::OpenSsl, Self::Certtool, Self::BouncyCastle, Self::PyHanko];
    pub(crate) const ALL: [Self; 7] = [
        Self::OpenSsl,
        Self::Certtool,
        Self::BouncyCastle,
        Self::PyHanko,
        Self::Gpgsm,
        Self::Nss,
        Self::Pkijs,
    ];

    /// Why this verifier cannot judge signatures of `algorithm`, whoever made them.
    pub(crate) fn gap(self, algorithm: &Algorithm) -> Option<&'static str> {
        let name = algorithm.name;
        match self {
            Self::OpenSsl if algorithm.is_kazakh() => None,
            Self::Certtool | Self::BouncyCastle if algorithm.is_kazakh() => Some(
                "knows no Kazakh identifiers; OpenSSL has none either and judges the values under the Russian ones",
            ),
            Self::OpenSsl if name == "Ed25519" => Some("OpenSSL 3.0 knows no Ed25519 in CMS (3.2 and later do)"),
            Self::Certtool if algorithm.is_pss() && !name.ends_with("SHA-256") => {
                Some("GnuTLS 3.7 takes SHA-256 for PSS in CMS whatever the parameters say")
            }
            Self::Certtool if algorithm.is_gost() => {
                let known = ["256, CryptoPro-A", "256, XchA", "256, TC26-B", "512, TC26-A"];
                let is_known = known.iter().any(|set| name.ends_with(set));
                (!is_known).then_some("GnuTLS 3.7 knows only one curve of each size")
            }
            Self::BouncyCastle if algorithm.is_gost() => {
                let known = [
                    "CryptoPro-A",
                    "CryptoPro-B",
                    "CryptoPro-C",
                    "256, XchA",
                    "512, TC26-A",
                    "512, TC26-B",
                ];
                let is_known = known.iter().any(|set| name.ends_with(set));
                (!is_known).then_some("BouncyCastle 1.72 cannot read keys of this parameter set")
            }
            Self::PyHanko | Self::Gpgsm | Self::Nss | Self::Pkijs if algorithm.is_gost() => Some("knows no GOST"),
            Self::Gpgsm if name == "ECDSA P-521" => Some(
                "gpgsm 2.2 wants digests as long as the key, in whole bytes, and refuses P-521 signatures of OpenSSL as well",
            ),
            Self::Nss if algorithm.is_pss_key() => Some("knows no keys that sign with PSS only"),
            Self::Gpgsm | Self::Nss | Self::Pkijs if name == "Ed25519" => Some("knows no Ed25519 in CMS"),
            _ => None,
        }
    }

    /// A verdict for [`Samples::all`] of each.
    pub(crate) fn verdicts(self, samples: &[&Samples]) -> Vec<Vec<Verdict>> {
        let each = |judge: fn(&Samples, &[Sample]) -> Vec<Verdict>| {
            std::thread::scope(|scope| {
                let judges: Vec<_> = samples
                    .iter()
                    .map(|of| scope.spawn(move || judge(of, &of.all())))
                    .collect();
                judges.into_iter().map(|judge| judge.join().unwrap()).collect()
            })
        };
        match self {
            Self::OpenSsl => each(|of, samples| samples.iter().map(|sample| openssl(of, sample)).collect()),
            Self::Certtool => each(|of, samples| samples.iter().map(|sample| certtool(of, sample)).collect()),
            Self::BouncyCastle => in_one_run(bouncy_castle(), samples),
            Self::PyHanko => in_one_run(pyhanko(), samples),
            Self::Gpgsm => each(gpgsm),
            Self::Nss => each(nss),
            Self::Pkijs => in_one_run(pkijs(), samples),
        }
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenSsl => "OpenSSL",
            Self::Certtool => "GnuTLS certtool",
            Self::BouncyCastle => "BouncyCastle",
            Self::PyHanko => "pyHanko",
            Self::Gpgsm => "gpgsm",
            Self::Nss => "NSS cmsutil",
            Self::Pkijs => "pkijs",
        })
    }
}

fn openssl(of: &Samples, sample: &Sample) -> Verdict {
    if of.algorithm.is_kazakh() {
        let signature = fs::read(&sample.signature).unwrap();
        let russian = of.authority.path("transcoded.p7s");
        fs::write(&russian, transcoding::signed_data(&signature, of.authority.leaf.der())).unwrap();
        let (signature, content) = (text(&russian), text(&sample.content));
        let output = of.authority.openssl(&[
            "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content, "-CAfile", "ca.pem",
            "-purpose", "any", "-out", "verified",
        ]);
        return judged(&output, "Verification successful");
    }
    let (signature, content) = (text(&sample.signature), text(&sample.content));
    let output = of.authority.openssl(&[
        "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", signature, "-content", content, "-CAfile",
        "ca.pem", "-purpose", "any", "-out", "verified",
    ]);
    judged(&output, "Verification successful")
}

fn certtool(of: &Samples, sample: &Sample) -> Verdict {
    let root = of.authority.path("ca.pem");
    let mut command = Command::new("certtool");
    command
        .args(["--p7-verify", "--inder", "--infile"])
        .arg(&sample.signature);
    command
        .arg("--load-ca-certificate")
        .arg(root)
        .arg("--load-data")
        .arg(&sample.content);
    judged(&run(command, "apt-get install gnutls-bin"), "Signature status: ok")
}

pub(crate) fn bouncy_castle() -> Command {
    let jars = ["bcprov", "bcpkix", "bcutil"].map(|jar| format!("/usr/share/java/{jar}.jar"));
    for jar in &jars {
        assert!(
            Path::new(jar).exists(),
            "BouncyCastle is needed: apt-get install libbcpkix-java"
        );
    }
    let mut command = Command::new("java");
    command.args(["-cp", &jars.join(":")]).arg(beside("bouncy_castle.java"));
    command
}

/// pyHanko lies in a virtual environment under the build directory; `scripts/prepare.sh` makes it.
pub(crate) fn pyhanko() -> Command {
    let python = build_directory().join("pyhanko/bin/python");
    assert!(
        python.exists(),
        "pyHanko is needed: apt-get install python3-venv && python3 -m venv target/pyhanko && target/pyhanko/bin/pip install pyhanko==0.38.0"
    );
    let mut command = Command::new(python);
    command.arg(beside("pyhanko_verifier.py"));
    command
}

fn pkijs() -> Command {
    let modules = build_directory().join("pkijs/node_modules");
    assert!(
        modules.join("pkijs").exists(),
        "pkijs is needed: apt-get install npm && npm install --prefix target/pkijs pkijs"
    );
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules).arg(beside("pkijs_verifier.mjs"));
    command
}

/// Verifiers that take long to start judge all samples in one run, a line each.
fn in_one_run(command: Command, samples: &[&Samples]) -> Vec<Vec<Verdict>> {
    let mut lines = Vec::new();
    for of in samples {
        let root = of.authority.path("ca.pem");
        for sample in of.all() {
            lines.push(
                [&sample.content, &sample.signature, &root]
                    .map(|path| text(path))
                    .join("\t"),
            );
        }
    }
    let mut verdicts = judge_lines(command, &lines);
    samples
        .iter()
        .map(|of| verdicts.drain(..of.all().len()).collect())
        .collect()
}

/// A verdict for each line of a manifest.
pub(crate) fn judge_lines(mut command: Command, lines: &[String]) -> Vec<Verdict> {
    let manifest = tempfile::NamedTempFile::new().unwrap();
    fs::write(manifest.path(), lines.join("\n") + "\n").unwrap();
    command.arg(manifest.path());
    let output = run(command, "apt-get install default-jdk-headless nodejs");
    let verdicts: Vec<Verdict> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| if line == "ok" { Ok(()) } else { Err(line.to_owned()) })
        .collect();
    assert_eq!(
        verdicts.len(),
        lines.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    verdicts
}

fn gpgsm(of: &Samples, samples: &[Sample]) -> Vec<Verdict> {
    const INSTALL: &str = "apt-get install gpgsm";
    // The agent's socket lies in the directory, and its path must be short.
    let home = tempfile::Builder::new().prefix("gpgsm").tempdir_in("/tmp").unwrap();
    let gpgsm = || {
        let mut command = Command::new("gpgsm");
        command
            .env("GNUPGHOME", home.path())
            .args(["--batch", "--disable-crl-checks"]);
        command
    };
    let mut import = gpgsm();
    import.arg("--import").arg(of.authority.path("ca.pem"));
    run(import, INSTALL);
    let fingerprint = hex::encode_upper(sha1(of.authority.root.der()));
    fs::write(home.path().join("trustlist.txt"), format!("{fingerprint} S relax\n")).unwrap();
    let verdicts = samples
        .iter()
        .map(|sample| {
            let mut verify = gpgsm();
            verify.arg("--verify").arg(&sample.signature).arg(&sample.content);
            judged(&run(verify, INSTALL), "Good signature")
        })
        .collect();
    let mut end = Command::new("gpgconf");
    end.env("GNUPGHOME", home.path()).args(["--kill", "all"]);
    run(end, INSTALL);
    verdicts
}

fn nss(of: &Samples, samples: &[Sample]) -> Vec<Verdict> {
    const INSTALL: &str = "apt-get install libnss3-tools";
    let database = of.authority.path("nss");
    if !database.exists() {
        fs::create_dir(&database).unwrap();
        let location = format!("sql:{}", text(&database));
        let mut create = Command::new("certutil");
        create.args(["-N", "-d", &location, "--empty-password"]);
        run(create, INSTALL);
        let mut trust = Command::new("certutil");
        trust
            .args(["-A", "-d", &location, "-n", "root", "-t", "CT,CT,CT", "-a", "-i"])
            .arg(of.authority.path("ca.pem"));
        run(trust, INSTALL);
    }
    let location = format!("sql:{}", text(&database));
    samples
        .iter()
        .map(|sample| {
            let mut verify = Command::new("cmsutil");
            verify
                .args(["-D", "-d", &location, "-i"])
                .arg(&sample.signature)
                .arg("-c")
                .arg(&sample.content);
            verify.args(["-u", "4", "-h", "1", "-n"]);
            let output = run(verify, INSTALL);
            // The exit code is 0 whatever was found.
            let said = said(&output);
            if said.contains("status=GoodSignature") {
                Ok(())
            } else {
                Err(said)
            }
        })
        .collect()
}

fn judged(output: &Output, success: &str) -> Verdict {
    let said = said(output);
    if output.status.success() && said.contains(success) {
        Ok(())
    } else {
        Err(said)
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn run(mut command: Command, install: &str) -> Output {
    let program = command.get_program().to_owned();
    command
        .output()
        .unwrap_or_else(|error| panic!("{} is needed ({error}): {install}", OsStr::display(&program)))
}

fn beside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(file)
}

fn build_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// gpgsm names certificates by SHA-1.
fn sha1(bytes: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new("openssl");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    openssl.args(["dgst", "-sha1", "-binary"]).arg(file.path());
    run(openssl, "apt-get install openssl").stdout
}
