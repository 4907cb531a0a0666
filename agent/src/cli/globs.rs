//! File patterns for shells that do not expand them: `*` and `?` in the last part of a path.

use std::path::{Path, PathBuf};

use crate::messages::{Code, Fault};

/// The files that the arguments name, patterns expanded in the order of their names.
///
/// # Errors
/// `file_unreadable` when a pattern fits nothing.
pub(super) fn expand(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match pattern_of(argument) {
            // A file of that very name is that file.
            Some(pattern) if argument.symlink_metadata().is_err() => {
                let fitting = fitting(argument, &pattern);
                if fitting.is_empty() {
                    return Err(Fault::new(Code::FileUnreadable)
                        .arg("path", argument.display())
                        .arg("reason", "no file fits the pattern"));
                }
                files.extend(fitting);
            }
            _ => files.push(argument.clone()),
        }
    }
    Ok(files)
}

fn pattern_of(argument: &Path) -> Option<Vec<char>> {
    let name = argument.file_name()?.to_str()?;
    name.contains(['*', '?']).then(|| name.chars().collect())
}

fn fitting(argument: &Path, pattern: &[char]) -> Vec<PathBuf> {
    let directory = match argument.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && fits(pattern, &name.chars().collect::<Vec<_>>()))
        .collect();
    names.sort();
    names.into_iter().map(|name| argument.with_file_name(name)).collect()
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        (Some(('?', rest)), Some((_, name))) => fits(rest, name),
        (Some((wanted, rest)), Some((given, name))) => wanted == given && fits(rest, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn patterns_are_expanded_in_order() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.pdf", "a.pdf", "c.txt", ".hidden.pdf"] {
            std::fs::write(directory.path().join(name), "x").unwrap();
        }
        let expand = |pattern: &str| expand(&[directory.path().join(pattern)]);
        let names = |files: Vec<PathBuf>| {
            let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
            files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(expand("*.pdf").unwrap()), ["a.pdf", "b.pdf"]);
        assert_eq!(names(expand("?.txt").unwrap()), ["c.txt"]);
        assert_eq!(names(expand("no-such").unwrap()), ["no-such"]);
        assert!(expand("*.doc").is_err());
    }
}
