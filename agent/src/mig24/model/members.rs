use serde_json::{Map, Value};

use crate::http_client::ServiceId;

/// The members of an object, taken out one by one; what is left is kept as it came.
#[derive(Clone, Debug)]
pub(in crate::mig24) struct Members(pub(in crate::mig24) Map<String, Value>);

impl Members {
    /// A text, or a number as text, under the first of these names that is there.
    pub(in crate::mig24) fn text(&mut self, names: &[&str]) -> Option<String> {
        let key = self.key(names, |value| value.is_string() || value.is_number())?;
        match self.0.remove(&key)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// An id.
    pub(in crate::mig24) fn id(&mut self, names: &[&str]) -> Option<ServiceId> {
        let key = self.key(names, |value| {
            serde_json::from_value::<ServiceId>(value.clone()).is_ok()
        })?;
        serde_json::from_value(self.0.remove(&key)?).ok()
    }

    /// Yes or no.
    pub(in crate::mig24) fn flag(&mut self, names: &[&str]) -> Option<bool> {
        let key = self.key(names, Value::is_boolean)?;
        self.0.remove(&key)?.as_bool()
    }

    /// What is left. Members without a value say nothing.
    pub(in crate::mig24) fn rest(self) -> Map<String, Value> {
        self.0.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    fn key(&self, names: &[&str], fits: impl Fn(&Value) -> bool) -> Option<String> {
        names.iter().find_map(|name| {
            let (key, value) = member(&self.0, name)?;
            fits(value).then(|| key.clone())
        })
    }
}

/// A member that is there, by its name in any letter case.
pub(in crate::mig24) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<(&'a String, &'a Value)> {
    object
        .get_key_value(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
        .filter(|(_, value)| !value.is_null())
}
