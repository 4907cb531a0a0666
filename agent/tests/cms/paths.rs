//! Certification paths over an intermediate authority.

use std::fs;

use time::{Duration, OffsetDateTime};
use tokensign::certificate::Certificate;
use tokensign::cms::{ContentDigester, Reason, SignedData, Status, Trust};

use crate::authority::{self, Authority};

struct Chain {
    authority: Authority,
    intermediate: Certificate,
    leaf: Certificate,
    signature: Vec<u8>,
}

const CONTENT: &[u8] = b"content";

/// root → intermediate (with `extensions`) → leaf, and a signature of the leaf's that carries the leaf only.
fn chain(extensions: &str) -> Chain {
    let authority = Authority::with_leaf(authority::P256, "/CN=Intermediate", &format!("[leaf]\n{extensions}\n"));
    fs::write(
        authority.path("end.cnf"),
        "keyUsage=digitalSignature\nauthorityKeyIdentifier=keyid\n",
    )
    .unwrap();
    fs::write(authority.path("content"), CONTENT).unwrap();
    for arguments in [
        &[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            "end.key",
        ][..],
        &[
            "req", "-new", "-key", "end.key", "-config", "req.cnf", "-subj", "/CN=End", "-out", "end.csr",
        ],
        &[
            "x509",
            "-req",
            "-in",
            "end.csr",
            "-CA",
            "leaf.pem",
            "-CAkey",
            "leaf.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "end.cnf",
            "-out",
            "end.pem",
        ],
        &[
            "cms", "-sign", "-binary", "-cades", "-in", "content", "-signer", "end.pem", "-inkey", "end.key",
            "-outform", "DER", "-out", "end.p7s",
        ],
    ] {
        let output = authority.openssl(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let leaf = Certificate::from_pem_or_der(&fs::read(authority.path("end.pem")).unwrap()).unwrap();
    let signature = fs::read(authority.path("end.p7s")).unwrap();
    Chain {
        intermediate: authority.leaf.clone(),
        leaf,
        signature,
        authority,
    }
}

impl Chain {
    fn verdict(&self, roots: &[Certificate], intermediates: &[Certificate]) -> (Status, Option<Reason>, usize) {
        let signed_data = SignedData::parse(&self.signature).unwrap();
        let mut digester = ContentDigester::new(&signed_data.required_digests());
        digester.update(CONTENT);
        let trust = Trust {
            roots,
            intermediates,
            now: OffsetDateTime::now_utc() + Duration::minutes(1),
        };
        let verdict = &signed_data.verify(&digester.finish(), &trust)[0];
        (
            verdict.status(),
            verdict.reason(),
            verdict.trust.as_ref().map_or(0, Vec::len),
        )
    }
}

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash";

#[test]
fn an_intermediate_may_be_given_or_be_the_root() {
    let chain = chain(AUTHORITY);
    let (root, intermediate) = ([chain.authority.root.clone()], [chain.intermediate.clone()]);
    assert_eq!(chain.verdict(&root, &intermediate), (Status::Valid, None, 3));
    assert_eq!(chain.verdict(&intermediate, &[]), (Status::Valid, None, 2));
    assert_eq!(
        chain.verdict(std::slice::from_ref(&chain.leaf), &[]),
        (Status::Valid, None, 1)
    );
    assert_eq!(
        chain.verdict(&root, &[]),
        (Status::Untrusted, Some(Reason::IssuerUnknown), 0)
    );
    let root_as_intermediate = [chain.intermediate.clone(), chain.authority.root.clone()];
    assert_eq!(
        chain.verdict(&[], &root_as_intermediate),
        (Status::Untrusted, Some(Reason::RootUntrusted), 0)
    );
}

#[test]
fn a_root_of_the_same_name_with_another_key_is_not_the_root() {
    let impostor = [Authority::new(authority::P256).root];
    // With key identifiers the impostor is not even considered; without them its key does not verify the signature.
    for (extensions, expected) in [
        (AUTHORITY.to_owned(), Reason::IssuerUnknown),
        (
            format!("{AUTHORITY}\nauthorityKeyIdentifier=none"),
            Reason::CertificateSignature,
        ),
    ] {
        let chain = chain(&extensions);
        assert_eq!(impostor[0].subject_der(), chain.authority.root.subject_der());
        let (status, reason, _) = chain.verdict(&impostor, std::slice::from_ref(&chain.intermediate));
        assert_eq!((status, reason), (Status::Untrusted, Some(expected)));
    }
}

#[test]
fn only_authorities_may_issue() {
    for extensions in [
        "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash",
        "basicConstraints=CA:TRUE\nkeyUsage=digitalSignature\nsubjectKeyIdentifier=hash",
    ] {
        let chain = chain(extensions);
        let roots = [chain.authority.root.clone()];
        let (status, reason, _) = chain.verdict(&roots, std::slice::from_ref(&chain.intermediate));
        assert_eq!((status, reason), (Status::Untrusted, Some(Reason::IssuerNotAuthority)));
    }
}

#[test]
fn critical_name_constraints_are_refused_because_they_are_not_processed() {
    let chain = chain(&format!(
        "{AUTHORITY}\nnameConstraints=critical,permitted;email:.example.com"
    ));
    let roots = [chain.authority.root.clone()];
    let (status, reason, _) = chain.verdict(&roots, std::slice::from_ref(&chain.intermediate));
    assert_eq!((status, reason), (Status::Untrusted, Some(Reason::CriticalExtension)));
}
