//! The ways to reach the person: the page in the browser, the terminal, pinentry.
//!
//! A prompter that listens to the stream of questions is attached to the desk for as long as it listens: the page by
//! `GET /v1/questions/stream`, the terminal by the same call over the socket. Belongs here: what brings the person to a prompter
//! when none is attached. Does not belong here: what is asked, and what becomes of the answer.

mod link_opener;

pub use link_opener::LinkOpener;
