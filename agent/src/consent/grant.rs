//! What a remembered decision may be limited to, and how a prompter offers and asks for it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::question::{DocumentView, PinView};
use crate::certificate::Fingerprint;
use crate::messages::Fault;

/// The most that a person may remember at once, as the configuration says.
#[derive(Clone, Copy, Debug)]
pub struct GrantLimits {
    /// How many signatures one grant allows at most; 0 allows no grants at all.
    pub max_uses: u32,
    /// How long one grant holds at most.
    pub max_duration: Duration,
}

/// What a grant for a request is limited to besides count and time: what of it was shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantScope {
    /// The paired application. The person's own command line gets none: nothing tells one of its callers from another.
    pub application: Uuid,
    /// The certificate.
    pub certificate: Fingerprint,
    /// The service and its profile; `None` for signatures that go back to the application.
    pub destination: Option<(String, String)>,
    /// The documents.
    pub documents: DocumentClass,
}

impl GrantScope {
    /// Whether a grant of this scope allows a request of that one.
    pub fn covers(&self, wanted: &Self) -> bool {
        self.application == wanted.application
            && self.certificate == wanted.certificate
            && self.destination == wanted.destination
            && self.documents.covers(&wanted.documents)
    }
}

/// Which documents a grant is for. What the agent has not seen is never covered by what it has; what is no document, or is signed as it is,
/// is in no class ([`ItemKind::may_be_remembered`]).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DocumentClass {
    /// Digests whose content the agent has not seen.
    Digests,
    /// Contents of one media type, as the caller names it.
    OfType(String),
    /// Whatever content the agent has seen.
    Any,
}

impl DocumentClass {
    /// The class of a request's documents; `None` when a person has to decide on them each time.
    pub fn of(documents: &[DocumentView]) -> Option<Self> {
        if !documents.iter().all(|document| document.kind.may_be_remembered()) {
            return None;
        }
        if documents.iter().any(|document| !document.seen) {
            return Some(Self::Digests);
        }
        let mut types = documents.iter().map(|document| essence(document.media_type.as_deref()));
        Some(match types.next() {
            Some(first) if types.all(|other| other == first) => Self::OfType(first),
            _ => Self::Any,
        })
    }

    fn covers(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any, Self::Any | Self::OfType(_)) => true,
            _ => self == wanted,
        }
    }

    /// Reads the word that [`fmt::Display`] writes.
    pub(super) fn of_word(word: &str) -> Self {
        match word {
            DIGESTS => Self::Digests,
            ANY => Self::Any,
            media_type => Self::OfType(media_type.to_owned()),
        }
    }
}

const DIGESTS: &str = "digest";
const ANY: &str = "any";

impl fmt::Display for DocumentClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digests => DIGESTS,
            Self::Any => ANY,
            Self::OfType(media_type) => media_type,
        })
    }
}

/// `type/subtype` without parameters (RFC 9110 section 8.3.1); what is none is bytes.
fn essence(media_type: Option<&str>) -> String {
    let essence = media_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.contains('/') {
        essence.to_ascii_lowercase()
    } else {
        "application/octet-stream".to_owned()
    }
}

/// What a prompter may offer to remember of an approval.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct RememberOffer {
    /// The documents it would hold for: `digest` (contents that the agent does not see), a media type, or `any` (any content that
    /// the agent sees).
    pub documents: String,
    /// How many further signatures at most.
    pub max_uses: u32,
    /// For how many seconds at most.
    pub max_seconds: u64,
}

impl RememberOffer {
    /// What may be offered: nothing where the token asks for no PIN, for a grant is created only with one.
    pub(super) fn new(scope: &GrantScope, pin: &PinView, limits: GrantLimits) -> Option<Self> {
        ((pin.needed || pin.pinpad) && limits.max_uses > 0 && limits.max_duration >= Duration::from_secs(1)).then(
            || Self {
                documents: scope.documents.to_string(),
                max_uses: limits.max_uses,
                max_seconds: limits.max_duration.as_secs(),
            },
        )
    }
}

/// What the person wants remembered, within the offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remember {
    /// How many further signatures, at least 1.
    #[schema(minimum = 1, example = 50)]
    pub uses: u32,
    /// For how many seconds, at least 1; sleep counts.
    #[schema(minimum = 1, example = 900)]
    pub seconds: u64,
    /// For any content that the agent sees, not only for the offered media type.
    #[serde(default)]
    pub any_document: bool,
}

/// A grant that the person wants, before the token has taken the PIN. Only the desk makes one.
#[derive(Clone, Debug)]
pub struct GrantPromise {
    pub(super) id: Uuid,
    pub(super) scope: GrantScope,
    pub(super) application_name: String,
    pub(super) uses: u32,
    pub(super) duration: Duration,
    pub(super) prompter: String,
}

impl GrantPromise {
    /// Checks what the person wants against what was offered.
    ///
    /// # Errors
    /// `invalid_field`.
    pub(super) fn new(
        wanted: Remember,
        offer: Option<&RememberOffer>,
        scope: Option<&GrantScope>,
        application_name: &str,
        prompter: &str,
    ) -> Result<Self, Fault> {
        let (Some(offer), Some(scope)) = (offer, scope) else {
            return Err(Fault::invalid_field("remember", "is not offered for this question"));
        };
        if !(1..=offer.max_uses).contains(&wanted.uses) {
            return Err(Fault::invalid_field(
                "remember.uses",
                format_args!("is 1 to {}", offer.max_uses),
            ));
        }
        if !(1..=offer.max_seconds).contains(&wanted.seconds) {
            return Err(Fault::invalid_field(
                "remember.seconds",
                format_args!("is 1 to {}", offer.max_seconds),
            ));
        }
        let mut scope = scope.clone();
        if wanted.any_document {
            if scope.documents == DocumentClass::Digests {
                return Err(Fault::invalid_field(
                    "remember.any_document",
                    "is not for contents that the agent does not see",
                ));
            }
            scope.documents = DocumentClass::Any;
        }
        Ok(Self {
            id: Uuid::now_v7(),
            scope,
            application_name: application_name.to_owned(),
            uses: wanted.uses,
            duration: Duration::from_secs(wanted.seconds),
            prompter: prompter.to_owned(),
        })
    }

    /// The grant's id, which also names the login that is kept for it.
    pub fn id(&self) -> Uuid {
        self.id
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cms::DigestAlgorithm;
    use crate::consent::ItemKind;
    use crate::messages::Code;

    fn document(media_type: Option<&str>, seen: bool) -> DocumentView {
        DocumentView {
            name: "a".to_owned(),
            media_type: media_type.map(str::to_owned),
            size: None,
            digest: DigestAlgorithm::Sha256.digest(b"a"),
            seen,
            kind: Default::default(),
            entries: Vec::new(),
            content: None,
        }
    }

    #[test]
    fn a_request_has_one_class_of_documents() {
        let of = |documents: &[DocumentView]| DocumentClass::of(documents).unwrap().to_string();
        let pdf = document(Some("Application/PDF; x=1"), true);
        assert_eq!(of(std::slice::from_ref(&pdf)), "application/pdf");
        assert_eq!(of(&[pdf.clone(), pdf.clone()]), "application/pdf");
        assert_eq!(of(&[pdf.clone(), document(None, true)]), "any");
        assert_eq!(of(&[pdf, document(None, false)]), "digest");
        // A caller cannot make up a class of its own.
        assert_eq!(of(&[document(Some("any"), true)]), "application/octet-stream");
        assert_eq!(of(&[document(Some("digest"), true)]), "application/octet-stream");
    }

    #[test]
    fn what_is_not_signed_within_attributes_of_the_agent_has_no_class() {
        for kind in [
            ItemKind::BareContent,
            ItemKind::ForeignAttributes,
            ItemKind::ForeignAttributesDigest,
        ] {
            let mut odd = document(Some("application/pdf"), true);
            odd.kind = kind;
            assert_eq!(DocumentClass::of(std::slice::from_ref(&odd)), None, "{kind:?}");
            assert_eq!(
                DocumentClass::of(&[document(None, true), odd]),
                None,
                "{kind:?} among others"
            );
        }
    }

    #[test]
    fn what_was_not_seen_is_covered_by_its_own_class_only() {
        let pdf = DocumentClass::OfType("application/pdf".to_owned());
        let xml = DocumentClass::OfType("text/xml".to_owned());
        assert!(DocumentClass::Any.covers(&pdf) && DocumentClass::Any.covers(&DocumentClass::Any));
        assert!(pdf.covers(&pdf) && !pdf.covers(&xml) && !pdf.covers(&DocumentClass::Any));
        assert!(!DocumentClass::Any.covers(&DocumentClass::Digests) && !pdf.covers(&DocumentClass::Digests));
        assert!(!DocumentClass::Digests.covers(&pdf) && DocumentClass::Digests.covers(&DocumentClass::Digests));
    }

    #[test]
    fn a_scope_covers_its_own_application_certificate_and_destination_only() {
        let scope = GrantScope {
            application: Uuid::from_u128(1),
            certificate: Fingerprint::of(b"a"),
            destination: None,
            documents: DocumentClass::Any,
        };
        let other = |change: fn(&mut GrantScope)| {
            let mut other = scope.clone();
            change(&mut other);
            other
        };
        assert!(scope.covers(&scope));
        assert!(!scope.covers(&other(|s| s.application = Uuid::from_u128(2))));
        assert!(!scope.covers(&other(|s| s.certificate = Fingerprint::of(b"b"))));
        assert!(!scope.covers(&other(|s| s.destination = Some(("idocs".to_owned(), "main".to_owned())))));
        let service = other(|s| s.destination = Some(("idocs".to_owned(), "main".to_owned())));
        assert!(!service.covers(&scope));
        assert!(!service.covers(&other(|s| s.destination = Some(("idocs".to_owned(), "test".to_owned())))));
    }

    #[test]
    fn more_than_offered_is_not_promised() {
        let limits = GrantLimits {
            max_uses: 10,
            max_duration: Duration::from_secs(60),
        };
        let scope = GrantScope {
            application: Uuid::from_u128(1),
            certificate: Fingerprint::of(b"a"),
            destination: None,
            documents: DocumentClass::Digests,
        };
        let with_pin = PinView {
            needed: true,
            ..PinView::default()
        };
        let offer = RememberOffer::new(&scope, &with_pin, limits).unwrap();
        assert_eq!(RememberOffer::new(&scope, &PinView::default(), limits), None);
        let promise = |uses, seconds, any_document| {
            let wanted = Remember {
                uses,
                seconds,
                any_document,
            };
            GrantPromise::new(wanted, Some(&offer), Some(&scope), "ERP", "web").map_err(|fault| fault.code())
        };
        assert!(promise(10, 60, false).is_ok());
        for (uses, seconds, any) in [
            (0, 60, false),
            (11, 60, false),
            (1, 0, false),
            (1, 61, false),
            (1, 1, true),
        ] {
            assert_eq!(
                promise(uses, seconds, any).unwrap_err(),
                Code::InvalidField,
                "{uses} {seconds} {any}"
            );
        }
        let wanted = Remember {
            uses: 1,
            seconds: 1,
            any_document: false,
        };
        assert!(GrantPromise::new(wanted, None, None, "ERP", "web").is_err());
    }
}
