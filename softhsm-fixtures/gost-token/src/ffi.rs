//! The C side: the function list and the entry points in it.
//!
//! Every entry point checks its pointers for NULL, turns them into slices and values, calls [`Module`] and writes the
//! answer back. That pointers which are not NULL point to what PKCS #11 says is the caller's word, as in every module.

#![allow(unsafe_code, reason = "PKCS #11 is a C interface: raw pointers come in and go out")]
#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "all entry points stand on the one contract named above"
)]
#![allow(non_snake_case, reason = "the exported names are those of the standard")]

use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki_sys::*;

use crate::attributes::Attributes;
use crate::control::Control;
use crate::module::{Module, PresentedPin};
use crate::return_value::{Failure, Result};

static MODULE: Mutex<Option<Module>> = Mutex::new(None);

/// Gives the list of the module's functions (PKCS #11 v2.40 base, section 5.4).
///
/// # Safety
/// `list` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    answer(|| {
        control_of_environment()?.crash_at_load();
        put(list, (&raw const FUNCTIONS).cast_mut())
    })
}

/// Gives the default interface (PKCS #11 v3.0 base, section 5.4.6): the v2.40 functions, or an error when the control
/// file wants one.
///
/// # Safety
/// `interface` is NULL or points to a place for a pointer; `name` and `version` are NULL or as the standard says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetInterface(
    _name: *mut CK_UTF8CHAR,
    _version: *mut CK_VERSION,
    interface: *mut *mut CK_INTERFACE,
    _flags: CK_FLAGS,
) -> CK_RV {
    answer(|| {
        let control = control_of_environment()?;
        control.crash_at_load();
        if control.get_interface_fails {
            return Err(Failure(CKR_GENERAL_ERROR));
        }
        put(interface, (&raw const INTERFACE.0).cast_mut())
    })
}

unsafe extern "C" fn initialize(arguments: *mut c_void) -> CK_RV {
    answer(|| {
        if let Some(arguments) = arguments.cast::<CK_C_INITIALIZE_ARGS>().as_ref()
            && !arguments.pReserved.is_null()
        {
            return Err(Failure(CKR_ARGUMENTS_BAD));
        }
        let directory = directory().ok_or(Failure(CKR_GENERAL_ERROR))?;
        let mut module = lock();
        if module.is_some() {
            return Err(Failure(CKR_CRYPTOKI_ALREADY_INITIALIZED));
        }
        let control = Control::load(&directory)?;
        if control.refuses_arguments && !arguments.is_null() {
            return Err(Failure(CKR_ARGUMENTS_BAD));
        }
        control.at_initialize();
        let initialised = Module::new(directory);
        if control.starts_program {
            initialised.start_program()?;
        }
        *module = Some(initialised);
        Ok(())
    })
}

unsafe extern "C" fn finalize(reserved: *mut c_void) -> CK_RV {
    answer(|| {
        if !reserved.is_null() {
            return Err(Failure(CKR_ARGUMENTS_BAD));
        }
        lock().take().ok_or(Failure(CKR_CRYPTOKI_NOT_INITIALIZED)).map(drop)
    })
}

unsafe extern "C" fn get_info(info: *mut CK_INFO) -> CK_RV {
    answer(|| with_module(|_| put(info, Module::info())))
}

unsafe extern "C" fn get_slot_list(present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: *mut CK_ULONG) -> CK_RV {
    answer(|| with_module(|module| put_list(slots, count, &module.slots(present != CK_FALSE)?)))
}

unsafe extern "C" fn get_slot_info(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) -> CK_RV {
    answer(|| with_module(|module| put(info, module.slot_info(slot)?)))
}

unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    answer(|| with_module(|module| put(info, module.token_info(slot)?)))
}

unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    mechanisms: *mut CK_MECHANISM_TYPE,
    count: *mut CK_ULONG,
) -> CK_RV {
    answer(|| with_module(|module| put_list(mechanisms, count, &module.mechanisms(slot)?)))
}

unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    kind: CK_MECHANISM_TYPE,
    info: *mut CK_MECHANISM_INFO,
) -> CK_RV {
    answer(|| with_module(|module| put(info, module.mechanism_info(slot, kind)?)))
}

unsafe extern "C" fn init_token(
    slot: CK_SLOT_ID,
    pin: *mut CK_UTF8CHAR,
    pin_length: CK_ULONG,
    label: *mut CK_UTF8CHAR,
) -> CK_RV {
    answer(|| {
        // The label is 32 bytes padded with blanks, without a terminator.
        let label = String::from_utf8_lossy(bytes(label, 32)?);
        with_module(|module| module.initialise_token(slot, bytes(pin, pin_length)?, &label))
    })
}

unsafe extern "C" fn init_pin(session: CK_SESSION_HANDLE, pin: *mut CK_UTF8CHAR, pin_length: CK_ULONG) -> CK_RV {
    answer(|| with_module(|module| module.initialise_pin(session, bytes(pin, pin_length)?)))
}

unsafe extern "C" fn set_pin(
    session: CK_SESSION_HANDLE,
    old: *mut CK_UTF8CHAR,
    old_length: CK_ULONG,
    new: *mut CK_UTF8CHAR,
    new_length: CK_ULONG,
) -> CK_RV {
    answer(|| with_module(|module| module.change_pin(session, bytes(old, old_length)?, bytes(new, new_length)?)))
}

unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    _application: *mut c_void,
    _notify: CK_NOTIFY,
    session: *mut CK_SESSION_HANDLE,
) -> CK_RV {
    answer(|| with_module(|module| put(session, module.open_session(slot, flags)?)))
}

unsafe extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|| with_module(|module| module.close_session(session)))
}

unsafe extern "C" fn close_all_sessions(slot: CK_SLOT_ID) -> CK_RV {
    answer(|| with_module(|module| module.close_all_sessions(slot)))
}

unsafe extern "C" fn get_session_info(session: CK_SESSION_HANDLE, info: *mut CK_SESSION_INFO) -> CK_RV {
    answer(|| with_module(|module| put(info, module.session_info(session)?)))
}

unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    pin_length: CK_ULONG,
) -> CK_RV {
    answer(|| {
        let pin = if pin.is_null() {
            PresentedPin::OnDevice
        } else {
            PresentedPin::Bytes(bytes(pin, pin_length)?)
        };
        with_module(|module| module.login(session, user, &pin))
    })
}

unsafe extern "C" fn logout(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|| with_module(|module| module.logout(session)))
}

unsafe extern "C" fn create_object(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
    object: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    answer(|| {
        let attributes = attributes(template, count)?;
        with_module(|module| put(object, module.create_object(session, attributes)?))
    })
}

unsafe extern "C" fn destroy_object(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
    answer(|| with_module(|module| module.destroy_object(session, object)))
}

/// Fills in what the caller asked for; each attribute says for itself whether it came (section 5.7.5).
unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    answer(|| {
        let object = with_module(|module| module.show_object(session, object))?;
        let mut outcome = Ok(());
        for wanted in slice_mut(template, count)? {
            let error = match object.attributes.value(wanted.type_) {
                _ if object.hides(wanted.type_) => CKR_ATTRIBUTE_SENSITIVE,
                None => CKR_ATTRIBUTE_TYPE_INVALID,
                Some(value) if wanted.pValue.is_null() => {
                    wanted.ulValueLen = value.len() as CK_ULONG;
                    continue;
                }
                Some(value) if (wanted.ulValueLen as usize) < value.len() => CKR_BUFFER_TOO_SMALL,
                Some(value) => {
                    ptr::copy_nonoverlapping(value.as_ptr(), wanted.pValue.cast(), value.len());
                    wanted.ulValueLen = value.len() as CK_ULONG;
                    continue;
                }
            };
            wanted.ulValueLen = CK_UNAVAILABLE_INFORMATION;
            outcome = Err(Failure(error));
        }
        outcome
    })
}

unsafe extern "C" fn set_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    answer(|| {
        let attributes = attributes(template, count)?;
        with_module(|module| module.change_object(session, object, &attributes))
    })
}

unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    answer(|| {
        let attributes = attributes(template, count)?;
        with_module(|module| module.find_init(session, &attributes))
    })
}

unsafe extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    objects: *mut CK_OBJECT_HANDLE,
    most: CK_ULONG,
    count: *mut CK_ULONG,
) -> CK_RV {
    answer(|| {
        let room = slice_mut(objects, most)?;
        let found = with_module(|module| module.find(session, room.len()))?;
        room[..found.len()].copy_from_slice(&found);
        put(count, found.len() as CK_ULONG)
    })
}

unsafe extern "C" fn find_objects_final(session: CK_SESSION_HANDLE) -> CK_RV {
    answer(|| with_module(|module| module.find_final(session)))
}

unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    answer(|| {
        let kind = mechanism.as_ref().ok_or(Failure(CKR_ARGUMENTS_BAD))?.mechanism;
        with_module(|module| module.sign_init(session, kind, key))
    })
}

unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_length: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_length: *mut CK_ULONG,
) -> CK_RV {
    answer(|| finish_signature(session, bytes(data, data_length)?, signature, signature_length))
}

unsafe extern "C" fn sign_update(session: CK_SESSION_HANDLE, part: *mut CK_BYTE, part_length: CK_ULONG) -> CK_RV {
    answer(|| with_module(|module| module.sign_update(session, bytes(part, part_length)?)))
}

unsafe extern "C" fn sign_final(
    session: CK_SESSION_HANDLE,
    signature: *mut CK_BYTE,
    signature_length: *mut CK_ULONG,
) -> CK_RV {
    answer(|| finish_signature(session, &[], signature, signature_length))
}

unsafe extern "C" fn generate_key_pair(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    public_template: *mut CK_ATTRIBUTE,
    public_count: CK_ULONG,
    private_template: *mut CK_ATTRIBUTE,
    private_count: CK_ULONG,
    public: *mut CK_OBJECT_HANDLE,
    private: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    answer(|| {
        let kind = mechanism.as_ref().ok_or(Failure(CKR_ARGUMENTS_BAD))?.mechanism;
        let public_template = attributes(public_template, public_count)?;
        let private_template = attributes(private_template, private_count)?;
        let pair = with_module(|module| module.generate_key_pair(session, kind, public_template, private_template))?;
        put(public, pair.0)?;
        put(private, pair.1)
    })
}

/// `C_Sign` and `C_SignFinal`: asking for the length, or giving too little room, leaves the operation active
/// (section 5.2); everything else ends it.
unsafe fn finish_signature(
    session: CK_SESSION_HANDLE,
    rest: &[u8],
    signature: *mut CK_BYTE,
    length: *mut CK_ULONG,
) -> Result<()> {
    let room = length.as_mut().ok_or(Failure(CKR_ARGUMENTS_BAD))?;
    let needed = with_module(|module| module.signature_bytes(session))?;
    if signature.is_null() {
        *room = needed as CK_ULONG;
        return Ok(());
    }
    if (*room as usize) < needed {
        *room = needed as CK_ULONG;
        return Err(Failure(CKR_BUFFER_TOO_SMALL));
    }
    let (control, signatures) = with_module(|module| module.control())?;
    control.before_signing(signatures);
    let value = with_module(|module| module.sign(session, rest))?;
    put_list(signature, length, &value)
}

/// Runs an entry point and says how it went.
fn answer(run: impl FnOnce() -> Result<()>) -> CK_RV {
    match run() {
        Ok(()) => CKR_OK,
        Err(Failure(value)) => value,
    }
}

fn with_module<T>(run: impl FnOnce(&mut Module) -> Result<T>) -> Result<T> {
    run(lock().as_mut().ok_or(Failure(CKR_CRYPTOKI_NOT_INITIALIZED))?)
}

fn lock() -> MutexGuard<'static, Option<Module>> {
    // A panic in one call leaves the maps whole; the next call may go on.
    MODULE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn directory() -> Option<PathBuf> {
    std::env::var_os(crate::DIRECTORY_VARIABLE).map(PathBuf::from)
}

/// The faults in force before `C_Initialize`; none without a directory.
fn control_of_environment() -> Result<Control> {
    directory().map_or_else(|| Ok(Control::default()), |directory| Ok(Control::load(&directory)?))
}

unsafe fn put<T>(place: *mut T, value: T) -> Result<()> {
    *place.as_mut().ok_or(Failure(CKR_ARGUMENTS_BAD))? = value;
    Ok(())
}

/// Answers with a list after the convention of section 5.2: NULL asks for the length, too little room is an error.
unsafe fn put_list<T: Copy>(place: *mut T, count: *mut CK_ULONG, values: &[T]) -> Result<()> {
    let count = count.as_mut().ok_or(Failure(CKR_ARGUMENTS_BAD))?;
    let room = std::mem::replace(count, values.len() as CK_ULONG);
    if place.is_null() {
        return Ok(());
    }
    if (room as usize) < values.len() {
        return Err(Failure(CKR_BUFFER_TOO_SMALL));
    }
    ptr::copy_nonoverlapping(values.as_ptr(), place, values.len());
    Ok(())
}

unsafe fn bytes<'a>(start: *const u8, length: CK_ULONG) -> Result<&'a [u8]> {
    slice(start, length)
}

unsafe fn slice<'a, T>(start: *const T, length: CK_ULONG) -> Result<&'a [T]> {
    match (start.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Failure(CKR_ARGUMENTS_BAD)),
        (false, length) => Ok(std::slice::from_raw_parts(start, length as usize)),
    }
}

unsafe fn slice_mut<'a, T>(start: *mut T, length: CK_ULONG) -> Result<&'a mut [T]> {
    match (start.is_null(), length) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(Failure(CKR_ARGUMENTS_BAD)),
        (false, length) => Ok(std::slice::from_raw_parts_mut(start, length as usize)),
    }
}

unsafe fn attributes(template: *const CK_ATTRIBUTE, count: CK_ULONG) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    for attribute in slice(template, count)? {
        attributes.set(attribute.type_, bytes(attribute.pValue.cast(), attribute.ulValueLen)?);
    }
    Ok(attributes)
}

/// A function that is in the list and does nothing, with the argument types of its place.
macro_rules! unsupported {
    ($($argument:ty),*) => {{
        unsafe extern "C" fn unsupported($(_: $argument),*) -> CK_RV {
            CKR_FUNCTION_NOT_SUPPORTED
        }
        Some(unsupported)
    }};
}

struct Interface(CK_INTERFACE);

// SAFETY: the structure and what it points to are never written.
unsafe impl Sync for Interface {}

static INTERFACE: Interface = Interface(CK_INTERFACE {
    pInterfaceName: c"PKCS 11".as_ptr().cast_mut().cast(),
    pFunctionList: (&raw const FUNCTIONS).cast_mut().cast(),
    flags: 0,
});

static FUNCTIONS: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
    version: CK_VERSION { major: 2, minor: 40 },
    C_Initialize: Some(initialize),
    C_Finalize: Some(finalize),
    C_GetInfo: Some(get_info),
    C_GetFunctionList: Some(C_GetFunctionList),
    C_GetSlotList: Some(get_slot_list),
    C_GetSlotInfo: Some(get_slot_info),
    C_GetTokenInfo: Some(get_token_info),
    C_GetMechanismList: Some(get_mechanism_list),
    C_GetMechanismInfo: Some(get_mechanism_info),
    C_InitToken: Some(init_token),
    C_InitPIN: Some(init_pin),
    C_SetPIN: Some(set_pin),
    C_OpenSession: Some(open_session),
    C_CloseSession: Some(close_session),
    C_CloseAllSessions: Some(close_all_sessions),
    C_GetSessionInfo: Some(get_session_info),
    C_GetOperationState: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG),
    C_SetOperationState: unsupported!(
        CK_SESSION_HANDLE,
        *mut CK_BYTE,
        CK_ULONG,
        CK_OBJECT_HANDLE,
        CK_OBJECT_HANDLE
    ),
    C_Login: Some(login),
    C_Logout: Some(logout),
    C_CreateObject: Some(create_object),
    C_CopyObject: unsupported!(
        CK_SESSION_HANDLE,
        CK_OBJECT_HANDLE,
        *mut CK_ATTRIBUTE,
        CK_ULONG,
        *mut CK_OBJECT_HANDLE
    ),
    C_DestroyObject: Some(destroy_object),
    C_GetObjectSize: unsupported!(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, *mut CK_ULONG),
    C_GetAttributeValue: Some(get_attribute_value),
    C_SetAttributeValue: Some(set_attribute_value),
    C_FindObjectsInit: Some(find_objects_init),
    C_FindObjects: Some(find_objects),
    C_FindObjectsFinal: Some(find_objects_final),
    C_EncryptInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE),
    C_Encrypt: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_EncryptUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_EncryptFinal: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG),
    C_DecryptInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE),
    C_Decrypt: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DecryptUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DecryptFinal: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG),
    C_DigestInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM),
    C_Digest: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DigestUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG),
    C_DigestKey: unsupported!(CK_SESSION_HANDLE, CK_OBJECT_HANDLE),
    C_DigestFinal: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG),
    C_SignInit: Some(sign_init),
    C_Sign: Some(sign),
    C_SignUpdate: Some(sign_update),
    C_SignFinal: Some(sign_final),
    C_SignRecoverInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE),
    C_SignRecover: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_VerifyInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE),
    C_Verify: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, CK_ULONG),
    C_VerifyUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG),
    C_VerifyFinal: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG),
    C_VerifyRecoverInit: unsupported!(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE),
    C_VerifyRecover: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DigestEncryptUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DecryptDigestUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_SignEncryptUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_DecryptVerifyUpdate: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG),
    C_GenerateKey: unsupported!(
        CK_SESSION_HANDLE,
        *mut CK_MECHANISM,
        *mut CK_ATTRIBUTE,
        CK_ULONG,
        *mut CK_OBJECT_HANDLE
    ),
    C_GenerateKeyPair: Some(generate_key_pair),
    C_WrapKey: unsupported!(
        CK_SESSION_HANDLE,
        *mut CK_MECHANISM,
        CK_OBJECT_HANDLE,
        CK_OBJECT_HANDLE,
        *mut CK_BYTE,
        *mut CK_ULONG
    ),
    C_UnwrapKey: unsupported!(
        CK_SESSION_HANDLE,
        *mut CK_MECHANISM,
        CK_OBJECT_HANDLE,
        *mut CK_BYTE,
        CK_ULONG,
        *mut CK_ATTRIBUTE,
        CK_ULONG,
        *mut CK_OBJECT_HANDLE
    ),
    C_DeriveKey: unsupported!(
        CK_SESSION_HANDLE,
        *mut CK_MECHANISM,
        CK_OBJECT_HANDLE,
        *mut CK_ATTRIBUTE,
        CK_ULONG,
        *mut CK_OBJECT_HANDLE
    ),
    C_SeedRandom: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG),
    C_GenerateRandom: unsupported!(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG),
    C_GetFunctionStatus: unsupported!(CK_SESSION_HANDLE),
    C_CancelFunction: unsupported!(CK_SESSION_HANDLE),
    C_WaitForSlotEvent: unsupported!(CK_FLAGS, *mut CK_SLOT_ID, *mut c_void),
};
