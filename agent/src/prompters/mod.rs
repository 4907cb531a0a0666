//! The ways to reach the person: the page in the browser, the terminal, pinentry, a notification; and the standing answer for
//! unattended certificates.
//!
//! A prompter that listens to the stream of questions is attached to the desk for as long as it listens: the page by
//! `GET /v1/questions/stream`, the terminal by the same call over the socket. Belongs here: what brings the person to a prompter
//! when none is attached, and the prompters that live in the agent itself. Does not belong here: what is asked, and what becomes of
//! the answer.

mod assuan;
mod desk_dialogs;
mod link_opener;
mod notification;
mod pinentry;
mod question_summary;
mod unattended;

pub use desk_dialogs::{ask, ask_by_pinentry};
pub use link_opener::LinkOpener;
pub use notification::Notification;
pub use pinentry::{Answer, Dialog, Pinentry};
pub use unattended::approve_unattended;
