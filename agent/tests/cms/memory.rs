//! Hostile inputs under a limit of memory: huge lengths, deep nesting, many of everything. The test starts itself again with the limit set, because an
//! allocation that is refused ends the process.

use std::process::Command;

use tokensign::cms::{AttachedReader, SignedData, TimestampToken};

/// What the inputs take besides what the test program itself takes; each input has at most 4 MiB.
const LIMIT: usize = 96 << 20;
const LIMITED: &str = "TOKENSIGN_TEST_LIMITED";

#[test]
fn hostile_inputs_take_little_memory() {
    if std::env::var_os(LIMITED).is_some() {
        return read_all();
    }
    let itself = std::env::current_exe().unwrap();
    let output = Command::new("prlimit")
        .arg(format!("--data={LIMIT}"))
        .arg(itself)
        .args([
            "--exact",
            "memory::hostile_inputs_take_little_memory",
            "--test-threads=1",
        ])
        .env(LIMITED, "1")
        .output()
        .expect("prlimit is needed: apt-get install util-linux");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn read_all() {
    for (name, input) in inputs() {
        assert!(input.len() <= 4 << 20, "{name}");
        assert!(SignedData::parse(&input).is_err(), "{name}");
        assert!(TimestampToken::parse(&input).is_err(), "{name}");
        let mut reader = AttachedReader::new();
        let pushed: Result<(), _> = input.chunks(64 << 10).try_for_each(|piece| reader.push(piece));
        assert!(pushed.is_err() || reader.finish().is_err(), "{name}");
    }
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    const HEAD: &[u8] = &[
        0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80, 0x30, 0x80, 0x02,
        0x01, 0x01,
    ];
    let huge = |prefix: &[u8]| [prefix, &[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
    let fill = |head: &[u8], unit: &[u8]| {
        let count = ((4 << 20) - head.len()) / unit.len();
        [head, &unit.repeat(count)].concat()
    };
    vec![
        ("a huge length at the beginning", huge(&[0x30])),
        ("a huge set of digest algorithms", huge(&[HEAD, &[0x31]].concat())),
        ("nothing but beginnings", fill(&[], &[0x30, 0x80])),
        ("sets in sets", fill(HEAD, &[0x31, 0x80])),
        (
            "a million empty digest algorithms",
            fill(&[HEAD, &[0x31, 0x80]].concat(), &[0x30, 0x00]),
        ),
        ("strings of one byte", {
            let head = [
                HEAD,
                &[
                    0x31, 0x00, 0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0,
                    0x80, 0x24, 0x80,
                ],
            ]
            .concat();
            fill(&head, &[0x04, 0x01, 0x00])
        }),
        ("a million signers", {
            let head = [
                HEAD,
                &[
                    0x31, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0x31,
                    0x80,
                ],
            ]
            .concat();
            fill(&head, &[0x30, 0x00])
        }),
        ("endless base64", vec![b'M'; 4 << 20]),
        (
            "endless PEM",
            [&b"-----BEGIN CMS-----\n"[..], &vec![b'A'; (4 << 20) - 20]].concat(),
        ),
    ]
}
