use std::env;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language that the texts exist in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English; what is spoken where nothing else is asked for.
    #[default]
    En,
    /// Kazakh, in Cyrillic letters.
    Kk,
    /// Russian.
    Ru,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::En, Self::Kk, Self::Ru];

    /// The language code (ISO 639-1).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Kk => "kk",
            Self::Ru => "ru",
        }
    }

    /// The best language of an `Accept-Language` header (RFC 9110, 12.5.4); `None` when it names none of ours.
    pub fn of_accept_language(header: &str) -> Option<Self> {
        header
            .split(',')
            .filter_map(|range| {
                let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
                let quality = match parameters.trim().strip_prefix("q=") {
                    Some(quality) => quality.trim().parse::<f32>().ok()?,
                    None => 1.0,
                };
                let language = Self::of_locale(tag)?;
                (quality > 0.0).then_some((language, quality))
            })
            // The first of equals wins, as the reader wrote them in the order of preference.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(language, _)| language)
    }

    /// The language of a locale name or language tag: `ru_RU.UTF-8`, `kk-KZ`, `en`.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let primary = locale.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
        primary.to_ascii_lowercase().parse().ok()
    }

    /// The language of this process's environment, by `LC_ALL`, `LC_MESSAGES`, `LANG` in the order that POSIX gives them.
    pub fn of_environment() -> Option<Self> {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
            .and_then(|value| Self::of_locale(&value))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(s: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == s)
            .ok_or(UnknownLanguage)
    }
}

/// A language that there are no texts in.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("is not a language of the texts: they exist in en, kk and ru")]
pub struct UnknownLanguage;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language_is_weighed() {
        assert_eq!(Language::of_accept_language("ru"), Some(Language::Ru));
        assert_eq!(
            Language::of_accept_language("de-DE, kk-KZ;q=0.5, ru;q=0.8, en;q=0.1"),
            Some(Language::Ru)
        );
        assert_eq!(Language::of_accept_language("kk-KZ,ru"), Some(Language::Kk));
        assert_eq!(Language::of_accept_language("ru;q=0, en;q=0.1"), Some(Language::En));
        assert_eq!(Language::of_accept_language("de, *;q=0.1"), None);
        assert_eq!(Language::of_accept_language(",;;q=,q=x, ru;q=x"), None);
    }

    #[test]
    fn locales_are_read() {
        assert_eq!(Language::of_locale("ru_RU.UTF-8"), Some(Language::Ru));
        assert_eq!(Language::of_locale("kk_KZ"), Some(Language::Kk));
        assert_eq!(Language::of_locale("C.UTF-8"), None);
        assert_eq!(Language::of_locale(""), None);
    }
}
