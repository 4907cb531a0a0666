use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Code;

/// An error of the catalogue with what is particular to this occurrence.
///
/// Every room above the first floor returns it. `args` fill the Fluent texts `err-<code>` and `rec-<code>`; `detail` is one
/// English sentence for logs and integrators, with no secret and no document content in it; `extra` is copied into the problem
/// body (for instance the candidates of an ambiguous selector).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fault {
    code: Code,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    args: BTreeMap<Cow<'static, str>, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<Cow<'static, str>, Value>,
}

impl Fault {
    /// A fault with nothing more to say than its code.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            args: BTreeMap::new(),
            detail: None,
            extra: BTreeMap::new(),
        }
    }

    /// An internal error: the cause goes to the log and to `detail`.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal).detail(cause)
    }

    /// A field of a request that is missing or wrong.
    pub fn invalid_field(field: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::new(Code::InvalidField)
            .arg("field", field.into())
            .arg("reason", reason)
    }

    /// A setting that what was asked for needs, and the configuration does not have.
    pub fn not_configured(key: impl fmt::Display, why: &str) -> Self {
        Self::new(Code::NotConfigured).arg("key", key).detail(why)
    }

    /// Adds an argument of the texts; it is also a member of the problem body.
    #[must_use]
    pub fn arg(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.args.insert(name.into(), value.to_string());
        self
    }

    /// Sets the English sentence for logs and integrators.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Adds a member to the problem body.
    #[must_use]
    pub fn extra(mut self, name: impl Into<Cow<'static, str>>, value: Value) -> Self {
        self.extra.insert(name.into(), value);
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The arguments of the texts.
    pub fn args(&self) -> &BTreeMap<Cow<'static, str>, String> {
        &self.args
    }

    /// The English sentence for logs and integrators.
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The additional members of the problem body.
    pub fn extras(&self) -> &BTreeMap<Cow<'static, str>, Value> {
        &self.extra
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        for (i, (name, value)) in self.args.iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { " (" } else { ", " })?;
        }
        if !self.args.is_empty() {
            f.write_str(")")?;
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}
