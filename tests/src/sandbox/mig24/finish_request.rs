//! Reading the body of `finish`, whose members no document of the vendor names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::Refusal;
use super::records::PreparedItem;

const GROUP_MEMBERS: &[&str] = &["packageGroupId", "groupId", "id"];
const LIST_MEMBERS: &[&str] = &[
    "signatures",
    "items",
    "documents",
    "packages",
    "files",
    "hashes",
    "data",
];
const ID_MEMBERS: &[&str] = &["documentId", "id", "fileId", "packageId"];
const SIGNATURE_MEMBERS: &[&str] = &["signature", "signatureBase64", "signatureValue", "cms", "value", "data"];

/// A group and the signatures for it.
#[derive(Debug)]
pub(super) struct FinishRequest {
    pub(super) group_id: Uuid,
    signatures: Vec<Signature>,
}

#[derive(Debug)]
struct Signature {
    /// The document or package. Absent where `prepare` named none: then the order counts.
    of: Option<Uuid>,
    value: Vec<u8>,
}

impl FinishRequest {
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let group_id = text(body, GROUP_MEMBERS)
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| Refusal::invalid("packageGroupId: a GUID is expected"))?;
        let list = LIST_MEMBERS
            .iter()
            .find_map(|name| body.get(*name))
            .filter(|list| !list.is_null());
        let list = list.ok_or_else(|| Refusal::invalid("signatures: a list is expected"))?;
        let mut signatures = Vec::new();
        collect(list, &mut signatures)?;
        Ok(Self { group_id, signatures })
    }

    /// One signature for each item, in the items' order, and none left over.
    pub(super) fn signatures_for(mut self, items: &[PreparedItem]) -> Result<Vec<Vec<u8>>, Refusal> {
        if self.signatures.len() != items.len() {
            let count = self.signatures.len();
            return Err(Refusal::invalid(format!(
                "{count} signatures came for {} documents",
                items.len()
            )));
        }
        if self.signatures.iter().all(|signature| signature.of.is_none()) {
            return Ok(self.signatures.into_iter().map(|signature| signature.value).collect());
        }
        let mut by_item = Vec::with_capacity(items.len());
        for item in items {
            let at = self
                .signatures
                .iter()
                .position(|signature| signature.of == Some(item.document_id) || signature.of == Some(item.package_id));
            let at = at.ok_or_else(|| {
                Refusal::invalid(format!("the signature of document {} is missing", item.document_id))
            })?;
            by_item.push(self.signatures.swap_remove(at).value);
        }
        Ok(by_item)
    }
}

fn collect(list: &Value, signatures: &mut Vec<Signature>) -> Result<(), Refusal> {
    match list {
        Value::Array(entries) => entries.iter().try_for_each(|entry| collect_entry(entry, signatures)),
        Value::Object(by_id) => by_id.iter().try_for_each(|(id, value)| {
            let of = id
                .parse()
                .map_err(|_| Refusal::invalid(format!("signatures: {id:?} is not a GUID")))?;
            let value = value
                .as_str()
                .ok_or_else(|| Refusal::invalid(format!("the signature of {id} is not a text")))?;
            signatures.push(Signature {
                of: Some(of),
                value: decode(value)?,
            });
            Ok(())
        }),
        _ => Err(Refusal::invalid("signatures: a list is expected")),
    }
}

fn collect_entry(entry: &Value, signatures: &mut Vec<Signature>) -> Result<(), Refusal> {
    match entry {
        Value::String(value) => signatures.push(Signature {
            of: None,
            value: decode(value)?,
        }),
        Value::Object(package) if package.get("documents").is_some_and(Value::is_array) => {
            return collect(&package["documents"], signatures);
        }
        Value::Object(object) => {
            let value = text(object, SIGNATURE_MEMBERS)
                .ok_or_else(|| Refusal::invalid("signatures[].signature: a text in base64 is expected"))?;
            let of = match text(object, ID_MEMBERS) {
                None => None,
                Some(id) => Some(
                    id.parse()
                        .map_err(|_| Refusal::invalid(format!("signatures: {id:?} is not a GUID")))?,
                ),
            };
            signatures.push(Signature {
                of,
                value: decode(value)?,
            });
        }
        _ => return Err(Refusal::invalid("signatures: objects or texts are expected")),
    }
    Ok(())
}

fn text<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| object.get(*name)?.as_str())
}

fn decode(base64: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD
        .decode(base64)
        .map_err(|_| Refusal::invalid("a signature is not base64"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::storage::BlobRef;

    fn item(id: u128) -> PreparedItem {
        PreparedItem {
            package_id: Uuid::from_u128(id + 100),
            document_id: Uuid::from_u128(id),
            bytes: BlobRef {
                sha256: String::new(),
                size: 0,
            },
            signed_attributes: None,
        }
    }

    fn read(signatures: Value) -> Result<Vec<Vec<u8>>, Refusal> {
        let body = json!({"packageGroupId": Uuid::nil(), "signatures": signatures});
        FinishRequest::read(body.as_object().expect("an object"))?.signatures_for(&[item(1), item(2)])
    }

    #[test]
    fn every_shape_gives_the_signatures_in_the_order_of_the_items() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for signatures in [
            json!([{"documentId": two, "signature": "Ag=="}, {"documentId": one, "signature": "AQ=="}]),
            json!([{"packageId": Uuid::from_u128(102), "value": "Ag=="}, {"id": one, "cms": "AQ=="}]),
            json!([{"packageId": "x", "documents": [{"id": one, "signature": "AQ=="}]}, {"id": two, "signature": "Ag=="}]),
            json!({one.to_string(): "AQ==", two.to_string(): "Ag=="}),
            json!(["AQ==", "Ag=="]),
        ] {
            assert_eq!(
                read(signatures.clone()).map_err(|refusal| refusal.text),
                Ok(vec![vec![1], vec![2]]),
                "{signatures}"
            );
        }
    }

    #[test]
    fn a_missing_repeated_or_unreadable_signature_refuses_all() {
        let one = Uuid::from_u128(1);
        for signatures in [
            json!([{"documentId": one, "signature": "AQ=="}]),
            json!([{"documentId": one, "signature": "AQ=="}, {"documentId": one, "signature": "AQ=="}]),
            json!(["AQ==", "not base64"]),
            json!(null),
        ] {
            read(signatures).expect_err("not one signature a document");
        }
    }
}
