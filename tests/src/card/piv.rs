//! The PIV application (NIST SP 800-73-4 part 2), with what Yubico adds for its library.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::apdu::{self, Command, Status, Transport};
use super::identity::{Identity, Slot};
use super::inserted::Inserted;
use super::pcscd::Pcscd;
use super::tlv;

/// The PIN.
pub const PIN: &str = "123456";

/// Wrong PINs in a row that lock it.
const TRIES: u8 = 3;

/// The answer to reset of a YubiKey 5: OpenSC offers elliptic curves with cards that it knows only.
const ATR: [u8; 23] = [
    0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69,
    0x4B, 0x65, 0x79, 0x40,
];

const APPLICATION: [u8; 5] = [0xA0, 0x00, 0x00, 0x03, 0x08];

/// A card. It keeps its state while it lies on the table; clones are the same card.
#[derive(Clone, Debug)]
pub struct Card {
    identity: Arc<Identity>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    counters: Counters,
    behaviour: Behaviour,
    /// The PIN was presented since the card got power.
    verified: bool,
}

/// What the card has seen. Only `tries_left` ever goes down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counters {
    /// PINs presented, right and wrong.
    pub verifications: u64,
    /// Wrong PINs presented.
    pub wrong_pins: u64,
    /// Signatures made, those of a card that was pulled before it answered included.
    pub signatures: u64,
    /// Tries left; zero is locked.
    pub tries_left: u8,
}

/// How the card behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Behaviour {
    /// A signature takes so much longer.
    pub delay: Duration,
    /// Somebody pulls the card while it makes the signature after so many.
    pub pulled_after: Option<u64>,
}

/// The card was pulled in the middle of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulled;

/// How a command ends that is not answered with data.
enum Refused {
    With(Status),
    Pulled,
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self::With(status)
    }
}

impl Card {
    /// A new card with these keys.
    pub fn new(identity: Arc<Identity>) -> Self {
        let counters = Counters {
            verifications: 0,
            wrong_pins: 0,
            signatures: 0,
            tries_left: TRIES,
        };
        let state = State {
            counters,
            behaviour: Behaviour::default(),
            verified: false,
        };
        Self {
            identity,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Puts the card into the reader.
    ///
    /// # Panics
    /// When the service takes none.
    pub fn insert(&self, service: &Pcscd) -> Inserted {
        Inserted::new(self.clone(), service.connect())
    }

    /// Whose card it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What it has seen so far.
    pub fn counters(&self) -> Counters {
        self.state().counters
    }

    /// Changes how it behaves from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    pub(super) fn atr(&self) -> &'static [u8] {
        &ATR
    }

    /// Power goes, comes, or the card is reset.
    pub(super) fn reset(&self) {
        self.state().verified = false;
    }

    /// Answers a command APDU.
    pub(super) fn exchange(&self, transport: &mut Transport, apdu: &[u8]) -> Result<Vec<u8>, Pulled> {
        let mut pulled = false;
        let response = transport.exchange(apdu, |command| {
            self.answer(command).map_err(|refused| match refused {
                Refused::With(status) => status,
                Refused::Pulled => {
                    pulled = true;
                    apdu::UNKNOWN_INSTRUCTION
                }
            })
        });
        if pulled { Err(Pulled) } else { Ok(response) }
    }

    fn answer(&self, command: &Command) -> Result<Vec<u8>, Refused> {
        match command.instruction {
            0xA4 => Ok(select(&command.data)?),
            0xCB => Ok(self.data_object(&command.data)?),
            0x20 => Ok(self.verify(command)?),
            0x87 => self.general_authenticate(command),
            // Yubico: version, serial number, metadata.
            0xFD => Ok(vec![5, 4, 3]),
            0xF8 => Ok(self.identity.serial.to_be_bytes().to_vec()),
            0xF7 => Ok(self.metadata(command.p2)?),
            _ => Err(apdu::UNKNOWN_INSTRUCTION.into()),
        }
    }

    /// GET DATA, section 3.1.2.
    fn data_object(&self, data: &[u8]) -> Result<Vec<u8>, Status> {
        const DISCOVERY: &[u8] = &[0x7E];
        const CARD_HOLDER: &[u8] = &[0x5F, 0xC1, 0x02];
        const CAPABILITIES: &[u8] = &[0x5F, 0xC1, 0x07];
        match tlv::find(data, 0x5C).ok_or(apdu::WRONG_DATA)? {
            DISCOVERY => Ok(discovery()),
            CARD_HOLDER => Ok(self.card_holder()),
            CAPABILITIES => Ok(self.capabilities()),
            tag => {
                let slot = Slot::ALL.into_iter().find(|slot| slot.object() == tag);
                let certificate = self.identity.certificate(slot.ok_or(apdu::NOT_FOUND)?);
                let parts = [
                    tlv::object(&[0x70], &certificate),
                    tlv::object(&[0x71], &[0]),
                    tlv::object(&[0xFE], &[]),
                ];
                Ok(tlv::object(&[0x53], &parts.concat()))
            }
        }
    }

    /// The card holder's unique identifier: OpenSC and ykcs11 tell cards apart by it.
    fn card_holder(&self) -> Vec<u8> {
        /// A FASC-N of an organisation that is none.
        const NUMBER: [u8; 25] = [
            0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
            0x84, 0x21, 0x38, 0x42, 0x10, 0xC3, 0xF5,
        ];
        let parts = [
            tlv::object(&[0x30], &NUMBER),
            tlv::object(&[0x34], &self.identity.serial.to_be_bytes().repeat(4)),
            tlv::object(&[0x35], b"20401231"),
            tlv::object(&[0x3E], &[]),
            tlv::object(&[0xFE], &[]),
        ];
        tlv::object(&[0x53], &parts.concat())
    }

    fn capabilities(&self) -> Vec<u8> {
        let mut identifier = vec![0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF];
        identifier.extend(self.identity.serial.to_be_bytes());
        identifier.extend([0; 11]);
        let mut parts = tlv::object(&[0xF0], &identifier);
        for (tag, value) in [
            (0xF1, &[0x21][..]),
            (0xF2, &[0x21]),
            (0xF3, &[]),
            (0xF4, &[0]),
            (0xF5, &[0x10]),
        ] {
            parts.extend(tlv::object(&[tag], value));
        }
        for tag in [0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE] {
            parts.extend(tlv::object(&[tag], &[]));
        }
        tlv::object(&[0x53], &parts)
    }

    /// VERIFY, section 3.2.1.
    fn verify(&self, command: &Command) -> Result<Vec<u8>, Status> {
        let mut state = self.state();
        if command.p1 == 0xFF {
            state.verified = false;
            return Ok(Vec::new());
        }
        let tries = state.counters.tries_left;
        if command.data.is_empty() {
            return if state.verified {
                Ok(Vec::new())
            } else {
                Err(apdu::tries_left(tries))
            };
        }
        if tries == 0 {
            return Err(apdu::PIN_BLOCKED);
        }
        state.counters.verifications += 1;
        // Filled up to eight bytes.
        state.verified = command.data == [PIN.as_bytes(), &[0xFF; 2]].concat();
        if state.verified {
            state.counters.tries_left = TRIES;
            return Ok(Vec::new());
        }
        state.counters.wrong_pins += 1;
        state.counters.tries_left -= 1;
        Err(match state.counters.tries_left {
            0 => apdu::PIN_BLOCKED,
            left => apdu::tries_left(left),
        })
    }

    /// GENERAL AUTHENTICATE with a challenge, section 3.2.4: the private key's operation.
    fn general_authenticate(&self, command: &Command) -> Result<Vec<u8>, Refused> {
        let slot = slot(command.p2)?;
        let template = tlv::find(&command.data, 0x7C).ok_or(apdu::WRONG_DATA)?;
        let challenge = tlv::find(template, 0x81).ok_or(apdu::WRONG_DATA)?;
        let behaviour = {
            let mut state = self.state();
            if !state.verified {
                return Err(apdu::SECURITY_NOT_SATISFIED.into());
            }
            // "PIN always": each signature uses the verification up.
            state.verified = slot != Slot::Signature;
            state.counters.signatures += 1;
            let limit = state.behaviour.pulled_after;
            if limit.is_some_and(|limit| state.counters.signatures > limit) {
                return Err(Refused::Pulled);
            }
            state.behaviour
        };
        std::thread::sleep(behaviour.delay);
        let signature = self.identity.sign(slot, challenge);
        Ok(tlv::object(&[0x7C], &tlv::object(&[0x82], &signature)))
    }

    /// GET METADATA: of the PIN, or of a key.
    fn metadata(&self, reference: u8) -> Result<Vec<u8>, Status> {
        const OF_PIN: u8 = 0x80;
        if reference == OF_PIN {
            let tries = [TRIES, self.counters().tries_left];
            let parts = [(0x01, &[0xFF][..]), (0x05, &[1]), (0x06, &tries)];
            return Ok(parts.map(|(tag, value)| tlv::object(&[tag], value)).concat());
        }
        let slot = slot(reference)?;
        // PIN policy: 2 once, 3 always; touch policy: 1 never.
        let policy = [if slot == Slot::Signature { 3 } else { 2 }, 1];
        let public = self.identity.public_key(slot);
        let public = match slot {
            Slot::Authentication => [tlv::object(&[0x81], &public), tlv::object(&[0x82], &[1, 0, 1])].concat(),
            Slot::Signature => tlv::object(&[0x86], &public),
        };
        let parts = [
            (0x01, &[slot.algorithm()][..]),
            (0x02, &policy),
            // Generated on the card.
            (0x03, &[1]),
            (0x04, &public),
        ];
        Ok(parts.map(|(tag, value)| tlv::object(&[tag], value)).concat())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn select(identifier: &[u8]) -> Result<Vec<u8>, Status> {
    if !identifier.starts_with(&APPLICATION) {
        return Err(apdu::NOT_FOUND);
    }
    let parts = [
        tlv::object(&[0x4F], &[0x00, 0x00, 0x10, 0x00, 0x01, 0x00]),
        tlv::object(&[0x79], &tlv::object(&[0x4F], &APPLICATION)),
        tlv::object(&[0x50], b"Virtual PIV"),
    ];
    Ok(tlv::object(&[0x61], &parts.concat()))
}

/// The discovery object: the application's PIN is the one to use.
fn discovery() -> Vec<u8> {
    let application = [&APPLICATION[..], &[0x00, 0x00, 0x10, 0x00, 0x01, 0x00]].concat();
    let parts = [
        tlv::object(&[0x4F], &application),
        tlv::object(&[0x5F, 0x2F], &[0x40, 0x00]),
    ];
    tlv::object(&[0x7E], &parts.concat())
}

fn slot(reference: u8) -> Result<Slot, Status> {
    let found = Slot::ALL.into_iter().find(|slot| slot.reference() == reference);
    found.ok_or(apdu::REFERENCE_NOT_FOUND)
}
