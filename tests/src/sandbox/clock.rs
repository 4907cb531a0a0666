//! The sandbox's clock: Unix seconds for the services' dates, RFC 3339 for the log.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since the Unix epoch, UTC: the form of every date in iDocs.
pub(crate) fn unix_seconds() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The current moment in RFC 3339, UTC, with a fraction of a second: the form of every date in MIG24 and in the log.
pub(crate) fn rfc3339() -> String {
    format_rfc3339(OffsetDateTime::now_utc())
}

/// A moment in Unix seconds as RFC 3339.
pub(crate) fn rfc3339_of(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds).map_or_else(|_| rfc3339(), format_rfc3339)
}

fn format_rfc3339(moment: OffsetDateTime) -> String {
    moment
        .format(&Rfc3339)
        .expect("every UTC moment of the proleptic calendar's four-digit years has an RFC 3339 form")
}
