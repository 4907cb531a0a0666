//! UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5, RFC 5652 section 11.3).

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::{Asn1Error, Element, Tag};

/// The instant in a UTCTime or GeneralizedTime element. Seconds may be missing and an offset may stand for `Z`, as older producers write them;
/// fractions of a second are dropped.
pub fn parse_time(element: &Element<'_>) -> Result<OffsetDateTime, Asn1Error> {
    let text = std::str::from_utf8(element.content).map_err(|_| INVALID)?;
    let (year_digits, pivot) = match element.tag {
        Tag::UTC_TIME => (2, true),
        Tag::GENERALIZED_TIME => (4, false),
        found => {
            return Err(Asn1Error::UnexpectedTag {
                expected: Tag::UTC_TIME.0,
                found: found.0,
            });
        }
    };
    let zone_at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (local, zone) = text.split_at(zone_at);
    let digits = local.split('.').next().unwrap_or(local);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(INVALID);
    }
    let field = |from: usize, length: usize| -> Result<u16, Asn1Error> {
        digits
            .get(from..from + length)
            .and_then(|text| text.parse().ok())
            .ok_or(INVALID)
    };
    let mut year = i32::from(field(0, year_digits)?);
    if pivot {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let byte = |position: usize| field(year_digits + 2 * position, 2).map(|value| value as u8);
    let month = Month::try_from(byte(0)?).map_err(|_| INVALID)?;
    let date = Date::from_calendar_date(year, month, byte(1)?).map_err(|_| INVALID)?;
    let seconds = if digits.len() == year_digits + 8 { 0 } else { byte(4)? };
    if digits.len() > year_digits + 10 {
        return Err(INVALID);
    }
    let time = Time::from_hms(byte(2)?, byte(3)?, seconds).map_err(|_| INVALID)?;
    PrimitiveDateTime::new(date, time)
        .assume_utc()
        .checked_sub(zone_offset(zone)?)
        .ok_or(INVALID)
}

/// The tag and the text of `at` in the form that RFC 5652 section 11.3 prescribes.
pub(super) fn format_time(at: OffsetDateTime) -> (Tag, String) {
    let at = at.to_offset(UtcOffset::UTC);
    let (tag, year) = match at.year() {
        year @ 1950..=2049 => (Tag::UTC_TIME, format!("{:02}", year % 100)),
        year => (Tag::GENERALIZED_TIME, format!("{year:04}")),
    };
    let text = format!(
        "{year}{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    (tag, text)
}

const INVALID: Asn1Error = Asn1Error::Value("time");

fn zone_offset(zone: &str) -> Result<Duration, Asn1Error> {
    let sign = match zone.as_bytes() {
        b"Z" => return Ok(Duration::ZERO),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return Err(INVALID),
    };
    let digits = &zone[1..];
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(INVALID);
    }
    let value: i64 = digits.parse().map_err(|_| INVALID)?;
    Ok(Duration::minutes(sign * (value / 100 * 60 + value % 100)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;
    use crate::certificate::asn1::writer;

    fn parsed(tag: Tag, text: &str) -> Result<OffsetDateTime, Asn1Error> {
        parse_time(&Element::try_from(&writer::element(tag, &[text.as_bytes()])[..]).unwrap())
    }

    #[test]
    fn reads_both_forms_and_their_odd_variants() {
        assert_eq!(
            parsed(Tag::UTC_TIME, "131105140237Z").unwrap(),
            datetime!(2013-11-05 14:02:37 UTC)
        );
        assert_eq!(
            parsed(Tag::UTC_TIME, "9912312359Z").unwrap(),
            datetime!(1999-12-31 23:59:00 UTC)
        );
        assert_eq!(
            parsed(Tag::GENERALIZED_TIME, "20500101000000Z").unwrap(),
            datetime!(2050-01-01 0:00 UTC)
        );
        assert_eq!(
            parsed(Tag::GENERALIZED_TIME, "20240101060000.5+0600").unwrap(),
            datetime!(2024-01-01 0:00 UTC)
        );
        for bad in [
            "",
            "Z",
            "1311051402377Z",
            "131305140237Z",
            "131105140237",
            "131105140237+9",
            "1311051402Я",
        ] {
            assert!(parsed(Tag::UTC_TIME, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn writes_utc_time_until_2049() {
        assert_eq!(
            writer::time(datetime!(2049-12-31 23:59:59 UTC)),
            b"\x17\x0d491231235959Z"
        );
        assert_eq!(
            writer::time(datetime!(2050-01-01 5:00:00 +5)),
            b"\x18\x0f20500101000000Z"
        );
    }
}
