//! Digests beside OpenSSL on the same file, and the assembly of one CMS beside the time that it may take.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokensign::certificate::Certificate;
use tokensign::cms::{
    ContentDigester, DigestAlgorithm, Preference, Scheme, SignatureValue, SignedAttributes, assemble_detached,
    normalise_signature,
};

use crate::authority::{self, Authority};
use crate::measure::Report;

/// Large enough that the start of `openssl` does not count.
const SHA_FILE: usize = 256 << 20;
const STREEBOG_FILE: usize = 32 << 20;
/// How much of a file is read at a time, as the agent does.
const PIECE: usize = 256 << 10;
const ASSEMBLIES: usize = 2000;
/// What one assembly may take.
const ASSEMBLY_LIMIT: Duration = Duration::from_micros(20);

pub(crate) fn run(report: &mut Report) {
    let authority = Authority::new(authority::RSA_2048);
    let file = authority.path("large");
    for (algorithm, option, size, least) in [
        (DigestAlgorithm::Sha256, "-sha256", SHA_FILE, 0.9),
        (DigestAlgorithm::Streebog256, "-md_gost12_256", STREEBOG_FILE, 1.0),
        (DigestAlgorithm::Streebog512, "-md_gost12_512", STREEBOG_FILE, 1.0),
    ] {
        write(&file, size);
        let mib = size >> 20;
        let ratio = report.compare(
            &format!("{algorithm} of {mib} MiB beside openssl dgst, a MiB"),
            mib,
            || ours(&file, algorithm),
            || openssl(&authority, &file, option),
        );
        assert!(
            ratio.p50 >= least,
            "{algorithm} is slower than OpenSSL: {:.2}",
            ratio.p50
        );
    }
    let made = Made::new(&authority);
    let ratio = report.compare(
        "one CMS without the signature, beside its limit",
        ASSEMBLIES,
        || made.assemble(&authority),
        || ASSEMBLY_LIMIT * ASSEMBLIES as u32,
    );
    assert!(ratio.p50 >= 1.0, "the assembly takes longer than {ASSEMBLY_LIMIT:?}");
}

fn write(path: &Path, size: usize) {
    let mut file = File::create(path).unwrap();
    let piece: Vec<u8> = (0..1 << 20).map(|number: usize| (number % 251) as u8).collect();
    for _ in 0..size >> 20 {
        file.write_all(&piece).unwrap();
    }
}

fn ours(path: &Path, algorithm: DigestAlgorithm) -> Duration {
    let begun = Instant::now();
    let mut digester = ContentDigester::new(&BTreeSet::from([algorithm]));
    let mut file = File::open(path).unwrap();
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        digester.update(&piece[..read]);
    }
    std::hint::black_box(digester.finish());
    begun.elapsed()
}

fn openssl(authority: &Authority, path: &Path, option: &str) -> Duration {
    let begun = Instant::now();
    let output = Command::new("openssl")
        .env("OPENSSL_CONF", authority.path("engine.cnf"))
        .args(["dgst", option])
        .arg(path)
        .output()
        .unwrap();
    let elapsed = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    elapsed
}

/// What is there before the assembly: a certificate, a digest of the content, and a value.
struct Made {
    scheme: Scheme,
    chain: [Certificate; 1],
    value: SignatureValue,
    now: OffsetDateTime,
}

impl Made {
    fn new(authority: &Authority) -> Self {
        let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
        let now = OffsetDateTime::now_utc();
        let digest = scheme.digest().digest(b"content");
        let attributes = SignedAttributes::new(&digest, &authority.leaf, now, &scheme).unwrap();
        let raw = authority.sign(&scheme, &attributes.as_input());
        Self {
            value: normalise_signature(&authority.leaf, &scheme, &attributes.as_input(), &raw).unwrap(),
            chain: [authority.root.clone()],
            scheme,
            now,
        }
    }

    /// Attributes with the certificate's hash, what the token is given, and the file with two certificates.
    fn assemble(&self, authority: &Authority) -> Duration {
        let digest = self.scheme.digest().digest(b"content");
        let begun = Instant::now();
        for _ in 0..ASSEMBLIES {
            let attributes = SignedAttributes::new(&digest, &authority.leaf, self.now, &self.scheme).unwrap();
            std::hint::black_box(self.scheme.digest().digest(attributes.to_be_signed()));
            let file = assemble_detached(
                &self.scheme,
                &authority.leaf,
                &self.chain,
                Some(&attributes),
                &self.value,
            );
            std::hint::black_box(file);
        }
        begun.elapsed()
    }
}
