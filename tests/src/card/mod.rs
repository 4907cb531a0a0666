//! A virtual PIV card in a private PC/SC service, so that real modules (OpenSC, ykcs11) can be driven without hardware: plugged in, pulled, slow,
//! locked.
//!
//! The service is Debian's `pcscd` with the driver of vsmartcard's `vpcd`, in a mount namespace of its own: it shares neither socket nor readers
//! with a service of the machine, so tests run beside it and beside each other.

mod apdu;
mod blank;
mod identity;
mod inserted;
mod pcscd;
mod piv;
mod tlv;

pub use blank::BlankCard;
pub use identity::{Identity, Slot};
pub use inserted::Inserted;
pub use pcscd::Pcscd;
pub use piv::{Behaviour, Card, Counters, PIN};
