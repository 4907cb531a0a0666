//! How values lie in columns: moments, ids and states as text, structures as JSON.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// The time as the store keeps it, to the microsecond: what is told from memory is what is read later.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

/// A moment, as RFC 3339 text of one width, so that SQL compares and sorts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Moment(pub(super) OffsetDateTime);

impl Moment {
    pub(super) fn now() -> Self {
        Self(now())
    }

    pub(super) fn text(self) -> String {
        // Formatting fails for years of more than four digits only; such a moment sorts after every other.
        self.0
            .to_offset(UtcOffset::UTC)
            .format(FORMAT)
            .unwrap_or_else(|_| "9999-12-31T23:59:59.999999Z".to_owned())
    }
}

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Text(self.text())))
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        PrimitiveDateTime::parse(value.as_str()?, FORMAT)
            .map(|at| Self(at.assume_utc()))
            .map_err(FromSqlError::other)
    }
}

/// A value with one text form: an id, a state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Text(self.0.to_string())))
    }
}

impl<T> FromSql for Text<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A structure, as JSON text.
#[derive(Clone, Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(ToSqlOutput::Owned(Value::Text(text)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// An enum whose variants are words in a column: `Display`, `FromStr` and `as_str` over one list.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word in the database and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::store::UnknownWord;

            fn from_str(s: &str) -> Result<Self, $crate::store::UnknownWord> {
                match s { $($word => Ok(Self::$variant),)+ _ => Err($crate::store::UnknownWord) }
            }
        }
    };
}
pub(super) use words;

/// A word in the database that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("a word that this version does not know")]
pub struct UnknownWord;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_keep_to_the_microsecond_and_sort_as_text() {
        let early = Moment(datetime!(2026-01-02 03:04:05.000006 UTC));
        let late = Moment(datetime!(2026-01-02 04:04:05.1 +01:00));
        assert_eq!(early.text(), "2026-01-02T03:04:05.000006Z");
        assert!(early.text() < late.text());
        let again = Moment::column_result(ValueRef::Text(early.text().as_bytes())).unwrap();
        assert_eq!(again, early);
    }

    #[test]
    fn text_that_is_no_moment_is_an_error() {
        for text in ["", "yesterday", "2026-13-02T03:04:05.000006Z"] {
            assert!(
                Moment::column_result(ValueRef::Text(text.as_bytes())).is_err(),
                "{text}"
            );
        }
    }
}
