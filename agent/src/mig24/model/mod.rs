//! The bodies of the EDO.MIG24 API besides `prepare` and `finish`. The vendor's guide names few members; answers are read tolerantly,
//! and what has no name here is kept.

mod document;
mod members;
mod operator;
mod package;
mod package_group;
mod people;

use serde_json::Value;

pub use document::DocumentInfo;
pub(super) use members::{Members, member};
pub use operator::Operator;
pub use package::PackageInfo;
pub use package_group::{Delivery, GroupDocument, GroupInfo, Recipient, RecipientOrganisation, Signedness};
pub(super) use package_group::{documents_body, group_body};
pub use people::{Counterparty, Employee, Invitation, InvitationState};

use crate::http_client::{Answer, Failure};

/// Something that an answer holds.
pub(super) trait Entry: Sized {
    /// Reads it; `None` when what identifies it is missing.
    fn of_members(members: Members) -> Option<Self>;
}

/// An answer of many: an array, or an object with one array of objects in it (`items`, `data`, …).
///
/// # Errors
/// `service_unreadable`.
pub(super) fn list<T: Entry>(answer: &Answer) -> Result<Vec<T>, Failure> {
    read_list(answer.json()?).map_err(|what| answer.unreadable(&what))
}

/// An answer of one: an object, or an object with that object alone in it.
///
/// # Errors
/// `service_unreadable`.
pub(super) fn one<T: Entry>(answer: &Answer) -> Result<T, Failure> {
    let unreadable = || answer.unreadable("it is not the object that was asked for");
    let value = answer.json()?;
    let inner = match &value {
        Value::Object(object) if object.len() == 1 => object.values().next().filter(|inner| inner.is_object()).cloned(),
        _ => None,
    };
    match inner.unwrap_or(value) {
        Value::Object(object) => T::of_members(Members(object)).ok_or_else(unreadable),
        _ => Err(unreadable()),
    }
}

fn read_list<T: Entry>(value: Value) -> Result<Vec<T>, String> {
    let entries = match value {
        Value::Null => Vec::new(),
        Value::Array(entries) => entries,
        Value::Object(object) => {
            let mut lists = object.into_iter().filter_map(|(_, value)| match value {
                Value::Array(entries) => Some(entries),
                _ => None,
            });
            match (lists.next(), lists.next()) {
                (Some(only), None) => only,
                (None, _) => return Err("it holds no list".to_owned()),
                (Some(_), Some(_)) => return Err("it holds several lists".to_owned()),
            }
        }
        _ => return Err("it holds no list".to_owned()),
    };
    let entry = |(at, entry): (usize, Value)| match entry {
        Value::Object(object) => T::of_members(Members(object)).ok_or_else(|| format!("entry {} has no id", at + 1)),
        _ => Err(format!("entry {} is not an object", at + 1)),
    };
    entries.into_iter().enumerate().map(entry).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_found_as_it_comes() {
        let entries = json!([{ "id": "1", "name": "a.pdf" }, { "Id": 2, "fileName": "b.pdf", "x": 3 }]);
        for answer in [
            entries.clone(),
            json!({ "total": 2, "items": entries }),
            json!({ "data": entries }),
        ] {
            let documents: Vec<DocumentInfo> = read_list(answer.clone()).unwrap();
            assert_eq!(documents.len(), 2, "{answer}");
            assert_eq!(documents[1].id.as_str(), "2");
            assert_eq!(documents[1].name.as_deref(), Some("b.pdf"));
            assert_eq!(documents[1].other["x"], 3);
        }
        assert_eq!(read_list::<DocumentInfo>(Value::Null).unwrap(), []);
        for answer in [
            json!("x"),
            json!({}),
            json!({ "a": [], "b": [] }),
            json!([{ "name": "no id" }]),
            json!([1]),
        ] {
            assert!(read_list::<DocumentInfo>(answer.clone()).is_err(), "{answer}");
        }
    }
}
