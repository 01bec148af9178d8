//! Valid bytes with some flipped, cut off, taken out, doubled, moved, or awkward ones put between.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const BLOWS_MAX: usize = 5;
const REPEATS_MAX: usize = 40;

/// What parsers stumble over.
const AWKWARD: [&[u8]; 22] = [
    b"\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x7f\xff\xff\xff",
    b"\xed\xa0\x80",
    "\u{feff}\u{202e}\u{10ffff}".as_bytes(),
    b"\r\n\r\n",
    b"\"",
    b"'",
    b"\\u0000",
    b"-9223372036854775808",
    b"99999999999999999999999999999999",
    b"1e999",
    b"NaN",
    b"[[[[[[[[[[[[[[[[",
    b"{a: {a: {a: {a: ",
    b"&a [*a, *a]",
    b"*a",
    b"\n---\n",
    b"!!binary |",
    b"<<: *a",
    b"9999-12-31T23:59:60Z",
    b",,,,,,",
];

#[derive(Clone, Debug)]
enum Blow {
    VerdictChange(Index, u8),
    Cut(Index),
    TakeOut(Index, Index),
    Double(Index, Index, usize),
    Move(Index, Index),
    PutIn(Index, Vec<u8>),
}

/// Bytes of `valid` after a few blows.
pub fn spoilt(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (valid, vec(blow(), 1..=BLOWS_MAX)).prop_map(|(mut bytes, blows)| {
        blows.into_iter().for_each(|blow| strike(&mut bytes, blow));
        bytes
    })
}

/// A text of `valid` after a few blows; what is no UTF-8 any more is replaced.
pub fn spoilt_text(valid: &str) -> impl Strategy<Value = String> + use<> {
    spoilt(Just(valid.as_bytes().to_vec()))
        .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn blow() -> impl Strategy<Value = Blow> {
    let at = any::<Index>;
    let awkward = select(AWKWARD.to_vec()).prop_map(<[u8]>::to_vec);
    prop_oneof![
        (at(), 1..=255_u8).prop_map(|(place, bits)| Blow::VerdictChange(place, bits)),
        at().prop_map(Blow::Cut),
        (at(), at()).prop_map(|(a, b)| Blow::TakeOut(a, b)),
        (at(), at(), 1..REPEATS_MAX).prop_map(|(a, b, times)| Blow::Double(a, b, times)),
        (at(), at()).prop_map(|(a, b)| Blow::Move(a, b)),
        (at(), prop_oneof![awkward, vec(any::<u8>(), 1..20)])
            .prop_map(|(place, bytes)| Blow::PutIn(place, bytes)),
    ]
}

fn strike(bytes: &mut Vec<u8>, blow: Blow) {
    // An index needs something to point at.
    let length = bytes.len() + 1;
    let part = |a: Index, b: Index| {
        let (a, b) = (a.index(length), b.index(length));
        a.min(b)..a.max(b)
    };
    match blow {
        Blow::VerdictChange(place, bits) => {
            if let Some(byte) = bytes.get_mut(place.index(length)) {
                *byte ^= bits;
            }
        }
        Blow::Cut(place) => bytes.truncate(place.index(length)),
        Blow::TakeOut(a, b) => drop(bytes.drain(part(a, b))),
        Blow::Double(a, b, times) => {
            let part = part(a, b);
            let again = bytes[part.clone()].repeat(times);
            bytes.splice(part.end..part.end, again);
        }
        Blow::Move(a, b) => {
            let moved: Vec<u8> = bytes.drain(part(a, b)).collect();
            bytes.extend(moved);
        }
        Blow::PutIn(place, more) => {
            let at = place.index(length);
            bytes.splice(at..at, more);
        }
    }
}
