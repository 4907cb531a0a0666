use serde_json::Value;

use crate::messages::deceives;
pub(crate) use crate::messages::visible;

/// As [`visible`], for a text of many lines: their ends and tabs stay.
pub(crate) fn visible_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            shown.push('\n');
        }
        for (index, cell) in line.trim_end_matches('\r').split('\t').enumerate() {
            if index > 0 {
                shown.push('\t');
            }
            shown.push_str(&visible(cell));
        }
    }
    shown
}

/// Applies [`visible`] to every text in `value`, for what a prompter shows.
pub(crate) fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.chars().any(deceives) {
                *text = visible(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(members) => members.values_mut().for_each(make_visible),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tabs_of_a_text_stay() {
        assert_eq!(visible_lines("a\tb\r\nc\u{202e}d\n"), "a\tb\nc\\u{202e}d\n");
    }
}
