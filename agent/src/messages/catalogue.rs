use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The process exit codes of the command line, stable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum ExitClass {
    /// Something failed that no other class names.
    Failed = 1,
    /// The command or the request was not understood.
    Usage = 2,
    /// The person refused, or let the question expire.
    Refused = 3,
    /// The token or its PIN.
    Token = 4,
    /// iDocs, MIG24 or another remote service.
    Service = 5,
}

macro_rules! catalogue {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $exit:ident; )*) => {
        /// A stable error code. The same list feeds problem+json, exit codes, the page and `docs/errors.md`.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
        #[non_exhaustive]
        pub enum Code {
            $( $(#[$doc])* #[serde(rename = $code)] $name, )*
        }

        impl Code {
            /// Every code, in the catalogue's order.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// The code as written on the wire, in logs and in message ids.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$name => $code, )* }
            }

            /// The HTTP status that goes with it (RFC 9110).
            pub fn status(self) -> u16 {
                match self { $( Self::$name => $status, )* }
            }

            /// The exit code of the command line.
            pub fn exit(self) -> ExitClass {
                match self { $( Self::$name => ExitClass::$exit, )* }
            }
        }
    };
}

catalogue! {
    // The request itself
    /// The body is not the JSON that the route takes.
    MalformedJson = "malformed_json", 400, Usage;
    /// A field is missing or has a wrong value; `field` and `reason` say which and why.
    InvalidField = "invalid_field", 400, Usage;
    /// The certificate selector cannot be read.
    InvalidSelector = "invalid_selector", 422, Usage;
    /// The content does not have the digest that came with it.
    DigestMismatch = "digest_mismatch", 422, Usage;
    /// A digest of the wrong length for its algorithm or for the key.
    DigestLength = "digest_length", 422, Usage;
    /// No such route.
    NotFound = "not_found", 404, Usage;
    /// No such job, signature, question, application or token.
    NoSuchItem = "no_such_item", 404, Usage;
    /// The route exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, Usage;
    /// The body is larger than the route takes.
    BodyTooLarge = "body_too_large", 413, Usage;
    /// The head or the body of a request stalls or trickles.
    RequestTooSlow = "request_too_slow", 408, Usage;
    /// The content type is not the route's.
    UnsupportedMediaType = "unsupported_media_type", 415, Usage;
    /// The same Idempotency-Key came with another request.
    IdempotencyMismatch = "idempotency_mismatch", 422, Usage;
    /// The same Idempotency-Key is being worked on.
    IdempotencyInProgress = "idempotency_in_progress", 409, Usage;
    /// The item is not in a state that allows this.
    WrongState = "wrong_state", 409, Usage;
    /// What a job left at the service cannot be removed; `reason` says why.
    NotRemovable = "not_removable", 409, Usage;
    /// A file named on the command line or in a request cannot be read.
    FileUnreadable = "file_unreadable", 400, Usage;

    // Showing a document
    /// Only the digest of the document came; there is no content to show.
    ContentNotSeen = "content_not_seen", 409, Failed;
    /// The content is of a kind that is not shown.
    ContentUnknown = "content_unknown", 422, Failed;
    /// The content is damaged.
    ContentBroken = "content_broken", 422, Failed;
    /// The content is protected with a password.
    ContentProtected = "content_protected", 422, Failed;
    /// Showing the content takes more time or memory than is allowed.
    ContentTooHeavy = "content_too_heavy", 422, Failed;

    // The guard
    /// The peer belongs to another user of this machine.
    ForeignUser = "foreign_user", 403, Failed;
    /// The `Host` header names something else than this endpoint.
    WrongHost = "wrong_host", 421, Failed;
    /// A browser page of an origin that is not paired.
    ForeignOrigin = "foreign_origin", 403, Failed;
    /// No bearer token, or one that nobody holds.
    Unpaired = "unpaired", 401, Failed;
    /// The application lacks the permission.
    PermissionDenied = "permission_denied", 403, Failed;
    /// The request is no HTTP/1.1 as it should be.
    MalformedRequest = "malformed_request", 400, Usage;
    /// The head of a request is too large.
    HeadTooLarge = "head_too_large", 431, Usage;
    /// All places for connections are taken.
    TooManyConnections = "too_many_connections", 503, Failed;
    /// Too many requests; `retry_after` in seconds.
    RateLimited = "rate_limited", 429, Failed;
    /// A pairing was refused, expired, or its secret is wrong.
    PairingFailed = "pairing_failed", 403, Refused;

    // Certificates
    /// No certificate fits the selector.
    CertificateNotFound = "certificate_not_found", 404, Token;
    /// Several certificates fit and nobody may be asked; `candidates` lists them.
    CertificateAmbiguous = "certificate_ambiguous", 409, Token;
    /// The certificate has expired.
    CertificateExpired = "certificate_expired", 422, Token;
    /// The certificate is not valid yet.
    CertificateNotYetValid = "certificate_not_yet_valid", 422, Token;
    /// The certificate is not meant for this purpose.
    CertificateWrongPurpose = "certificate_wrong_purpose", 422, Token;
    /// The certificate has no key on the token.
    CertificateWithoutKey = "certificate_without_key", 422, Token;
    /// The certificate's algorithm is not supported, or the token cannot do it.
    UnsupportedAlgorithm = "unsupported_algorithm", 422, Token;

    // The person
    /// The person refused.
    Refused = "refused", 403, Refused;
    /// Nobody answered in time.
    Expired = "expired", 408, Refused;
    /// No prompter is attached and none can be opened.
    NoPrompter = "no_prompter", 409, Refused;
    /// The caller or the person cancelled.
    Cancelled = "cancelled", 409, Refused;
    /// What was approved is not what is to be signed.
    ApprovalMismatch = "approval_mismatch", 409, Refused;
    /// The decision names another state of the question than the one shown now.
    StaleDecision = "stale_decision", 409, Refused;
    /// The certificate is not configured for unattended use.
    NotUnattended = "not_unattended", 403, Refused;

    // The token
    /// The PIN is wrong; `tries_left` when the token says.
    PinIncorrect = "pin_incorrect", 403, Token;
    /// The PIN is locked.
    PinLocked = "pin_locked", 403, Token;
    /// The PIN has expired and must be changed.
    PinExpired = "pin_expired", 403, Token;
    /// The token's PIN has never been set.
    PinNotInitialised = "pin_not_initialised", 403, Token;
    /// The PIN is too short or too long; no try was spent.
    PinLength = "pin_length", 403, Token;
    /// One try is left; the person must confirm it.
    PinLastTry = "pin_last_try", 403, Token;
    /// A PIN is needed and none came.
    PinRequired = "pin_required", 403, Token;
    /// PIN entry was cancelled on the reader.
    PinCancelled = "pin_cancelled", 403, Token;
    /// No PIN was entered on the reader, or in the module's dialog, in time.
    PinTimedOut = "pin_timed_out", 408, Token;
    /// A program gave the PIN that the token refused before; it was not sent.
    PinNotSentAgain = "pin_not_sent_again", 403, Token;
    /// The token is not plugged in.
    TokenAbsent = "token_absent", 409, Token;
    /// The token was pulled while it worked.
    TokenRemoved = "token_removed", 409, Token;
    /// Another program holds the token.
    TokenBusy = "token_busy", 409, Token;
    /// A card is in a reader and the module of its family is missing.
    DriverMissing = "driver_missing", 409, Token;
    /// The token keeps keys for other programs and cannot sign by itself.
    TokenCannotSign = "token_cannot_sign", 422, Token;
    /// A card is in a reader, its module works and does not show it.
    TokenNotSeen = "token_not_seen", 409, Token;
    /// A card is in a reader, and nothing is known to serve it.
    CardUnknown = "card_unknown", 409, Token;
    /// A card does not answer its reader.
    CardMute = "card_mute", 409, Token;
    /// The key is not on the token.
    KeyNotFound = "key_not_found", 404, Token;
    /// The token answered with an error that has no code of its own; `ckr` names it.
    TokenError = "token_error", 502, Token;
    /// The value that the token returned does not verify.
    SignatureInvalid = "signature_invalid", 502, Token;
    /// The time stamping authority gave no timestamp that holds; `host` and `reason` say which and why. The signature is stored.
    TimestampFailed = "timestamp_failed", 502, Service;
    /// The PKCS#11 module's file is missing.
    ModuleMissing = "module_missing", 404, Token;
    /// The PKCS#11 module cannot be loaded, or its file may not be trusted.
    ModuleUnusable = "module_unusable", 502, Token;
    /// The PKCS#11 module crashed.
    ModuleCrashed = "module_crashed", 502, Token;
    /// The PKCS#11 module does not answer.
    ModuleHung = "module_hung", 504, Token;
    /// The PKCS#11 module crashed too often and is set aside.
    ModuleQuarantined = "module_quarantined", 503, Token;

    // The services
    /// No such iDocs or MIG24 profile in the configuration.
    ProfileUnknown = "profile_unknown", 404, Usage;
    /// What is asked for needs a setting that the configuration does not have.
    NotConfigured = "not_configured", 409, Usage;
    /// The profile lacks its bearer token, or it cannot be read.
    ServiceTokenMissing = "service_token_missing", 409, Service;
    /// The service does not accept the bearer token.
    ServiceUnauthorised = "service_unauthorised", 502, Service;
    /// The service's paid plan has ended.
    ServiceBilling = "service_billing", 502, Service;
    /// The address is another environment than the token's, or no environment of this service at all.
    ServiceWrongEnvironment = "service_wrong_environment", 502, Service;
    /// The service refused the request.
    ServiceRefused = "service_refused", 422, Service;
    /// The service failed.
    ServiceFailed = "service_failed", 502, Service;
    /// The service answered something that cannot be understood.
    ServiceUnreadable = "service_unreadable", 502, Service;
    /// The service cannot be reached.
    ServiceUnreachable = "service_unreachable", 503, Service;
    /// The service did not answer in time.
    ServiceTimeout = "service_timeout", 504, Service;
    /// What happened at the service cannot be known; a person must look.
    ServiceUncertain = "service_uncertain", 502, Service;
    /// iDocs gave no idempotency ticket.
    TicketMissing = "ticket_missing", 502, Service;
    /// The download link leads to a host that is not the service's.
    DownloadForeignHost = "download_foreign_host", 502, Service;
    /// The signer's certificate does not belong to the employee or the organisation.
    SignerMismatch = "signer_mismatch", 422, Service;
    /// The signing employee cannot be told from the certificate.
    EmployeeUnknown = "employee_unknown", 422, Service;
    /// The content to sign changed after the person had seen it.
    ContentChanged = "content_changed", 409, Service;
    /// The list of hashes from MIG24 cannot be used.
    PrepareUnusable = "prepare_unusable", 502, Service;

    // The agent
    /// The configuration cannot be read or is wrong.
    ConfigInvalid = "config_invalid", 500, Usage;
    /// The store cannot be opened, read or written.
    StoreFailed = "store_failed", 500, Failed;
    /// The store is damaged: its pages do not fit together.
    StoreDamaged = "store_damaged", 500, Failed;
    /// The store was written by a newer version.
    StoreNewer = "store_newer", 500, Failed;
    /// The audit log was changed; `entry` is the first entry that does not fit.
    AuditBroken = "audit_broken", 500, Failed;
    /// Another agent holds the store.
    AgentRunning = "agent_running", 409, Failed;
    /// The agent does not run, or cannot be reached.
    AgentUnreachable = "agent_unreachable", 503, Failed;
    /// The port is taken.
    PortTaken = "port_taken", 409, Failed;
    /// No room on the disk.
    DiskFull = "disk_full", 507, Failed;
    /// The signature does not verify.
    VerificationFailed = "verification_failed", 422, Failed;
    /// Something that should not happen; the log has the details.
    Internal = "internal", 500, Failed;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(s: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == s)
            .ok_or(UnknownCode)
    }
}

/// A string that names no code of the catalogue.
#[derive(Debug, thiserror::Error)]
#[error("not a code of the error catalogue")]
pub struct UnknownCode;
