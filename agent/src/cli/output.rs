use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::problem;
use super::table::{Table, pairs};
use crate::messages::{Code, Fault, Localizer};

/// Where a command's results, messages and errors go: results to stdout, all else to stderr.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
    localizer: Localizer,
}

impl Output {
    pub(super) fn new(json: bool, localizer: Localizer) -> Self {
        Self { json, localizer }
    }

    pub(super) fn localizer(&self) -> Localizer {
        self.localizer
    }

    /// Whether a program reads the result.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// A text of the catalogue.
    pub(super) fn text(&self, key: &str) -> String {
        self.localizer.text(key, &[])
    }

    /// A text of the catalogue with arguments.
    pub(super) fn text_with(&self, key: &str, args: &[(&str, &dyn Display)]) -> String {
        self.localizer.text(key, args)
    }

    /// The result: the JSON value for programs, what `for_people` gives for people.
    pub(super) fn result(&self, value: &Value, for_people: impl FnOnce() -> Vec<String>) {
        let lines = if self.json {
            vec![value.to_string()]
        } else {
            for_people()
        };
        print(&lines);
    }

    /// The result as bytes, as they are.
    pub(super) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// A message on the way, for people only.
    pub(super) fn say(&self, text: &str) {
        if !self.json {
            say(&printable(text));
        }
    }

    /// What went wrong, and what to do.
    pub(super) fn fault(&self, fault: &Fault) {
        if self.json {
            say(&problem::of_fault(fault, self.localizer).to_string());
            return;
        }
        say(&printable(&self.localizer.fault_title(fault)));
        say(&printable(&self.localizer.fault_advice(fault)));
        if let Some(detail) = fault.detail_text() {
            for line in detail.lines() {
                say(&format!("  {}", printable(line)));
            }
        }
        if fault.code() == Code::CertificateAmbiguous
            && let Some(Value::Array(candidates)) = fault.extras().get("candidates")
        {
            for candidate in candidates {
                let text = |name: &str| candidate.get(name).and_then(Value::as_str).unwrap_or_default();
                say(&printable(&format!("  {}  {}", text("fingerprint"), text("subject"))));
            }
        }
    }

    /// A bar that shows the way of so many bytes; hidden where nobody sees it.
    pub(super) fn bytes_bar(&self, title: &str, bytes: u64) -> ProgressBar {
        self.bar(title, bytes, "{msg} [{bar:30}] {bytes}/{total_bytes}")
    }

    /// A bar that counts; hidden where nobody sees it.
    pub(super) fn counting_bar(&self, title: &str, count: u64) -> ProgressBar {
        self.bar(title, count, "{msg} [{bar:30}] {pos}/{len}")
    }

    fn bar(&self, title: &str, length: u64, template: &str) -> ProgressBar {
        if self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length)
            .with_style(style.progress_chars("=> "))
            .with_message(title.to_owned())
    }
}

/// The lines of a table, safe to print.
pub(super) fn table_lines(table: &Table) -> Vec<String> {
    table.lines().iter().map(|line| printable(line)).collect()
}

/// The lines of names and values, safe to print.
pub(super) fn pair_lines(values: &[(String, String)]) -> Vec<String> {
    pairs(values).iter().map(|line| printable(line)).collect()
}

/// Control characters and marks that turn the writing direction become visible: what comes from elsewhere must not steer the
/// terminal nor read differently from what it is.
pub(super) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let deceives = c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if deceives {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A reader that went away (`| head`) is no error of ours.
fn print(lines: &[String]) {
    let mut stdout = io::stdout().lock();
    for line in lines {
        if writeln!(stdout, "{line}").is_err() {
            return;
        }
    }
    let _ = stdout.flush();
}

fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_steers_the_terminal() {
        assert_eq!(printable("Счёт № 5.pdf"), "Счёт № 5.pdf");
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
    }
}
