//! What cryptoki cannot say, over cryptoki-sys: the raw token info and mechanism list, any attribute by number, `C_SignInit`
//! with any mechanism value and parameter, and a single `C_Sign` after it (so that a context-specific login fits in between).
//!
//! The library is loaded by cryptoki; opening the same file again here gives the same library, and so the same sessions and
//! objects. Modules for which that does not hold (p11-kit's proxy and client) are never loaded.

use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr;

use cryptoki_sys as ck;

use crate::token::ckr::Ckr;

/// The raw side of a loaded module.
pub(super) struct Raw {
    functions: ck::CK_FUNCTION_LIST,
    /// Never closed: a library may have left threads and exit handlers behind.
    _library: ManuallyDrop<ck::Pkcs11>,
}

/// `CK_TOKEN_INFO`, the fields that are used, as they came.
#[derive(Clone, Debug)]
pub(super) struct RawTokenInfo {
    pub(super) label: [u8; 32],
    pub(super) manufacturer: [u8; 32],
    pub(super) model: [u8; 16],
    pub(super) serial: [u8; 16],
    pub(super) flags: u64,
    pub(super) pin_length: (u64, u64),
}

/// The longest value of an attribute that is read; certificates are a few kilobytes.
const LONGEST_ATTRIBUTE: usize = 64 * 1024;

/// Room for any signature but the post-quantum ones, which ask for more with `CKR_BUFFER_TOO_SMALL`.
const USUAL_SIGNATURE: usize = 4096;

/// The longest signature that is believed (SLH-DSA's are just below 50 000 bytes).
const LONGEST_SIGNATURE: usize = 128 * 1024;

/// The most mechanisms that a token may list.
const MOST_MECHANISMS: usize = 4096;

impl Raw {
    /// Opens a library that cryptoki has loaded already.
    pub(super) fn of_loaded(path: &Path) -> Result<Self, String> {
        // SAFETY: the library was loaded from the same path a moment ago, so its initialisers have run; this takes one more
        // reference to it.
        #[allow(unsafe_code)]
        let library = unsafe { ck::Pkcs11::new(path) }.map_err(|error| error.to_string())?;
        let function = library.C_GetFunctionList.as_ref().map_err(ToString::to_string)?;
        let mut list: ck::CK_FUNCTION_LIST_PTR = ptr::null_mut();
        // SAFETY: `C_GetFunctionList` writes one pointer (PKCS#11 section 5.4) to the place given, which lives until after
        // the call.
        #[allow(unsafe_code)]
        let value = unsafe { function(&raw mut list) };
        if value != ck::CKR_OK || list.is_null() {
            return Err(format!("C_GetFunctionList returns {}", Ckr(value)));
        }
        // SAFETY: the list is static data of the library (section 5.4), which is never unloaded, and starts with the v2.x
        // table in every version. It may lie unaligned in a packed struct of the vendor's.
        #[allow(unsafe_code)]
        let functions = unsafe { ptr::read_unaligned(list) };
        Ok(Self {
            functions,
            _library: ManuallyDrop::new(library),
        })
    }

    /// `C_Initialize` with a NULL argument: single-threaded use, for modules that take no locking flags.
    pub(super) fn initialize_without_arguments(&self) -> Result<(), Ckr> {
        let function = self.functions.C_Initialize.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        // SAFETY: NULL is a permitted argument (section 5.4) and says that only one thread calls the module, which holds here.
        #[allow(unsafe_code)]
        done(unsafe { function(ptr::null_mut()) })
    }

    /// `C_Initialize` with locking by the operating system and a text behind `pReserved`, as NSS's softoken takes its parameters.
    pub(super) fn initialize_with_parameters(&self, parameters: &CStr) -> Result<(), Ckr> {
        let function = self.functions.C_Initialize.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut arguments = ck::CK_C_INITIALIZE_ARGS {
            flags: ck::CKF_OS_LOCKING_OK,
            // Where NSS has its member `LibraryParameters` (its pkcs11t.h).
            pReserved: parameters.as_ptr().cast_mut().cast(),
            ..Default::default()
        };
        // SAFETY: the structure and the text live until after the call; the module reads them and copies what it keeps.
        #[allow(unsafe_code)]
        done(unsafe { function((&raw mut arguments).cast()) })
    }

    /// `C_GetTokenInfo`, taken as it is: some modules put a time into it that does not parse.
    pub(super) fn token_info(&self, slot: u64) -> Result<RawTokenInfo, Ckr> {
        let function = self.functions.C_GetTokenInfo.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut info = ck::CK_TOKEN_INFO::default();
        // SAFETY: the module fills the structure, which lives until after the call and has the layout of `CK_TOKEN_INFO`.
        #[allow(unsafe_code)]
        done(unsafe { function(slot, &raw mut info) })?;
        Ok(RawTokenInfo {
            label: info.label,
            manufacturer: info.manufacturerID,
            model: info.model,
            serial: info.serialNumber,
            flags: info.flags,
            pin_length: (info.ulMinPinLen, info.ulMaxPinLen),
        })
    }

    /// `C_GetMechanismList`, every value.
    pub(super) fn mechanisms(&self, slot: u64) -> Result<Vec<u64>, Ckr> {
        let function = self.functions.C_GetMechanismList.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut count: ck::CK_ULONG = 0;
        // SAFETY: a NULL list asks for the count only (section 5.5), which is written to `count`.
        #[allow(unsafe_code)]
        done(unsafe { function(slot, ptr::null_mut(), &raw mut count) })?;
        let room = usize::try_from(count).unwrap_or(usize::MAX).min(MOST_MECHANISMS);
        let mut list: Vec<ck::CK_MECHANISM_TYPE> = vec![0; room];
        count = room as ck::CK_ULONG;
        // SAFETY: `list` has room for `count` values, which is what the module is told.
        #[allow(unsafe_code)]
        done(unsafe { function(slot, list.as_mut_ptr(), &raw mut count) })?;
        list.truncate(usize::try_from(count).unwrap_or(0));
        Ok(list)
    }

    /// One attribute of an object; `None` when the object has none, or keeps it to itself.
    pub(super) fn attribute(&self, session: u64, object: u64, kind: u64) -> Result<Option<Vec<u8>>, Ckr> {
        let function = self.functions.C_GetAttributeValue.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut attribute = ck::CK_ATTRIBUTE {
            type_: kind,
            pValue: ptr::null_mut(),
            ulValueLen: 0,
        };
        // SAFETY: a NULL value asks for the length only (section 5.7), which is written into `attribute`.
        #[allow(unsafe_code)]
        let asked = done(unsafe { function(session, object, &raw mut attribute, 1) });
        let length = match asked {
            Ok(()) => usize::try_from(attribute.ulValueLen).unwrap_or(usize::MAX),
            Err(Ckr::ATTRIBUTE_TYPE_INVALID | Ckr::ATTRIBUTE_SENSITIVE) => return Ok(None),
            Err(error) => return Err(error),
        };
        if length > LONGEST_ATTRIBUTE {
            // CK_UNAVAILABLE_INFORMATION among them.
            return Ok(None);
        }
        let mut value = vec![0_u8; length];
        attribute.pValue = value.as_mut_ptr().cast();
        attribute.ulValueLen = length as ck::CK_ULONG;
        // SAFETY: `value` has the length that the module is told, and lives until after the call.
        #[allow(unsafe_code)]
        done(unsafe { function(session, object, &raw mut attribute, 1) })?;
        value.truncate(usize::try_from(attribute.ulValueLen).unwrap_or(0));
        Ok(Some(value))
    }

    /// `C_SignInit` with any mechanism value and a parameter of any length.
    pub(super) fn sign_init(
        &self,
        session: u64,
        mechanism: u64,
        parameter: &[ck::CK_ULONG],
        key: u64,
    ) -> Result<(), Ckr> {
        let function = self.functions.C_SignInit.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut mechanism = ck::CK_MECHANISM {
            mechanism,
            pParameter: if parameter.is_empty() {
                ptr::null_mut()
            } else {
                parameter.as_ptr().cast_mut().cast()
            },
            ulParameterLen: size_of_val(parameter) as ck::CK_ULONG,
        };
        // SAFETY: the mechanism and its parameter live until after the call; the module reads them and writes nothing.
        #[allow(unsafe_code)]
        done(unsafe { function(session, &raw mut mechanism, key) })
    }

    /// `C_Sign` once, after [`Self::sign_init`], without asking for the length first.
    pub(super) fn sign(&self, session: u64, input: &[u8]) -> Result<Vec<u8>, Ckr> {
        let function = self.functions.C_Sign.ok_or(Ckr::FUNCTION_NOT_SUPPORTED)?;
        let mut signature = vec![0_u8; USUAL_SIGNATURE];
        loop {
            let mut length = signature.len() as ck::CK_ULONG;
            // SAFETY: `input` and `signature` live until after the call and have the lengths that the module is told; the
            // module does not write to the input (section 5.13), whatever the missing `const` says.
            #[allow(unsafe_code)]
            let value = unsafe {
                function(
                    session,
                    input.as_ptr().cast_mut(),
                    input.len() as ck::CK_ULONG,
                    signature.as_mut_ptr(),
                    &raw mut length,
                )
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            match done(value) {
                Ok(()) if length <= signature.len() => {
                    signature.truncate(length);
                    return Ok(signature);
                }
                // The operation stays active and nothing was signed (section 5.2): ask again with the room it wants.
                Err(Ckr::BUFFER_TOO_SMALL) if length > signature.len() && length <= LONGEST_SIGNATURE => {
                    signature.resize(length, 0);
                }
                Ok(()) => return Err(Ckr::SIGNATURE_LEN_RANGE),
                Err(error) => return Err(error),
            }
        }
    }
}

fn done(value: ck::CK_RV) -> Result<(), Ckr> {
    match value {
        ck::CKR_OK => Ok(()),
        other => Err(Ckr(other)),
    }
}
