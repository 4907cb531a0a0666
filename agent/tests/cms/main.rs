//! The certificate and CMS rooms against the outside: published vectors, and OpenSSL (with the GOST engine) and GnuTLS as independent makers of
//! keys, certificates and signatures and as independent verifiers.

#![allow(clippy::unwrap_used)]

mod attached;
mod authority;
mod certificates;
mod corpora;
mod interoperability;
mod kazakh;
mod kazakh_key;
mod memory;
mod paths;
mod pss;
mod revocation;
mod revocation_server;
mod stamping_server;
mod tampering;
mod timestamps;
mod vectors;
