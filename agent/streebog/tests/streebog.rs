//! The digests of RFC 6986, and those of another implementation for every length around a block.

use streebog::Digest as _;
use tokensign_streebog::{Size, Streebog};

fn digest(size: Size, message: &[u8]) -> Vec<u8> {
    let mut hasher = Streebog::new(size);
    hasher.update(message);
    hasher.finish()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Section 10.1, M1. The RFC prints the highest byte first; implementations emit the lowest first.
#[test]
fn the_first_message_of_the_rfc() {
    let message = b"012345678901234567890123456789012345678901234567890123456789012";
    assert_eq!(
        hex(&digest(Size::Bits512, message)),
        "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa\
         00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"
    );
    assert_eq!(
        hex(&digest(Size::Bits256, message)),
        "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"
    );
}

/// Section 10.2, M2: a text of 72 bytes, more than one block.
#[test]
fn the_second_message_of_the_rfc() {
    let message: [u8; 72] = [
        0xd1, 0xe5, 0x20, 0xe2, 0xe5, 0xf2, 0xf0, 0xe8, 0x2c, 0x20, 0xd1, 0xf2, 0xf0, 0xe8, 0xe1, 0xee, 0xe6, 0xe8,
        0x20, 0xe2, 0xed, 0xf3, 0xf6, 0xe8, 0x2c, 0x20, 0xe2, 0xe5, 0xfe, 0xf2, 0xfa, 0x20, 0xf1, 0x20, 0xec, 0xee,
        0xf0, 0xff, 0x20, 0xf1, 0xf2, 0xf0, 0xe5, 0xeb, 0xe0, 0xec, 0xe8, 0x20, 0xed, 0xe0, 0x20, 0xf5, 0xf0, 0xe0,
        0xe1, 0xf0, 0xfb, 0xff, 0x20, 0xef, 0xeb, 0xfa, 0xea, 0xfb, 0x20, 0xc8, 0xe3, 0xee, 0xf0, 0xe5, 0xe2, 0xfb,
    ];
    assert_eq!(
        hex(&digest(Size::Bits512, &message)),
        "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376\
         035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28"
    );
    assert_eq!(
        hex(&digest(Size::Bits256, &message)),
        "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"
    );
}

#[test]
fn every_length_agrees_with_another_implementation_in_one_piece_and_in_many() {
    let content: Vec<u8> = (0..400_u32).map(|number| (number * 167 + number / 7) as u8).collect();
    for length in 0..content.len() {
        let message = &content[..length];
        let short = streebog::Streebog256::digest(message).to_vec();
        let long = streebog::Streebog512::digest(message).to_vec();
        assert_eq!(digest(Size::Bits256, message), short, "{length} bytes");
        assert_eq!(digest(Size::Bits512, message), long, "{length} bytes");
        for piece in [1, 7, 63, 64, 65, 128] {
            let mut hasher = Streebog::new(Size::Bits512);
            message.chunks(piece).for_each(|piece| hasher.update(piece));
            assert_eq!(hasher.finish(), long, "{length} bytes in pieces of {piece}");
        }
    }
}

/// Sums and counters carry over all of their words.
#[test]
fn blocks_of_ones_carry() {
    let message = vec![0xFF; 64 * 300 + 5];
    assert_eq!(
        digest(Size::Bits512, &message),
        streebog::Streebog512::digest(&message).to_vec()
    );
}
