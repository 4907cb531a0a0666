use std::path::{Path, PathBuf};

use crate::certificate::Pkcs11Uri;

/// The file of a module that is named by its path, or by a PKCS#11 URI with `module-path` (RFC 7512 section 2.4).
///
/// # Errors
/// Why the text names none: a relative path, a URI without `module-path`, or one that carries a PIN.
pub(super) fn module_path(text: &str) -> Result<PathBuf, String> {
    let path = match Pkcs11Uri::is_uri(text) {
        true => {
            let uri: Pkcs11Uri = text.parse().map_err(|error| format!("{error}"))?;
            uri.module_path
                .ok_or("the PKCS#11 URI names no module: add ?module-path=…")?
                .into()
        }
        false => PathBuf::from(text),
    };
    match path.is_absolute() {
        true => Ok(path),
        false => Err(format!("{} is not an absolute path", path.display())),
    }
}

/// Whether a text names the module of that file: by its path, or by a PKCS#11 URI with `module-path` or `module-name`.
pub(super) fn names_module(text: &str, file: &Path) -> Result<bool, String> {
    match Pkcs11Uri::is_uri(text) {
        true => Ok(module_uri(text)?.names_module(&file.to_string_lossy())),
        false => Ok(Path::new(text) == file),
    }
}

/// A PKCS#11 URI that names a module, by `module-path` or `module-name`.
///
/// # Errors
/// What is wrong with it, or that it names none.
pub(super) fn module_uri(text: &str) -> Result<Pkcs11Uri, String> {
    let uri: Pkcs11Uri = text.parse().map_err(|error| format!("{error}"))?;
    if uri.module_path.is_none() && uri.module_name.is_none() {
        return Err("the PKCS#11 URI names no module: add ?module-path=… or ?module-name=…".to_owned());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_by_its_path_or_by_a_uri() {
        let path = Ok(PathBuf::from("/usr/lib/libx y.so"));
        assert_eq!(module_path("/usr/lib/libx y.so"), path);
        assert_eq!(module_path("pkcs11:?module-path=/usr/lib/libx%20y.so"), path);
        assert_eq!(module_path("PKCS11:?module-path=/usr/lib/libx%20y.so"), path);
        for text in ["libx.so", "pkcs11:token=a", "pkcs11:?module-path=libx.so"] {
            assert!(module_path(text).is_err(), "{text:?} was taken");
        }
        let with_pin =
            module_path("pkcs11:?module-path=/x.so&pin-value=1234").expect_err("a PIN has no place in a name");
        assert!(
            with_pin.contains("pin-value") && !with_pin.contains("1234"),
            "{with_pin}"
        );
    }

    #[test]
    fn a_module_that_is_there_may_also_be_named_shortly() {
        let file = Path::new("/usr/lib/softhsm/libsofthsm2.so");
        assert_eq!(names_module("/usr/lib/softhsm/libsofthsm2.so", file), Ok(true));
        assert_eq!(names_module("pkcs11:?module-name=softhsm2", file), Ok(true));
        assert_eq!(names_module("Pkcs11:?module-name=softhsm2", file), Ok(true));
        assert_eq!(names_module("pkcs11:?module-name=opensc-pkcs11", file), Ok(false));
        assert!(names_module("pkcs11:token=a", file).is_err());
    }
}
