//! The attributes of an object or of a template.

use std::collections::BTreeMap;

use cryptoki_sys::{CK_ATTRIBUTE_TYPE, CK_BBOOL, CK_FALSE, CK_TRUE, CK_ULONG};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Attribute values by type, as the bytes that PKCS #11 passes.
///
/// In the state file the types are hexadecimal numbers and the values hexadecimal strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<CK_ATTRIBUTE_TYPE, Vec<u8>>);

impl Attributes {
    /// The value of one attribute.
    pub fn value(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<&[u8]> {
        self.0.get(&kind).map(Vec::as_slice)
    }

    /// The value of an attribute of type `CK_ULONG`.
    pub fn number(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<CK_ULONG> {
        Some(CK_ULONG::from_ne_bytes(self.value(kind)?.try_into().ok()?))
    }

    /// The value of an attribute of type `CK_BBOOL`; absent is false.
    pub fn flag(&self, kind: CK_ATTRIBUTE_TYPE) -> bool {
        self.value(kind).is_some_and(|value| value == [CK_TRUE])
    }

    /// Whether every attribute of `template` is here with the same value.
    pub(crate) fn matches(&self, template: &Self) -> bool {
        template.0.iter().all(|(kind, value)| self.0.get(kind) == Some(value))
    }

    pub(crate) fn set(&mut self, kind: CK_ATTRIBUTE_TYPE, value: impl Into<Vec<u8>>) {
        self.0.insert(kind, value.into());
    }

    pub(crate) fn set_number(&mut self, kind: CK_ATTRIBUTE_TYPE, value: CK_ULONG) {
        self.set(kind, value.to_ne_bytes());
    }

    pub(crate) fn set_flag(&mut self, kind: CK_ATTRIBUTE_TYPE, value: bool) {
        let value: CK_BBOOL = if value { CK_TRUE } else { CK_FALSE };
        self.set(kind, [value]);
    }

    /// Sets what is absent.
    pub(crate) fn default_flag(&mut self, kind: CK_ATTRIBUTE_TYPE, value: bool) {
        if self.value(kind).is_none() {
            self.set_flag(kind, value);
        }
    }

    pub(crate) fn remove(&mut self, kind: CK_ATTRIBUTE_TYPE) -> Option<Vec<u8>> {
        self.0.remove(&kind)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CK_ATTRIBUTE_TYPE, &[u8])> {
        self.0.iter().map(|(kind, value)| (*kind, value.as_slice()))
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(kind, value)| (format!("{kind:#x}"), hex::encode(value))),
        )
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer)?
            .into_iter()
            .map(|(kind, value)| {
                let digits = kind.strip_prefix("0x").unwrap_or(&kind);
                let kind = CK_ATTRIBUTE_TYPE::from_str_radix(digits, 16).map_err(serde::de::Error::custom)?;
                Ok((kind, hex::decode(value).map_err(serde::de::Error::custom)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn survives_the_state_file() {
        let mut attributes = Attributes::default();
        attributes.set_number(cryptoki_sys::CKA_CLASS, 3);
        attributes.set_flag(cryptoki_sys::CKA_TOKEN, true);
        attributes.set(cryptoki_sys::CKA_LABEL, *b"key");
        let json = serde_json::to_string(&attributes).unwrap();
        assert!(json.contains(r#""0x3":"6b6579""#), "{json}");
        assert_eq!(serde_json::from_str::<Attributes>(&json).unwrap(), attributes);
    }
}
