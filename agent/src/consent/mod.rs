//! What the person is asked and what they decided.
//!
//! Belongs here: the desk of waiting questions, the decisions, the durable [`Approval`] with its volatile [`Unlock`], the grants, and
//! how prompters attach. Does not belong here: CMS bytes, PKCS#11, and how a prompter draws a question.

mod approval;
mod asked;
mod decision;
mod desk;
mod grant;
mod grants;
mod presence;
mod question;
mod remote;
mod unlock;

pub use approval::{Approval, ApprovalKind, ApprovedItem, Consented, ItemKind, ItemRecord};
pub use asked::Asked;
pub use decision::{ApprovalSubject, Decision, DecisionRequest, Verdict};
pub use desk::{Desk, DeskEvent, Opener};
pub use grant::{DocumentClass, GrantLimits, GrantPromise, GrantScope, Remember, RememberOffer};
pub use grants::{GrantChange, GrantEnd, GrantEvent, GrantView, Grants};
pub use presence::{Attachment, DialogMark};
pub use question::{
    Action, CallerView, CertificateView, Destination, DocumentView, PairingView, PinState, PinView, ProcessView,
    Question, QuestionBody, QuestionState, UriText,
};
pub use remote::{RemoteApproval, RemoteMeans, RemoteSigner, RemotelyConsented};
pub use unlock::{LoginUse, Unlock, UnlockSource};
