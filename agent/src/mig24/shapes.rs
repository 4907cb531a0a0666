//! The one place that knows the shapes of `prepare` and `finish`, which no document of the vendor describes.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::member;
use crate::config::{CertificateEncoding, FinishItems, FinishShape, PrepareShape};
use crate::http_client::ServiceId;
use crate::messages::{Code, Fault};

const LISTS: [&str; 6] = ["hashes", "documents", "items", "packages", "files", "data"];
const HASHES: [&str; 8] = [
    "hash",
    "digest",
    "hashBase64",
    "hashValue",
    "documentHash",
    "dataToSign",
    "data",
    "value",
];
const DOCUMENT_IDS: [&str; 3] = ["documentId", "id", "fileId"];
const PACKAGE_ID: &str = "packageId";
pub(super) const ALGORITHMS: [&str; 5] = ["hashAlgorithm", "algorithm", "hashAlg", "digestAlgorithm", "oid"];
pub(super) const NAMES: [&str; 4] = ["fileName", "name", "documentName", "title"];
const ECHOED: [&str; 5] = ["requestId", "sessionId", "operationId", "prepareId", "token"];

/// How deep a list may lie inside other lists or objects.
const DEPTH: usize = 4;

/// What `prepare` answered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prepared {
    /// What is to be signed, in the order of the answer; never empty, no document twice.
    pub items: Vec<PreparedItem>,
    /// The members that `finish` gives back.
    pub echo: Map<String, Value>,
}

/// One thing to be signed.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct PreparedItem {
    /// The document's id, when the answer names documents.
    pub document: Option<ServiceId>,
    /// The package's id, when the answer names packages.
    pub package: Option<ServiceId>,
    /// The document's name, when the answer gives it.
    pub name: Option<String>,
    /// The hash as it was written.
    pub hash: String,
    /// The digest algorithm as it was written.
    pub algorithm: Option<String>,
    /// Every scalar member but the hash; they go back with the signature.
    pub members: Map<String, Value>,
}

impl PreparedItem {
    /// What identifies the item: the document's id, else the package's.
    pub fn id(&self) -> Option<&ServiceId> {
        self.document.as_ref().or(self.package.as_ref())
    }

    /// What the item is called in messages; `at` is its place, from 0.
    pub fn label(&self, at: usize) -> String {
        match (&self.name, self.id()) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => format!("#{}", at + 1),
        }
    }
}

/// The fault of an answer that cannot be used: nothing of the group is signed.
pub(super) fn unusable(item: Option<&str>, reason: &str) -> Fault {
    let fault = Fault::new(Code::PrepareUnusable);
    match item {
        Some(item) => fault.arg("item", item).arg("reason", format!("{item}: {reason}")),
        None => fault.arg("reason", reason),
    }
}

/// The body of `prepare`.
pub(super) fn prepare_body(
    shape: &PrepareShape,
    group: &ServiceId,
    certificate: &[u8],
    mchd: Option<&str>,
) -> Map<String, Value> {
    let mut body: Map<String, Value> = shape.extra.clone().into_iter().collect();
    body.insert(shape.group_field.clone(), group.as_str().into());
    body.insert(
        shape.certificate_field.clone(),
        encode_certificate(shape.certificate_encoding, certificate).into(),
    );
    if let Some(mchd) = mchd {
        body.insert(shape.mchd_field.clone(), mchd.into());
    }
    body
}

/// Reads the answer of `prepare`, whatever its shape.
///
/// # Errors
/// `prepare_unusable`, naming the item: no list or an empty one, a document twice, an item without a hash.
pub(super) fn read_prepared(answer: &Value) -> Result<Prepared, Fault> {
    let mut items = Vec::new();
    collect(answer, &Surroundings::default(), DEPTH, &mut items)?;
    if items.is_empty() {
        return Err(unusable(None, "the list of hashes is missing or empty"));
    }
    let named = items.iter().filter(|item| item.id().is_some()).count();
    if named != 0 && named != items.len() {
        let at = items.iter().position(|item| item.id().is_none()).unwrap_or_default();
        let label = items.get(at).map(|item| item.label(at));
        return Err(unusable(label.as_deref(), "it has no id although others have one"));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = items
        .iter()
        .filter_map(PreparedItem::id)
        .find(|id| !seen.insert((*id).clone()))
    {
        return Err(unusable(Some(twice.as_str()), "it comes twice"));
    }
    let echo = answer.as_object().map(echoed).unwrap_or_default();
    Ok(Prepared { items, echo })
}

/// The body of `finish`; `signatures` are in the items' order.
pub(super) fn finish_body<'a>(
    shape: &FinishShape,
    group: &ServiceId,
    prepared: &Prepared,
    signatures: impl Iterator<Item = &'a [u8]>,
) -> Map<String, Value> {
    let signed = prepared
        .items
        .iter()
        .zip(signatures)
        .map(|(item, signature)| (item, BASE64_STANDARD.encode(signature)));
    let list = match shape.items {
        FinishItems::Objects => signed
            .map(|(item, signature)| {
                let mut object = item.members.clone();
                object.insert(shape.signature_field.clone(), signature.into());
                Value::Object(object)
            })
            .collect(),
        FinishItems::Map => Value::Object(
            signed
                .enumerate()
                .map(|(at, (item, signature))| {
                    let id = item
                        .id()
                        .map_or_else(|| (at + 1).to_string(), |id| id.as_str().to_owned());
                    (id, signature.into())
                })
                .collect(),
        ),
        FinishItems::Bare => signed.map(|(_, signature)| Value::String(signature)).collect(),
    };
    let mut body: Map<String, Value> = shape.extra.clone().into_iter().collect();
    body.extend(prepared.echo.clone());
    body.insert(shape.group_field.clone(), group.as_str().into());
    body.insert(shape.list_field.clone(), list);
    body
}

/// What an item inherits from the objects around it.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    algorithm: Option<String>,
    package: Option<(String, Value)>,
}

impl Surroundings {
    fn within(&self, object: &Map<String, Value>, is_package: bool) -> Self {
        let package = member(object, PACKAGE_ID).or_else(|| is_package.then(|| member(object, "id")).flatten());
        Self {
            algorithm: text(object, &ALGORITHMS).or_else(|| self.algorithm.clone()),
            package: package
                .filter(|(_, value)| is_scalar(value))
                .map(|(_, value)| (PACKAGE_ID.to_owned(), value.clone()))
                .or_else(|| self.package.clone()),
        }
    }
}

/// Collects the items of a value that holds a list: an array, an object with a list member, a map id → hash.
fn collect(value: &Value, around: &Surroundings, depth: usize, items: &mut Vec<PreparedItem>) -> Result<(), Fault> {
    if depth == 0 {
        return Err(unusable(None, "the list of hashes lies too deep"));
    }
    match value {
        Value::Array(entries) => entries
            .iter()
            .try_for_each(|entry| collect_entry(entry, around, depth, items)),
        Value::Object(object) => match list_member(object) {
            Some(list) => collect(list, &around.within(object, false), depth - 1, items),
            None => collect_map(object, &around.within(object, false), items),
        },
        _ => Err(unusable(None, "the answer holds no list of hashes")),
    }
}

/// One entry of an array: a hash, an item, or a package that holds items.
fn collect_entry(
    entry: &Value,
    around: &Surroundings,
    depth: usize,
    items: &mut Vec<PreparedItem>,
) -> Result<(), Fault> {
    match entry {
        Value::String(hash) => {
            items.push(PreparedItem {
                document: None,
                package: None,
                name: None,
                hash: hash.clone(),
                algorithm: around.algorithm.clone(),
                members: Map::new(),
            });
            Ok(())
        }
        Value::Object(object) => match list_member(object) {
            Some(list) => collect(list, &around.within(object, true), depth - 1, items),
            None => {
                let item = item_of(object, around, items.len())?;
                items.push(item);
                Ok(())
            }
        },
        _ => Err(unusable(
            Some(&format!("#{}", items.len() + 1)),
            "it is neither an object nor a hash",
        )),
    }
}

/// A map id → hash. Its keys are the GUIDs that the client chose, which tells it from an object of other things.
fn collect_map(object: &Map<String, Value>, around: &Surroundings, items: &mut Vec<PreparedItem>) -> Result<(), Fault> {
    for (key, value) in object.iter().filter(|(key, _)| Uuid::parse_str(key).is_ok()) {
        let id: ServiceId = key.parse().map_err(|_| unusable(Some(key), "it is no id"))?;
        let mut item = match value {
            Value::String(hash) => PreparedItem {
                document: None,
                package: None,
                name: None,
                hash: hash.clone(),
                algorithm: around.algorithm.clone(),
                members: Map::new(),
            },
            Value::Object(object) => item_of(object, around, items.len())?,
            _ => return Err(unusable(Some(key), "it has no hash")),
        };
        item.members
            .entry(DOCUMENT_IDS[0])
            .or_insert_with(|| key.clone().into());
        item.document.get_or_insert(id);
        items.push(item);
    }
    Ok(())
}

fn item_of(object: &Map<String, Value>, around: &Surroundings, at: usize) -> Result<PreparedItem, Fault> {
    let mut members: Map<String, Value> = object
        .iter()
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some((name, value)) = &around.package
        && member(object, PACKAGE_ID).is_none()
    {
        members.insert(name.clone(), value.clone());
    }
    let package = id(&members, &[PACKAGE_ID])?;
    let document = id(&members, &DOCUMENT_IDS)?;
    let name = text(object, &NAMES);
    let label = name
        .clone()
        .or_else(|| document.as_ref().or(package.as_ref()).map(ToString::to_string))
        .unwrap_or_else(|| format!("#{}", at + 1));
    let (key, hash) = HASHES
        .iter()
        .find_map(|name| {
            let (key, value) = member(object, name)?;
            Some((key.clone(), value.as_str()?.to_owned()))
        })
        .ok_or_else(|| unusable(Some(&label), "it has no hash"))?;
    members.remove(&key);
    Ok(PreparedItem {
        document,
        package,
        name,
        hash,
        algorithm: text(object, &ALGORITHMS).or_else(|| around.algorithm.clone()),
        members,
    })
}

fn id(members: &Map<String, Value>, names: &[&str]) -> Result<Option<ServiceId>, Fault> {
    let Some((_, value)) = names.iter().find_map(|name| member(members, name)) else {
        return Ok(None);
    };
    serde_json::from_value(value.clone())
        .map(Some)
        .map_err(|_| unusable(Some(&value.to_string()), "it is no id"))
}

/// A list member: an array, or an object that holds one or is a map. A `data` that is a text is a hash.
fn list_member(object: &Map<String, Value>) -> Option<&Value> {
    LISTS
        .iter()
        .find_map(|name| Some(member(object, name)?.1).filter(|value| value.is_array() || value.is_object()))
}

fn echoed(answer: &Map<String, Value>) -> Map<String, Value> {
    ECHOED
        .iter()
        .filter_map(|name| member(answer, name))
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| Some(member(object, name)?.1.as_str()?.to_owned()).filter(|text| !text.is_empty()))
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn encode_certificate(encoding: CertificateEncoding, der: &[u8]) -> String {
    match encoding {
        CertificateEncoding::Base64Der => BASE64_STANDARD.encode(der),
        CertificateEncoding::Pem => {
            let base64 = BASE64_STANDARD.encode(der);
            // base64 is ASCII: every chunk is text.
            let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                lines.join("\n")
            )
        }
        CertificateEncoding::Thumbprint => {
            hex::encode_upper(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, der))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    const ONE: &str = "00000000-0000-4000-8000-000000000001";
    const TWO: &str = "00000000-0000-4000-8000-000000000002";

    fn read(answer: &Value) -> Vec<(Option<String>, String)> {
        read_prepared(answer)
            .unwrap_or_else(|fault| panic!("{answer}: {fault}"))
            .items
            .into_iter()
            .map(|item| (item.id().map(ToString::to_string), item.hash))
            .collect()
    }

    #[test]
    fn every_list_is_found() {
        let items = json!([{ "documentId": ONE, "hash": "AA==" }, { "documentId": TWO, "hash": "BB==" }]);
        let expected = vec![
            (Some(ONE.to_owned()), "AA==".to_owned()),
            (Some(TWO.to_owned()), "BB==".to_owned()),
        ];
        assert_eq!(read(&items), expected);
        for list in LISTS {
            assert_eq!(read(&json!({ "packageGroupId": "g", list: items })), expected, "{list}");
            assert_eq!(read(&json!({ "data": { list: items } })), expected, "data.{list}");
        }
        assert_eq!(
            read(&json!({ "packages": [
                { "packageId": "p1", "documents": [{ "id": ONE, "hash": "AA==" }] },
                { "id": "p2", "files": [{ "fileId": TWO, "hash": "BB==" }] },
            ] })),
            expected
        );
        assert_eq!(read(&json!({ ONE: "AA==", TWO: "BB==" })), expected);
        assert_eq!(
            read(&json!({ "hashes": { ONE: "AA==", TWO: { "value": "BB==" } } })),
            expected
        );
        assert_eq!(read(&json!({ "requestId": TWO, ONE: "AA==" })), expected[..1]);
    }

    #[test]
    fn bare_hashes_have_no_id() {
        let expected = vec![(None, "AA==".to_owned()), (None, "BB==".to_owned())];
        assert_eq!(read(&json!(["AA==", "BB=="])), expected);
        assert_eq!(read(&json!({ "hashes": ["AA==", "BB=="] })), expected);
    }

    #[test]
    fn every_name_of_hash_id_and_algorithm_is_known() {
        for hash in HASHES {
            assert_eq!(
                read(&json!([{ "documentId": ONE, hash: "AA==" }])),
                [(Some(ONE.to_owned()), "AA==".to_owned())],
                "{hash}"
            );
        }
        for id in DOCUMENT_IDS.into_iter().chain([PACKAGE_ID]) {
            assert_eq!(
                read(&json!([{ id: ONE, "Hash": "AA==" }]))[0].0.as_deref(),
                Some(ONE),
                "{id}"
            );
        }
        for algorithm in ALGORITHMS {
            let own = read_prepared(&json!([{ "id": ONE, "hash": "AA==", algorithm: "sha256" }])).unwrap();
            assert_eq!(own.items[0].algorithm.as_deref(), Some("sha256"), "{algorithm}");
            let shared = read_prepared(&json!({ algorithm: "sha256", "hashes": ["AA=="] })).unwrap();
            assert_eq!(
                shared.items[0].algorithm.as_deref(),
                Some("sha256"),
                "{algorithm} above the list"
            );
        }
    }

    #[test]
    fn scalar_members_and_request_ids_go_back() {
        let answer = json!({
            "requestId": "r-1", "sessionId": 7, "operationId": null, "token": { "no": "scalar" }, "other": "x",
            "packages": [{ "packageId": "p1", "documents": [
                { "documentId": ONE, "hash": "AA==", "hashAlgorithm": "sha256", "version": 3, "signed": false, "nested": {} },
            ] }],
        });
        let prepared = read_prepared(&answer).unwrap();
        let group: ServiceId = "g-1".parse().unwrap();
        let body = finish_body(&FinishShape::default(), &group, &prepared, [&[1, 2, 3][..]].into_iter());
        assert_eq!(
            Value::Object(body),
            json!({
                "packageGroupId": "g-1", "requestId": "r-1", "sessionId": 7,
                "signatures": [{
                    "documentId": ONE, "packageId": "p1", "hashAlgorithm": "sha256", "version": 3, "signed": false,
                    "signature": "AQID",
                }],
            })
        );
    }

    #[test]
    fn finish_takes_its_names_and_shape_from_the_settings() {
        let prepared = read_prepared(&json!([{ "id": ONE, "hash": "AA==" }, { "id": TWO, "hash": "BB==" }])).unwrap();
        let group: ServiceId = "g-1".parse().unwrap();
        let signatures = [&[1][..], &[2][..]];
        let with = |items| {
            let shape = FinishShape {
                group_field: "groupId".to_owned(),
                list_field: "data".to_owned(),
                items,
                extra: [("kind".to_owned(), json!("cades"))].into(),
                ..FinishShape::default()
            };
            Value::Object(finish_body(&shape, &group, &prepared, signatures.into_iter()))
        };
        assert_eq!(
            with(FinishItems::Map),
            json!({ "groupId": "g-1", "kind": "cades", "data": { ONE: "AQ==", TWO: "Ag==" } })
        );
        assert_eq!(with(FinishItems::Bare)["data"], json!(["AQ==", "Ag=="]));
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        let cases = [
            (json!([]), None),
            (json!({}), None),
            (json!(null), None),
            (json!("AA=="), None),
            (json!({ "hashes": [] }), None),
            (json!({ "hashes": null }), None),
            (
                json!([{ "documentId": ONE, "hash": "AA==" }, { "documentId": ONE.to_uppercase(), "hash": "BB==" }]),
                Some(ONE),
            ),
            (json!([{ "documentId": ONE }]), Some(ONE)),
            (
                json!([{ "documentId": ONE, "name": "act.pdf", "hash": 5 }]),
                Some("act.pdf"),
            ),
            (
                json!([{ "documentId": ONE, "hash": "AA==" }, { "hash": "BB==" }]),
                Some("#2"),
            ),
            (json!(["AA==", 17]), Some("#2")),
            (json!({ ONE: 5 }), Some(ONE)),
        ];
        for (answer, item) in cases {
            let fault = read_prepared(&answer).unwrap_err();
            assert_eq!(fault.code(), Code::PrepareUnusable, "{answer}");
            assert_eq!(fault.args().get("item").map(String::as_str), item, "{answer}");
        }
    }

    #[test]
    fn the_certificate_is_written_as_configured() {
        let group: ServiceId = "g-1".parse().unwrap();
        let body = |encoding| {
            let shape = PrepareShape {
                certificate_encoding: encoding,
                ..PrepareShape::default()
            };
            prepare_body(&shape, &group, b"abc", Some("m-1"))
        };
        assert_eq!(
            Value::Object(body(CertificateEncoding::Base64Der)),
            json!({ "packageGroupId": "g-1", "certificate": "YWJj", "mchdInfoId": "m-1" })
        );
        assert_eq!(
            body(CertificateEncoding::Pem)["certificate"],
            "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n"
        );
        // SHA-1 of "abc": FIPS 180-4, example of one block.
        assert_eq!(
            body(CertificateEncoding::Thumbprint)["certificate"],
            "A9993E364706816ABA3E25717850C26C9CD0D89D"
        );
    }
}
