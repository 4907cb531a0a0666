//! The module in one process: slots, sessions, login, and what each PKCS #11 function means here.
//!
//! Safe Rust; the C side is in [`ffi`](crate::ffi). Section numbers are those of PKCS #11 v2.40 base.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cryptoki_sys::*;

use crate::attributes::Attributes;
use crate::control::{Control, HashOrder};
use crate::mechanism::Mechanism;
use crate::object::Object;
use crate::return_value::{Failure, Result};
use crate::session::{Session, Signing};
use crate::state::{PinCheck, State, Store, TRIES};

/// The only slot. Not zero, so that a caller who takes an index for an identifier is caught.
const SLOT: CK_SLOT_ID = 7;

/// Shortest and longest PIN in bytes.
const PIN_BYTES: std::ops::RangeInclusive<usize> = 4..=32;

const MANUFACTURER: &str = "tokensign tests";
const MODEL: &str = "GOST test token";

/// The module between `C_Initialize` and `C_Finalize`.
pub(crate) struct Module {
    store: Store,
    sessions: BTreeMap<CK_SESSION_HANDLE, Session>,
    next_session: CK_SESSION_HANDLE,
    login: Option<Login>,
    /// Signatures made by this process, which the faults count.
    signatures: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    User,
    SecurityOfficer,
}

/// A PIN as a caller presents it.
pub(crate) enum PresentedPin<'a> {
    Bytes(&'a [u8]),
    /// A NULL pointer: the PIN is typed on the device.
    OnDevice,
}

impl Module {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            store: Store::new(directory),
            sessions: BTreeMap::new(),
            next_session: 1,
            login: None,
            signatures: 0,
        }
    }

    /// Starts a program, as a module does that has a window of its own drawn, and counts how it went.
    pub(crate) fn start_program(&self) -> Result<()> {
        let started = std::process::Command::new("/bin/true").status().is_ok();
        self.store.update(|state| match started {
            true => state.programs_started += 1,
            false => state.programs_refused += 1,
        })?;
        Ok(())
    }

    /// The faults in force, and the number of signatures that they count.
    pub(crate) fn control(&self) -> Result<(Control, u64)> {
        Ok((Control::load(self.store.directory())?, self.signatures))
    }

    pub(crate) fn info() -> CK_INFO {
        CK_INFO {
            cryptokiVersion: CK_VERSION { major: 2, minor: 40 },
            manufacturerID: padded(MANUFACTURER),
            flags: 0,
            libraryDescription: padded("GOST R 34.10-2012 for tests"),
            libraryVersion: CK_VERSION { major: 0, minor: 1 },
        }
    }

    // Slots and tokens, section 5.5

    pub(crate) fn slots(&mut self, token_present: bool) -> Result<Vec<CK_SLOT_ID>> {
        let listed = !token_present || self.control()?.0.lists_empty_slot || self.is_present()?;
        Ok(if listed { vec![SLOT] } else { Vec::new() })
    }

    pub(crate) fn slot_info(&mut self, slot: CK_SLOT_ID) -> Result<CK_SLOT_INFO> {
        require_slot(slot)?;
        let present = if self.is_present()? { CKF_TOKEN_PRESENT } else { 0 };
        Ok(CK_SLOT_INFO {
            slotDescription: padded("GOST test token slot"),
            manufacturerID: padded(MANUFACTURER),
            flags: present | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT,
            hardwareVersion: CK_VERSION { major: 1, minor: 0 },
            firmwareVersion: CK_VERSION { major: 1, minor: 0 },
        })
    }

    pub(crate) fn token_info(&mut self, slot: CK_SLOT_ID) -> Result<CK_TOKEN_INFO> {
        if self.control()?.0.lists_empty_slot && !self.is_present()? {
            std::process::abort();
        }
        self.require_token(slot)?;
        let (control, _) = self.control()?;
        let state = self.store.read()?;
        let sessions = self.sessions.len() as CK_ULONG;
        let read_write = self.sessions.values().filter(|session| session.read_write).count() as CK_ULONG;
        let clock = if control.malformed_utc_time {
            CKF_CLOCK_ON_TOKEN
        } else {
            0
        };
        Ok(CK_TOKEN_INFO {
            label: padded(state.label.as_deref().unwrap_or_default()),
            manufacturerID: padded(MANUFACTURER),
            model: padded(MODEL),
            serialNumber: padded(&state.serial),
            flags: CKF_LOGIN_REQUIRED | clock | pin_flags(&state, &control),
            ulMaxSessionCount: CK_EFFECTIVELY_INFINITE,
            ulSessionCount: sessions,
            ulMaxRwSessionCount: CK_EFFECTIVELY_INFINITE,
            ulRwSessionCount: read_write,
            ulMaxPinLen: *PIN_BYTES.end() as CK_ULONG,
            ulMinPinLen: *PIN_BYTES.start() as CK_ULONG,
            ulTotalPublicMemory: CK_UNAVAILABLE_INFORMATION,
            ulFreePublicMemory: CK_UNAVAILABLE_INFORMATION,
            ulTotalPrivateMemory: CK_UNAVAILABLE_INFORMATION,
            ulFreePrivateMemory: CK_UNAVAILABLE_INFORMATION,
            hardwareVersion: CK_VERSION { major: 1, minor: 0 },
            firmwareVersion: CK_VERSION { major: 1, minor: 0 },
            // The malformed value is what opencryptoki 3.8 answers.
            utcTime: padded(if control.malformed_utc_time { "19:53:28" } else { "" }),
        })
    }

    pub(crate) fn mechanisms(&mut self, slot: CK_SLOT_ID) -> Result<Vec<CK_MECHANISM_TYPE>> {
        self.require_token(slot)?;
        Ok(Mechanism::ALL.map(Mechanism::to_type).to_vec())
    }

    pub(crate) fn mechanism_info(&mut self, slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE) -> Result<CK_MECHANISM_INFO> {
        self.require_token(slot)?;
        Ok(Mechanism::from_type(kind).ok_or(Failure(CKR_MECHANISM_INVALID))?.info())
    }

    pub(crate) fn initialise_token(&mut self, slot: CK_SLOT_ID, so_pin: &[u8], label: &str) -> Result<()> {
        self.require_token(slot)?;
        if !self.sessions.is_empty() {
            return Err(Failure(CKR_SESSION_EXISTS));
        }
        require_pin_length(so_pin)?;
        self.store.update(|state| {
            if state.check_so_pin(so_pin) == PinCheck::Wrong {
                return Err(Failure(CKR_PIN_INCORRECT));
            }
            state.initialise(label.trim_end().to_owned(), so_pin);
            Ok(())
        })?
    }

    pub(crate) fn initialise_pin(&mut self, session: CK_SESSION_HANDLE, pin: &[u8]) -> Result<()> {
        self.session(session)?;
        if self.login != Some(Login::SecurityOfficer) {
            return Err(Failure(CKR_USER_NOT_LOGGED_IN));
        }
        require_pin_length(pin)?;
        Ok(self.store.update(|state| state.set_user_pin(pin))?)
    }

    pub(crate) fn change_pin(&mut self, session: CK_SESSION_HANDLE, old: &[u8], new: &[u8]) -> Result<()> {
        self.require_read_write(session)?;
        require_pin_length(new)?;
        let as_officer = self.login == Some(Login::SecurityOfficer);
        self.store.update(|state| {
            let check = if as_officer {
                state.check_so_pin(old)
            } else {
                state.check_user_pin(old)
            };
            require_right(check)?;
            if as_officer {
                state.set_so_pin(new)
            } else {
                state.set_user_pin(new)
            }
            Ok(())
        })?
    }

    // Sessions, section 5.6

    pub(crate) fn open_session(&mut self, slot: CK_SLOT_ID, flags: CK_FLAGS) -> Result<CK_SESSION_HANDLE> {
        self.require_token(slot)?;
        if flags & CKF_SERIAL_SESSION == 0 {
            return Err(Failure(CKR_SESSION_PARALLEL_NOT_SUPPORTED));
        }
        let read_write = flags & CKF_RW_SESSION != 0;
        if !read_write && self.login == Some(Login::SecurityOfficer) {
            return Err(Failure(CKR_SESSION_READ_WRITE_SO_EXISTS));
        }
        self.store.update(|state| state.sessions_opened += 1)?;
        let handle = self.next_session;
        self.next_session += 1;
        self.sessions.insert(
            handle,
            Session {
                read_write,
                search: None,
                signing: None,
            },
        );
        Ok(handle)
    }

    pub(crate) fn close_session(&mut self, session: CK_SESSION_HANDLE) -> Result<()> {
        self.session(session)?;
        self.sessions.remove(&session);
        self.store.update(|state| state.sessions_closed += 1)?;
        if self.sessions.is_empty() {
            self.login = None;
        }
        Ok(())
    }

    pub(crate) fn close_all_sessions(&mut self, slot: CK_SLOT_ID) -> Result<()> {
        require_slot(slot)?;
        self.forget_sessions()
    }

    pub(crate) fn session_info(&mut self, session: CK_SESSION_HANDLE) -> Result<CK_SESSION_INFO> {
        let login = self.login;
        let read_write = self.session(session)?.read_write;
        let state = match (read_write, login) {
            (true, Some(Login::SecurityOfficer)) => CKS_RW_SO_FUNCTIONS,
            (true, Some(Login::User)) => CKS_RW_USER_FUNCTIONS,
            (true, None) => CKS_RW_PUBLIC_SESSION,
            (false, Some(_)) => CKS_RO_USER_FUNCTIONS,
            (false, None) => CKS_RO_PUBLIC_SESSION,
        };
        let flags = CKF_SERIAL_SESSION | if read_write { CKF_RW_SESSION } else { 0 };
        Ok(CK_SESSION_INFO {
            slotID: SLOT,
            state,
            flags,
            ulDeviceError: 0,
        })
    }

    pub(crate) fn login(
        &mut self,
        session: CK_SESSION_HANDLE,
        user: CK_USER_TYPE,
        pin: &PresentedPin<'_>,
    ) -> Result<()> {
        self.session(session)?;
        let (control, _) = self.control()?;
        control.print("C_Login");
        self.store.update(|state| state.login_calls += 1)?;
        match user {
            CKU_USER => {
                self.require_nobody_logged_in(Login::User)?;
                self.verify_user_pin(&control, pin)?;
                self.login = Some(Login::User);
            }
            CKU_SO => {
                self.require_nobody_logged_in(Login::SecurityOfficer)?;
                if self.sessions.values().any(|session| !session.read_write) {
                    return Err(Failure(CKR_SESSION_READ_ONLY_EXISTS));
                }
                let PresentedPin::Bytes(pin) = pin else {
                    return Err(Failure(CKR_ARGUMENTS_BAD));
                };
                require_right(self.store.read()?.check_so_pin(pin))?;
                self.login = Some(Login::SecurityOfficer);
            }
            CKU_CONTEXT_SPECIFIC => {
                if self.session(session)?.signing.is_none() {
                    return Err(Failure(CKR_OPERATION_NOT_INITIALIZED));
                }
                self.verify_user_pin(&control, pin)?;
                if let Some(signing) = &mut self.session(session)?.signing {
                    signing.needs_login = false;
                }
            }
            _ => return Err(Failure(CKR_USER_TYPE_INVALID)),
        }
        Ok(())
    }

    pub(crate) fn logout(&mut self, session: CK_SESSION_HANDLE) -> Result<()> {
        self.session(session)?;
        self.login.take().ok_or(Failure(CKR_USER_NOT_LOGGED_IN))?;
        for session in self.sessions.values_mut() {
            session.search = None;
            session.signing = None;
        }
        Ok(())
    }

    // Objects, section 5.7

    pub(crate) fn create_object(
        &mut self,
        session: CK_SESSION_HANDLE,
        template: Attributes,
    ) -> Result<CK_OBJECT_HANDLE> {
        self.require_read_write(session)?;
        let object = Object::from_template(template)?;
        if object.is_private() {
            self.require_user()?;
        }
        Ok(self.store.update(|state| state.add(object))?)
    }

    pub(crate) fn destroy_object(&mut self, session: CK_SESSION_HANDLE, handle: CK_OBJECT_HANDLE) -> Result<()> {
        self.require_read_write(session)?;
        self.object(handle)?;
        self.store.update(|state| state.objects.remove(&handle))?;
        Ok(())
    }

    pub(crate) fn change_object(
        &mut self,
        session: CK_SESSION_HANDLE,
        handle: CK_OBJECT_HANDLE,
        template: &Attributes,
    ) -> Result<()> {
        self.require_read_write(session)?;
        self.object(handle)?;
        self.store.update(|state| match state.objects.get_mut(&handle) {
            Some(object) => object.change(template),
            None => Err(Failure(CKR_OBJECT_HANDLE_INVALID)),
        })?
    }

    /// The object, with the attributes as the faults in force make them look.
    pub(crate) fn show_object(&mut self, session: CK_SESSION_HANDLE, handle: CK_OBJECT_HANDLE) -> Result<Object> {
        self.session(session)?;
        self.object(handle)
    }

    pub(crate) fn find_init(&mut self, session: CK_SESSION_HANDLE, template: &Attributes) -> Result<()> {
        if self.session(session)?.search.is_some() {
            return Err(Failure(CKR_OPERATION_ACTIVE));
        }
        let logged_in = self.login == Some(Login::User);
        if logged_in && self.control()?.0.pin_to_be_changed {
            return Err(Failure(CKR_PIN_EXPIRED));
        }
        let found = self
            .store
            .read()?
            .objects
            .into_iter()
            .filter(|(_, object)| (logged_in || !object.is_private()) && object.attributes.matches(template))
            .map(|(handle, _)| handle)
            .collect();
        self.session(session)?.search = Some(found);
        Ok(())
    }

    pub(crate) fn find(&mut self, session: CK_SESSION_HANDLE, most: usize) -> Result<Vec<CK_OBJECT_HANDLE>> {
        let search = self
            .session(session)?
            .search
            .as_mut()
            .ok_or(Failure(CKR_OPERATION_NOT_INITIALIZED))?;
        let number = most.min(search.len());
        Ok(search.drain(..number).collect())
    }

    pub(crate) fn find_final(&mut self, session: CK_SESSION_HANDLE) -> Result<()> {
        self.session(session)?
            .search
            .take()
            .ok_or(Failure(CKR_OPERATION_NOT_INITIALIZED))
            .map(drop)
    }

    // Keys and signatures, sections 5.11 and 5.13

    pub(crate) fn generate_key_pair(
        &mut self,
        session: CK_SESSION_HANDLE,
        mechanism: CK_MECHANISM_TYPE,
        public: Attributes,
        private: Attributes,
    ) -> Result<(CK_OBJECT_HANDLE, CK_OBJECT_HANDLE)> {
        self.require_read_write(session)?;
        self.require_user()?;
        let Some(Mechanism::KeyPairGeneration(size)) = Mechanism::from_type(mechanism) else {
            return Err(Failure(CKR_MECHANISM_INVALID));
        };
        let (public, private) = Object::key_pair(size, public, private)?;
        Ok(self.store.update(|state| (state.add(public), state.add(private)))?)
    }

    pub(crate) fn sign_init(
        &mut self,
        session: CK_SESSION_HANDLE,
        mechanism: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
    ) -> Result<()> {
        if self.session(session)?.signing.is_some() {
            return Err(Failure(CKR_OPERATION_ACTIVE));
        }
        self.require_user()?;
        let mechanism = match Mechanism::from_type(mechanism) {
            Some(mechanism @ (Mechanism::SignDigest(_) | Mechanism::HashAndSign(_))) => mechanism,
            _ => return Err(Failure(CKR_MECHANISM_INVALID)),
        };
        let object = self.object(key).map_err(|_| Failure(CKR_KEY_HANDLE_INVALID))?;
        let (size, _) = object.private_key()?.ok_or(Failure(CKR_KEY_FUNCTION_NOT_PERMITTED))?;
        if !object.attributes.flag(CKA_SIGN) {
            return Err(Failure(CKR_KEY_FUNCTION_NOT_PERMITTED));
        }
        if size != mechanism.key_size() {
            return Err(Failure(CKR_KEY_TYPE_INCONSISTENT));
        }
        let needs_login = object.always_authenticates() || self.control()?.0.always_authenticate_unsaid;
        self.session(session)?.signing = Some(Signing::new(key, mechanism, needs_login));
        Ok(())
    }

    /// The size of the signature that the active operation makes.
    pub(crate) fn signature_bytes(&mut self, session: CK_SESSION_HANDLE) -> Result<usize> {
        let signing = self
            .session(session)?
            .signing
            .as_ref()
            .ok_or(Failure(CKR_OPERATION_NOT_INITIALIZED))?;
        Ok(signing.signature_bytes())
    }

    pub(crate) fn sign_update(&mut self, session: CK_SESSION_HANDLE, part: &[u8]) -> Result<()> {
        self.session(session)?
            .signing
            .as_mut()
            .ok_or(Failure(CKR_OPERATION_NOT_INITIALIZED))?
            .update(part)
    }

    /// Ends the active operation, with a signature or an error (`C_Sign`, `C_SignFinal`).
    pub(crate) fn sign(&mut self, session: CK_SESSION_HANDLE, rest: &[u8]) -> Result<Vec<u8>> {
        let signing = self
            .session(session)?
            .signing
            .take()
            .ok_or(Failure(CKR_OPERATION_NOT_INITIALIZED))?;
        let (control, _) = self.control()?;
        if let Some(error) = control.sign_error {
            return Err(Failure(error));
        }
        self.require_user()?;
        if signing.needs_login {
            return Err(Failure(CKR_USER_NOT_LOGGED_IN));
        }
        let key = self
            .object(signing.key)
            .map_err(|_| Failure(CKR_KEY_HANDLE_INVALID))?
            .private_key()?;
        let (size, key) = key.ok_or(Failure(CKR_KEY_HANDLE_INVALID))?;
        let mut digest = signing.digest(rest)?;
        if control.hash_order == HashOrder::BigEndian {
            digest.reverse();
        }
        let mut signature = key.sign(&digest)?.to_bytes(size.bytes(), control.signature_layout);
        if control.wrong_signature {
            // One bit is enough, wherever it falls: r or s is another number.
            signature[0] ^= 1;
        }
        self.signatures += 1;
        self.store.update(|state| state.signatures += 1)?;
        Ok(signature)
    }

    // What must hold

    /// Whether the token is in its slot; when it is gone, so are the sessions and the login (section 5.6).
    fn is_present(&mut self) -> Result<bool> {
        let (control, signatures) = self.control()?;
        let removed = control.is_removed(signatures);
        if removed {
            self.forget_sessions()?;
        }
        Ok(!removed)
    }

    fn forget_sessions(&mut self) -> Result<()> {
        self.login = None;
        let closed = std::mem::take(&mut self.sessions).len() as u64;
        if closed > 0 {
            self.store.update(|state| state.sessions_closed += closed)?;
        }
        Ok(())
    }

    fn require_token(&mut self, slot: CK_SLOT_ID) -> Result<()> {
        require_slot(slot)?;
        if self.is_present()? {
            Ok(())
        } else {
            Err(Failure(CKR_TOKEN_NOT_PRESENT))
        }
    }

    fn session(&mut self, handle: CK_SESSION_HANDLE) -> Result<&mut Session> {
        if !self.is_present()? {
            return Err(Failure(CKR_DEVICE_REMOVED));
        }
        self.sessions
            .get_mut(&handle)
            .ok_or(Failure(CKR_SESSION_HANDLE_INVALID))
    }

    fn require_read_write(&mut self, session: CK_SESSION_HANDLE) -> Result<()> {
        if self.session(session)?.read_write {
            Ok(())
        } else {
            Err(Failure(CKR_SESSION_READ_ONLY))
        }
    }

    fn require_user(&self) -> Result<()> {
        if self.login == Some(Login::User) {
            Ok(())
        } else {
            Err(Failure(CKR_USER_NOT_LOGGED_IN))
        }
    }

    fn require_nobody_logged_in(&self, wanted: Login) -> Result<()> {
        match self.login {
            None => Ok(()),
            Some(login) if login == wanted => Err(Failure(CKR_USER_ALREADY_LOGGED_IN)),
            Some(_) => Err(Failure(CKR_USER_ANOTHER_ALREADY_LOGGED_IN)),
        }
    }

    /// The object as the caller may see it.
    fn object(&self, handle: CK_OBJECT_HANDLE) -> Result<Object> {
        let (control, _) = self.control()?;
        let mut object = self
            .store
            .read()?
            .objects
            .remove(&handle)
            .ok_or(Failure(CKR_OBJECT_HANDLE_INVALID))?;
        if object.is_private() && self.login != Some(Login::User) {
            return Err(Failure(CKR_OBJECT_HANDLE_INVALID));
        }
        if control.always_authenticate && object.private_key()?.is_some() {
            object.attributes.set_flag(CKA_ALWAYS_AUTHENTICATE, true);
        }
        Ok(object)
    }

    fn verify_user_pin(&self, control: &Control, pin: &PresentedPin<'_>) -> Result<()> {
        if control.pin_locked {
            return Err(Failure(CKR_PIN_LOCKED));
        }
        if let Some(error) = control.login_error {
            return Err(Failure(error));
        }
        match pin {
            PresentedPin::OnDevice if !control.pinpad => Err(Failure(CKR_ARGUMENTS_BAD)),
            PresentedPin::OnDevice if control.pinpad_cancelled => Err(Failure(CKR_FUNCTION_CANCELED)),
            PresentedPin::OnDevice if control.pinpad_hangs => loop {
                // The module's one thread of work is this one; nobody else waits for its locks.
                std::thread::sleep(std::time::Duration::from_secs(3600));
            },
            PresentedPin::OnDevice => Ok(()),
            PresentedPin::Bytes(pin) => {
                require_pin_length(pin)?;
                require_right(self.store.update(|state| state.check_user_pin(pin))?)
            }
        }
    }
}

fn require_slot(slot: CK_SLOT_ID) -> Result<()> {
    if slot == SLOT {
        Ok(())
    } else {
        Err(Failure(CKR_SLOT_ID_INVALID))
    }
}

/// A PIN of a length that cannot be right spends no try.
fn require_pin_length(pin: &[u8]) -> Result<()> {
    if PIN_BYTES.contains(&pin.len()) {
        Ok(())
    } else {
        Err(Failure(CKR_PIN_LEN_RANGE))
    }
}

fn require_right(check: PinCheck) -> Result<()> {
    match check {
        PinCheck::Right => Ok(()),
        PinCheck::Wrong => Err(Failure(CKR_PIN_INCORRECT)),
        PinCheck::Locked => Err(Failure(CKR_PIN_LOCKED)),
        PinCheck::NotInitialised => Err(Failure(CKR_USER_PIN_NOT_INITIALIZED)),
    }
}

fn pin_flags(state: &State, control: &Control) -> CK_FLAGS {
    let mut flags = 0;
    if state.label.is_some() {
        flags |= CKF_TOKEN_INITIALIZED;
    }
    if control.pinpad {
        flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    }
    if !state.has_user_pin() {
        return flags;
    }
    flags |= CKF_USER_PIN_INITIALIZED;
    match state.tries_left {
        0 => flags |= CKF_USER_PIN_LOCKED,
        _ if control.no_count_flags => {}
        1 => flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY,
        TRIES => {}
        _ => flags |= CKF_USER_PIN_COUNT_LOW,
    }
    if control.pin_locked {
        flags |= CKF_USER_PIN_LOCKED;
    }
    if control.pin_to_be_changed {
        flags |= CKF_USER_PIN_TO_BE_CHANGED;
    }
    flags
}

/// Text padded with blanks, as PKCS #11 wants its fixed fields.
fn padded<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    let mut field = [b' '; LENGTH];
    let length = text.floor_char_boundary(LENGTH);
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
    field
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tempfile::TempDir;

    use super::*;
    use crate::parameter_set::ParameterSet;
    use crate::signature::{PublicKey, SignatureLayout};
    use crate::token::Token;

    const PIN: &[u8] = b"12345678";
    const DIGEST: [u8; 32] = [7; 32];

    struct Rig {
        directory: TempDir,
        module: Module,
        session: CK_SESSION_HANDLE,
        public_key: PublicKey,
    }

    impl Rig {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let token = Token::create(directory.path(), "token", "87654321", "12345678").unwrap();
            let public_key = token
                .generate_key_pair("key", b"\x01", ParameterSet::CryptoProA)
                .unwrap();
            let mut module = Module::new(directory.path().to_owned());
            let session = module.open_session(SLOT, CKF_SERIAL_SESSION).unwrap();
            Self {
                directory,
                module,
                session,
                public_key,
            }
        }

        fn logged_in() -> Self {
            let mut rig = Self::new();
            rig.login(CKU_USER).unwrap();
            rig
        }

        fn set(&self, faults: Control) {
            faults.save(self.directory.path()).unwrap();
        }

        fn login(&mut self, user: CK_USER_TYPE) -> Result<()> {
            self.module.login(self.session, user, &PresentedPin::Bytes(PIN))
        }

        fn private_keys(&mut self) -> Vec<CK_OBJECT_HANDLE> {
            let mut template = Attributes::default();
            template.set_number(CKA_CLASS, CKO_PRIVATE_KEY);
            self.module.find_init(self.session, &template).unwrap();
            let found = self.module.find(self.session, 10).unwrap();
            self.module.find_final(self.session).unwrap();
            found
        }

        fn sign_init(&mut self) -> Result<()> {
            let key = self.private_keys()[0];
            self.module.sign_init(self.session, CKM_GOSTR3410, key)
        }

        fn sign(&mut self) -> Result<Vec<u8>> {
            self.sign_init()?;
            self.module.sign(self.session, &DIGEST)
        }
    }

    #[test]
    fn private_keys_show_themselves_after_login_and_hide_after_logout() {
        let mut rig = Rig::new();
        assert!(rig.private_keys().is_empty());
        rig.login(CKU_USER).unwrap();
        assert_eq!(rig.private_keys().len(), 1);
        rig.module.logout(rig.session).unwrap();
        assert!(rig.private_keys().is_empty());
    }

    #[test]
    fn a_second_login_is_counted_and_refused() {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.login(CKU_USER), Err(Failure(CKR_USER_ALREADY_LOGGED_IN)));
        assert_eq!(State::load(rig.directory.path()).unwrap().login_calls, 2);
    }

    #[test]
    fn a_pin_of_impossible_length_spends_no_try() {
        let mut rig = Rig::new();
        let short = PresentedPin::Bytes(b"12");
        assert_eq!(
            rig.module.login(rig.session, CKU_USER, &short),
            Err(Failure(CKR_PIN_LEN_RANGE))
        );
        assert_eq!(State::load(rig.directory.path()).unwrap().tries_left, TRIES);
    }

    #[test]
    fn a_pinpad_takes_the_pin_itself() {
        let mut rig = Rig::new();
        let on_device = PresentedPin::OnDevice;
        assert_eq!(
            rig.module.login(rig.session, CKU_USER, &on_device),
            Err(Failure(CKR_ARGUMENTS_BAD))
        );
        rig.set(Control {
            pinpad: true,
            pinpad_cancelled: true,
            ..Control::default()
        });
        assert_eq!(
            rig.module.login(rig.session, CKU_USER, &on_device),
            Err(Failure(CKR_FUNCTION_CANCELED))
        );
        rig.set(Control {
            pinpad: true,
            ..Control::default()
        });
        assert_ne!(
            rig.module.token_info(SLOT).unwrap().flags & CKF_PROTECTED_AUTHENTICATION_PATH,
            0
        );
        assert_eq!(rig.module.login(rig.session, CKU_USER, &on_device), Ok(()));
    }

    #[test]
    fn a_key_that_always_authenticates_wants_a_login_for_each_signature() {
        let mut rig = Rig::logged_in();
        rig.set(Control {
            always_authenticate: true,
            ..Control::default()
        });
        let key = rig.private_keys()[0];
        assert!(rig.module.show_object(rig.session, key).unwrap().always_authenticates());
        assert_eq!(
            rig.login(CKU_CONTEXT_SPECIFIC),
            Err(Failure(CKR_OPERATION_NOT_INITIALIZED))
        );
        for _ in 0..2 {
            assert_eq!(rig.sign(), Err(Failure(CKR_USER_NOT_LOGGED_IN)));
            rig.sign_init().unwrap();
            rig.login(CKU_CONTEXT_SPECIFIC).unwrap();
            assert!(rig.module.sign(rig.session, &DIGEST).is_ok());
        }
    }

    #[test]
    fn a_token_pulled_in_the_middle_of_a_batch_loses_sessions_and_login() {
        let mut rig = Rig::logged_in();
        rig.set(Control {
            device_removed_after_signatures: Some(1),
            ..Control::default()
        });
        rig.sign().unwrap();
        assert_eq!(
            rig.module.session_info(rig.session).err(),
            Some(Failure(CKR_DEVICE_REMOVED))
        );
        assert_eq!(rig.module.slots(true), Ok(Vec::new()));
        assert_eq!(rig.module.slots(false), Ok(vec![SLOT]));

        rig.set(Control::default());
        assert_eq!(
            rig.module.session_info(rig.session).err(),
            Some(Failure(CKR_SESSION_HANDLE_INVALID))
        );
        rig.session = rig.module.open_session(SLOT, CKF_SERIAL_SESSION).unwrap();
        assert!(rig.private_keys().is_empty());
        rig.login(CKU_USER).unwrap();
        assert!(rig.sign().is_ok());
    }

    #[test]
    fn layouts_and_hash_orders_are_what_the_control_file_says() {
        let mut rig = Rig::logged_in();
        let public_key = rig.public_key.clone();
        let standard = rig.sign().unwrap();
        assert!(public_key.verifies(&DIGEST, &standard));

        rig.set(Control {
            signature_layout: SignatureLayout::RLittleEndianSLittleEndian,
            ..Control::default()
        });
        let mut reversed = rig.sign().unwrap();
        assert!(!public_key.verifies(&DIGEST, &reversed));
        reversed.reverse();
        assert!(public_key.verifies(&DIGEST, &reversed));

        rig.set(Control {
            hash_order: HashOrder::BigEndian,
            ..Control::default()
        });
        rig.sign_init().unwrap();
        let digest: Vec<u8> = (0..32).collect();
        let signature = rig.module.sign(rig.session, &digest).unwrap();
        assert!(!public_key.verifies(&digest, &signature));
        let turned: Vec<u8> = digest.into_iter().rev().collect();
        assert!(public_key.verifies(&turned, &signature));
    }

    #[test]
    fn a_wrong_value_is_no_signature_in_any_layout() {
        let mut rig = Rig::logged_in();
        rig.set(Control {
            wrong_signature: true,
            ..Control::default()
        });
        let mut value = rig.sign().unwrap();
        assert!(!rig.public_key.verifies(&DIGEST, &value));
        value.reverse();
        assert!(!rig.public_key.verifies(&DIGEST, &value));
    }

    #[test]
    fn a_signature_fails_as_the_control_file_says_and_ends_the_operation() {
        let mut rig = Rig::logged_in();
        rig.set(Control {
            sign_error: Some(CKR_GENERAL_ERROR),
            ..Control::default()
        });
        assert_eq!(rig.sign(), Err(Failure(CKR_GENERAL_ERROR)));
        rig.set(Control::default());
        assert!(rig.sign().is_ok());
    }

    #[test]
    fn the_clock_is_absent_or_malformed() {
        let mut rig = Rig::new();
        let info = rig.module.token_info(SLOT).unwrap();
        assert_eq!((info.flags & CKF_CLOCK_ON_TOKEN, info.utcTime), (0, [b' '; 16]));
        rig.set(Control {
            malformed_utc_time: true,
            ..Control::default()
        });
        let info = rig.module.token_info(SLOT).unwrap();
        assert_ne!(info.flags & CKF_CLOCK_ON_TOKEN, 0);
        assert_eq!(&info.utcTime, b"19:53:28        ");
    }

    #[test]
    fn only_a_digest_of_the_right_length_is_signed_raw() {
        let mut rig = Rig::logged_in();
        rig.sign_init().unwrap();
        assert_eq!(rig.module.sign(rig.session, &[0; 64]), Err(Failure(CKR_DATA_LEN_RANGE)));
        rig.sign_init().unwrap();
        assert_eq!(
            rig.module.sign_update(rig.session, &DIGEST),
            Err(Failure(CKR_OPERATION_NOT_INITIALIZED))
        );
    }
}
