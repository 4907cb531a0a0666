//! A check of requests and answers against the vendor's description of iDocs, as `models.json` beside this file restates it: the part
//! of JSON schema that the description uses. Included by the tests of the client and of the stand-in, which share nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The vendor's calls and schemas.
#[derive(Deserialize)]
pub(crate) struct Models {
    calls: Vec<Call>,
    schemas: BTreeMap<String, Schema>,
    /// Whether members may be left out unless they are required: in requests.
    #[serde(skip)]
    optional: bool,
}

#[derive(Deserialize)]
struct Call {
    call: String,
    #[serde(default)]
    request: Option<Type>,
    #[serde(default)]
    answers: BTreeMap<String, Option<Type>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Schema {
    Enumeration {
        one_of: Vec<String>,
    },
    Object {
        members: BTreeMap<String, Type>,
        #[serde(default)]
        required: Vec<String>,
    },
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Type {
    Named(String),
    Array([Box<Self>; 1]),
    Nullable { nullable: Box<Self> },
}

impl Models {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("models.json")).unwrap()
    }

    /// Every call of the description.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().map(|call| call.call.as_str())
    }

    /// Asserts that an answer is what the description has for this call and status.
    pub(crate) fn check_answer(&self, call: &str, status: u16, body: &[u8]) {
        let answers = &self.described(call).answers;
        let expected = answers
            .get(&status.to_string())
            .unwrap_or_else(|| panic!("{call} is not described to answer {status}"));
        let Some(expected) = expected else { return };
        // Files, and nothing at all, have no shape.
        if body.is_empty() || matches!(expected, Type::Named(name) if name == "binary") {
            return;
        }
        let value = serde_json::from_slice(body).unwrap();
        if let Err(problem) = self.fits(&value, expected) {
            panic!("{call} {status}: {problem} in {value}");
        }
    }

    /// Asserts that a request is what the description has for this call: no member but its own, each of its type, the required ones
    /// there.
    pub(crate) fn check_request(&self, call: &str, body: &[u8]) {
        let Some(expected) = &self.described(call).request else {
            return;
        };
        let value = serde_json::from_slice(body).unwrap();
        let lenient = Self {
            calls: Vec::new(),
            schemas: self.schemas.clone(),
            optional: true,
        };
        if let Err(problem) = lenient.fits(&value, expected) {
            panic!("{call}: {problem} in {value}");
        }
    }

    fn described(&self, call: &str) -> &Call {
        self.calls
            .iter()
            .find(|it| it.call == call)
            .unwrap_or_else(|| panic!("unknown call {call}"))
    }

    fn fits(&self, value: &Value, expected: &Type) -> Result<(), String> {
        match expected {
            Type::Nullable { nullable } if value.is_null() || self.fits(value, nullable).is_ok() => Ok(()),
            Type::Nullable { nullable } => self.fits(value, nullable),
            Type::Array([item]) => {
                let items = value.as_array().ok_or_else(|| format!("{value} is not an array"))?;
                items.iter().try_for_each(|value| self.fits(value, item))
            }
            Type::Named(name) => self.fits_named(value, name),
        }
    }

    pub(crate) fn fits_named(&self, value: &Value, name: &str) -> Result<(), String> {
        let fits = match name {
            "string" => value.is_string(),
            "uuid" => value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok()),
            "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "int64" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => return self.fits_schema(value, name),
        };
        if fits {
            Ok(())
        } else {
            Err(format!("{value} is not of type {name}"))
        }
    }

    fn fits_schema(&self, value: &Value, name: &str) -> Result<(), String> {
        match (
            self.schemas.get(name).ok_or_else(|| format!("unknown schema {name}"))?,
            value,
        ) {
            // A reference cannot be marked nullable in OpenAPI 3.0, and the service's serializer writes null for it.
            (Schema::Object { .. }, Value::Null) => Ok(()),
            (Schema::Object { members, required }, Value::Object(object)) => {
                self.fits_members(object, members, required, name)
            }
            (Schema::Enumeration { one_of }, Value::String(text)) if one_of.contains(text) => Ok(()),
            _ => Err(format!("{value} is not {name}")),
        }
    }

    fn fits_members(
        &self,
        object: &Map<String, Value>,
        members: &BTreeMap<String, Type>,
        required: &[String],
        name: &str,
    ) -> Result<(), String> {
        if let Some(unknown) = object.keys().find(|member| !members.contains_key(*member)) {
            return Err(format!("{name} has no member {unknown}"));
        }
        members.iter().try_for_each(|(member, expected)| {
            let value = match object.get(member) {
                Some(value) => value,
                None if self.optional && !required.contains(member) => return Ok(()),
                None => return Err(format!("{name}.{member} is missing")),
            };
            self.fits(value, expected)
                .map_err(|problem| format!("{name}.{member}: {problem}"))
        })
    }
}
