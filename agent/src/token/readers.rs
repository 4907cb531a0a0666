//! The smart card readers of PC/SC and what is in them, seen without loading any vendor's module.

use std::time::{Duration, Instant};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};

/// A reader as PC/SC lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reader {
    /// Its name; a module's slot description is the same, or begins with the same words.
    pub name: String,
    /// What is in it.
    pub card: Card,
    /// The card's answer to reset (ISO 7816-3); empty without a card, and with one that did not answer.
    pub atr: Vec<u8>,
    /// How often a card went in or out since the service started, in a range that wraps: two lists that differ only here show that a card was
    /// pulled and put back in between. Systems that do not count say 0.
    pub events: u32,
}

/// What is in a reader (`SCARD_STATE_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Card {
    /// Nothing.
    Absent,
    /// A card that can be spoken to.
    Present,
    /// A card that another program holds for itself (`SCARD_STATE_EXCLUSIVE`): nobody else can speak to it.
    Exclusive,
    /// A card that does not answer: put in the wrong way round, dirty or broken (`SCARD_STATE_MUTE`).
    Mute,
    /// The reader itself cannot be used now.
    Unavailable,
}

/// Why the readers are not known.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadersError {
    /// The PC/SC service (pcscd, SCardSvr) does not run, or stopped. Connecting again later may succeed.
    #[error("the PC/SC service does not run")]
    NoService,
    /// The service is there and does not answer.
    #[error("the PC/SC service does not answer")]
    Hangs,
    /// Anything else it answers.
    #[error("the PC/SC service answers: {0}")]
    Service(String),
}

impl From<Error> for ReadersError {
    fn from(error: Error) -> Self {
        match error {
            // A context of a service that was restarted is invalid; the transport breaks while it goes down.
            Error::NoService | Error::ServiceStopped | Error::InvalidHandle | Error::CommError => Self::NoService,
            other => Self::Service(other.to_string()),
        }
    }
}

/// What a wait ended with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wake {
    /// A reader or a card came or went, or a card's state changed: list again.
    Changed,
    /// Nothing happened in the time given.
    Nothing,
    /// An [`Interrupter`] ended the wait.
    Interrupted,
}

/// A connection to the PC/SC service. Every call may block while the service hangs: use it from a thread of its own.
pub struct ReaderService {
    context: Context,
    /// The state that the last list told of: first the notification of new readers, then each reader.
    told: Vec<ReaderState>,
}

/// Ends the wait of a [`ReaderService`] from another thread. A wait that has not begun yet is not ended, so waits should have a limit.
#[derive(Clone)]
pub struct Interrupter(Context);

impl Interrupter {
    /// Ends the wait in progress, if there is one.
    pub fn interrupt(&self) {
        // Without a service there is no wait either.
        let _ = self.0.cancel();
    }
}

/// How long one wait inside the service lasts at most: new readers are looked for between two, because macOS does not tell of them and older
/// services on Linux miss one that comes just before the wait.
const SLICE: Duration = Duration::from_secs(5);

/// How often a list is begun again because a reader came or went in the middle of it.
const ATTEMPTS: usize = 5;

impl ReaderService {
    /// Connects to the service; at once, also when there is none.
    ///
    /// # Errors
    /// [`ReadersError::NoService`] without a service.
    pub fn connect() -> Result<Self, ReadersError> {
        // pcscd on Linux makes no difference between scopes; on Windows the user's is the one that needs no privilege.
        let context = Context::establish(Scope::User)?;
        Ok(Self {
            context,
            told: Vec::new(),
        })
    }

    /// Every reader, now. What it tells is what [`Self::wait_for_change`] compares with.
    ///
    /// # Errors
    /// The service went away, or fails.
    pub fn readers(&mut self) -> Result<Vec<Reader>, ReadersError> {
        let mut last = Error::UnknownReader;
        for _ in 0..ATTEMPTS {
            match self.look() {
                Ok(readers) => return Ok(readers),
                Err(error @ (Error::UnknownReader | Error::ReaderUnavailable | Error::InsufficientBuffer)) => {
                    last = error
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    /// Blocks until something differs from what the last list told, the time is over, or the wait is interrupted.
    ///
    /// # Errors
    /// The service went away, or fails.
    pub fn wait_for_change(&mut self, at_most: Duration) -> Result<Wake, ReadersError> {
        let begun = Instant::now();
        loop {
            let left = at_most.saturating_sub(begun.elapsed());
            if self.told.is_empty() {
                return Ok(Wake::Changed);
            }
            match self.context.get_status_change(left.min(SLICE), &mut self.told) {
                Ok(()) => return Ok(Wake::Changed),
                Err(Error::UnknownReader | Error::ReaderUnavailable) => return Ok(Wake::Changed),
                Err(Error::Cancelled) => return Ok(Wake::Interrupted),
                Err(Error::Timeout) => {}
                Err(error) => return Err(error.into()),
            }
            let names = self.context.list_readers_owned()?;
            if !names.iter().map(|name| name.as_c_str()).eq(self.known_names()) {
                return Ok(Wake::Changed);
            }
            if begun.elapsed() >= at_most {
                return Ok(Wake::Nothing);
            }
        }
    }

    /// What ends a wait from another thread.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.context.clone())
    }

    fn look(&mut self) -> Result<Vec<Reader>, Error> {
        let names = self.context.list_readers_owned()?;
        let mut states = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        states.extend(names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)));
        match self.context.get_status_change(Duration::ZERO, &mut states) {
            // Without a reader there is nothing that could be unknown to us.
            Ok(()) | Err(Error::Timeout) => {}
            Err(error) => return Err(error),
        }
        for state in &mut states {
            state.sync_current_state();
        }
        let readers = states.iter().skip(1).map(reader).collect();
        self.told = states;
        Ok(readers)
    }

    fn known_names(&self) -> impl Iterator<Item = &std::ffi::CStr> {
        self.told.iter().skip(1).map(ReaderState::name)
    }
}

fn reader(state: &ReaderState) -> Reader {
    Reader {
        name: state.name().to_string_lossy().into_owned(),
        card: card(state.event_state()),
        atr: state.atr().to_vec(),
        events: state.event_count(),
    }
}

fn card(state: State) -> Card {
    if state.intersects(State::UNAVAILABLE | State::UNKNOWN) {
        Card::Unavailable
    } else if !state.contains(State::PRESENT) {
        Card::Absent
    } else if state.contains(State::EXCLUSIVE) {
        Card::Exclusive
    } else if state.contains(State::MUTE) {
        Card::Mute
    } else {
        Card::Present
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart() {
        assert_eq!(card(State::EMPTY | State::CHANGED), Card::Absent);
        assert_eq!(card(State::PRESENT | State::CHANGED), Card::Present);
        // A program that shares the card does not keep others away.
        assert_eq!(card(State::PRESENT | State::INUSE), Card::Present);
        assert_eq!(card(State::PRESENT | State::INUSE | State::EXCLUSIVE), Card::Exclusive);
        assert_eq!(card(State::PRESENT | State::MUTE), Card::Mute);
        assert_eq!(card(State::UNAVAILABLE), Card::Unavailable);
    }

    #[test]
    fn a_service_that_is_gone_is_told_from_other_failures() {
        assert_eq!(ReadersError::from(Error::NoService), ReadersError::NoService);
        assert_eq!(ReadersError::from(Error::ServiceStopped), ReadersError::NoService);
        assert!(matches!(ReadersError::from(Error::NoMemory), ReadersError::Service(_)));
    }
}
