//! The compression function g and the transformation LPS inside it (RFC 6986 sections 6 and 7).

use std::hint::black_box;

use crate::constants::{ITERATION, LINEAR, SUBSTITUTION};

/// 512 bits, the lowest word first.
pub(crate) type Words = [u64; 8];

/// What one byte of each word contributes to a word of the result: substitution and linear transformation in one lookup. 16 KiB, which stay
/// in the processor's first cache.
static TABLE: [[u64; 256]; 8] = table();

const fn table() -> [[u64; 256]; 8] {
    let mut table = [[0; 256]; 8];
    let mut place = 0;
    while place < 8 {
        let mut byte = 0;
        while byte < 256 {
            let mut bit = 0;
            while bit < 8 {
                if SUBSTITUTION[byte] >> bit & 1 == 1 {
                    table[place][byte] ^= LINEAR[8 * place + bit];
                }
                bit += 1;
            }
            byte += 1;
        }
        place += 1;
    }
    table
}

/// g_N(h, m): takes a message block into the state.
pub(crate) fn compress(h: &mut Words, n: &Words, message: &Words) {
    let mut key = lps(&xor(h, n));
    let mut block = *message;
    for constant in &ITERATION {
        block = lps(&xor(&block, &key));
        key = lps(&xor(&key, constant));
    }
    for (index, word) in h.iter_mut().enumerate() {
        *word ^= block[index] ^ key[index] ^ message[index];
    }
}

#[inline(always)]
fn xor(a: &Words, b: &Words) -> Words {
    std::array::from_fn(|index| a[index] ^ b[index])
}

/// Substitution, transposition and linear transformation.
///
/// What costs time is taking the state apart into its 64 bytes. By shifts alone that keeps the units busy that are needed for the rest, so the
/// state goes through memory in pieces of 16 bits. The compiler would undo that; the black box keeps it from it, and means nothing else.
#[inline(always)]
fn lps(state: &Words) -> Words {
    let mut halves = [[0_u16; 4]; 8];
    for (halves, word) in halves.iter_mut().zip(state) {
        for (index, half) in halves.iter_mut().enumerate() {
            *half = (word >> (16 * index)) as u16;
        }
    }
    let halves = black_box(&halves);
    let mut result = [0; 8];
    for index in 0..4 {
        let (mut low, mut high) = (0, 0);
        for (table, halves) in TABLE.iter().zip(halves) {
            let half = halves[index];
            low ^= table[usize::from(half & 0xFF)];
            high ^= table[usize::from(half >> 8)];
        }
        result[2 * index] = low;
        result[2 * index + 1] = high;
    }
    result
}
