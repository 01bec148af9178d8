//! How messages are read off the network: as prost does, but no request that unfolds.
//!
//! An empty message takes two bytes on the wire and some hundred once it is decoded: four million
//! bytes of them would take a gigabyte. So the fields of a large request are counted before it is
//! decoded.

use std::marker::PhantomData;

use prost::bytes::Buf;
use prost::{Message, Name};
use prost_reflect::{Kind, MessageDescriptor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::message_descriptor;
use crate::limits::FIELDS_PER_REQUEST_MAX;

/// Bytes that a field takes at least: its tag, and its value or length.
const FIELD_BYTES_MIN: usize = 2;
/// How deeply messages may lie within each other: prost refuses what lies deeper.
const DEPTH_MAX: usize = 100;

/// The codec of slx's methods: messages of type `T` are written, those of type `U` are read.
#[derive(Clone, Debug)]
pub struct BoundedCodec<T, U>(PhantomData<(T, U)>);

/// Reads messages of type `U`.
#[derive(Clone, Debug)]
pub struct BoundedDecoder<U>(PhantomData<U>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        BoundedCodec(PhantomData)
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> ProstEncoder<T> {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> BoundedDecoder<U> {
        BoundedDecoder(PhantomData)
    }
}

impl<U: Message + Name + Default> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // Every request of the API is named one, which buf's lint holds; answers are our own.
        if U::NAME.ends_with("Request") {
            check_fields(buffer.chunk(), &U::full_name())?;
        }
        U::decode(buffer).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Refuses a request of too many fields, in the words in which tonic refuses one of too many bytes.
fn check_fields(message: &[u8], name: &str) -> Result<(), Status> {
    let most = FIELDS_PER_REQUEST_MAX;
    if message.len() <= most * FIELD_BYTES_MIN {
        return Ok(());
    }
    let mut left = most;
    let Some(descriptor) = message_descriptor(name) else { return Ok(()) };
    match count(message, &descriptor, DEPTH_MAX, &mut left) {
        FieldCount::TooMany => Err(Status::out_of_range(format!(
            "the message is too large: it has more than {most} fields, with those of messages \
             within it"
        ))),
        // What is no message is refused by prost, which says why.
        FieldCount::All | FieldCount::NoMessage => Ok(()),
    }
}

/// What the fields of some bytes came to.
#[derive(Debug, PartialEq, Eq)]
enum FieldCount {
    All,
    NoMessage,
    TooMany,
}

/// Takes the fields of a message from those that are left.
fn count(
    mut message: &[u8],
    descriptor: &MessageDescriptor,
    depth: usize,
    left: &mut usize,
) -> FieldCount {
    while !message.is_empty() {
        if *left == 0 {
            return FieldCount::TooMany;
        }
        *left -= 1;
        let Some(tag) = varint(&mut message) else { return FieldCount::NoMessage };
        let length = match tag & 7 {
            0 => match varint(&mut message) {
                Some(_) => 0,
                None => return FieldCount::NoMessage,
            },
            1 => 8,
            5 => 4,
            // A group begins or ends, which prost passes over: what is in it counts as though it
            // were beside it.
            3 | 4 => 0,
            2 => match varint(&mut message).and_then(|length| usize::try_from(length).ok()) {
                Some(length) => length,
                None => return FieldCount::NoMessage,
            },
            _ => return FieldCount::NoMessage,
        };
        let Some((value, rest)) = message.split_at_checked(length) else {
            return FieldCount::NoMessage;
        };
        message = rest;
        if tag & 7 == 2
            && depth > 0
            && let Some(Kind::Message(inner)) = kind(descriptor, tag >> 3)
            && let failed @ (FieldCount::TooMany | FieldCount::NoMessage) =
                count(value, &inner, depth - 1, left)
        {
            return failed;
        }
    }
    FieldCount::All
}

fn kind(descriptor: &MessageDescriptor, number: u64) -> Option<Kind> {
    let number = u32::try_from(number).ok()?;
    descriptor.get_field(number).map(|field| field.kind())
}

/// Reads a number of up to ten bytes, seven bits in each.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..10 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << (7 * at);
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::v1;

    fn checked<R: Message + Name>(request: &R) -> Result<(), Status> {
        check_fields(&request.encode_to_vec(), &R::full_name())
    }

    #[test]
    fn a_request_that_unfolds_is_refused_at_any_depth() {
        let events = vec![v1::IncidentEvent::default(); 2_000_000];
        let refused = checked(&v1::RecordEventsRequest { events, ..Default::default() });
        assert!(refused.unwrap_err().message().contains("too large: it has more than 50000"));
        let targets = vec![v1::Target::default(); 1_000_000];
        let contract = v1::Contract {
            terms: Some(v1::Terms { targets, ..Default::default() }),
            ..Default::default()
        };
        let put = v1::PutContractRequest { contract: Some(contract), ..Default::default() };
        assert!(checked(&put).is_err());
        let limits = vec![v1::Limit::default(); 30_000];
        let targets = vec![v1::Target { limits, ..Default::default() }; 64];
        let contract = v1::Contract {
            terms: Some(v1::Terms { targets, ..Default::default() }),
            ..Default::default()
        };
        let put = v1::PutContractRequest { contract: Some(contract), ..Default::default() };
        assert!(checked(&put).is_err());
    }

    /// A group is no field of ours, but prost reads on behind it.
    #[test]
    fn nothing_before_what_unfolds_hides_it() {
        let events = vec![v1::IncidentEvent::default(); 2_000_000];
        let many = v1::RecordEventsRequest { events, ..Default::default() }.encode_to_vec();
        let name = v1::RecordEventsRequest::full_name();
        // Field 1000: a group, empty; a number; 4 and 8 bytes.
        let before: [&[u8]; 4] = [
            &[0xc3, 0x3e, 0xc4, 0x3e],
            &[0xc0, 0x3e, 0x01],
            &[0xc5, 0x3e, 1, 2, 3, 4],
            &[0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
        ];
        for before in before {
            let message = [before, &many].concat();
            assert!(v1::RecordEventsRequest::decode(&*message).is_ok(), "prost reads {before:?}");
            assert!(check_fields(&message, &name).is_err(), "{before:?}");
        }
    }

    #[test]
    fn as_much_as_a_request_may_hold_is_let_in() {
        let event = v1::IncidentEvent {
            event_id: "e".repeat(100),
            incident_id: "i".repeat(100),
            ..Default::default()
        };
        let events = vec![event; crate::limits::EVENTS_PER_CALL_MAX];
        checked(&v1::RecordEventsRequest { events, ..Default::default() }).unwrap();
        // Long texts are no fields, whatever they look like.
        for text in ["x".repeat(4_000_000), "\u{8}\u{1}".repeat(49_000) + &"-".repeat(3_000_000)] {
            checked(&v1::ImportHolidaysRequest { icalendar: text, ..Default::default() }).unwrap();
        }
    }

    #[test]
    fn what_is_no_message_is_left_to_be_refused_with_its_reason() {
        let name = v1::RecordEventsRequest::full_name();
        assert!(check_fields(&vec![0xff; 1_000_000], &name).is_ok());
        let descriptor = message_descriptor(&name).unwrap();
        for not in [&[0x0e][..], &[0x0a, 0x05, 0x00], &[0x08], &[0x12, 0x01, 0x0f]] {
            assert_eq!(count(not, &descriptor, 4, &mut 10), FieldCount::NoMessage, "{not:?}");
        }
    }
}
