//! Heads of requests, as they come over the wire: the HTTP library takes a `Content-Length` away where there is a `Transfer-Encoding`, so that
//! nobody behind it sees that both were there.

use std::mem;

/// So much of a line is looked at: the names of both headers, and the longest number.
const LOOKED_AT: usize = 64;

/// The request gives the length of its body in two ways (RFC 9112 section 6.1). Among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct BothLengths;

/// Follows the requests of one connection. What is no head is the library's to refuse.
#[derive(Debug)]
pub(super) struct Heads {
    place: Place,
    /// The beginning of the line that is being read.
    line: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Head,
    /// So many bytes of a body are to come.
    Body(u64),
    /// A body in pieces is the last that a connection carries.
    Last,
}

#[derive(Debug, Default)]
struct Head {
    has_request_line: bool,
    length: Option<u64>,
    in_pieces: bool,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            place: Place::Head,
            line: Vec::with_capacity(LOOKED_AT),
            head: Head::default(),
        }
    }
}

impl Heads {
    /// Looks at what came; says whether a head with both lengths ended in it.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> bool {
        let mut found = false;
        while let Some(byte) = bytes.first() {
            match self.place {
                Place::Last => return found,
                Place::Body(left) => {
                    let read = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    bytes = &bytes[read..];
                    self.place = match left - read as u64 {
                        0 => Place::Head,
                        left => Place::Body(left),
                    };
                }
                Place::Head => {
                    bytes = &bytes[1..];
                    if *byte == b'\n' {
                        found |= self.end_line();
                    } else if self.line.len() < LOOKED_AT {
                        self.line.push(*byte);
                    }
                }
            }
        }
        found
    }

    fn end_line(&mut self) -> bool {
        let line = mem::take(&mut self.line);
        let line = line.trim_ascii_end();
        if !self.head.has_request_line {
            // Empty lines before a request are none of it.
            self.head.has_request_line = !line.is_empty();
            return false;
        }
        if !line.is_empty() {
            self.head.note(line);
            return false;
        }
        let head = mem::take(&mut self.head);
        self.place = match (head.in_pieces, head.length) {
            (true, _) => Place::Last,
            (false, None | Some(0)) => Place::Head,
            (false, Some(length)) => Place::Body(length),
        };
        head.in_pieces && head.length.is_some()
    }
}

impl Head {
    fn note(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.in_pieces = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let text = std::str::from_utf8(value).unwrap_or_default();
            self.length = Some(text.trim().parse().unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether both lengths are found, in whatever pieces the bytes come.
    fn both(bytes: &str) -> bool {
        let whole = Heads::default().push(bytes.as_bytes());
        let mut heads = Heads::default();
        let by_byte = bytes.bytes().fold(false, |found, byte| heads.push(&[byte]) | found);
        assert_eq!(whole, by_byte, "{bytes:?}");
        whole
    }

    #[test]
    fn both_lengths_are_found_in_any_order_and_in_any_request() {
        let first = "\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        for lengths in [
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "transfer-encoding:chunked\r\nX: y\r\nCONTENT-LENGTH:4",
        ] {
            let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{lengths}\r\n\r\n");
            assert!(both(&head));
            assert!(both(&format!("{first}{head}")));
        }
    }

    #[test]
    fn one_length_is_none_too_many() {
        let body = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
        for bytes in [
            format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n30\r\n{body}"),
            "GET /Transfer-Encoding: HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        ] {
            assert!(!both(&bytes), "{bytes:?}");
        }
    }
}
