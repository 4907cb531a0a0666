//! `docs/errors.md`, made from the catalogue.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::localizer::{argument_names, message_id};
use super::{Code, Fault, Language, Localizer};

/// The error reference for integrators, in Markdown.
fn reference() -> String {
    let texts = Localizer::new(Language::En);
    let mut page = String::from(
        "# Errors\n\n\
         Generated from `agent/src/messages/catalogue.rs` and `agent/src/messages/texts/en.ftl`; do not edit. To write it anew:\n\
         `UPDATE_DOCS=1 cargo test -p tokensign --lib messages::reference`.\n\n\
         An error of the HTTP endpoint is a problem document (RFC 9457) whose `code` is one of these and does not change; `title` and \
         `what_to_do` are the texts below in the language of `Accept-Language` (en, kk, ru); the arguments are further members. The \
         command line prints the same document on stderr with `--json`, and ends with the exit code.\n\n\
         | exit code | means |\n|---|---|\n\
         | 0 | done |\n| 1 | failed |\n| 2 | the command or the request was not understood |\n\
         | 3 | the person refused or did not answer |\n| 4 | the token or its PIN |\n| 5 | iDocs, MIG24 or another service |\n\n\
         | code | HTTP | exit | arguments | what happened | what to do |\n|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let fault = Fault::new(*code);
        let mut arguments: BTreeMap<String, ()> = BTreeMap::new();
        for kind in ["err", "rec"] {
            arguments.extend(
                argument_names(Language::En, &message_id(kind, *code))
                    .into_iter()
                    .map(|name| (name, ())),
            );
        }
        let arguments: Vec<_> = arguments.keys().map(|name| format!("`{name}`")).collect();
        // Writing into a string does not fail.
        let _ = writeln!(
            page,
            "| `{code}` | {} | {} | {} | {} | {} |",
            code.status(),
            code.exit() as u8,
            arguments.join(" "),
            cell(&texts.fault_title(&fault)),
            cell(&texts.fault_advice(&fault)),
        );
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn the_error_reference_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let current = reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &current).expect("docs/errors.md is writable");
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == current,
        "docs/errors.md is out of date: run the test with UPDATE_DOCS=1"
    );
}
