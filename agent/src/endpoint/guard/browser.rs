use http::HeaderName;
use http::header::ORIGIN;
use http::request::Parts;

use crate::messages::{Code, Fault};

/// Where a request comes from, by the headers that pages cannot forge (Fetch Metadata; Fetch standard, `Origin`).
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// No browser.
    Program,
    /// Our own page, or the person's address bar.
    OwnPage,
    /// A page of this origin.
    Foreign(String),
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The longest origin that is looked at.
const LONGEST_ORIGIN: usize = 255;

/// Step 4, first half: tells the source. `same-site` is worth nothing: another port of the loopback address counts as that.
///
/// # Errors
/// `foreign_origin` for `null`, for what no browser sends, and for foreign pages that do not name themselves.
pub(super) fn source(parts: &Parts, own_origin: &str, is_shell: bool) -> Result<Source, Fault> {
    let site = single(parts, &SEC_FETCH_SITE)?;
    match single(parts, &ORIGIN)? {
        Some("null") => Err(foreign(
            "null",
            "requests without an origin of their own are never served",
        )),
        Some(origin) if origin.eq_ignore_ascii_case(own_origin) => match site {
            None | Some("same-origin" | "none") => Ok(Source::OwnPage),
            Some(_) => Err(foreign(origin, "Origin and Sec-Fetch-Site contradict each other")),
        },
        Some(origin) if is_serialised(origin) => Ok(Source::Foreign(origin.to_owned())),
        Some(_) => Err(Fault::new(Code::ForeignOrigin).detail("Origin is not readable")),
        None => match site {
            Some("same-origin" | "none") => Ok(Source::OwnPage),
            Some(_) if is_shell && is_navigation(parts)? => Ok(Source::OwnPage),
            Some(_) => Err(Fault::new(Code::ForeignOrigin).detail("the request comes from another site's page")),
            None if has_fetch_metadata(parts) => {
                Err(Fault::new(Code::ForeignOrigin).detail("Sec-Fetch-Site is missing where a browser sends it"))
            }
            None => Ok(Source::Program),
        },
    }
}

/// A link or an address typed in: the shell may be reached by it from anywhere, for it can do nothing without its code.
fn is_navigation(parts: &Parts) -> Result<bool, Fault> {
    Ok(single(parts, &SEC_FETCH_MODE)? == Some("navigate") && single(parts, &SEC_FETCH_DEST)? == Some("document"))
}

/// Whether there is more of the Fetch Metadata than `Sec-Fetch-Mode: cors`, which Node's own `fetch` sends alone. A browser sends
/// the site with it, always.
fn has_fetch_metadata(parts: &Parts) -> bool {
    let mut names = parts
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("sec-fetch-"));
    names.any(|name| *name != SEC_FETCH_MODE || parts.headers[name] != "cors")
}

fn single<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Fault> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Fault::new(Code::ForeignOrigin).detail(format_args!("{name} comes more than once")));
    }
    value
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| Fault::new(Code::ForeignOrigin).detail(format_args!("{name} is not readable")))
}

/// Whether it has the shape that browsers give an origin: `scheme://host[:port]`, nothing behind it.
fn is_serialised(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    origin.len() <= LONGEST_ORIGIN
        && scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']' | '_'))
}

fn foreign(origin: &str, detail: &str) -> Fault {
    Fault::new(Code::ForeignOrigin).arg("origin", origin).detail(detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::Request;

    use super::*;

    const OWN: &str = "http://127.0.0.1:9482";

    fn of(headers: &[(&str, &str)], is_shell: bool) -> Result<Source, Code> {
        let mut request = Request::builder().uri("/approve");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        source(&parts, OWN, is_shell).map_err(|fault| fault.code())
    }

    #[test]
    fn programs_send_neither() {
        assert_eq!(of(&[], false), Ok(Source::Program));
    }

    #[test]
    fn only_same_origin_and_none_are_ours() {
        assert_eq!(
            of(&[("origin", OWN), ("sec-fetch-site", "same-origin")], false),
            Ok(Source::OwnPage)
        );
        assert_eq!(of(&[("sec-fetch-site", "none")], false), Ok(Source::OwnPage));
        for site in ["same-site", "cross-site", "x"] {
            assert_eq!(
                of(&[("sec-fetch-site", site)], false),
                Err(Code::ForeignOrigin),
                "{site}"
            );
            assert_eq!(
                of(&[("origin", OWN), ("sec-fetch-site", site)], false),
                Err(Code::ForeignOrigin),
                "{site}"
            );
        }
        assert_eq!(of(&[("sec-fetch-mode", "navigate")], false), Err(Code::ForeignOrigin));
        assert_eq!(
            of(&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], false),
            Err(Code::ForeignOrigin)
        );
        // Node's fetch.
        assert_eq!(of(&[("sec-fetch-mode", "cors")], false), Ok(Source::Program));
    }

    #[test]
    fn null_and_odd_origins_are_refused() {
        for origin in ["null", "", "http://", "http://a/b", "http://a b", "HTTP://a", "a"] {
            assert_eq!(of(&[("origin", origin)], true), Err(Code::ForeignOrigin), "{origin}");
        }
        assert_eq!(of(&[("origin", OWN), ("origin", OWN)], false), Err(Code::ForeignOrigin));
    }

    #[test]
    fn another_port_is_foreign() {
        assert_eq!(
            of(&[("origin", "http://127.0.0.1:9483")], false),
            Ok(Source::Foreign("http://127.0.0.1:9483".to_owned()))
        );
    }

    #[test]
    fn only_the_shell_may_be_navigated_to() {
        let headers = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(of(&headers, true), Ok(Source::OwnPage));
        assert_eq!(of(&headers, false), Err(Code::ForeignOrigin));
        let framed = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ];
        assert_eq!(of(&framed, true), Err(Code::ForeignOrigin));
    }
}
