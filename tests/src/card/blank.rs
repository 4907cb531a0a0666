use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;

use super::pcscd::Pcscd;

/// A card of which nothing is known but its answer to reset: it refuses every command. Pulled when dropped.
#[derive(Debug)]
pub struct BlankCard {
    stream: TcpStream,
    serving: Option<JoinHandle<()>>,
}

/// The request for the answer to reset; other single bytes are about power.
const GET_ATR: u8 = 4;
/// The instruction is not supported (ISO 7816-4 section 5.6).
const NOT_SUPPORTED: [u8; 2] = [0x6D, 0x00];

impl BlankCard {
    /// Puts a card that answers so into the reader.
    ///
    /// # Panics
    /// When the service takes none.
    pub fn insert(service: &Pcscd, answer_to_reset: &'static [u8]) -> Self {
        let stream = service.connect();
        let served = stream.try_clone().expect("a socket can be cloned");
        // The other end going away is how a pull looks from here.
        let serving = std::thread::spawn(move || drop(serve(&served, answer_to_reset)));
        Self {
            stream,
            serving: Some(serving),
        }
    }
}

impl Drop for BlankCard {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

fn serve(mut stream: &TcpStream, answer_to_reset: &[u8]) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        let answer = match message.as_slice() {
            [GET_ATR] => answer_to_reset,
            [_] => continue,
            _ => &NOT_SUPPORTED,
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], answer].concat())?;
    }
}
