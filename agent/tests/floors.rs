//! The floors of the house, kept by reading the imports of `agent/src`.
//!
//! A room (a module directly under `src`) uses rooms on floors below its own, never one above or beside it. The first floor has
//! rooms that the others stand on; what rooms may use of others beside them is listed in [`BESIDE`]. Rooms name each other by paths that begin
//! with `crate::`, in `use` lines and elsewhere, tests included; `lib.rs` and `main.rs` are the house's door and belong to no room.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every room and its floor.
const FLOORS: &[(&str, u8)] = &[
    ("certificate", 1),
    ("cms", 1),
    ("config", 1),
    ("messages", 1),
    ("platform", 1),
    ("amqp", 2),
    ("http_client", 2),
    ("preview", 2),
    ("secrets", 2),
    ("store", 2),
    ("time_and_revocation", 2),
    ("consent", 3),
    ("jobs", 4),
    ("token", 4),
    ("service_profiles", 5),
    ("signing", 5),
    ("idocs", 6),
    ("mig24", 6),
    ("endpoint", 7),
    ("prompters", 7),
    ("cli", 8),
];

/// Who may use whom beside them: the rooms of the first floor that others stand on, and the endpoint, which puts the agent
/// together and so hands the desk its prompters.
const BESIDE: &[(&str, &str)] = &[
    ("cms", "certificate"),
    ("config", "certificate"),
    ("config", "messages"),
    ("config", "platform"),
    ("platform", "messages"),
    ("endpoint", "prompters"),
];

#[test]
fn every_room_uses_only_the_floors_below() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_file() && matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        assert!(
            floor(&room).is_some(),
            "the room `{room}` has no floor: add it to FLOORS in this file and to the design"
        );
        for file in rust_files(&path) {
            for used in rooms_used(&fs::read_to_string(&file).unwrap()) {
                if let Some(problem) = judge(&room, &used) {
                    wrong.push(format!("{}: {problem}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the floors are not kept:\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_all_their_shapes() {
    let used = |source: &str| rooms_used(source).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(used("use crate::messages::{Code, Fault};"), "messages");
    assert_eq!(
        used("use crate::{config::Config, jobs::{self, Job}, store};"),
        "config jobs store"
    );
    assert_eq!(
        used("use crate::{\n    platform,\n    messages::Fault as F,\n};"),
        "messages platform"
    );
    assert_eq!(
        used("fn f() -> crate::token::Fleet { crate :: signing :: new() }"),
        "signing token"
    );
    assert_eq!(used("pub(in crate::store) fn f() {} pub(crate) fn g() {}"), "store");
    assert_eq!(
        used("/// See [`crate::cli`].\n// crate::endpoint\nlet x = \"crate::jobs\"; /* crate::token */"),
        ""
    );
    assert_eq!(used("use other_crate::jobs; use crate_x::jobs;"), "");
}

#[test]
fn the_floors_are_judged() {
    assert!(judge("signing", "token").is_none());
    assert!(judge("token", "token").is_none());
    assert!(judge("cms", "certificate").is_none());
    for (room, used) in [
        ("token", "signing"),
        ("token", "jobs"),
        ("idocs", "mig24"),
        ("certificate", "cms"),
        ("cms", "config"),
    ] {
        assert!(judge(room, used).is_some(), "{room} may not use {used}");
    }
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn judge(room: &str, used: &str) -> Option<String> {
    if room == used || BESIDE.contains(&(room, used)) {
        return None;
    }
    // A path that names no room is an item of `lib.rs`; there should be none, and none is forbidden by the floors.
    let (own, other) = (floor(room)?, floor(used)?);
    match other.cmp(&own) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => Some(format!("{room} uses {used}, which is beside it on floor {own}")),
        std::cmp::Ordering::Greater => Some(format!("{room} (floor {own}) uses {used} above it (floor {other})")),
    }
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return fs::read_dir(path)
            .unwrap()
            .flat_map(|entry| rust_files(&entry.unwrap().path()))
            .collect();
    }
    if path.extension().is_some_and(|extension| extension == "rs") {
        vec![path.to_owned()]
    } else {
        Vec::new()
    }
}

/// The first segments of all paths that begin with `crate::`.
fn rooms_used(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut rooms = BTreeSet::new();
    let mut at = 0;
    while at + 2 < tokens.len() {
        if tokens[at] == "crate" && tokens[at + 1] == "::" {
            if tokens[at + 2] == "{" {
                first_segments_of_group(&tokens[at + 3..], &mut rooms);
            } else {
                rooms.insert(tokens[at + 2].clone());
            }
        }
        at += 1;
    }
    rooms
}

fn first_segments_of_group(tokens: &[String], rooms: &mut BTreeSet<String>) {
    let mut depth = 0;
    let mut at_start = true;
    for token in tokens {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => return,
            "}" => depth -= 1,
            "," if depth == 0 => at_start = true,
            word => {
                if at_start && depth == 0 {
                    rooms.insert(word.to_owned());
                }
                at_start = false;
            }
        }
    }
}

/// Words, `::` and single characters; comments and string literals left out.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest[2..].split_once("*/").map_or("", |(_, after)| after);
        } else if rest.starts_with("r#\"") {
            rest = rest[3..].split_once("\"#").map_or("", |(_, after)| after);
        } else if c == '"' {
            rest = after_string(&rest[1..]);
        } else if rest.starts_with("'\"'") {
            rest = &rest[3..];
        } else if rest.starts_with("'\\\"'") {
            rest = &rest[4..];
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix("::") {
            tokens.push("::".to_owned());
            rest = after;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    tokens
}

fn after_string(mut rest: &str) -> &str {
    while let Some(at) = rest.find(['"', '\\']) {
        let escaped = rest.as_bytes()[at] == b'\\';
        rest = &rest[at + 1..];
        if !escaped {
            return rest;
        }
        rest = rest.chars().next().map_or("", |c| &rest[c.len_utf8()..]);
    }
    ""
}
