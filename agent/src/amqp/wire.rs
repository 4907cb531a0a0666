//! Numbers, strings and tables (AMQP 0-9-1, 4.2.5).

use super::error::AmqpError;

/// Writes arguments.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// At most 255 bytes; what is longer cannot be said and is an error.
    pub(super) fn short(mut self, text: &str) -> Result<Self, AmqpError> {
        let length = u8::try_from(text.len()).map_err(|_| AmqpError::Protocol("a name is longer than 255 bytes"))?;
        self.0.push(length);
        self.0.extend_from_slice(text.as_bytes());
        Ok(self)
    }

    pub(super) fn long(self, bytes: &[u8]) -> Result<Self, AmqpError> {
        let length = u32::try_from(bytes.len()).map_err(|_| AmqpError::Protocol("a value is too long"))?;
        let mut writer = self.u32(length);
        writer.0.extend_from_slice(bytes);
        Ok(writer)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads arguments.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], AmqpError> {
        let (head, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(AmqpError::Protocol("a frame is shorter than what it should hold"))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmqpError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, AmqpError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, AmqpError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, AmqpError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, AmqpError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(super) fn short(&mut self) -> Result<String, AmqpError> {
        let length = usize::from(self.u8()?);
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// A long string, or a table, whose encodings begin alike.
    pub(super) fn long(&mut self) -> Result<&'a [u8], AmqpError> {
        let length = usize::try_from(self.u32()?).map_err(|_| AmqpError::Protocol("a value is too long"))?;
        self.take(length)
    }
}
