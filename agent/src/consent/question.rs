use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::approval::ItemKind;
use super::grant::RememberOffer;
use super::remote::RemoteSigner;
use crate::certificate::{Fingerprint, Purpose};
use crate::cms::Digest;
use crate::messages::{Code, Fault};
use crate::store::blobs::BlobId;

/// A question to the person, as every prompter shows it and as its digest covers it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Question {
    /// Its id.
    pub id: Uuid,
    /// When it was asked.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it counts as refused.
    #[serde(with = "time::serde::rfc3339")]
    pub deadline: OffsetDateTime,
    /// Whether it waits for a decision.
    pub state: QuestionState,
    /// SHA-256, in hex, of what is shown; a decision names it, so that it cannot fall on something else.
    pub shown: String,
    /// What went wrong with the last decision (a wrong PIN, for instance).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub notice: Option<Fault>,
    /// Who asks.
    pub caller: CallerView,
    /// The job it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Uuid>,
    /// Whether only a person may answer any more: something went wrong that no notice speaks of by now.
    #[serde(skip)]
    pub is_for_person: bool,
    /// Whether a dialog on the person's screen (pinentry) asks the same at this moment. The first answer counts.
    #[serde(default)]
    pub in_dialog: bool,
    /// What is asked.
    #[serde(flatten)]
    pub body: QuestionBody,
}

impl Question {
    /// The digest of what is shown: caller, notice and body.
    pub(super) fn shown_digest(&self) -> String {
        let shown = serde_json::json!({ "caller": &self.caller, "notice": &self.notice, "body": &self.body });
        hex::encode(Sha256::digest(shown.to_string().as_bytes()))
    }

    /// Puts what the token says of its PIN now into an approval; says whether that is anything else than before.
    pub(super) fn renew_pin(&mut self, now: &PinView) -> bool {
        let QuestionBody::Approve { pin, .. } = &mut self.body else {
            return false;
        };
        let is_same_state = (pin.needed, pin.pinpad, pin.state) == (now.needed, now.pinpad, now.state);
        if is_same_state && (now.tries_left.is_none() || now.tries_left == pin.tries_left) {
            return false;
        }
        *pin = now.clone();
        // What the last attempt met may be over.
        let met = self.notice.as_ref().map(Fault::code);
        let is_over = match met {
            Some(Code::PinLocked) => now.state != PinState::Locked,
            Some(Code::PinNotInitialised) => now.state != PinState::NotInitialised,
            Some(Code::PinLastTry) => now.state != PinState::FinalTry,
            _ => false,
        };
        if is_over {
            self.notice = None;
            self.is_for_person = true;
        }
        self.shown = self.shown_digest();
        true
    }
}

/// Whether a question waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// It waits for a decision.
    Waiting,
    /// It was decided and the token works.
    Working,
    /// It is over.
    Closed,
}

/// What is asked.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "questions are few and live on the heap of the desk"
)]
pub enum QuestionBody {
    /// May this be signed with that certificate?
    Approve {
        /// Sign or authenticate: shown differently, never mixed.
        action: Action,
        /// What is signed.
        documents: Vec<DocumentView>,
        /// With which certificate.
        certificate: CertificateView,
        /// Where it goes afterwards.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Destination>,
        /// The PIN.
        pin: PinView,
        /// What of it the person may have remembered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remember: Option<RememberOffer>,
    },
    /// Which of these certificates?
    Choose {
        /// Sign or authenticate.
        action: Action,
        /// Names of the documents; their digests depend on the certificate and come with the second question.
        documents: Vec<String>,
        /// The certificates that fit, the likeliest first.
        candidates: Vec<CertificateView>,
        /// Where it goes afterwards.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Destination>,
    },
    /// May a service sign this, or have it signed, without the token?
    Remote {
        /// What is signed.
        documents: Vec<DocumentView>,
        /// Who signs.
        signer: RemoteSigner,
        /// Where, and what follows.
        destination: Destination,
    },
    /// May this application talk to the agent?
    Pair {
        /// The application.
        pairing: PairingView,
    },
}

/// What the certificate is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A legal signature.
    Sign,
    /// A login challenge.
    Authenticate,
}

impl From<Action> for Purpose {
    fn from(action: Action) -> Self {
        match action {
            Action::Sign => Self::Signature,
            Action::Authenticate => Self::Authentication,
        }
    }
}

impl From<Purpose> for Action {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Signature => Self::Sign,
            Purpose::Authentication => Self::Authenticate,
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct CallerView {
    /// The paired application's id, `None` for the person's own command line.
    pub application: Option<Uuid>,
    /// The name it was paired under, or `tokensign` for the command line.
    pub name: String,
    /// Whether the kernel or the browser vouches for origin or process, or only the application itself.
    pub verified: bool,
    /// The web origin, from the browser's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The program, where the system tells: for display, never for permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The program and those that started it, nearest first, up to the one that has the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<ProcessView>,
}

/// A process that asks, or that started one which asks.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct ProcessView {
    /// Its number.
    pub pid: u32,
    /// Its name. A process names itself.
    pub name: String,
    /// Its program file, from the kernel; absent when the process hides it, and then nothing but its own word is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
}

impl fmt::Display for ProcessView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.executable.as_ref().unwrap_or(&self.name), self.pid)
    }
}

/// A document in a question.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DocumentView {
    /// Its name as the caller gives it.
    pub name: String,
    /// Its media type as the caller gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its size in bytes, when the agent has seen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The digest that will be signed.
    #[schema(value_type = Object)]
    pub digest: Digest,
    /// Whether the agent has seen the content and made the digest itself.
    pub seen: bool,
    /// What the digest is a digest of.
    #[serde(default)]
    pub kind: ItemKind,
    /// The entries of a ZIP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Where the content lies, when the agent has seen it. It never leaves the agent; what it says is shown by way of the preview.
    #[serde(skip)]
    pub content: Option<BlobId>,
}

/// A certificate in a question and in listings.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct CertificateView {
    /// SHA-256 of the certificate.
    #[schema(value_type = String)]
    pub fingerprint: Fingerprint,
    /// The subject, readable.
    pub subject: String,
    /// The issuer, readable.
    pub issuer: String,
    /// The serial number, in hex.
    pub serial: String,
    /// Holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Kazakh personal number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iin: Option<String>,
    /// Kazakh business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// Russian personal taxpayer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// Russian taxpayer number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inn_le: Option<String>,
    /// Russian registration number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ogrn: Option<String>,
    /// Russian insurance number of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
    /// The holder's roles, as stable words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The key, for instance `rsa-2048`, `p-256`, `gost2012-256`.
    pub key_type: String,
    /// Valid from.
    #[serde(with = "time::serde::rfc3339")]
    pub valid_from: OffsetDateTime,
    /// Valid until.
    #[serde(with = "time::serde::rfc3339")]
    pub valid_until: OffsetDateTime,
    /// How many days it is still valid, when they are 30 or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u16>,
    /// The label of the token it lies on.
    pub token: String,
    /// The PKCS#11 URI of its key (RFC 7512).
    pub uri: UriText,
}

/// A PKCS#11 URI as text.
pub type UriText = String;

/// Where a signature goes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Destination {
    /// `idocs` or `mig24`.
    pub service: String,
    /// The profile's name.
    pub profile: String,
    /// The host it is sent to.
    pub host: String,
    /// The organisation in whose name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Who receives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<String>,
    /// The power of attorney (МЧД) that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_of_attorney: Option<String>,
    /// What follows the signature, a key of the texts: `effect-idocs-send`, …
    pub effect: String,
    /// Whether it can be undone at the service.
    pub reversible: bool,
}

/// What the person must know of the PIN.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct PinView {
    /// Whether a PIN must come with the decision.
    pub needed: bool,
    /// Whether it is entered on the reader.
    pub pinpad: bool,
    /// What the token says about its tries.
    pub state: PinState,
    /// Tries left, when they can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
}

/// What a token says about its user PIN (PKCS#11 `CKF_USER_PIN_*`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PinState {
    /// Nothing special.
    #[default]
    Ok,
    /// A wrong PIN was entered since the last right one.
    Low,
    /// One try is left.
    FinalTry,
    /// Locked.
    Locked,
    /// Never set.
    NotInitialised,
}

/// An application that wants to be paired.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PairingView {
    /// The name it gives itself.
    pub name: String,
    /// Its web origin, from the browser's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The six digits that it shows too.
    pub code: String,
    /// What it wants to be allowed.
    pub permissions: Vec<String>,
}
