//! Where a certificate was found, in the words that a selector may use.

/// A view of the token and the PKCS#11 objects that hold a certificate. Empty text means unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyLocation<'a> {
    /// CK_TOKEN_INFO.label, without padding.
    pub token_label: &'a str,
    /// CK_TOKEN_INFO.serialNumber, without padding.
    pub token_serial: &'a str,
    /// CK_TOKEN_INFO.model, without padding.
    pub token_model: &'a str,
    /// CK_TOKEN_INFO.manufacturerID, without padding.
    pub token_manufacturer: &'a str,
    /// CKA_ID of the certificate and its key.
    pub id: &'a [u8],
    /// CKA_LABEL of the certificate or its key.
    pub label: &'a str,
    /// The path of the PKCS#11 module's file.
    pub module_path: &'a str,
}
