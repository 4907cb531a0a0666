//! One physical token that several modules show, shown once.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::PathBuf;

use super::inventory::Token;
use crate::certificate::Fingerprint;

/// How a module stands among those that show the same token. The lesser one is chosen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Standing {
    /// Its place in the configuration's list of preferences; those that are not there come after.
    preference: usize,
    rank: Reverse<u8>,
    /// Its place on the board: configured before found.
    place: usize,
}

impl Standing {
    pub(super) fn new(preference: Option<usize>, rank: u8, place: usize) -> Self {
        Self {
            preference: preference.unwrap_or(usize::MAX),
            rank: Reverse(rank),
            place,
        }
    }
}

/// What a module shows.
pub(super) struct Shelf<'a> {
    pub(super) standing: Standing,
    pub(super) module: PathBuf,
    pub(super) tokens: &'a [Token],
}

/// Every physical token once, in the order of the shelves. Of the modules that show it the one is chosen that shows most of its certificates;
/// among equals the one that stands higher. What only another module shows of the token stays: nothing that could sign disappears.
pub(super) fn once(shelves: &[Shelf<'_>]) -> Vec<Token> {
    let mut shown = Vec::new();
    for shelf in shelves {
        for token in shelf.tokens {
            let own = Part::of(shelf, token);
            let others: Vec<Part<'_>> = shelves
                .iter()
                .filter(|other| other.module != shelf.module)
                .map(|other| Part::of(other, token))
                .filter(|other| other.is_there && (is_reader(&token.reader) || own.has_certificates_like(other)))
                .collect();
            if others.iter().any(|other| other.replaces(&own)) {
                continue;
            }
            let also_through = others
                .iter()
                .filter(|other| own.replaces(other))
                .map(|other| other.shelf.module.clone());
            shown.push(Token {
                also_through: also_through.collect(),
                ..token.clone()
            });
        }
    }
    shown
}

/// What one module shows of a physical token: a card with several applications is several tokens of one module.
struct Part<'a> {
    shelf: &'a Shelf<'a>,
    is_there: bool,
    certificates: HashSet<Fingerprint>,
}

impl<'a> Part<'a> {
    fn of(shelf: &'a Shelf<'a>, token: &Token) -> Self {
        let tokens: Vec<&Token> = shelf
            .tokens
            .iter()
            .filter(|other| is_same_thing(token, other))
            .collect();
        Self {
            shelf,
            is_there: !tokens.is_empty(),
            certificates: tokens
                .iter()
                .flat_map(|token| token.certificates.iter().map(|certificate| certificate.fingerprint))
                .collect(),
        }
    }

    /// Whether the other part has nothing that this one lacks, and this one is the better choice.
    fn replaces(&self, other: &Self) -> bool {
        self.certificates.is_superset(&other.certificates)
            && (self.certificates.len() > other.certificates.len() || self.shelf.standing < other.shelf.standing)
    }

    fn has_certificates_like(&self, other: &Self) -> bool {
        !self.certificates.is_empty() && !other.certificates.is_empty()
    }
}

/// Whether a slot is described by the name of a PC/SC reader, which holds one card: it ends with a number (`… 00 00` with pcscd, `… 0` on
/// Windows). Software tokens of two modules may call their slots alike, and are the same thing only if they hold the same certificates.
fn is_reader(description: &str) -> bool {
    let is_number = |word: &str| (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    description.rsplit_once(' ').is_some_and(|(_, last)| is_number(last))
}

/// Whether two modules mean one physical token: it is in the same reader, or both read the same serial number from it.
fn is_same_thing(one: &Token, other: &Token) -> bool {
    let same_reader = !one.reader.is_empty() && one.reader == other.reader;
    let same_serial = one.serial_is_telling
        && other.serial_is_telling
        && one.id.serial == other.id.serial
        && one.id.model == other.id.model
        && one.id.manufacturer == other.id.manufacturer
        && one.id.label == other.id.label;
    same_reader || same_serial
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pkcs11_profiles::Quirks;

    use super::*;
    use crate::token::protocol::{CertificateRecord, KeyPresence, TokenIdentity, TokenRecord};

    const READER: &str = "Yubico YubiKey OTP+FIDO+CCID 00 00";

    fn token(module: &str, reader: &str, serial: &str, certificates: &[&str]) -> Token {
        let record = TokenRecord {
            identity: TokenIdentity {
                serial: serial.to_owned(),
                model: "M".to_owned(),
                manufacturer: "X".to_owned(),
                label: "L".to_owned(),
            },
            slot: reader.to_owned(),
            flags: 0,
            pin_length: (4, 8),
            mechanisms: vec![],
            certificates: certificates
                .iter()
                .map(|text| CertificateRecord {
                    der: text.as_bytes().to_vec(),
                    id: vec![],
                    label: String::new(),
                    key: KeyPresence::Yes,
                })
                .collect(),
            lone_keys: vec![],
        };
        Token::new(module.into(), module, &Quirks::default(), record)
    }

    /// The modules of the tokens that are shown, with how many certificates each shows.
    fn shown(shelves: &[(u8, &[Token])]) -> Vec<(String, usize)> {
        let shelves: Vec<Shelf<'_>> = shelves
            .iter()
            .enumerate()
            .map(|(place, (rank, tokens))| Shelf {
                standing: Standing::new(None, *rank, place),
                module: tokens[0].id.module.clone(),
                tokens,
            })
            .collect();
        once(&shelves)
            .iter()
            .map(|token| (token.id.module.display().to_string(), token.certificates.len()))
            .collect()
    }

    #[test]
    fn a_card_in_one_reader_is_shown_by_the_module_of_the_highest_rank() {
        let general = [token("/opensc", READER, "from CHUID", &["a", "b"])];
        let makers = [token("/ykcs11", READER, "123", &["a", "b"])];
        assert_eq!(shown(&[(30, &general), (50, &makers)]), [("/ykcs11".to_owned(), 2)]);
        assert_eq!(shown(&[(50, &makers), (30, &general)]), [("/ykcs11".to_owned(), 2)]);
    }

    #[test]
    fn the_configurations_choice_comes_before_the_rank() {
        let general = [token("/opensc", READER, "1", &["a"])];
        let makers = [token("/ykcs11", READER, "2", &["a"])];
        let shelves = [
            Shelf {
                standing: Standing::new(Some(0), 30, 0),
                module: "/opensc".into(),
                tokens: &general,
            },
            Shelf {
                standing: Standing::new(None, 50, 1),
                module: "/ykcs11".into(),
                tokens: &makers,
            },
        ];
        let shown = once(&shelves);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].id.module, Path::new("/opensc"));
        assert_eq!(shown[0].also_through, [Path::new("/ykcs11")]);
    }

    #[test]
    fn the_module_that_shows_more_is_chosen_and_nothing_that_only_one_shows_is_lost() {
        let little = [token("/a", READER, "1", &["a"])];
        let more = [token("/b", READER, "2", &["a", "b"])];
        assert_eq!(shown(&[(50, &little), (30, &more)]), [("/b".to_owned(), 2)]);
        let other = [token("/b", READER, "2", &["b"])];
        assert_eq!(shown(&[(50, &little), (30, &other)]).len(), 2);
    }

    #[test]
    fn the_applications_of_one_card_stay_side_by_side() {
        let applets = [
            token("/jacarta", READER, "1", &["gost"]),
            token("/jacarta", READER, "1", &["pki"]),
        ];
        let general = [token("/opensc", READER, "2", &["pki"])];
        assert_eq!(
            shown(&[(50, &applets), (30, &general)]),
            [("/jacarta".to_owned(), 1), ("/jacarta".to_owned(), 1)]
        );
    }

    #[test]
    fn empty_tokens_are_one_only_in_a_reader() {
        let (one, two) = ([token("/a", READER, "1", &[])], [token("/b", READER, "2", &[])]);
        assert_eq!(shown(&[(50, &one), (30, &two)]), [("/a".to_owned(), 0)]);
        let (one, two) = ([token("/a", "Slot", "1", &[])], [token("/b", "Slot", "2", &[])]);
        assert_eq!(shown(&[(50, &one), (30, &two)]).len(), 2);
    }

    #[test]
    fn a_serial_number_tells_tokens_apart_only_where_it_means_something() {
        let pair = |serial: &str| {
            [
                [token("/a", "Slot A", serial, &["a"])],
                [token("/b", "Slot B", serial, &["a"])],
            ]
        };
        let [one, two] = pair("0A1B2C");
        assert_eq!(shown(&[(50, &one), (30, &two)]).len(), 1);
        for serial in ["", "0000000000000000"] {
            let [one, two] = pair(serial);
            assert_eq!(shown(&[(50, &one), (30, &two)]).len(), 2, "{serial:?}");
        }
    }
}
