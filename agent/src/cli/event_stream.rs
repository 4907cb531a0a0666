/// Reads server-sent events (WHATWG HTML, 9.2) from pieces of bytes.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    pending: Vec<u8>,
    name: String,
    data: String,
}

/// One event.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Event {
    /// Its name; `message` when it has none.
    pub(super) name: String,
    /// Its data.
    pub(super) data: String,
}

impl EventReader {
    /// The events that `piece` completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Event> {
        self.pending.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                events.extend(self.finish());
            } else {
                self.field(line);
            }
        }
        events
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.name = value.to_owned(),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            // Comments (heartbeats), ids and retry times.
            _ => {}
        }
    }

    fn finish(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        Some(Event {
            name: if name.is_empty() { "message".to_owned() } else { name },
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event {
            name: name.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_are_read_whatever_the_pieces() {
        let stream = ": beat\n\nid: 1\nevent: question\ndata: {\"a\":\ndata: \"ы\"}\n\ndata:x\r\n\r\nevent: empty\n\n";
        let expected = vec![event("question", "{\"a\":\n\"ы\"}"), event("message", "x")];
        for size in 1..stream.len() {
            let mut reader = EventReader::default();
            let read: Vec<_> = stream
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| reader.push(piece))
                .collect();
            assert_eq!(read, expected);
        }
    }
}
