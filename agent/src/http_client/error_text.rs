//! What a service says when it refuses, out of any body it says it in.

use serde_json::Value;

/// The longest text of a service that is shown, in characters.
const LONGEST: usize = 400;

/// What an error body says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The service's own error code.
    pub(super) code: Option<String>,
    /// The text for people.
    pub(super) text: Option<String>,
    /// Whether the body is a web page, which no service answers of itself.
    pub(super) is_page: bool,
}

/// Reads an error body: wrapped errors, RFC 9457, `{message}`, `{error}`, plain text, a page.
pub(super) fn read(body: &[u8]) -> Said {
    let text = String::from_utf8_lossy(body);
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if is_page(trimmed.as_bytes()) {
        return Said {
            text: page_title(trimmed).and_then(|title| clean(&title)),
            is_page: true,
            ..Said::default()
        };
    }
    match serde_json::from_str(trimmed) {
        Ok(Value::String(text)) => Said {
            text: clean(&text),
            ..Said::default()
        },
        Ok(value) => Said {
            code: code_of(&value),
            text: text_of(&value).and_then(|text| clean(&text)),
            is_page: false,
        },
        Err(_) => Said {
            text: clean(trimmed),
            ..Said::default()
        },
    }
}

/// Whether bytes begin like a web page.
pub(super) fn is_page(body: &[u8]) -> bool {
    let start: Vec<u8> = body
        .iter()
        .copied()
        .skip_while(|byte| byte.is_ascii_whitespace() || [0xef, 0xbb, 0xbf].contains(byte))
        .take(64)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<!--"]
        .iter()
        .any(|mark| start.starts_with(mark))
}

/// A service's text as it may be shown: one line, no control or direction characters, not too long.
pub(super) fn clean(text: &str) -> Option<String> {
    let mut words = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&word);
    }
    if words.chars().count() > LONGEST {
        words = words.chars().take(LONGEST).chain(['…']).collect();
    }
    (!words.is_empty()).then_some(words)
}

/// Zero-width characters and those that turn the direction of writing, by which a text can look like another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn code_of(value: &Value) -> Option<String> {
    let own = ["errorCode", "code"]
        .iter()
        .find_map(|name| member(value, name)?.as_str());
    let wrapped = || {
        list(value)?
            .iter()
            .find_map(|error| member(error, "errorCode")?.as_str())
    };
    own.or_else(wrapped).and_then(clean)
}

fn text_of(value: &Value) -> Option<String> {
    if let Some(errors) = list(value) {
        let texts: Vec<_> = errors.iter().filter_map(one_error).collect();
        if !texts.is_empty() {
            return Some(texts.join("; "));
        }
    }
    // RFC 9457, with the map of field errors that ASP.NET adds.
    let title = member(value, "title").and_then(Value::as_str);
    let detail = member(value, "detail").and_then(Value::as_str);
    let fields = member(value, "errors").and_then(Value::as_object).map(|fields| {
        fields
            .iter()
            .flat_map(|(field, texts)| {
                let texts: Vec<_> = match texts {
                    Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
                    Value::String(text) => vec![text.as_str()],
                    _ => Vec::new(),
                };
                texts.into_iter().map(move |text| format!("{field}: {text}"))
            })
            .collect::<Vec<_>>()
            .join("; ")
    });
    let problem: Vec<_> = [title, detail, fields.as_deref()].into_iter().flatten().collect();
    if !problem.is_empty() {
        return Some(problem.join(": "));
    }
    ["message", "errorDescription", "error_description", "error", "reason"]
        .iter()
        .find_map(|name| match member(value, name)? {
            Value::String(text) => Some(text.clone()),
            nested @ Value::Object(_) => text_of(nested),
            _ => None,
        })
        .or_else(|| code_of(value))
}

fn one_error(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => ["errorDescription", "message", "description", "errorCode"]
            .iter()
            .find_map(|name| Some(member(error, name)?.as_str()?.to_owned()).filter(|text| !text.is_empty())),
        _ => None,
    }
}

fn list(value: &Value) -> Option<&Vec<Value>> {
    member(value, "errors")?.as_array()
}

/// A member by its name in any letter case: ASP.NET writes both.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value
        .as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

fn page_title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    page.get(start..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_of_error_is_read() {
        let cases: [(&str, Option<&str>, Option<&str>); 11] = [
            (
                r#"{"response":null,"errors":[{"errorCode":"VALIDATION_ERROR","errorDescription":"Номер занят"}]}"#,
                Some("VALIDATION_ERROR"),
                Some("Номер занят"),
            ),
            (
                r#"{"errors":[{"errorCode":"BILLING_ERROR","errorDescription":null}]}"#,
                Some("BILLING_ERROR"),
                Some("BILLING_ERROR"),
            ),
            (
                r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"no route"}"#,
                None,
                Some("Bad Request: no route"),
            ),
            (
                r#"{"title":"Validation","errors":{"documentId":["is required"]}}"#,
                None,
                Some("Validation: documentId: is required"),
            ),
            (r#"{"message":"no"}"#, None, Some("no")),
            (r#"{"Message":"no"}"#, None, Some("no")),
            (r#"{"error":"no"}"#, None, Some("no")),
            (r#"{"error":{"code":"x","message":"no"}}"#, None, Some("no")),
            ("\"just text\"", None, Some("just text")),
            ("plain\r\n\u{1b}[31mtext\u{202e}", None, Some("plain [31mtext")),
            ("", None, None),
        ];
        for (body, code, text) in cases {
            let said = read(body.as_bytes());
            assert_eq!(said.code.as_deref(), code, "{body}");
            assert_eq!(said.text.as_deref(), text, "{body}");
            assert!(!said.is_page, "{body}");
        }
    }

    #[test]
    fn a_page_is_told_by_its_beginning() {
        let said = read(b"\xef\xbb\xbf\n<!DOCTYPE html><html><head><TITLE>502 Bad Gateway</TITLE></head>");
        assert!(said.is_page);
        assert_eq!(said.text.as_deref(), Some("502 Bad Gateway"));
        assert!(!is_page(b"<Xml/>"));
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = clean(&"длинно ".repeat(200));
        assert_eq!(text.map(|text| text.chars().count()), Some(LONGEST + 1));
    }
}
