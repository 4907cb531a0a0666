//! TimeStampReq and TimeStampResp (RFC 3161 sections 2.4.1 and 2.4.2).

use thiserror::Error;

use crate::certificate::asn1::{Asn1Error, Element, Oid, Tag, ber, writer};
use crate::cms::{Digest, TimestampError, TimestampToken};

/// A request for one timestamp.
#[derive(Debug)]
pub(super) struct TimestampRequest {
    /// The digest algorithm as an AlgorithmIdentifier element.
    pub(super) algorithm: Vec<u8>,
    pub(super) imprint: Digest,
    pub(super) policy: Option<Oid>,
    /// Big-endian, not zero.
    pub(super) nonce: [u8; 16],
}

impl TimestampRequest {
    /// Version 1, with nonce and certReq.
    pub(super) fn encode(&self) -> Vec<u8> {
        const TRUE: [u8; 3] = [0x01, 0x01, 0xff];
        let imprint = writer::sequence(&[&self.algorithm, &writer::octet_string(self.imprint.value())]);
        let policy = self.policy.as_ref().map(writer::oid).unwrap_or_default();
        writer::sequence(&[
            &writer::unsigned_integer(&[1]),
            &imprint,
            &policy,
            &writer::unsigned_integer(&self.nonce),
            &TRUE,
        ])
    }
}

/// Why an answer holds no usable timestamp.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum AnswerError {
    /// Not a TimeStampResp.
    #[error("its answer is no timestamp response: {0}")]
    Malformed(#[from] Asn1Error),
    /// The authority refused (PKIStatus other than granted).
    #[error("it refuses: status {status}{}{}", if .text.is_empty() { "" } else { ", " }, .text)]
    Refused {
        /// PKIStatus.
        status: u32,
        /// What the authority says, and the failure bits by name.
        text: String,
    },
    /// Granted without a token.
    #[error("it grants the timestamp and sends none")]
    Missing,
    /// The token cannot be read.
    #[error("its timestamp cannot be read: {0}")]
    Token(#[from] TimestampError),
    /// The answer to another question, or an old one.
    #[error("its timestamp does not answer the request: another {0}")]
    Other(&'static str),
}

/// The token in an answer to `request`, when it is one.
pub(super) fn answer(request: &TimestampRequest, stamped: &[u8], bytes: &[u8]) -> Result<TimestampToken, AnswerError> {
    let definite = ber::to_definite(bytes)?;
    let mut response = Element::try_from(&*definite)?.tagged(Tag::SEQUENCE)?.reader();
    let mut info = response.sequence()?;
    let status = info.required(Tag::INTEGER)?.small_integer()?;
    // 0 is granted, 1 granted with modifications: those are checked like everything else.
    if status > 1 {
        return Err(AnswerError::Refused {
            status,
            text: explanation(info)?,
        });
    }
    let Some(token) = response.optional(Tag::SEQUENCE)? else {
        return Err(AnswerError::Missing);
    };
    let token = TimestampToken::parse(token.whole)?;
    if token.imprint_algorithm() != Some(request.imprint.algorithm()) || !token.covers(stamped) {
        return Err(AnswerError::Other("imprint"));
    }
    let nonce = &request.nonce[request.nonce.iter().take_while(|&&byte| byte == 0).count()..];
    if token.nonce() != Some(nonce) {
        return Err(AnswerError::Other("nonce"));
    }
    if request.policy.is_some_and(|policy| policy != token.policy()) {
        return Err(AnswerError::Other("policy"));
    }
    Ok(token)
}

/// PKIFreeText and PKIFailureInfo in words.
fn explanation(mut info: crate::certificate::asn1::Reader<'_>) -> Result<String, Asn1Error> {
    const UTF8_STRING: Tag = Tag(12);
    let mut words = Vec::new();
    if let Some(texts) = info.optional(Tag::SEQUENCE)? {
        let mut texts = texts.reader();
        while !texts.is_empty() {
            let text = String::from_utf8_lossy(texts.required(UTF8_STRING)?.content).into_owned();
            words.push(
                text.chars()
                    .filter(|character| !character.is_control())
                    .take(200)
                    .collect(),
            );
        }
    }
    if let Some(bits) = info.optional(Tag::BIT_STRING)? {
        let bits = bits.content.get(1..).unwrap_or_default();
        let is_set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
        words.extend(
            FAILURES
                .iter()
                .filter(|(bit, _)| is_set(*bit))
                .map(|(_, name)| (*name).to_owned()),
        );
    }
    Ok(words.join(", "))
}

/// PKIFailureInfo (RFC 3161 section 2.4.2).
const FAILURES: [(usize, &str); 8] = [
    (0, "unrecognised algorithm"),
    (2, "bad request"),
    (5, "bad data format"),
    (14, "time not available"),
    (15, "unaccepted policy"),
    (16, "unaccepted extension"),
    (17, "additional information not available"),
    (25, "system failure"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cms::DigestAlgorithm;

    fn request() -> TimestampRequest {
        TimestampRequest {
            algorithm: writer::sequence(&[&writer::oid(&Oid::literal("2.16.840.1.101.3.4.2.1")), &writer::NULL]),
            imprint: DigestAlgorithm::Sha256.digest(b"signature"),
            policy: Some(Oid::literal("1.2.3")),
            nonce: [0x80; 16],
        }
    }

    #[test]
    fn a_request_has_nonce_policy_and_wants_the_certificate() {
        let der = request().encode();
        assert!(der.ends_with(&[&[0x06, 2, 0x2a, 3, 0x02, 17, 0][..], &[0x80; 16], &[1, 1, 0xff]].concat()));
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let text = writer::element(Tag(12), &["сервис\u{7} занят".as_bytes()]);
        let failure = writer::element(Tag::BIT_STRING, &[&[7, 0, 0x01, 0x80]]);
        let info = writer::sequence(&[&writer::unsigned_integer(&[2]), &writer::sequence(&[&text]), &failure]);
        let error = answer(&request(), b"signature", &writer::sequence(&[&info])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it refuses: status 2, сервис занят, unaccepted policy, unaccepted extension"
        );
    }

    #[test]
    fn nonsense_is_no_timestamp() {
        let granted = writer::sequence(&[&writer::sequence(&[&writer::unsigned_integer(&[0])])]);
        assert_eq!(answer(&request(), b"", &granted).unwrap_err(), AnswerError::Missing);
        for nonsense in [&b""[..], b"<html>", &[0x30, 0x80], &[0x30, 0]] {
            assert!(matches!(
                answer(&request(), b"", nonsense),
                Err(AnswerError::Malformed(_))
            ));
        }
    }
}
