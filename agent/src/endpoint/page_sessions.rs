use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::credentials::{FreshToken, TokenHash};
use crate::messages::{Code, Fault};

/// How long a one-time link may be opened.
pub(crate) const LINK_LIFETIME: Duration = Duration::from_secs(60);
/// How long a page's token lives after its last use; an open stream of questions is use.
pub(crate) const SESSION_IDLE: Duration = Duration::from_secs(15 * 60);
/// So many links and sessions at once; older ones end.
const MOST: usize = 32;

/// One-time links to the page, and the short tokens that they are traded for. In memory only: they end with the agent.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageSessions {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<(TokenHash, Instant)>,
    sessions: Vec<Session>,
}

#[derive(Debug)]
struct Session {
    token: TokenHash,
    used: Instant,
    streams: u32,
}

/// Keeps a session from ending while its page listens.
#[derive(Debug)]
pub(crate) struct SessionInUse {
    sessions: PageSessions,
    token: TokenHash,
}

impl PageSessions {
    /// Makes the code of a one-time link.
    ///
    /// # Errors
    /// `internal` when the system gives no random bytes.
    pub(crate) fn link(&self) -> Result<FreshToken, Fault> {
        let code = FreshToken::generate("")?;
        let mut state = self.lock();
        state.drop_old(Instant::now());
        if state.links.len() >= MOST {
            state.links.remove(0);
        }
        state.links.push((code.hash(), Instant::now()));
        Ok(code)
    }

    /// Trades a link's code for a page's token, once.
    ///
    /// # Errors
    /// `unpaired` when the code was used, is too old or never was one.
    pub(crate) fn trade(&self, code: &str) -> Result<FreshToken, Fault> {
        let hash = TokenHash::of(code);
        let mut state = self.lock();
        state.drop_old(Instant::now());
        let known = state.links.len();
        state.links.retain(|(link, _)| *link != hash);
        if state.links.len() == known {
            return Err(Fault::new(Code::Unpaired).detail("the link was used or is older than a minute"));
        }
        let token = FreshToken::generate("tp_")?;
        if state.sessions.len() >= MOST {
            state.sessions.remove(0);
        }
        state.sessions.push(Session {
            token: token.hash(),
            used: Instant::now(),
            streams: 0,
        });
        Ok(token)
    }

    /// Whether a page holds this token; counts as its use.
    pub(crate) fn is_session(&self, token: &TokenHash) -> bool {
        let mut state = self.lock();
        state.drop_old(Instant::now());
        match state.session(token) {
            Some(session) => {
                session.used = Instant::now();
                true
            }
            None => false,
        }
    }

    /// Holds the session open while the page listens.
    pub(crate) fn hold(&self, token: TokenHash) -> SessionInUse {
        if let Some(session) = self.lock().session(&token) {
            session.streams += 1;
        }
        SessionInUse {
            sessions: self.clone(),
            token,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SessionInUse {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.lock().session(&self.token) {
            session.streams = session.streams.saturating_sub(1);
            session.used = Instant::now();
        }
    }
}

impl State {
    fn drop_old(&mut self, now: Instant) {
        self.links.retain(|(_, made)| now.duration_since(*made) < LINK_LIFETIME);
        self.sessions
            .retain(|session| session.streams > 0 || now.duration_since(session.used) < SESSION_IDLE);
    }

    fn session(&mut self, token: &TokenHash) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.token == *token)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_link_opens_once() {
        let pages = PageSessions::default();
        let code = pages.link().unwrap();
        let token = pages.trade(code.expose()).unwrap();
        assert!(pages.is_session(&token.hash()));
        assert_eq!(pages.trade(code.expose()).unwrap_err().code(), Code::Unpaired);
        assert_eq!(pages.trade("").unwrap_err().code(), Code::Unpaired);
        assert!(!pages.is_session(&code.hash()));
    }

    #[test]
    fn a_link_ends_with_its_minute_and_a_session_when_it_is_not_used() {
        let pages = PageSessions::default();
        let token = pages.trade(pages.link().unwrap().expose()).unwrap();
        let open = pages.hold(token.hash());
        let code = pages.link().unwrap();
        pages.lock().drop_old(Instant::now() + LINK_LIFETIME);
        assert_eq!(pages.trade(code.expose()).unwrap_err().code(), Code::Unpaired);
        pages.lock().drop_old(Instant::now() + SESSION_IDLE);
        assert!(pages.is_session(&token.hash()), "its page listens");
        drop(open);
        pages.lock().drop_old(Instant::now() + SESSION_IDLE / 2);
        assert!(pages.is_session(&token.hash()), "it was used a moment ago");
        pages.lock().drop_old(Instant::now() + SESSION_IDLE);
        assert!(!pages.is_session(&token.hash()));
    }
}
