//! The shapes in which `prepare` may answer.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::sandbox::behaviour::{HashEncoding, PrepareAnswer, PrepareLayout};

/// What is to be said of one document.
#[derive(Clone, Debug)]
pub(super) struct HashItem {
    pub(super) package_id: Uuid,
    pub(super) document_id: Uuid,
    pub(super) name: String,
    /// The digest algorithm in dotted form.
    pub(super) algorithm: &'static str,
    pub(super) value: Vec<u8>,
}

/// Whether a value to be echoed has a place in such an answer.
pub(super) fn carries_session(shape: &PrepareAnswer) -> bool {
    shape.list_member.is_some() && shape.session_member.is_some()
}

/// The answer in the shape that is switched on.
pub(super) fn write(shape: &PrepareAnswer, group_id: Uuid, session: Option<&str>, items: &[HashItem]) -> Value {
    let list = match shape.layout {
        PrepareLayout::List => items.iter().map(|item| item.object(shape, true)).collect(),
        PrepareLayout::Packages => items
            .iter()
            .map(|item| json!({"packageId": item.package_id, "documents": [item.object(shape, false)]}))
            .collect(),
        PrepareLayout::Map => {
            let entries = items
                .iter()
                .map(|item| (item.document_id.to_string(), item.encoded(shape).into()));
            Value::Object(entries.collect())
        }
        PrepareLayout::Bare => items.iter().map(|item| item.encoded(shape)).collect(),
    };
    let Some(list_member) = &shape.list_member else {
        return list;
    };
    let mut answer = Map::new();
    answer.insert("packageGroupId".to_owned(), json!(group_id));
    if let (Some(member), Some(session)) = (&shape.session_member, session) {
        answer.insert(member.clone(), json!(session));
    }
    answer.insert(list_member.clone(), list);
    Value::Object(answer)
}

impl HashItem {
    fn object(&self, shape: &PrepareAnswer, with_package: bool) -> Value {
        let mut object = Map::new();
        object.insert(shape.id_member.clone(), json!(self.document_id));
        if with_package && shape.id_member != "packageId" {
            object.insert("packageId".to_owned(), json!(self.package_id));
        }
        object.insert("fileName".to_owned(), json!(self.name));
        if let Some(member) = &shape.algorithm_member {
            object.insert(member.clone(), json!(self.algorithm));
        }
        object.insert(shape.hash_member.clone(), json!(self.encoded(shape)));
        Value::Object(object)
    }

    fn encoded(&self, shape: &PrepareAnswer) -> String {
        match shape.encoding {
            HashEncoding::Base64 => STANDARD.encode(&self.value),
            HashEncoding::Base64url => URL_SAFE_NO_PAD.encode(&self.value),
            HashEncoding::Hex => hex::encode(&self.value),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        package_group_id: Uuid,
        session: String,
        items: Vec<Item>,
        answers: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Item {
        package_id: Uuid,
        document_id: Uuid,
        name: String,
        hash_hex: String,
    }

    #[derive(Deserialize)]
    struct Vector {
        shape: PrepareAnswer,
        answer: Value,
    }

    #[test]
    fn shapes_are_those_of_the_vectors() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../../vectors/mig24/prepare-answers.json")).unwrap();
        let item = |item: Item| HashItem {
            package_id: item.package_id,
            document_id: item.document_id,
            name: item.name,
            algorithm: "1.2.643.7.1.1.2.2",
            value: hex::decode(item.hash_hex).unwrap(),
        };
        let items: Vec<_> = vectors.items.into_iter().map(item).collect();
        for Vector { shape, answer } in vectors.answers {
            assert_eq!(
                write(&shape, vectors.package_group_id, Some(&vectors.session), &items),
                answer
            );
        }
    }
}
