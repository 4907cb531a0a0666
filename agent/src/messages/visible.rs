/// Makes characters visible that would change how a name reads: control characters, marks that turn the writing direction,
/// and those without width. They become `\u{202e}`, as in `invoice\u{202e}fdp.exe`.
pub fn visible(text: &str) -> String {
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

/// The characters that Unicode TR36 section 3.1 and TR39 warn of in identifiers.
pub(crate) fn deceives(c: char) -> bool {
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
    fn deceiving_names_show_their_tricks() {
        assert_eq!(visible("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
        assert_eq!(visible("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
    }
}
