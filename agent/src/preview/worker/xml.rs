use quick_xml::Reader;
use quick_xml::events::Event;

/// Deeper elements are not moved farther to the right, or a deeply nested document would become a very large one.
const DEEPEST_INDENT: usize = 24;

/// XML with an element a line; `None` for what is not well-formed as far as it goes. Entities and references are left as written: there is
/// nothing in it that could grow.
pub(super) fn indent(text: &str, truncated: bool) -> Option<String> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let mut page = Page::default();
    loop {
        let start = position(&reader);
        let event = match reader.read_event() {
            Ok(event) => event,
            // The end is missing; what stands before it is shown.
            Err(_) if truncated && page.has_elements => break,
            Err(_) => return None,
        };
        let source = text.get(start..position(&reader))?;
        match event {
            Event::Eof => break,
            Event::Start(_) => page.open(source),
            Event::End(_) => page.close(source),
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => page.text(source),
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {
                page.line(source)
            }
        }
    }
    (page.has_elements && (truncated || page.depth == 0)).then_some(page.text)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[derive(Default)]
struct Page {
    text: String,
    depth: usize,
    /// Whether the last thing written was an opening tag or text behind it: the closing tag then stays on the line.
    is_in_leaf: bool,
    has_elements: bool,
}

impl Page {
    fn open(&mut self, source: &str) {
        self.line(source);
        self.depth += 1;
        self.is_in_leaf = true;
        self.has_elements = true;
    }

    fn close(&mut self, source: &str) {
        self.depth = self.depth.saturating_sub(1);
        if self.is_in_leaf {
            self.text.push_str(source);
            self.is_in_leaf = false;
        } else {
            self.line(source);
        }
    }

    fn text(&mut self, source: &str) {
        if self.is_in_leaf {
            self.text.push_str(source);
        } else if !source.trim().is_empty() {
            self.line(source.trim());
        }
    }

    fn line(&mut self, source: &str) {
        // White space that stood before a child is no text of the element.
        self.text.truncate(self.text.trim_end().len());
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        for _ in 0..self.depth.min(DEEPEST_INDENT) {
            self.text.push_str("  ");
        }
        self.text.push_str(source);
        self.is_in_leaf = false;
        self.has_elements |= source.ends_with("/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_on_lines_of_their_own() {
        let shown = indent(
            "<?xml version=\"1.0\"?><a x='1'><b>text &amp; more</b><c/>\n <d><e></e></d></a>",
            false,
        );
        assert_eq!(
            shown.as_deref(),
            Some(
                "<?xml version=\"1.0\"?>\n<a x='1'>\n  <b>text &amp; more</b>\n  <c/>\n  <d>\n    <e></e>\n  </d>\n</a>"
            )
        );
    }

    #[test]
    fn entities_do_not_grow() {
        let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><l>&b;</l>";
        let shown = indent(laughs, false);
        assert!(shown.is_some_and(|shown| shown.len() < laughs.len() + 10 && shown.contains("&b;")));
    }

    #[test]
    fn depth_does_not_multiply_the_size() {
        let deep = "<a>".repeat(20_000) + &"</a>".repeat(20_000);
        let shown = indent(&deep, false).map_or(usize::MAX, |shown| shown.len());
        assert!(shown < 30 * deep.len(), "{shown}");
    }

    #[test]
    fn what_is_not_well_formed_is_not_xml() {
        for text in ["text", "<", "<a>", "<a></b>", "< a", "<5 is less than 6"] {
            assert_eq!(indent(text, false), None, "{text}");
        }
        assert_eq!(indent("<a><b>x</b><c", true).as_deref(), Some("<a>\n  <b>x</b>"));
    }
}
