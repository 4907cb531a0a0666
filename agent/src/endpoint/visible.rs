use serde_json::Value;

/// Makes characters visible that would change how a name reads: control characters, marks that turn the writing direction,
/// and those without width. They become `\u{202e}`, as in `invoice\u{202e}fdp.exe`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if deceives(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

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

/// The characters that Unicode TR36 section 3.1 and TR39 warn of in identifiers.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}'           // direction marks
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction embeddings, overrides, isolates
            | '\u{00ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // without width
            | '\u{2028}' | '\u{2029}'                       // line and paragraph separators
            | '\u{180e}' | '\u{3164}' | '\u{e0000}'..='\u{e007f}') // fillers and tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        for name in ["Счёт № 5.pdf", "Шарт қосымшасы.docx", "a b-c_d.(1).xml"] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn lines_and_tabs_of_a_text_stay() {
        assert_eq!(visible_lines("a\tb\r\nc\u{202e}d\n"), "a\tb\nc\\u{202e}d\n");
    }

    #[test]
    fn deceiving_names_show_their_tricks() {
        assert_eq!(visible("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
        assert_eq!(visible("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
    }
}
