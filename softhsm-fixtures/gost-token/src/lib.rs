//! A software PKCS#11 module.
