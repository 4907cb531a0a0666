use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::resolver::ResolverError;
use fluent_bundle::resolver::errors::ReferenceKind;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::{Code, Fault, Language, reasons};

/// Gives the texts for people in one language. Cheap to copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Localizer {
    language: Language,
}

impl Localizer {
    /// The texts in `language`.
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// What happened.
    pub fn fault_title(&self, fault: &Fault) -> String {
        self.about_fault("err", fault)
    }

    /// What to do about it.
    pub fn fault_advice(&self, fault: &Fault) -> String {
        self.about_fault("rec", fault)
    }

    /// The text of a key; whole numbers among the arguments choose the plural. A key that does not exist gives itself, so that
    /// a mistake is seen and nothing fails.
    pub fn text(&self, key: &str, args: &[(&str, &dyn Display)]) -> String {
        let mut given = FluentArgs::new();
        for (name, value) in args {
            given.set(*name, argument(value.to_string()));
        }
        format(&bundles(self.language).texts, key, given).unwrap_or_else(|| key.to_owned())
    }

    /// Whether there is a text of this key.
    pub fn has(&self, key: &str) -> bool {
        bundles(self.language).texts.has_message(key)
    }

    /// Every `ui-` text for the page, as templates with `{name}` where an argument goes. A text that has plural forms stands under
    /// its key followed by `.one`, `.few`, `.many` and `.other` (those of them that the language has, CLDR's names), with
    /// `{count}` for the number.
    pub fn all_ui_texts(&self) -> BTreeMap<String, String> {
        let bundle = &bundles(self.language).templates;
        let mut texts = BTreeMap::new();
        for key in keys(source(self.language)).filter(|key| key.starts_with("ui-")) {
            let variables = variables(bundle, key);
            let template = |count: Option<i32>| {
                let mut args = FluentArgs::new();
                for name in &variables {
                    args.set(name.clone(), format!("{{{name}}}"));
                }
                if let Some(count) = count {
                    args.set("count", count);
                }
                format(bundle, key, args).unwrap_or_default()
            };
            if variables.iter().any(|name| name == "count") {
                for (category, sample) in plural_samples(self.language) {
                    texts.insert(format!("{key}.{category}"), template(Some(*sample)));
                }
            } else {
                texts.insert(key.to_owned(), template(None));
            }
        }
        texts
    }

    /// Every text whose key begins like this, with the names of its arguments in their places, each between two `mark`s.
    pub(super) fn templates(&self, beginning: &str, mark: char) -> Vec<(String, String)> {
        let bundle = &bundles(self.language).texts;
        let keys = keys(source(self.language)).filter(|key| key.starts_with(beginning));
        keys.map(|key| {
            let mut args = FluentArgs::new();
            for name in variables(bundle, key) {
                let marked = format!("{mark}{name}{mark}");
                args.set(name, marked);
            }
            (key.to_owned(), format(bundle, key, args).unwrap_or_default())
        })
        .collect()
    }

    fn about_fault(&self, kind: &str, fault: &Fault) -> String {
        let key = message_id(kind, fault.code());
        let mut args = FluentArgs::new();
        for (name, value) in fault.args() {
            let value = match name.as_ref() {
                "reason" => reasons::translated(self.language, value),
                _ => value.clone(),
            };
            args.set(name.clone().into_owned(), argument(value));
        }
        format(&bundles(self.language).texts, &key, args).unwrap_or_else(|| fault.code().to_string())
    }
}

/// The id of a code's text: `err-pin-incorrect`.
pub(super) fn message_id(kind: &str, code: Code) -> String {
    format!("{kind}-{}", code.as_str().replace('_', "-"))
}

/// The names of the arguments that a text can use, in the order they come up.
#[cfg(test)]
pub(super) fn argument_names(language: Language, key: &str) -> Vec<String> {
    // Each argument stands inside a variant chosen by its presence, so the ones behind it come up only when it is there.
    let bundle = &bundles(language).texts;
    let mut names: Vec<String> = Vec::new();
    loop {
        let mut args = FluentArgs::new();
        for name in &names {
            args.set(name.clone(), "given");
        }
        let missing = missing_arguments(bundle, key, &args);
        if missing.is_empty() {
            return names;
        }
        names.extend(missing);
    }
}

type Bundle = FluentBundle<FluentResource>;

/// What one language is read into.
struct Bundles {
    texts: Bundle,
    /// The same texts, with numbers written as `{count}`.
    templates: Bundle,
}

fn bundles(language: Language) -> &'static Bundles {
    static EN: LazyLock<Bundles> = LazyLock::new(|| read(Language::En));
    static KK: LazyLock<Bundles> = LazyLock::new(|| read(Language::Kk));
    static RU: LazyLock<Bundles> = LazyLock::new(|| read(Language::Ru));
    match language {
        Language::En => &EN,
        Language::Kk => &KK,
        Language::Ru => &RU,
    }
}

fn read(language: Language) -> Bundles {
    let bundle = || {
        let id = language.as_str().parse::<LanguageIdentifier>().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![id]);
        // The marks around arguments are for mixed writing directions, and show as boxes in some terminals.
        bundle.set_use_isolating(false);
        // A message that does not parse is left out, and the tests at the end of this file would miss it.
        let resource =
            FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(readable, _errors)| readable);
        bundle.add_resource_overriding(resource);
        bundle
    };
    let mut templates = bundle();
    templates.set_formatter(Some(|value, _| {
        matches!(value, FluentValue::Number(_)).then(|| "{count}".to_owned())
    }));
    Bundles {
        texts: bundle(),
        templates,
    }
}

fn source(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("texts/en.ftl"),
        Language::Kk => include_str!("texts/kk.ftl"),
        Language::Ru => include_str!("texts/ru.ftl"),
    }
}

/// The message ids of a Fluent file: what stands before `=` at the beginning of a line.
fn keys(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim())
}

/// A number of each plural category of the language (CLDR).
fn plural_samples(language: Language) -> &'static [(&'static str, i32)] {
    match language {
        Language::En | Language::Kk => &[("one", 1), ("other", 2)],
        // Whole numbers are never `other` in Russian; browsers ask for it for fractions.
        Language::Ru => &[("one", 1), ("few", 2), ("many", 5), ("other", 5)],
    }
}

/// Whole numbers without leading zeros become numbers, so that they choose the plural; an identification number stays as it is.
fn argument(value: String) -> FluentValue<'static> {
    const MOST_DIGITS: usize = 9;
    let is_number = value.len() <= MOST_DIGITS
        && value.bytes().all(|b| b.is_ascii_digit())
        && (value == "0" || value.bytes().next().is_some_and(|first| first != b'0'));
    match value.parse::<i32>() {
        Ok(number) if is_number => number.into(),
        _ => value.into(),
    }
}

/// The text; an argument that is missing has the value `none`. `None` when there is no such key.
fn format(bundle: &Bundle, key: &str, mut args: FluentArgs<'_>) -> Option<String> {
    for name in missing_arguments(bundle, key, &args) {
        args.set(name, "none");
    }
    let pattern = bundle.get_message(key)?.value()?;
    Some(
        bundle
            .format_pattern(pattern, Some(&args), &mut Vec::new())
            .into_owned(),
    )
}

fn variables(bundle: &Bundle, key: &str) -> Vec<String> {
    missing_arguments(bundle, key, &FluentArgs::new())
}

/// The arguments that the text uses and that are not there, as far as resolving it gets.
fn missing_arguments(bundle: &Bundle, key: &str, args: &FluentArgs<'_>) -> Vec<String> {
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    bundle.format_pattern(pattern, Some(args), &mut errors);
    let mut names = Vec::new();
    for error in errors {
        if let FluentError::ResolverError(ResolverError::Reference(ReferenceKind::Variable { id })) = error
            && !names.contains(&id)
        {
            names.push(id);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    /// The Assuan protocol of pinentry takes lines of 1,000 bytes; a text and its command must fit.
    const MOST_BYTES: usize = 900;

    #[test]
    fn every_file_parses_whole() {
        for language in Language::ALL {
            if let Err((_, errors)) = FluentResource::try_new(source(language).to_owned()) {
                panic!("{language}: {errors:?}");
            }
        }
    }

    #[test]
    fn every_language_has_every_key_once() {
        let english: Vec<_> = keys(source(Language::En)).collect();
        for language in Language::ALL {
            let here: Vec<_> = keys(source(language)).collect();
            let set: BTreeSet<_> = here.iter().copied().collect();
            assert_eq!(set.len(), here.len(), "{language} has a key twice");
            assert_eq!(set, english.iter().copied().collect(), "{language}");
        }
    }

    #[test]
    fn every_code_has_both_texts_and_no_text_is_without_a_code() {
        let expected: BTreeSet<_> = Code::ALL
            .iter()
            .flat_map(|code| [message_id("err", *code), message_id("rec", *code)])
            .collect();
        let there: BTreeSet<_> = keys(source(Language::En))
            .filter(|key| key.starts_with("err-") || key.starts_with("rec-"))
            .map(str::to_owned)
            .collect();
        assert_eq!(there, expected);
    }

    #[test]
    fn the_languages_use_the_same_arguments() {
        for key in keys(source(Language::En)) {
            let english: BTreeSet<_> = argument_names(Language::En, key).into_iter().collect();
            for language in Language::ALL {
                let here: BTreeSet<_> = argument_names(language, key).into_iter().collect();
                assert_eq!(here, english, "{language} {key}");
            }
        }
    }

    #[test]
    fn a_fault_without_arguments_reads_well() {
        for language in Language::ALL {
            let localizer = Localizer::new(language);
            for code in Code::ALL {
                let fault = Fault::new(*code);
                for text in [localizer.fault_title(&fault), localizer.fault_advice(&fault)] {
                    assert!(
                        !text.contains("none") && !text.contains('$'),
                        "{language} {code}: {text}"
                    );
                    assert!(text.len() <= MOST_BYTES, "{language} {code} has {} bytes", text.len());
                    assert!(text.ends_with(['.', ':', ')', '»', '”']), "{language} {code}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_tries_left_choose_the_plural() {
        let fault = |tries: u32| Fault::new(Code::PinIncorrect).arg("tries_left", tries);
        let russian = Localizer::new(Language::Ru);
        assert_eq!(russian.fault_title(&fault(1)), "PIN-код неверен. Осталась 1 попытка.");
        assert_eq!(russian.fault_title(&fault(3)), "PIN-код неверен. Осталось 3 попытки.");
        assert_eq!(russian.fault_title(&fault(8)), "PIN-код неверен. Осталось 8 попыток.");
        assert_eq!(
            Localizer::new(Language::En).fault_title(&fault(1)),
            "The PIN is wrong. 1 try is left."
        );
    }

    #[test]
    fn identification_numbers_are_not_taken_for_numbers() {
        let fault = Fault::new(Code::CertificateNotFound).arg("selector", "000140000014");
        assert!(
            Localizer::new(Language::En)
                .fault_title(&fault)
                .contains("000140000014")
        );
    }

    #[test]
    fn the_page_gets_templates() {
        let russian = Localizer::new(Language::Ru).all_ui_texts();
        assert_eq!(russian["ui-tries-left.few"], "Осталось {count} попытки");
        assert_eq!(russian["ui-tries-left.many"], "Осталось {count} попыток");
        let english = Localizer::new(Language::En).all_ui_texts();
        assert_eq!(english["ui-size-kb"], "{size} KB");
        assert_eq!(english["ui-questions-count.one"], "{count} request waits for you");
        for language in Language::ALL {
            for (key, text) in Localizer::new(language).all_ui_texts() {
                assert!(
                    !text.is_empty() && !text.contains('$') && text.len() <= MOST_BYTES,
                    "{language} {key}: {text}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_key_gives_itself() {
        assert_eq!(Localizer::new(Language::En).text("ui-no-such", &[]), "ui-no-such");
    }
}
