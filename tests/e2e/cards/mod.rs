//! Cards that come and go: OpenSC and ykcs11 over a virtual PIV card.

mod cycles;
mod grants;
mod pins;
mod pulled;
mod rig;
mod signing;
mod twice;
mod unserved;
mod watched;
