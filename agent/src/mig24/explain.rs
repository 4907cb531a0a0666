//! What `prepare` answers and how it is read, without signing anything: for the first look at an unknown shape.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::client::Mig24Client;
use super::package_group::claim_key;
use super::readings::{Reading, Readings};
use super::service::Mig24;
use super::shapes::{self, PreparedItem};
use crate::certificate::{Fingerprint, Purpose, Selector};
use crate::cms::{Digest, DigestAlgorithm, Hasher};
use crate::config::HashKind;
use crate::consent::CallerView;
use crate::http_client::{Failure, ServiceId};
use crate::messages::{Code, Fault};
use crate::signing::{AllowedCertificates, CertificateRequest};
use crate::store::{Store, claims};

/// So many documents are fetched and compared; the rest is read only.
const COMPARED: usize = 20;

/// So many characters of a value stay readable.
const SHOWN: usize = 8;

/// Which group to explain, and for which certificate.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainGroup {
    /// The certificate, within what the profile allows.
    #[serde(default)]
    pub certificate: Option<Selector>,
    /// The signer's power of attorney; the profile's when absent.
    #[serde(default)]
    pub mchd_info_id: Option<String>,
}

/// `prepare`'s answer and how it was read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mig24Explanation)]
pub struct Explanation {
    /// The group.
    #[schema(value_type = String)]
    pub package_group_id: ServiceId,
    /// The certificate that was sent.
    #[schema(value_type = String)]
    pub certificate: Fingerprint,
    /// The reading that the profile asks for.
    #[schema(value_type = String)]
    pub hash_kind: HashKind,
    /// The answer with its values shortened: names and shape stay, hashes and tokens do not.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// The members that `finish` gives back.
    pub given_back: Vec<String>,
    /// The items that were found, in order.
    pub items: Vec<ExplainedItem>,
    /// Why the answer cannot be used, when it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Fault>,
    /// What `finish` would send, with the signatures left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub finish: Option<Value>,
}

/// One item of the answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mig24ExplainedItem)]
pub struct ExplainedItem {
    /// What it is called in messages.
    pub label: String,
    /// The document's id, when the answer names documents.
    #[schema(value_type = Option<String>)]
    pub document_id: Option<ServiceId>,
    /// The digest algorithm that goes with it.
    #[schema(value_type = Option<String>)]
    pub algorithm: Option<DigestAlgorithm>,
    /// What its value is: `content_digest`, `signed_attributes_digest`, `signed_attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<&'static str>,
    /// Whether its file was fetched and agrees; absent when it was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agrees_with_file: Option<bool>,
    /// Why it would refuse the group, when it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Fault>,
}

impl Mig24 {
    /// Asks for the hashes of a group and says how they are read. Nobody is asked, nothing is signed, nothing is kept.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, those of choosing the certificate, `wrong_state` while a job signs the group: the last
    /// answer of `prepare` is the one that counts.
    pub async fn explain(
        &self,
        store: &Store,
        profile: &str,
        caller: CallerView,
        group: &ServiceId,
        request: ExplainGroup,
    ) -> Result<Explanation, Fault> {
        let profile = self.profile(profile)?;
        let client = profile.client()?;
        refuse_while_signing(store, claim_key(&profile.name, group)).await?;
        let configured = profile.config.service.certificate.as_deref();
        let allowed = AllowedCertificates::new(configured, request.certificate.as_ref())?;
        let wanted = CertificateRequest {
            caller,
            purpose: Purpose::Signature,
            selector: allowed.selector(),
            documents: Vec::new(),
            destination: None,
        };
        let chosen = self.signing().only(&wanted).await?;
        let certificate = allowed.check(&chosen)?;
        let mchd = request.mchd_info_id.or_else(|| profile.config.mchd_info_id.clone());
        let answer = client
            .prepare_answer(group, certificate.der(), mchd.as_deref())
            .await
            .map_err(Failure::into_fault)?;
        let readings = Readings {
            kind: profile.config.hash_kind,
            accept_attributes: profile.config.accept_signed_attributes,
            certificate: &certificate,
        };
        let mut explanation = Explanation {
            package_group_id: group.clone(),
            certificate: chosen.fingerprint(),
            hash_kind: profile.config.hash_kind,
            answer: redacted(&answer),
            given_back: Vec::new(),
            items: Vec::new(),
            problem: None,
            finish: None,
        };
        match shapes::read_prepared(&answer) {
            Err(fault) => explanation.problem = Some(fault),
            Ok(prepared) => {
                explanation.given_back = prepared.echo.keys().cloned().collect();
                for (at, item) in prepared.items.iter().enumerate() {
                    let compared = (at < COMPARED).then_some(client);
                    explanation
                        .items
                        .push(explain_item(item, at, &readings, compared).await);
                }
                let signatures = std::iter::repeat_n(&[][..], prepared.items.len());
                let body = shapes::finish_body(&profile.config.shapes.finish, group, &prepared, signatures);
                explanation.finish = Some(redacted(&Value::Object(body)));
            }
        }
        Ok(explanation)
    }
}

async fn refuse_while_signing(store: &Store, key: String) -> Result<(), Fault> {
    match store.read(move |connection| claims::holder(connection, &key)).await? {
        None => Ok(()),
        Some(job) => Err(Fault::new(Code::WrongState).arg("job", job).detail(format!(
            "job {job} signs this group; asking for its hashes again would void what it was given"
        ))),
    }
}

async fn explain_item(
    item: &PreparedItem,
    at: usize,
    readings: &Readings<'_>,
    client: Option<&Mig24Client>,
) -> ExplainedItem {
    let mut explained = ExplainedItem {
        label: item.label(at),
        document_id: item.document.clone(),
        algorithm: None,
        reading: None,
        agrees_with_file: None,
        problem: None,
    };
    let read = readings
        .algorithm(item, at)
        .and_then(|algorithm| Ok((algorithm, readings.read(item, at)?)));
    let (algorithm, reading) = match read {
        Ok(read) => read,
        Err(fault) => {
            explained.problem = Some(fault);
            return explained;
        }
    };
    explained.algorithm = Some(algorithm);
    explained.reading = Some(match reading {
        Reading::Content(_) => "content_digest",
        Reading::AttributesDigest(_) => "signed_attributes_digest",
        Reading::Attributes(_) => "signed_attributes",
    });
    let (Some(client), Some(id)) = (client, &item.document) else {
        return explained;
    };
    match file_digest(client, id, algorithm).await {
        Ok(digest) => match readings.confirm(&reading, digest.as_ref(), &explained.label) {
            // What the service built out of a digest agrees with nothing that can be made here.
            Ok(()) if matches!(reading, Reading::AttributesDigest(_)) => {}
            Ok(()) => explained.agrees_with_file = digest.map(|_| true),
            Err(fault) => {
                explained.agrees_with_file = digest.map(|_| false);
                explained.problem = Some(fault);
            }
        },
        Err(fault) => explained.problem = Some(fault),
    }
    explained
}

/// The digest of a document's file, streamed and not kept; `None` when the service does not have the file.
async fn file_digest(
    client: &Mig24Client,
    id: &ServiceId,
    algorithm: DigestAlgorithm,
) -> Result<Option<Digest>, Fault> {
    let mut download = match client.document_file(id).await {
        Ok(download) => download,
        Err(Failure::Refused(fault)) if fault.code() == Code::ServiceRefused => return Ok(None),
        Err(failure) => return Err(failure.into_fault()),
    };
    let mut hasher = Hasher::new(algorithm);
    while let Some(piece) = download.chunk().await.map_err(Failure::into_fault)? {
        hasher.update(&piece);
    }
    Ok(Some(hasher.finish()))
}

/// The same JSON with long texts shortened, except names and ids of things, which a person needs to find their way.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                let shown = match value {
                    Value::String(text) if is_a_name(name) || is_an_id(text) => json!(text),
                    other => redacted(other),
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(entries) => entries.iter().map(redacted).collect(),
        Value::String(text) => json!(shortened(text)),
        other => other.clone(),
    }
}

fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= 2 * SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN).collect();
    format!("{head}… ({length} characters)")
}

fn is_a_name(member: &str) -> bool {
    shapes::NAMES
        .iter()
        .chain(&shapes::ALGORITHMS)
        .any(|known| known.eq_ignore_ascii_case(member))
}

fn is_an_id(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_tokens_are_shortened_and_names_are_not() {
        let id = "b25fb305-e1ca-480e-89bc-27ee31ed5d65";
        let answer = json!({
            "token": "secret-session-value-of-the-service", "requestId": 17,
            "hashes": [{ "documentId": id, "fileName": "A long name of a document.pdf", "hashAlgorithm": "1.2.643.7.1.1.2.2",
                "hash": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=" }],
        });
        assert_eq!(
            redacted(&answer),
            json!({
                "token": "secret-s… (35 characters)", "requestId": 17,
                "hashes": [{ "documentId": id, "fileName": "A long name of a document.pdf", "hashAlgorithm": "1.2.643.7.1.1.2.2",
                    "hash": "n4bQgYhM… (44 characters)" }],
            })
        );
        assert_eq!(
            redacted(&json!(["n4bQgYhMfWWaL+qgxVrQFaO"])),
            json!(["n4bQgYhM… (23 characters)"])
        );
    }
}
