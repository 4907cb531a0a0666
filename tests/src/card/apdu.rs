//! Command and response APDUs (ISO 7816-4 section 5), with command chaining and GET RESPONSE.

/// A command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Command {
    pub(super) instruction: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: Vec<u8>,
}

/// A status word.
pub(super) type Status = u16;

pub(super) const OK: Status = 0x9000;
pub(super) const SECURITY_NOT_SATISFIED: Status = 0x6982;
pub(super) const PIN_BLOCKED: Status = 0x6983;
pub(super) const WRONG_DATA: Status = 0x6A80;
pub(super) const NOT_FOUND: Status = 0x6A82;
pub(super) const REFERENCE_NOT_FOUND: Status = 0x6A88;
pub(super) const UNKNOWN_INSTRUCTION: Status = 0x6D00;

/// `63Cx`: so many tries are left.
pub(super) fn tries_left(tries: u8) -> Status {
    0x63C0 | Status::from(tries.min(15))
}

const GET_RESPONSE: u8 = 0xC0;
const CHAINED: u8 = 0x10;

/// The most data in one response.
const IN_ONE: usize = 256;

/// Joins chained commands and cuts long responses, around what answers whole commands.
#[derive(Debug, Default)]
pub(super) struct Transport {
    chain: Vec<u8>,
    rest: Vec<u8>,
}

impl Transport {
    /// The response to one command APDU.
    pub(super) fn exchange(
        &mut self,
        apdu: &[u8],
        answer: impl FnOnce(&Command) -> Result<Vec<u8>, Status>,
    ) -> Vec<u8> {
        let Some((class, command)) = parse(apdu) else {
            return WRONG_DATA.to_be_bytes().to_vec();
        };
        if command.instruction == GET_RESPONSE {
            return self.next_part();
        }
        self.rest.clear();
        self.chain.extend(&command.data);
        if class & CHAINED != 0 {
            return OK.to_be_bytes().to_vec();
        }
        let data = std::mem::take(&mut self.chain);
        match answer(&Command { data, ..command }) {
            Ok(response) => {
                self.rest = response;
                self.next_part()
            }
            Err(status) => status.to_be_bytes().to_vec(),
        }
    }

    fn next_part(&mut self) -> Vec<u8> {
        let later = self.rest.split_off(self.rest.len().min(IN_ONE));
        let mut part = std::mem::replace(&mut self.rest, later);
        let status = match self.rest.len() {
            0 => OK,
            // 00 stands for 256 or more.
            more => 0x6100 | Status::try_from(more).ok().filter(|more| *more < 256).unwrap_or(0),
        };
        part.extend(status.to_be_bytes());
        part
    }
}

/// Class and command, of short or extended length.
fn parse(apdu: &[u8]) -> Option<(u8, Command)> {
    let (&[class, instruction, p1, p2], body) = apdu.split_first_chunk()?;
    let data = match body {
        // No data; one byte says how much is expected.
        [] | [_] => &[][..],
        // Extended: three bytes of length; two of them alone say how much is expected.
        [0, _, _] => &[][..],
        [0, high, low, rest @ ..] => rest.get(..usize::from(u16::from_be_bytes([*high, *low])))?,
        [length, rest @ ..] => rest.get(..usize::from(*length))?,
    };
    let data = data.to_vec();
    Some((
        class,
        Command {
            instruction,
            p1,
            p2,
            data,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_length_is_read() {
        let data = |apdu: &[u8]| parse(apdu).map(|(_, command)| command.data);
        assert_eq!(data(&[0, 0xCB, 0x3F, 0xFF]), Some(vec![]));
        assert_eq!(data(&[0, 0xCB, 0x3F, 0xFF, 0]), Some(vec![]));
        assert_eq!(data(&[0, 0xCB, 0x3F, 0xFF, 2, 7, 8, 0]), Some(vec![7, 8]));
        assert_eq!(data(&[0, 0xCB, 0x3F, 0xFF, 0, 0, 2, 7, 8, 0, 0]), Some(vec![7, 8]));
        assert_eq!(data(&[0, 0xCB, 0x3F, 0xFF, 9, 7]), None);
        assert_eq!(data(&[0, 0xCB]), None);
    }

    #[test]
    fn chains_are_joined_and_long_answers_are_fetched_in_parts() {
        let mut transport = Transport::default();
        assert_eq!(
            transport.exchange(&[0x10, 1, 0, 0, 1, 7], |_| unreachable!("the chain goes on")),
            [0x90, 0]
        );
        let first = transport.exchange(&[0, 1, 0, 0, 1, 8], |command| {
            assert_eq!(command.data, [7, 8]);
            Ok(vec![9; 300])
        });
        assert_eq!((first.len(), &first[256..]), (258, &[0x61, 44][..]));
        let second = transport.exchange(&[0, 0xC0, 0, 0, 44], |_| unreachable!("there is more"));
        assert_eq!((second.len(), &second[44..]), (46, &[0x90, 0][..]));
    }
}
