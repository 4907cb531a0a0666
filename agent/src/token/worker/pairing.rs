//! Which private key belongs to a certificate. By the public key where it can be seen, else by `CKA_ID`, then by the label; what
//! neither tells is left to a trial: an approved value is signed and the signature checked with the certificate's public key.

use cryptoki_sys as ck;
use pkcs11_profiles::PairBy;

use crate::certificate::asn1::{Element, Reader, Tag};
use crate::certificate::{Certificate, PublicKey, gost_point, rsa_components};

/// A certificate, as far as pairing goes.
#[derive(Clone, Debug)]
pub(super) struct CertificateFacts {
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    /// `None` when the certificate does not read.
    pub(super) key: Option<CertifiedKey>,
}

/// The public key in a certificate.
#[derive(Clone, Debug)]
pub(super) struct CertifiedKey {
    /// `CK_KEY_TYPE`, where the algorithm has one.
    kind: Option<u64>,
    /// See [`KeyFacts::value`].
    value: Vec<u8>,
}

/// A key object, public or private, as far as pairing goes.
#[derive(Clone, Debug)]
pub(super) struct KeyFacts {
    /// `CK_OBJECT_HANDLE`
    pub(super) handle: u64,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    /// `CKA_KEY_TYPE`
    pub(super) kind: Option<u64>,
    /// The modulus of RSA, else the point as the standard of the curve writes it: what the object itself tells.
    pub(super) value: Option<Vec<u8>>,
}

/// What pairing finds.
#[derive(Clone, Debug)]
pub(super) enum Paired<'a> {
    One(&'a KeyFacts),
    None,
    /// Several fit and nothing tells them apart but a trial.
    Several(Vec<&'a KeyFacts>),
    /// Nothing leads from the certificate to these keys, but nothing speaks against them either. No reason to say that the
    /// certificate has a key; a trial may find it.
    Unlikely(Vec<&'a KeyFacts>),
}

/// What is known of whether a key is the certificate's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Likeness {
    Same,
    Different,
    Unknown,
}

impl CertificateFacts {
    pub(super) fn new(der: &[u8], id: Vec<u8>, label: String) -> Self {
        let key = Certificate::from_der(der).ok().map(|certificate| CertifiedKey {
            kind: key_type(certificate.public_key()),
            value: certified_value(&certificate).to_vec(),
        });
        Self { id, label, key }
    }

    /// The private key that belongs to the certificate, among those that can be seen, with the help of the public ones.
    /// `by` says what counts more where the public key cannot be compared.
    pub(super) fn pair<'a>(&self, private: &'a [KeyFacts], public: &[KeyFacts], by: PairBy) -> Paired<'a> {
        let rated: Vec<(&KeyFacts, Likeness)> = private
            .iter()
            .map(|key| (key, self.likeness(key, private, public)))
            .collect();
        let with_our_id = |key: &KeyFacts| !self.id.is_empty() && key.id == self.id;
        let same = rated
            .iter()
            .find(|(key, likeness)| *likeness == Likeness::Same && with_our_id(key));
        if let Some((key, _)) = same.or_else(|| rated.iter().find(|(_, likeness)| *likeness == Likeness::Same)) {
            return Paired::One(key);
        }
        let open = |fits: &dyn Fn(&KeyFacts) -> bool| -> Vec<&'a KeyFacts> {
            rated
                .iter()
                .filter(|(key, likeness)| *likeness == Likeness::Unknown && fits(key))
                .map(|(key, _)| *key)
                .collect()
        };
        let with_our_label = |key: &KeyFacts| !self.label.is_empty() && key.label == self.label;
        type Rule<'r> = &'r dyn Fn(&KeyFacts) -> bool;
        let (first, second): (Rule<'_>, Rule<'_>) = match by {
            PairBy::Id => (&with_our_id, &with_our_label),
            PairBy::Label => (&with_our_label, &with_our_id),
        };
        let fitting = match open(first) {
            none if none.is_empty() => open(second),
            fitting => fitting,
        };
        match fitting.as_slice() {
            [one] => Paired::One(one),
            [] => match open(&|_| true) {
                none if none.is_empty() => Paired::None,
                unlikely => Paired::Unlikely(unlikely),
            },
            several => match several.iter().filter(|key| second(key)).collect::<Vec<_>>().as_slice() {
                [one] => Paired::One(one),
                _ => Paired::Several(fitting),
            },
        }
    }

    /// Whether the key object, public or private, holds the certificate's key.
    fn likeness(&self, key: &KeyFacts, private: &[KeyFacts], public: &[KeyFacts]) -> Likeness {
        let own = self.resembles(key);
        if own != Likeness::Unknown {
            return own;
        }
        // A private key often keeps its public value to itself (CKA_EC_POINT belongs to the public object): ask the public
        // objects of its id, as long as the id is this key's alone.
        if key.id.is_empty() || private.iter().filter(|other| other.id == key.id).count() > 1 {
            return Likeness::Unknown;
        }
        let likenesses: Vec<_> = public
            .iter()
            .filter(|other| other.id == key.id)
            .map(|other| self.resembles(other))
            .collect();
        if likenesses.contains(&Likeness::Same) {
            Likeness::Same
        } else if !likenesses.is_empty() && likenesses.iter().all(|likeness| *likeness == Likeness::Different) {
            Likeness::Different
        } else {
            Likeness::Unknown
        }
    }

    /// What the object alone tells.
    pub(super) fn is_of(&self, key: &KeyFacts) -> bool {
        self.resembles(key) == Likeness::Same
    }

    fn resembles(&self, key: &KeyFacts) -> Likeness {
        let Some(certified) = &self.key else {
            return Likeness::Unknown;
        };
        if let (Some(a), Some(b)) = (certified.kind, key.kind)
            && a != b
        {
            return Likeness::Different;
        }
        match &key.value {
            None => Likeness::Unknown,
            Some(value) if is_same_value(&certified.value, value) => Likeness::Same,
            Some(_) => Likeness::Different,
        }
    }
}

/// The public key of a `CKA_PUBLIC_KEY_INFO` (SubjectPublicKeyInfo, RFC 5280 section 4.1), comparable with a certificate's.
pub(super) fn value_of_public_key_info(der: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Reader::new(der).sequence().ok()?;
    fields.required(Tag::SEQUENCE).ok()?;
    let bits = fields.required(Tag::BIT_STRING).ok()?.bit_string().ok()?;
    Some(rsa_components(bits).map_or(bits, |(modulus, _)| modulus).to_vec())
}

/// The modulus of an RSA key, else the point without what is around it.
fn certified_value(certificate: &Certificate) -> &[u8] {
    let bits = certificate.public_key_bits();
    match certificate.public_key() {
        PublicKey::Rsa { .. } | PublicKey::RsaPss { .. } => {
            rsa_components(bits).map_or(bits, |(modulus, _)| without_leading_zeros(modulus))
        }
        PublicKey::Gost2012 { .. } => gost_point(bits).unwrap_or(bits),
        _ => bits,
    }
}

/// `CK_KEY_TYPE`
fn key_type(key: &PublicKey) -> Option<u64> {
    match key {
        PublicKey::Rsa { .. } | PublicKey::RsaPss { .. } => Some(ck::CKK_RSA),
        PublicKey::Ec { .. } => Some(ck::CKK_EC),
        PublicKey::Gost2012 { bits: 256, .. } => Some(CKK_GOSTR3410),
        PublicKey::Gost2012 { .. } => Some(CKK_GOSTR3410_512),
        // Ed25519 keys are CKK_EC_EDWARDS, or CKK_EC in older modules: no type tells anything.
        _ => None,
    }
}

/// PKCS#11 v2.40 `pkcs11t.h`.
const CKK_GOSTR3410: u64 = 0x30;
/// TC26's value (OpenSC src/pkcs11/pkcs11.h, commit 14c80b0).
const CKK_GOSTR3410_512: u64 = 0xD432_1003;

/// Compares a certificate's value with a token's, which may carry leading zeros (a modulus) or, for a point, the OCTET STRING
/// around it: PKCS#11 v2.20 left that open, and modules differ.
fn is_same_value(certified: &[u8], token: &[u8]) -> bool {
    certified == token || certified == without_leading_zeros(token) || in_octet_string(token) == Some(certified)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// The content of an OCTET STRING, if the bytes are exactly one.
fn in_octet_string(der: &[u8]) -> Option<&[u8]> {
    Some(Element::try_from(der).ok()?.tagged(Tag::OCTET_STRING).ok()?.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(id: &[u8], label: &str, value: &[u8]) -> CertificateFacts {
        CertificateFacts {
            id: id.to_vec(),
            label: label.to_owned(),
            key: Some(CertifiedKey {
                kind: Some(ck::CKK_EC),
                value: value.to_vec(),
            }),
        }
    }

    fn key(handle: u64, id: &[u8], label: &str, value: Option<&[u8]>) -> KeyFacts {
        KeyFacts {
            handle,
            id: id.to_vec(),
            label: label.to_owned(),
            kind: Some(ck::CKK_EC),
            value: value.map(<[u8]>::to_vec),
        }
    }

    fn handle(paired: Paired<'_>) -> Option<u64> {
        match paired {
            Paired::One(key) => Some(key.handle),
            Paired::None | Paired::Several(_) | Paired::Unlikely(_) => None,
        }
    }

    fn pair<'a>(certificate: &CertificateFacts, private: &'a [KeyFacts], public: &[KeyFacts]) -> Paired<'a> {
        certificate.pair(private, public, PairBy::Id)
    }

    #[test]
    fn one_key_of_the_same_id_is_the_key() {
        let keys = [key(1, b"a", "", None), key(2, b"b", "", None)];
        assert_eq!(handle(pair(&certificate(b"b", "", b"B"), &keys, &[])), Some(2));
    }

    #[test]
    fn two_certificates_of_one_id_are_told_apart_by_the_public_key() {
        let private = [key(1, b"a", "", None)];
        let public = [key(9, b"a", "", Some(b"\x04\x01A"))];
        assert_eq!(handle(pair(&certificate(b"a", "", b"A"), &private, &public)), Some(1));
        assert!(matches!(
            pair(&certificate(b"a", "", b"other"), &private, &public),
            Paired::None
        ));
    }

    #[test]
    fn a_key_with_another_id_is_found_by_its_public_key() {
        let keys = [key(1, b"a", "", Some(b"A")), key(2, b"b", "", Some(b"B"))];
        assert_eq!(handle(pair(&certificate(b"z", "", b"B"), &keys, &[])), Some(2));
    }

    #[test]
    fn the_label_decides_only_where_id_and_public_key_do_not() {
        let keys = [key(1, b"a", "one", None), key(2, b"a", "two", None)];
        assert_eq!(handle(pair(&certificate(b"a", "two", b"X"), &keys, &[])), Some(2));
        assert!(matches!(
            pair(&certificate(b"a", "", b"X"), &keys, &[]),
            Paired::Several(_)
        ));
        assert_eq!(handle(pair(&certificate(b"", "one", b"X"), &keys, &[])), Some(1));
    }

    #[test]
    fn a_family_may_pair_by_label_before_id() {
        let keys = [key(1, b"a", "one", None), key(2, b"b", "two", None)];
        let paired = |by| handle(certificate(b"a", "two", b"X").pair(&keys, &[], by));
        assert_eq!(paired(PairBy::Id), Some(1));
        assert_eq!(paired(PairBy::Label), Some(2));
    }

    #[test]
    fn a_key_that_nothing_leads_to_and_nothing_excludes_is_left_to_a_trial() {
        let keys = [key(1, b"b", "", None), key(2, b"c", "", Some(b"C"))];
        let Paired::Unlikely(unlikely) = pair(&certificate(b"a", "", b"X"), &keys, &[]) else {
            panic!("paired or excluded");
        };
        assert_eq!(unlikely.iter().map(|key| key.handle).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_key_of_another_type_is_never_the_key() {
        let mut rsa = key(1, b"a", "", None);
        rsa.kind = Some(ck::CKK_RSA);
        assert!(matches!(pair(&certificate(b"a", "", b"A"), &[rsa], &[]), Paired::None));
    }

    #[test]
    fn a_certificate_without_key_pairs_with_nothing() {
        assert!(matches!(pair(&certificate(b"a", "", b"A"), &[], &[]), Paired::None));
        assert!(matches!(
            pair(&certificate(b"", "", b"A"), &[key(1, b"", "", Some(b"B"))], &[]),
            Paired::None
        ));
    }

    #[test]
    fn an_octet_string_is_opened_only_when_it_is_exactly_one() {
        assert_eq!(in_octet_string(b"\x04\x02ab"), Some(&b"ab"[..]));
        assert_eq!(in_octet_string(b"\x04\x03ab"), None);
        assert_eq!(in_octet_string(b""), None);
        assert_eq!(in_octet_string(b"\x04"), None);
    }
}
