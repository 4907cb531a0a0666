//! The switches: how the services answer where the contracts leave it open, or where real services were seen to differ.
//!
//! All of it can be set when the sandbox starts and changed while it runs (`PUT /_sandbox/behaviour`).

use serde::{Deserialize, Serialize};

/// How both services behave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How iDocs behaves.
    pub idocs: IdocsBehaviour,
    /// How MIG24 behaves.
    pub mig24: Mig24Behaviour,
}

/// How iDocs behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdocsBehaviour {
    /// The `Content-Type` of JSON answers. The vendor's guide and OpenAPI file both show `text/plain`.
    pub json_label: JsonLabel,
    /// Whether creating a route and saving a signature answer an empty body; otherwise they answer `{}`.
    pub empty_bodies: bool,
    /// What a generated content's `downloadLink` looks like.
    pub download_link: DownloadLink,
    /// Seconds from generating a content to its `disposeOn`.
    pub dispose_after_seconds: i64,
    /// Which CMS a saved signature has to be.
    pub signature_form: SignatureForm,
    /// How `sync/external/**` reports an error, which no document of the vendor describes.
    pub error_style: ErrorStyle,
    /// The largest document accepted, in bytes.
    pub upload_limit_bytes: u64,
    /// Whether dates are milliseconds; the guide says seconds.
    pub dates_in_milliseconds: bool,
    /// Milliseconds until the operations of a bulk call are carried out.
    pub bulk_latency_millis: u64,
}

impl Default for IdocsBehaviour {
    fn default() -> Self {
        Self {
            json_label: JsonLabel::TextPlain,
            empty_bodies: true,
            download_link: DownloadLink::Absolute,
            dispose_after_seconds: 900,
            signature_form: SignatureForm::Detached,
            error_style: ErrorStyle::Message,
            upload_limit_bytes: 15 * 1024 * 1024,
            dates_in_milliseconds: false,
            bulk_latency_millis: 0,
        }
    }
}

/// The label on a JSON answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonLabel {
    /// `text/plain; charset=utf-8`.
    TextPlain,
    /// `application/json; charset=utf-8`.
    ApplicationJson,
}

/// The form of a generated content's `downloadLink`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DownloadLink {
    /// An absolute link on the sandbox's own host.
    Absolute,
    /// A path without a host.
    Relative,
    /// An absolute link with a double slash before the path. The literal path answers 404 unless `served`.
    DoubleSlash {
        /// Whether the literal path, double slash included, answers the content.
        served: bool,
    },
    /// The same path on another host.
    OtherHost {
        /// Scheme, host and port, without a slash at the end.
        base_url: String,
    },
}

/// Which CMS a service accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureForm {
    /// Without the content inside.
    Detached,
    /// With the content inside, equal to what was given out to be signed.
    Attached,
    /// Either.
    Any,
}

/// The body of an error answer whose shape no document fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// `{"message": "…"}`
    Message,
    /// `{"error": "…"}`
    Error,
    /// RFC 7807: `{"type", "title", "status", "detail"}`.
    Problem,
    /// Plain text.
    Text,
}

/// How MIG24 behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mig24Behaviour {
    /// What `prepare` hands out to be signed.
    pub hash_kind: HashKind,
    /// The shape of `prepare`'s answer.
    pub prepare_answer: PrepareAnswer,
    /// How errors are reported.
    pub error_style: ErrorStyle,
    /// Whether `finish` answers an empty body; otherwise the group's state.
    pub empty_finish_body: bool,
    /// The status with which every call is refused because the plan has run out. None: the plan is paid.
    pub expired_plan_status: Option<u16>,
    /// Seconds from a finished group to the state `Delivered`. None: it stays `Sent`.
    pub delivered_after_seconds: Option<i64>,
}

impl Default for Mig24Behaviour {
    fn default() -> Self {
        Self {
            hash_kind: HashKind::ContentDigest,
            prepare_answer: PrepareAnswer::default(),
            error_style: ErrorStyle::Message,
            empty_finish_body: true,
            expired_plan_status: None,
            delivered_after_seconds: None,
        }
    }
}

/// The three readings of "the hashes of the documents" in the vendor's guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashKind {
    /// Reading A: the digest of the document; `finish` takes a detached CMS.
    ContentDigest,
    /// Reading B: the digest of signed attributes which the service built; `finish` takes a raw signature value.
    SignedAttributesDigest,
    /// Reading C: those attributes themselves, as a DER `SET OF`; `finish` takes a raw signature value.
    SignedAttributes,
}

/// The shape of `prepare`'s answer, which no document of the vendor describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrepareAnswer {
    /// How the items are laid out.
    pub layout: PrepareLayout,
    /// The member that holds them. None: they are the whole answer, and no session can be given with them.
    pub list_member: Option<String>,
    /// The member with the document's id.
    pub id_member: String,
    /// The member with the hash.
    pub hash_member: String,
    /// The member with the algorithm's OID. None: the algorithm is not stated.
    pub algorithm_member: Option<String>,
    /// How hashes are written.
    pub encoding: HashEncoding,
    /// The member with a value that `finish` has to echo. None: there is no such value.
    pub session_member: Option<String>,
}

impl Default for PrepareAnswer {
    fn default() -> Self {
        Self {
            layout: PrepareLayout::List,
            list_member: Some("hashes".to_owned()),
            id_member: "documentId".to_owned(),
            hash_member: "hash".to_owned(),
            algorithm_member: Some("hashAlgorithm".to_owned()),
            encoding: HashEncoding::Base64,
            session_member: Some("requestId".to_owned()),
        }
    }
}

/// How `prepare` lays its items out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrepareLayout {
    /// An array of objects, one a document.
    List,
    /// An array of packages, each with an array `documents`.
    Packages,
    /// An object: document id → hash.
    Map,
    /// An array of hashes in the order of the group's documents.
    Bare,
}

/// How a hash is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashEncoding {
    /// RFC 4648 section 4, padded.
    Base64,
    /// RFC 4648 section 5, unpadded.
    Base64url,
    /// Lower-case hexadecimal.
    Hex,
}
