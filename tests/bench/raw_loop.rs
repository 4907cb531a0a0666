//! C_Sign in a loop and nothing else, in a process of its own: its module reads its configuration from the environment.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use softhsm_fixtures::Token;

/// A running loop over one key.
pub(crate) struct RawLoop {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl RawLoop {
    /// Logs in to the token in so many sessions.
    pub(crate) fn start(token: &Token, label: &str, sessions: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "raw-loop",
                token.module.to_str().unwrap(),
                &token.label,
                label,
                &sessions.to_string(),
            ])
            .envs(&token.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        writeln!(orders, "{}", token.pin.as_str()).unwrap();
        Self { child, orders, answers }
    }

    /// So many signatures, over all sessions.
    pub(crate) fn sign(&mut self, count: usize) -> Duration {
        writeln!(self.orders, "{count}").unwrap();
        let nanoseconds = self.answers.next().unwrap().unwrap();
        Duration::from_nanos(nanoseconds.parse().unwrap())
    }
}

impl Drop for RawLoop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other end: the PIN, then numbers of signatures, a line each.
pub(crate) fn serve(arguments: &[String]) {
    let [module, token, label, sessions] = arguments else {
        panic!("raw-loop MODULE TOKEN LABEL SESSIONS");
    };
    let mut lines = std::io::stdin().lines().map(Result::unwrap);
    let pin = AuthPin::from(lines.next().unwrap());
    let pkcs11 = Pkcs11::new(module).unwrap();
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .unwrap();
    let slots = pkcs11.get_slots_with_initialized_token().unwrap();
    let slot = slots
        .into_iter()
        .find(|slot| pkcs11.get_token_info(*slot).unwrap().label() == token)
        .unwrap();
    let mut sessions: Vec<Session> = (0..sessions.parse().unwrap())
        .map(|_| pkcs11.open_ro_session(slot).unwrap())
        .collect();
    sessions[0].login(UserType::User, Some(&pin)).unwrap();
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let key = sessions[0].find_objects(&template).unwrap()[0];
    let is_rsa = !sessions[0]
        .find_objects(&[&template[..], &[Attribute::KeyType(cryptoki::object::KeyType::RSA)]].concat())
        .unwrap()
        .is_empty();
    for line in lines {
        let count: usize = line.parse().unwrap();
        let begun = Instant::now();
        sign(&mut sessions, key, is_rsa, count);
        println!("{}", begun.elapsed().as_nanos());
    }
}

fn sign(sessions: &mut [Session], key: ObjectHandle, is_rsa: bool, count: usize) {
    let share = count / sessions.len();
    std::thread::scope(|scope| {
        for session in sessions {
            scope.spawn(move || {
                // A DigestInfo of SHA-256 has 51 bytes, the digest alone 32.
                let (mechanism, input) = if is_rsa {
                    (Mechanism::RsaPkcs, vec![7; 51])
                } else {
                    (Mechanism::Ecdsa, vec![7; 32])
                };
                for _ in 0..share {
                    session.sign(&mechanism, key, &input).unwrap();
                }
            });
        }
    });
}
