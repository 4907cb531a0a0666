//! A question in the few lines that a small dialog holds. What does not fit stands on the page; the first lines say the most.

use std::fmt::Write as _;

use crate::consent::{
    Action, CallerView, CertificateView, Destination, DocumentView, ItemKind, PinState, PinView, Question,
    QuestionBody, RemoteMeans,
};
use crate::messages::{Localizer, visible};

/// So many documents are named.
const NAMED: usize = 3;
/// So many characters of a text from elsewhere are shown.
const LONGEST: usize = 60;

/// The lines of a question.
pub(super) fn lines(question: &Question, texts: Localizer) -> String {
    let mut lines = Lines {
        texts,
        text: String::new(),
    };
    match &question.body {
        QuestionBody::Approve {
            action,
            documents,
            certificate,
            destination,
            pin,
            ..
        } => {
            let headline = match action {
                Action::Sign => texts.text("ui-question-sign", &[("count", &documents.len())]),
                Action::Authenticate => texts.text("ui-question-authenticate", &[]),
            };
            lines.line(&headline);
            lines.caller(&question.caller);
            lines.documents(documents);
            lines.destination(destination.as_ref());
            lines.certificate(certificate);
            lines.pin(pin);
            lines.validity(certificate);
        }
        QuestionBody::Remote {
            documents,
            signer,
            destination,
        } => {
            lines.line(&texts.text("ui-question-remote", &[("count", &documents.len())]));
            lines.caller(&question.caller);
            lines.documents(documents);
            let means = match signer.means {
                RemoteMeans::EmployeeCertificate => "ui-signer-employee-certificate",
                RemoteMeans::EmployeeLink => "ui-signer-employee-link",
                RemoteMeans::Container => "ui-signer-container",
            };
            lines.pair("ui-signer", &cut(&signer.name));
            lines.line(&texts.text(means, &[]));
            lines.pair(
                "ui-power-of-attorney",
                &cut(signer.power_of_attorney.as_deref().unwrap_or_default()),
            );
            lines.destination(Some(destination));
        }
        QuestionBody::Pair { pairing } => {
            lines.line(&texts.text("ui-question-pair", &[]));
            lines.pair("ui-name", &cut(&pairing.name));
            lines.pair("ui-origin", &cut(pairing.origin.as_deref().unwrap_or_default()));
            lines.pair(
                "ui-process",
                &cut(question.caller.process.as_deref().unwrap_or_default()),
            );
            lines.pair("ui-pair-code", &pairing.code);
            lines.pair("ui-permissions", &pairing.permissions.join(", "));
            lines.line(&texts.text("ui-pair-compare", &[]));
        }
        QuestionBody::Choose { .. } => lines.line(&texts.text("ui-question-choose", &[])),
    }
    lines.text
}

/// The lines of one certificate among several.
pub(super) fn candidate_lines(question: &Question, candidate: &CertificateView, texts: Localizer) -> String {
    let mut lines = Lines {
        texts,
        text: lines(question, texts),
    };
    lines.caller(&question.caller);
    lines.certificate(candidate);
    lines.validity(candidate);
    lines.pair("ui-issuer", &cut(&candidate.issuer));
    lines.pair("ui-token", &cut(&candidate.token));
    lines.text
}

struct Lines {
    texts: Localizer,
    text: String,
}

impl Lines {
    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            let _ = writeln!(self.text, "{line}");
        }
    }

    fn pair(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.line(&format!("{}: {value}", self.texts.text(key, &[])));
        }
    }

    fn caller(&mut self, caller: &CallerView) {
        let known = if caller.verified {
            "ui-caller-verified"
        } else {
            "ui-caller-unverified"
        };
        let name = match caller.application {
            Some(_) => format!("{} ({})", cut(&caller.name), self.texts.text(known, &[])),
            None => self.texts.text("ui-caller-owner", &[]),
        };
        self.pair("ui-who", &name);
        self.pair("ui-origin", &cut(caller.origin.as_deref().unwrap_or_default()));
    }

    fn certificate(&mut self, certificate: &CertificateView) {
        let holder = certificate.common_name.as_ref().unwrap_or(&certificate.subject);
        let organisation = certificate.organisation.as_deref().unwrap_or_default();
        self.pair(
            "ui-certificate",
            format!("{} {}", cut(holder), cut(organisation)).trim(),
        );
        for (key, number) in [
            ("ui-iin", &certificate.iin),
            ("ui-bin", &certificate.bin),
            ("ui-inn", &certificate.inn),
            ("ui-inn-le", &certificate.inn_le),
        ] {
            self.pair(key, &cut(number.as_deref().unwrap_or_default()));
        }
    }

    /// The day in the one form that every language reads alike.
    fn validity(&mut self, certificate: &CertificateView) {
        let mut until = certificate.valid_until.date().to_string();
        if let Some(days) = certificate.expires_in_days {
            let warning = self.texts.text("ui-expires-soon", &[("count", &days)]);
            let _ = write!(until, " ({warning})");
        }
        self.pair("ui-valid-until", &until);
    }

    fn documents(&mut self, documents: &[DocumentView]) {
        let mut names: Vec<_> = documents
            .iter()
            .take(NAMED)
            .map(|document| cut(&document.name))
            .collect();
        if documents.len() > NAMED {
            names.push(format!("… (+{})", documents.len() - NAMED));
        }
        self.pair("ui-documents", &names.join(", "));
        // What is signed beside plain content, each kind once.
        for (kind, key) in [
            (ItemKind::BareContent, "ui-kind-bare-content"),
            (ItemKind::ForeignAttributes, "ui-kind-foreign-attributes"),
            (ItemKind::ForeignAttributesDigest, "ui-kind-foreign-attributes-digest"),
        ] {
            if documents.iter().any(|document| document.kind == kind) {
                self.line(&self.texts.text(key, &[]));
            }
        }
        if documents
            .iter()
            .any(|document| document.kind == ItemKind::Content && !document.seen)
        {
            self.line(&self.texts.text("ui-digest-unseen", &[]));
        }
        if let [document] = documents {
            let digest = hex::encode(document.digest.value());
            self.pair("ui-digest", digest.get(..16).unwrap_or(&digest));
        }
    }

    fn destination(&mut self, destination: Option<&Destination>) {
        let Some(destination) = destination else { return };
        let whom = destination.counterparty.as_deref().unwrap_or_default();
        self.pair(
            "ui-destination",
            format!("{} {}", cut(&destination.host), cut(whom)).trim(),
        );
        self.pair(
            "ui-organisation",
            &cut(destination.organisation.as_deref().unwrap_or_default()),
        );
        self.pair(
            "ui-power-of-attorney",
            &cut(destination.power_of_attorney.as_deref().unwrap_or_default()),
        );
        self.line(&self.texts.text(&format!("ui-{}", destination.effect), &[]));
        if !destination.reversible {
            self.line(&self.texts.text("ui-irreversible", &[]));
        }
    }

    fn pin(&mut self, pin: &PinView) {
        if let Some(tries) = pin.tries_left {
            self.line(&self.texts.text("ui-tries-left", &[("count", &tries)]));
        }
        match pin.state {
            PinState::Low => self.line(&self.texts.text("ui-pin-low", &[])),
            PinState::FinalTry => self.line(&self.texts.text("ui-pin-final-try", &[])),
            PinState::Ok | PinState::Locked | PinState::NotInitialised => {}
        }
        if pin.pinpad {
            self.line(&self.texts.text("ui-pinpad", &[]));
        }
    }
}

fn cut(text: &str) -> String {
    let mut shown: String = visible(text).chars().take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}
