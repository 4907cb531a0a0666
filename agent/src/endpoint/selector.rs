use super::visible::visible;
use crate::certificate::{Selector, SelectorError};
use crate::messages::{Code, Fault};

/// Reads the selector of a request; none means any certificate.
///
/// # Errors
/// `invalid_selector`.
pub(super) fn read(text: Option<&str>) -> Result<Selector, Fault> {
    text.map_or_else(|| Ok(Selector::any()), str::parse)
        .map_err(|error| fault(&error))
}

/// The mistake as a word for the texts in each language, and in English for integrators. A filter's name is what the caller wrote, cut short.
pub(super) fn fault(error: &SelectorError) -> Fault {
    let fault = Fault::new(Code::InvalidSelector)
        .arg("mistake", error.mistake())
        .detail(error);
    match error.name() {
        Some(name) => fault.arg("name", visible(name)),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::messages::{Language, Localizer};

    #[test]
    fn every_mistake_is_told_in_the_persons_language() {
        let mistakes = [
            "x",
            "colour=red",
            "iin=1",
            "inn=1",
            "ogrn=1",
            "snils=1",
            "token=",
            "subject~",
            "eku=what",
            "serial=x",
            "valid_at=now",
            "pkcs11:token=a?pin-value=1",
            "pkcs11:token",
            "pkcs11:slot-id=1",
            "pkcs11:x-a=1",
            "pkcs11:token=a;token=b",
            "pkcs11:token=%zz",
            "pkcs11:type=key",
        ];
        for language in Language::ALL {
            let localizer = Localizer::new(language);
            let plain = localizer.fault_title(&Code::InvalidSelector.into());
            for text in mistakes {
                let title = localizer.fault_title(&read(Some(text)).unwrap_err());
                assert!(title != plain && !title.contains("none"), "{language} {text}: {title}");
                if language != Language::En {
                    let english = ["must", "digits", "the ", "attribute"];
                    assert!(
                        english.iter().all(|word| !title.contains(word)),
                        "{language} {text}: {title}"
                    );
                }
            }
        }
    }
}
