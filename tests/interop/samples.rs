//! Signatures of one algorithm, each over content of its own, in files.

use std::fs;
use std::path::PathBuf;

use time::OffsetDateTime;
use tokensign::cms::{Scheme, SignedAttributes, assemble_detached, normalise_signature};

use crate::algorithms::{Algorithm, Country};
use crate::authority::Authority;
use crate::kazakh_key::{with_kazakh_256, with_kazakh_512};

pub(crate) struct Samples {
    pub(crate) algorithm: Algorithm,
    pub(crate) authority: Authority,
    count: usize,
}

/// A signature and the content that it is held against.
pub(crate) struct Sample {
    pub(crate) content: PathBuf,
    pub(crate) signature: PathBuf,
}

impl Samples {
    /// Signs as the agent does, with OpenSSL in the place of the token.
    pub(crate) fn make(algorithm: Algorithm, count: usize) -> Self {
        let authority = Authority::new(algorithm.key);
        let certificate = match algorithm.country {
            Country::Russia => authority.leaf.clone(),
            Country::Kazakhstan(256) => with_kazakh_256(&authority.leaf),
            Country::Kazakhstan(_) => with_kazakh_512(&authority.leaf),
        };
        let scheme = Scheme::for_certificate(&certificate, &algorithm.preference).unwrap();
        for number in 0..=count {
            let content = format!("Счёт на оплату № {number}\r\n");
            let digest = scheme.digest().digest(content.as_bytes());
            let now = OffsetDateTime::now_utc();
            let attributes = SignedAttributes::new(&digest, &certificate, now, &scheme).unwrap();
            let raw = authority.sign(&scheme, &attributes.as_input());
            let value = normalise_signature(&certificate, &scheme, &attributes.as_input(), &raw).unwrap();
            let chain = std::slice::from_ref(&authority.root);
            let signature = assemble_detached(&scheme, &certificate, chain, Some(&attributes), &value);
            fs::write(authority.path(&format!("content-{number}")), content).unwrap();
            fs::write(authority.path(&format!("signature-{number}.p7s")), signature).unwrap();
        }
        Self {
            algorithm,
            authority,
            count,
        }
    }

    pub(crate) fn honest(&self) -> Vec<Sample> {
        (0..self.count).map(|number| self.sample(number, number)).collect()
    }

    /// Every tenth signature, before the next one's content.
    pub(crate) fn changed(&self) -> Vec<Sample> {
        (0..self.count)
            .step_by(10)
            .map(|number| self.sample(number, number + 1))
            .collect()
    }

    /// All of them: first the honest ones, then those with changed content.
    pub(crate) fn all(&self) -> Vec<Sample> {
        self.honest().into_iter().chain(self.changed()).collect()
    }

    fn sample(&self, signature: usize, content: usize) -> Sample {
        Sample {
            content: self.authority.path(&format!("content-{content}")),
            signature: self.authority.path(&format!("signature-{signature}.p7s")),
        }
    }
}
