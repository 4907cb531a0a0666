//! Reasons in the person's language.
//!
//! A reason is written in English where it arises, for programs and logs, and stays English in the problem body. For people it is looked up by its
//! sentence among the English texts `why-…`, as gettext does; what stands where such a text has an argument goes into the text of the other language.
//! What another program or library says has no text and stays as it is.

use std::sync::LazyLock;

use super::{Language, Localizer};

/// So deep are reasons looked for in the arguments of reasons.
const DEEPEST: usize = 3;

/// The argument of a text that holds a reason itself.
const NESTED: &str = "error";

/// The argument of a text that holds the name of a verdict (`reason-<name>`).
const VERDICT: &str = "verdict";

/// Marks an argument's name in a text that is read as a template.
const MARK: char = '\u{1}';

/// The reason in `language`; as it is where there is no text for it.
pub(super) fn translated(language: Language, reason: &str) -> String {
    match language {
        Language::En => reason.to_owned(),
        _ => find(language, reason, DEEPEST).unwrap_or_else(|| reason.to_owned()),
    }
}

fn find(language: Language, reason: &str, depth: usize) -> Option<String> {
    static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(Template::all);
    let found = TEMPLATES
        .iter()
        .filter_map(|template| Some((template, template.arguments(reason)?)));
    let (template, arguments) = found.max_by_key(|(template, _)| template.length())?;
    let localizer = Localizer::new(language);
    let arguments: Vec<(&str, String)> = arguments
        .into_iter()
        .map(|(name, value)| {
            let value = match name {
                NESTED if depth > 0 => find(language, value, depth - 1).unwrap_or_else(|| value.to_owned()),
                VERDICT if localizer.has(&format!("reason-{value}")) => localizer.text(&format!("reason-{value}"), &[]),
                _ => unquoted(value).to_owned(),
            };
            (name, value)
        })
        .collect();
    let given: Vec<_> = arguments
        .iter()
        .map(|(name, value)| (*name, value as &dyn std::fmt::Display))
        .collect();
    Some(localizer.text(&template.key, &given))
}

/// A text has quotation marks of its own language around a name.
fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

/// An English text with its arguments: `has 1 to { $most } entries`.
struct Template {
    key: String,
    /// What stands before the first argument, and behind each.
    literals: Vec<String>,
    names: Vec<String>,
}

impl Template {
    fn all() -> Vec<Self> {
        let texts = Localizer::new(Language::En).templates("why-", MARK);
        let read = |(key, text): (String, String)| {
            let mut parts = text.split(MARK).map(str::to_owned);
            let mut literals = vec![parts.next().unwrap_or_default()];
            let mut names = Vec::new();
            while let (Some(name), Some(literal)) = (parts.next(), parts.next()) {
                names.push(name);
                literals.push(literal);
            }
            Self { key, literals, names }
        };
        texts.into_iter().map(read).collect()
    }

    /// How much of a text is the template's own: the more, the surer that it is meant.
    fn length(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }

    /// The arguments that make `text` of this template, by name; `None` when it is none of it.
    fn arguments<'a>(&'a self, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let (first, others) = self.literals.split_first()?;
        let mut rest = text.strip_prefix(first.as_str())?;
        let mut arguments = Vec::with_capacity(self.names.len());
        for (at, (name, literal)) in self.names.iter().zip(others).enumerate() {
            let is_last = at + 1 == self.names.len();
            let (value, behind) = match (is_last, literal.is_empty()) {
                (true, true) => (rest, ""),
                (true, false) => (rest.strip_suffix(literal.as_str())?, ""),
                (false, _) => rest.split_once(literal.as_str())?,
            };
            // A colon in it would be that of an outer reason: `modules.path: x.so cannot be read: …`.
            if value.is_empty() || (name != NESTED && value.contains(": ")) {
                return None;
            }
            arguments.push((name.as_str(), value));
            rest = behind;
        }
        rest.is_empty().then_some(arguments)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn a_reason_is_told_in_each_language_with_its_arguments() {
        let told = |language, reason| translated(language, reason);
        assert_eq!(told(Language::Ru, "is 1 to 50"), "нужно число от 1 до 50");
        assert_eq!(told(Language::Kk, "is not base64"), "base64 түрінде емес");
        assert_eq!(told(Language::En, "is not base64"), "is not base64");
        assert_eq!(
            told(Language::Ru, "\"act.pdf\" has neither content nor digest"),
            "у документа «act.pdf» нет ни содержимого, ни контрольной суммы"
        );
    }

    #[test]
    fn a_reason_inside_of_a_reason_is_told_too() {
        assert_eq!(
            translated(
                Language::Ru,
                "modules.path: /x.so cannot be read: No such file or directory (os error 2)"
            ),
            "modules.path: не удаётся прочитать /x.so: его нет"
        );
    }

    #[test]
    fn what_others_say_stays_as_it_is() {
        assert_eq!(translated(Language::Ru, "EOF while parsing"), "EOF while parsing");
        assert_eq!(translated(Language::Kk, ""), "");
    }

    /// Where the code names a field that is wrong, what it says of it has a text. Reasons that are put together elsewhere are not seen here.
    #[test]
    fn every_reason_that_is_written_at_a_field_has_a_text() {
        let mut seen = 0;
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let source = fs::read_to_string(&file).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            for call in code.split("invalid_field(").skip(1) {
                let Some(reason) = written(call) else { continue };
                seen += 1;
                for language in [Language::Ru, Language::Kk] {
                    let told = translated(language, &reason);
                    assert_ne!(told, reason, "{}: no text in {language} for {reason:?}", file.display());
                }
            }
        }
        assert!(seen > 60, "only {seen} reasons were found");
    }

    /// The second argument of a call, if it is written out, with something for each of its own arguments.
    fn written(call: &str) -> Option<String> {
        let mut depth = 0;
        let comma = call.char_indices().find(|(_, c)| {
            depth += i32::from("([{".contains(*c)) - i32::from(")]}".contains(*c));
            *c == ',' && depth == 0
        });
        let reason = call[comma?.0 + 1..].trim_start();
        let formatted = ["format_args!(", "format!("]
            .iter()
            .find_map(|head| reason.strip_prefix(head));
        let literal = formatted
            .unwrap_or(reason)
            .trim_start()
            .strip_prefix('"')?
            .split('"')
            .next()?;
        if formatted.is_none() {
            return Some(literal.to_owned());
        }
        let mut parts = literal.split('{');
        let mut text = parts.next()?.to_owned();
        for part in parts {
            text.push_str("X7");
            text.push_str(part.split_once('}')?.1);
        }
        // What is only arguments is written elsewhere.
        text.replace("X7", "").contains(char::is_alphabetic).then_some(text)
    }

    fn sources(directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        let files = files
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "rs"));
        files
            .chain(directories.iter().flat_map(|directory| sources(directory)))
            .collect()
    }
}
