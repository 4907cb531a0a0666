//! Streebog, the hash function of GOST R 34.11-2012 (RFC 6986), for public data: table lookups take time that depends on what is hashed.
//!
//! A crate of its own because a digest over gigabytes is unusable unless this is optimised, also where the rest is not.
//!
//! Belongs here: bytes in, digest out. Does not belong here: identifiers, encodings, files.

#![forbid(unsafe_code)]

mod constants;
mod transformation;

use constants::BLOCK;
use transformation::{Words, compress};

/// Streebog with a digest of 32 or 64 bytes, over content that comes in pieces.
#[derive(Clone)]
pub struct Streebog {
    size: Size,
    h: Words,
    /// Bits seen so far, modulo 2^512.
    n: Words,
    /// The sum of all blocks, modulo 2^512.
    sigma: Words,
    /// What does not fill a block yet.
    rest: [u8; BLOCK],
    filled: usize,
}

/// The two digests of the standard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Size {
    /// 256 bits.
    Bits256,
    /// 512 bits.
    Bits512,
}

impl Streebog {
    /// A hasher that has seen nothing yet (RFC 6986 section 8.1).
    pub fn new(size: Size) -> Self {
        let iv = match size {
            Size::Bits256 => 0x0101_0101_0101_0101,
            Size::Bits512 => 0,
        };
        Self {
            size,
            h: [iv; 8],
            n: [0; 8],
            sigma: [0; 8],
            rest: [0; BLOCK],
            filled: 0,
        }
    }

    /// Takes the next piece.
    pub fn update(&mut self, mut piece: &[u8]) {
        if self.filled > 0 {
            let taken = piece.len().min(BLOCK - self.filled);
            self.rest[self.filled..self.filled + taken].copy_from_slice(&piece[..taken]);
            self.filled += taken;
            piece = &piece[taken..];
            if self.filled < BLOCK {
                return;
            }
            let block = self.rest;
            self.block(&block, BLOCK);
            self.filled = 0;
        }
        let (blocks, rest) = piece.as_chunks::<BLOCK>();
        for block in blocks {
            self.block(block, BLOCK);
        }
        self.rest[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// The digest of everything taken, in the order of bytes that implementations emit: 32 or 64 bytes (RFC 6986 section 8.3).
    pub fn finish(mut self) -> Vec<u8> {
        let filled = self.filled;
        let mut last = self.rest;
        last[filled] = 1;
        last[filled + 1..].fill(0);
        self.block(&last, filled);
        compress(&mut self.h, &[0; 8], &self.n);
        compress(&mut self.h, &[0; 8], &self.sigma);
        let bytes: Vec<u8> = self.h.iter().flat_map(|word| word.to_le_bytes()).collect();
        match self.size {
            Size::Bits256 => bytes[BLOCK / 2..].to_vec(),
            Size::Bits512 => bytes,
        }
    }

    /// Takes a block of which so many bytes are content.
    fn block(&mut self, block: &[u8; BLOCK], content: usize) {
        let (words, _) = block.as_chunks::<8>();
        let message: Words = std::array::from_fn(|index| u64::from_le_bytes(words[index]));
        compress(&mut self.h, &self.n, &message);
        add(&mut self.n, &[8 * content as u64, 0, 0, 0, 0, 0, 0, 0]);
        add(&mut self.sigma, &message);
    }
}

impl std::fmt::Debug for Streebog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streebog")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Adds modulo 2^512.
fn add(sum: &mut Words, other: &Words) {
    let mut carry = false;
    for (word, other) in sum.iter_mut().zip(other) {
        let (with, first) = word.overflowing_add(*other);
        let (with, second) = with.overflowing_add(u64::from(carry));
        *word = with;
        carry = first || second;
    }
}
