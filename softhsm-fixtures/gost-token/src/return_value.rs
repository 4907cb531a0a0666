//! The failing half of `CK_RV`.

use cryptoki_sys::CK_RV;

/// A `CK_RV` other than `CKR_OK` (PKCS #11 v2.40 base, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) CK_RV);

/// What every function of the module answers with.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl From<std::io::Error> for Failure {
    /// A state or control file that cannot be used is a broken device.
    fn from(_: std::io::Error) -> Self {
        Self(cryptoki_sys::CKR_DEVICE_ERROR)
    }
}
