//! Sizes, dates and states as people read them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::output::Output;
use crate::messages::Language;

/// A size with the exact number of bytes.
pub(super) fn size(output: &Output, bytes: u64) -> String {
    let exact = output.text_with("ui-size-bytes", &[("count", &bytes)]);
    let (unit, key) = match bytes {
        0..1_000 => return exact,
        1_000..1_000_000 => (1_000_u64, "ui-size-kb"),
        1_000_000..1_000_000_000 => (1_000_000, "ui-size-mb"),
        _ => (1_000_000_000, "ui-size-gb"),
    };
    let tenths = bytes / (unit / 10);
    let point = if output.localizer().language() == Language::En {
        '.'
    } else {
        ','
    };
    let number = format!("{}{point}{}", tenths / 10, tenths % 10);
    format!("{} ({exact})", output.text_with(key, &[("size", &number)]))
}

/// A day.
pub(super) fn date(output: &Output, moment: OffsetDateTime) -> String {
    let formatted = match output.localizer().language() {
        Language::En => moment.format(format_description!("[year]-[month]-[day]")),
        Language::Kk | Language::Ru => moment.format(format_description!("[day].[month].[year]")),
    };
    formatted.unwrap_or_default()
}

/// A moment, to the second. In UTC, and says so: the local offset cannot be read safely in a program with threads.
pub(super) fn moment(output: &Output, moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    let time = moment
        .format(format_description!("[hour]:[minute]:[second] UTC"))
        .unwrap_or_default();
    format!("{} {time}", date(output, moment))
}

/// A moment of an answer (RFC 3339); as it is when it is none.
pub(super) fn moment_of(output: &Output, text: &str) -> String {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.to_owned(), |time| moment(output, time))
}

/// A day of an answer.
pub(super) fn date_of(output: &Output, text: &str) -> String {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.to_owned(), |time| date(output, time))
}

/// A word of the interface (`waiting_for_person`) in the person's language: the text `<prefix><word>`, or the word itself when there
/// is none.
pub(super) fn word(output: &Output, prefix: &str, word: &str) -> String {
    let key = format!("{prefix}{}", word.replace('_', "-"));
    if output.localizer().has(&key) {
        output.text(&key)
    } else {
        word.to_owned()
    }
}

/// Seconds as hours, minutes, seconds.
pub(super) fn duration(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::messages::Localizer;

    fn output(language: Language) -> Output {
        Output::new(false, Localizer::new(language))
    }

    #[test]
    fn sizes_are_readable_and_exact() {
        let english = output(Language::En);
        assert_eq!(size(&english, 1), "1 byte");
        assert_eq!(size(&english, 999), "999 bytes");
        assert_eq!(size(&english, 1_250_000), "1.2 MB (1250000 bytes)");
        assert_eq!(size(&output(Language::Ru), 2_147_483_648), "2,1 ГБ (2147483648 байт)");
    }

    #[test]
    fn days_are_written_the_reader_s_way() {
        let day = datetime!(2027-02-03 04:05:06 +5);
        assert_eq!(date(&output(Language::En), day), "2027-02-03");
        assert_eq!(date(&output(Language::Kk), day), "03.02.2027");
        assert_eq!(moment(&output(Language::En), day), "2027-02-02 23:05:06 UTC");
        assert_eq!(moment_of(&output(Language::En), "soon"), "soon");
    }

    #[test]
    fn states_are_translated_where_there_is_a_word() {
        assert_eq!(word(&output(Language::Ru), "ui-state-", "finished"), "готово");
        assert_eq!(
            word(&output(Language::Ru), "ui-state-", "of_the_future"),
            "of_the_future"
        );
        assert_eq!(duration(3_725), "1:02:05");
    }
}
