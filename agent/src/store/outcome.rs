use std::fmt;
use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::messages::Fault;

/// What came of a job, as the JSON text that the store keeps. Hundreds of signatures are long: they are written out once, and read by whoever
/// wants to know.
#[derive(Clone, Eq, PartialEq)]
pub struct Outcome(Arc<str>);

impl Outcome {
    /// Writes it out.
    ///
    /// # Errors
    /// `internal` when it is nothing that JSON can hold.
    pub fn of(value: &impl Serialize) -> Result<Self, Fault> {
        let text = serde_json::to_string(value)
            .map_err(|error| Fault::internal(format_args!("an outcome cannot be stored: {error}")))?;
        Ok(Self(text.into()))
    }

    /// Reads it as a `T`, which may borrow from it.
    ///
    /// # Errors
    /// `internal` when it is none.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        serde_json::from_str(&self.0)
            .map_err(|error| Fault::internal(format_args!("an outcome cannot be read: {error}")))
    }

    /// Reads it, whatever it is.
    ///
    /// # Errors
    /// `internal` when it is no JSON.
    pub fn value(&self) -> Result<Value, Fault> {
        self.read()
    }
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

/// Not its text, which may hold what is nobody's business.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outcome({} bytes)", self.0.len())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self(raw.get().into()))
    }
}

impl ToSql for Outcome {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())))
    }
}

impl FromSql for Outcome {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_str()?.into()))
    }
}
