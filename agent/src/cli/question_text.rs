use time::OffsetDateTime;

use super::output::{Output, pair_lines, printable};
use super::words;
use crate::cms::Digest;
use crate::consent::{
    Action, CallerView, CertificateView, Destination, DocumentView, ItemKind, PairingView, PinState, PinView, Question,
    QuestionBody, RemoteMeans, RemoteSigner,
};
use crate::messages::{Fault, Language};

/// So many entries of an archive are named.
const MOST_ENTRIES: usize = 10;

/// A question as the terminal shows it: all that its digest covers, nothing else. Texts from elsewhere are made safe to print.
pub(super) fn lines(output: &Output, question: &Question, notice: Option<&Fault>, now: OffsetDateTime) -> Vec<String> {
    let mut lines = vec!["─".repeat(72)];
    if let Some(notice) = notice {
        lines.push(printable(&output.localizer().fault_title(notice)));
        lines.push(printable(&output.localizer().fault_advice(notice)));
        lines.push(String::new());
    }
    lines.push(headline(output, &question.body));
    lines.push(String::new());
    let mut rows = Rows {
        output,
        rows: Vec::new(),
    };
    if !matches!(question.body, QuestionBody::Pair { .. }) {
        rows.caller(&question.caller);
    }
    match &question.body {
        QuestionBody::Approve {
            action,
            documents,
            certificate,
            destination,
            pin,
            remember: _,
        } => {
            rows.action(*action);
            rows.documents(documents);
            rows.certificate(certificate);
            rows.destination(destination.as_ref());
            rows.deadline(question.deadline, now);
            lines.extend(pair_lines(&rows.rows));
            lines.extend(pin_lines(output, pin));
        }
        QuestionBody::Choose {
            action,
            documents,
            candidates,
            destination,
        } => {
            rows.action(*action);
            rows.push(
                "ui-documents",
                documents
                    .iter()
                    .map(|name| printable(name))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
            rows.destination(destination.as_ref());
            rows.deadline(question.deadline, now);
            lines.extend(pair_lines(&rows.rows));
            for (number, candidate) in candidates.iter().enumerate() {
                let mut rows = Rows {
                    output,
                    rows: Vec::new(),
                };
                rows.certificate(candidate);
                lines.push(String::new());
                lines.push(format!("{})", number + 1));
                lines.extend(pair_lines(&rows.rows));
            }
        }
        QuestionBody::Remote {
            documents,
            signer,
            destination,
        } => {
            rows.documents(documents);
            rows.signer(signer);
            rows.destination(Some(destination));
            rows.deadline(question.deadline, now);
            lines.extend(pair_lines(&rows.rows));
        }
        QuestionBody::Pair { pairing } => {
            rows.pairing(pairing, &question.caller);
            rows.deadline(question.deadline, now);
            lines.extend(pair_lines(&rows.rows));
            lines.push(output.text("ui-pair-compare"));
        }
    }
    lines
}

/// A permission in words; as it is when it is of a newer version.
pub(super) fn permission(output: &Output, permission: &str) -> String {
    match permission.splitn(3, ':').collect::<Vec<_>>().as_slice() {
        [service, profile, level] => {
            let key = format!("ui-permission-service-{level}");
            if !output.localizer().has(&key) {
                return permission.to_owned();
            }
            let service = words::word(output, "ui-service-", service);
            let profile = if *profile == "*" {
                output.text("ui-any-profile")
            } else {
                (*profile).to_owned()
            };
            output.text_with(&key, &[("service", &service), ("profile", &profile)])
        }
        ["questions", most] => output.text_with("ui-permission-questions", &[("count", most)]),
        _ => words::word(output, "ui-permission-", permission),
    }
}

/// A digest in groups of four hexadecimal digits, to be compared by eye.
pub(super) fn digest_text(digest: &Digest) -> String {
    let digits = hex::encode(digest.value());
    let groups: Vec<_> = digits.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let halves: Vec<_> = groups.chunks(8).map(|groups| groups.join(" ")).collect();
    format!("{}\n{}", digest.algorithm(), halves.join("\n"))
}

fn headline(output: &Output, body: &QuestionBody) -> String {
    match body {
        QuestionBody::Approve {
            action: Action::Sign,
            documents,
            ..
        } => output.text_with("ui-question-sign", &[("count", &documents.len())]),
        QuestionBody::Approve {
            action: Action::Authenticate,
            ..
        } => output.text("ui-question-authenticate"),
        QuestionBody::Choose { .. } => output.text("ui-question-choose"),
        QuestionBody::Remote { documents, .. } => {
            output.text_with("ui-question-remote", &[("count", &documents.len())])
        }
        QuestionBody::Pair { .. } => output.text("ui-question-pair"),
    }
}

fn pin_lines(output: &Output, pin: &PinView) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(tries) = pin.tries_left {
        lines.push(output.text_with("ui-tries-left", &[("count", &tries)]));
    }
    let state = match pin.state {
        PinState::Ok => None,
        PinState::Low => Some(output.text("ui-pin-low")),
        PinState::FinalTry => Some(output.text("ui-pin-final-try")),
        PinState::Locked => Some(output.text("ui-pin-locked")),
        PinState::NotInitialised => Some(
            output
                .localizer()
                .fault_title(&Fault::new(crate::messages::Code::PinNotInitialised)),
        ),
    };
    lines.extend(state);
    lines
}

struct Rows<'a> {
    output: &'a Output,
    rows: Vec<(String, String)>,
}

impl Rows<'_> {
    fn push(&mut self, key: &str, value: impl Into<String>) {
        self.rows.push((self.output.text(key), value.into()));
    }

    fn push_if(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    fn caller(&mut self, caller: &CallerView) {
        if caller.application.is_none() && caller.origin.is_none() {
            self.push("ui-who", self.output.text("ui-caller-owner"));
        } else if caller.verified {
            self.push("ui-who", &caller.name);
        } else {
            self.push("ui-who", self.self_named(&caller.name));
        }
        self.origin_and_process(caller.origin.as_ref(), caller);
    }

    /// A name that nobody vouches for.
    fn self_named(&self, name: &str) -> String {
        format!("{name} ({})", self.output.text("ui-caller-unverified"))
    }

    fn origin_and_process(&mut self, origin: Option<&String>, caller: &CallerView) {
        let vouched = |value: &String| match caller.verified {
            true => format!("{value} ({})", self.output.text("ui-caller-verified")),
            false => value.clone(),
        };
        let (origin, process) = (origin.map(vouched), caller.process.as_ref().map(vouched));
        self.push_if("ui-origin", origin.as_ref());
        self.push_if("ui-process", process.as_ref());
        let parents: Vec<_> = caller.processes.iter().skip(1).map(ToString::to_string).collect();
        if !parents.is_empty() {
            self.push("ui-process-parents", parents.join(" ← "));
        }
    }

    fn action(&mut self, action: Action) {
        self.push(
            "ui-action",
            match action {
                Action::Sign => self.output.text("ui-action-sign"),
                Action::Authenticate => self.output.text("ui-action-authenticate"),
            },
        );
    }

    fn documents(&mut self, documents: &[DocumentView]) {
        for document in documents {
            let mut facts = vec![printable(&document.name)];
            let size = document.size.map(|size| words::size(self.output, size));
            let facts_of_content: Vec<_> = size.into_iter().chain(document.media_type.clone()).collect();
            if !facts_of_content.is_empty() {
                facts.push(printable(&facts_of_content.join(", ")));
            }
            let key = match (document.kind, document.seen) {
                (ItemKind::Content, true) => None,
                (ItemKind::Content, false) => Some("ui-digest-unseen"),
                (ItemKind::BareContent, _) => Some("ui-kind-bare-content"),
                (ItemKind::ForeignAttributes, _) => Some("ui-kind-foreign-attributes"),
                (ItemKind::ForeignAttributesDigest, _) => Some("ui-kind-foreign-attributes-digest"),
            };
            facts.extend(key.map(|key| self.output.text(key)));
            facts.push(digest_text(&document.digest));
            if !document.entries.is_empty() {
                facts.push(format!("{}:", self.output.text("ui-entries")));
                facts.extend(
                    document
                        .entries
                        .iter()
                        .take(MOST_ENTRIES)
                        .map(|name| format!("  {}", printable(name))),
                );
                if document.entries.len() > MOST_ENTRIES {
                    facts.push(format!("  … ({})", document.entries.len()));
                }
            }
            self.push("ui-document", facts.join("\n"));
        }
    }

    fn certificate(&mut self, certificate: &CertificateView) {
        self.push(
            "ui-certificate",
            certificate.common_name.as_ref().unwrap_or(&certificate.subject),
        );
        self.push_if("ui-organisation", certificate.organisation.as_ref());
        for (key, value) in [
            ("ui-iin", &certificate.iin),
            ("ui-bin", &certificate.bin),
            ("ui-inn", &certificate.inn),
            ("ui-inn-le", &certificate.inn_le),
            ("ui-ogrn", &certificate.ogrn),
            ("ui-snils", &certificate.snils),
        ] {
            self.push_if(key, value.as_ref());
        }
        self.push("ui-issuer", &certificate.issuer);
        self.push("ui-serial", &certificate.serial);
        let mut valid_until = words::date(self.output, certificate.valid_until);
        if let Some(days) = certificate.expires_in_days {
            let warning = self.output.text_with("ui-expires-soon", &[("count", &days)]);
            valid_until = format!("{valid_until} ({warning})");
        }
        self.push("ui-valid-until", valid_until);
        self.push("ui-key-type", &certificate.key_type);
        self.push("ui-token", &certificate.token);
    }

    fn signer(&mut self, signer: &RemoteSigner) {
        let means = match signer.means {
            RemoteMeans::EmployeeCertificate => "ui-signer-employee-certificate",
            RemoteMeans::EmployeeLink => "ui-signer-employee-link",
            RemoteMeans::Container => "ui-signer-container",
        };
        self.push(
            "ui-signer",
            format!("{}\n{}", printable(&signer.name), self.output.text(means)),
        );
        self.push_if("ui-power-of-attorney", signer.power_of_attorney.as_ref());
    }

    fn destination(&mut self, destination: Option<&Destination>) {
        let Some(destination) = destination else {
            self.push("ui-destination", self.output.text("ui-destination-none"));
            return;
        };
        let service = words::word(self.output, "ui-service-", &destination.service);
        self.push("ui-destination", format!("{service}, {}", destination.host));
        self.push("ui-profile", &destination.profile);
        self.push_if("ui-organisation", destination.organisation.as_ref());
        self.push_if("ui-counterparty", destination.counterparty.as_ref());
        self.push_if("ui-power-of-attorney", destination.power_of_attorney.as_ref());
        let mut effect = words::word(self.output, "ui-", &destination.effect);
        if !destination.reversible {
            effect = format!("{effect}\n{}", self.output.text("ui-irreversible"));
        }
        self.push("ui-effect", effect);
    }

    fn pairing(&mut self, pairing: &PairingView, caller: &CallerView) {
        self.push("ui-name", self.self_named(&pairing.name));
        self.origin_and_process(pairing.origin.as_ref(), caller);
        let permissions: Vec<_> = pairing
            .permissions
            .iter()
            .map(|name| permission(self.output, name))
            .collect();
        self.push("ui-permissions", permissions.join("\n"));
        self.push("ui-pair-code", &pairing.code);
    }

    fn deadline(&mut self, deadline: OffsetDateTime, now: OffsetDateTime) {
        let left = (deadline - now).whole_seconds().max(0);
        let left = if left >= 120 {
            self.output
                .text_with("ui-minutes-left", &[("count", &((left + 30) / 60))])
        } else {
            self.output.text_with("ui-time-left", &[("count", &left)])
        };
        self.push(
            "ui-deadline",
            format!("{} ({left})", words::moment(self.output, deadline)),
        );
    }
}

/// What counts as a yes or no: the words of the person's language and of English.
pub(super) fn yes_or_no(output: &Output, typed: &str) -> Option<bool> {
    let typed = typed.to_lowercase();
    let is =
        |key: &str| typed == output.text(key) || typed == crate::messages::Localizer::new(Language::En).text(key, &[]);
    if is("cli-yes") {
        Some(true)
    } else if is("cli-no") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::messages::{Code, Localizer};

    fn output(language: Language) -> Output {
        Output::new(false, Localizer::new(language))
    }

    fn question(body: Value) -> Question {
        let mut question = json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "created_at": "2027-01-02T03:04:05Z",
            "deadline": "2027-01-02T03:14:05Z",
            "state": "waiting",
            "shown": "00",
            "caller": { "application": "00000000-0000-0000-0000-000000000002", "name": "1C\u{1b}[2J", "verified": false },
        });
        question
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        serde_json::from_value(question).unwrap()
    }

    fn certificate() -> Value {
        json!({
            "fingerprint": "ab".repeat(32), "subject": "CN=Иванов", "issuer": "CN=УЦ", "serial": "01", "common_name": "Иванов Иван",
            "iin": "900101300018", "key_type": "rsa-2048", "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2028-02-03T00:00:00Z", "token": "Токен", "uri": "pkcs11:",
        })
    }

    fn approve() -> Question {
        question(json!({
            "kind": "approve", "action": "sign",
            "documents": [{
                "name": "Счёт \u{202e}fdp.exe", "size": 2048, "seen": true, "entries": ["a.xml"],
                "digest": { "algorithm": "sha256", "value": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" },
            }],
            "certificate": certificate(),
            "destination": {
                "service": "idocs", "profile": "main", "host": "idocs.example", "effect": "effect-idocs-sign", "reversible": false,
            },
            "pin": { "needed": true, "pinpad": false, "state": "low", "tries_left": 3 },
        }))
    }

    #[test]
    fn an_approval_shows_all_that_is_approved() {
        let notice = Fault::new(Code::PinIncorrect).arg("tries_left", 3);
        let lines = lines(
            &output(Language::Ru),
            &approve(),
            Some(&notice),
            datetime!(2027-01-02 03:09:05 UTC),
        );
        let expected = "\
PIN-код неверен. Осталось 3 попытки.
Ничего не подписано. Проверьте раскладку клавиатуры и Caps Lock и введите PIN-код ещё раз без спешки: когда попытки кончатся, токен \
заблокируется.

Подписать 1 документ?

Кто просит       1C\\u{1b}[2J (по её собственным словам)
Что просят       Электронная подпись
Документ         Счёт \\u{202e}fdp.exe
                 2,0 КБ (2048 байт)
                 sha256
                 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f
                 1011 1213 1415 1617 1819 1a1b 1c1d 1e1f
                 Внутри:
                   a.xml
Сертификат       Иванов Иван
ИИН              900101300018
Кем выдан        CN=УЦ
Номер            01
Действует до     03.02.2028
Ключ             rsa-2048
Токен            Токен
Куда уйдёт       iDocs, idocs.example
Профиль          main
Что будет дальше  Подпись будет сохранена в iDocs, документ пойдёт дальше по маршруту
                 Отменить это нельзя.
Ответьте до      02.01.2027 03:14:05 UTC (Осталось 5 минут)
Осталось 3 попытки
PIN-код уже вводили неверно. Будьте внимательны."
            .replace("Что будет дальше  ", "Что будет дальше ");
        let shown = lines[1..].join("\n");
        let squeezed = |text: &str| {
            text.lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(squeezed(&shown), squeezed(&expected), "{shown}");
    }

    #[test]
    fn logging_in_looks_different_from_signing() {
        let mut login = approve();
        if let QuestionBody::Approve { action, .. } = &mut login.body {
            *action = Action::Authenticate;
        }
        let text = lines(&output(Language::En), &login, None, datetime!(2027-01-02 03:09:05 UTC)).join("\n");
        assert!(text.contains("Log in with your certificate?") && text.contains("not the signature of a document"));
        assert!(!text.contains("Sign a document"));
    }

    #[test]
    fn candidates_are_numbered() {
        let choose = question(json!({
            "kind": "choose", "action": "sign", "documents": ["a", "b"], "candidates": [certificate(), certificate()],
        }));
        let text = lines(&output(Language::En), &choose, None, datetime!(2027-01-02 03:09:05 UTC)).join("\n");
        assert!(text.contains("\n1)\n") && text.contains("\n2)\n"), "{text}");
    }

    #[test]
    fn a_pairing_shows_its_code_and_what_is_allowed() {
        let pair = question(json!({
            "kind": "pair",
            "pairing": {
                "name": "Shop", "origin": "https://shop.example", "code": "123456",
                "permissions": ["sign", "idocs:main:submit", "mig24:*:read", "of_the_future"],
            },
        }));
        let text = lines(&output(Language::En), &pair, None, datetime!(2027-01-02 03:09:05 UTC)).join("\n");
        for expected in [
            "123456",
            "https://shop.example",
            "to ask you for signatures",
            "send signed documents to iDocs (profile main)",
            "read in EDO.MIG24 (profile any)",
            "of_the_future",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn yes_is_understood_in_both_languages() {
        let russian = output(Language::Ru);
        assert_eq!(yes_or_no(&russian, "Да"), Some(true));
        assert_eq!(yes_or_no(&russian, "yes"), Some(true));
        assert_eq!(yes_or_no(&russian, "нет"), Some(false));
        assert_eq!(yes_or_no(&russian, "y"), None);
    }
}
