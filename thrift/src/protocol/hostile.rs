//! Answers that lie: every bound of both protocols, and bytes that mean nothing.

use std::cell::RefCell;
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use auxilio_common::limits;
use hbase_thrift::hbase::{HbaseSyncClient, TCell, TColumn, THbaseSyncClient, TRowResult};
use proptest::prelude::*;
use thrift::ProtocolErrorKind as Kind;
use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TInputProtocol,
    TListIdentifier, TMessageIdentifier, TMessageType, TOutputProtocol, TStructIdentifier, TType,
};

use super::{BinaryInput, CompactInput, ReplyLimit};

type Boxed<'a> = Box<dyn TInputProtocol + 'a>;

fn limit(bytes: usize) -> ReplyLimit {
    let limit = ReplyLimit::new();
    limit.set(bytes);
    limit
}

fn inputs(bytes: &[u8], most: usize) -> [Boxed<'_>; 2] {
    [
        Box::new(BinaryInput::new(Cursor::new(bytes), limit(most))),
        Box::new(CompactInput::new(Cursor::new(bytes), limit(most))),
    ]
}

fn kind(error: &thrift::Error) -> Option<Kind> {
    match error {
        thrift::Error::Protocol(error) => Some(error.kind),
        _ => None,
    }
}

/// What a client makes of an answer, in either protocol.
fn ask(answer: &[u8], compact: bool) -> thrift::Result<Vec<TRowResult>> {
    let input: Boxed<'_> = if compact {
        Box::new(CompactInput::new(Cursor::new(answer), limit(limits::HBASE_REPLY_BYTES_MAX)))
    } else {
        Box::new(BinaryInput::new(Cursor::new(answer), limit(limits::HBASE_REPLY_BYTES_MAX)))
    };
    let output = TBinaryOutputProtocol::new(std::io::sink(), true);
    let mut client = HbaseSyncClient::new(input, output);
    client.get_row(b"t".to_vec(), b"r".to_vec(), std::collections::BTreeMap::new())
}

#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn write(
    compact: bool,
    work: impl FnOnce(&mut dyn TOutputProtocol) -> thrift::Result<()>,
) -> Vec<u8> {
    let written = Written::default();
    let mut output: Box<dyn TOutputProtocol> = if compact {
        Box::new(TCompactOutputProtocol::new(written.clone()))
    } else {
        Box::new(TBinaryOutputProtocol::new(written.clone(), true))
    };
    work(&mut *output).unwrap();
    written.0.take()
}

/// An answer to `getRow` as a gateway writes it.
fn answer(rows: &[TRowResult], compact: bool) -> Vec<u8> {
    write(compact, |output| {
        output.write_message_begin(&TMessageIdentifier::new("getRow", TMessageType::Reply, 1))?;
        output.write_struct_begin(&TStructIdentifier::new("result"))?;
        output.write_field_begin(&TFieldIdentifier::new("success", TType::List, 0))?;
        let count = i32::try_from(rows.len()).unwrap();
        output.write_list_begin(&TListIdentifier::new(TType::Struct, count))?;
        rows.iter().try_for_each(|row| row.write_to_out_protocol(output))?;
        output.write_list_end()?;
        output.write_field_end()?;
        output.write_field_stop()?;
        output.write_struct_end()?;
        output.write_message_end()
    })
}

fn row(values: &[Vec<u8>]) -> TRowResult {
    let cell = |value: &Vec<u8>| TCell::new(value.clone(), 1_234_567_890_123);
    let columns = values.iter().map(|value| (value.clone(), cell(value))).collect();
    let sorted = values.iter().map(|value| TColumn::new(value.clone(), cell(value))).collect();
    TRowResult::new(Some(b"row".to_vec()), Some(columns), Some(sorted))
}

#[test]
fn lying_lengths_are_refused_before_room_is_made() {
    for claimed in [-1, i32::MIN, i32::MAX, 100_000_000] {
        let bytes = claimed.to_be_bytes();
        let mut input = BinaryInput::new(Cursor::new(&bytes), limit(1_000));
        let expected = if claimed < 0 { Kind::NegativeSize } else { Kind::SizeLimit };
        assert_eq!(kind(&input.read_bytes().unwrap_err()), Some(expected), "{claimed}");
        let bytes = [[12].as_slice(), &bytes].concat();
        let mut input = BinaryInput::new(Cursor::new(&bytes), limit(1_000));
        assert_eq!(kind(&input.read_list_begin().unwrap_err()), Some(expected), "{claimed}");
        let bytes = [[11, 12].as_slice(), &bytes[1..]].concat();
        let mut input = BinaryInput::new(Cursor::new(&bytes), limit(1_000));
        assert_eq!(kind(&input.read_map_begin().unwrap_err()), Some(expected), "{claimed}");
    }
    for bytes in [[0xff; 9].as_slice(), &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0x81, 0x80, 0x04]] {
        let bytes = [bytes, &[0x00]].concat();
        let mut input = CompactInput::new(Cursor::new(&bytes), limit(1_000));
        assert_eq!(kind(&input.read_bytes().unwrap_err()), Some(Kind::SizeLimit));
        let bytes = [[0xfc].as_slice(), &bytes].concat();
        let mut input = CompactInput::new(Cursor::new(&bytes), limit(1_000));
        assert_eq!(kind(&input.read_list_begin().unwrap_err()), Some(Kind::SizeLimit));
    }
}

#[test]
fn numbers_without_an_end_and_too_large_ones_are_refused() {
    let mut input = CompactInput::new(Cursor::new([0xff; 64]), limit(1_000));
    assert_eq!(kind(&input.read_i64().unwrap_err()), Some(Kind::InvalidData));
    let mut input = CompactInput::new(Cursor::new([0xff, 0xff, 0xff, 0x7f]), limit(1_000));
    assert_eq!(kind(&input.read_i16().unwrap_err()), Some(Kind::InvalidData));
}

/// A source that notes how much was asked for at once.
struct Watch<'a>(&'a [u8], Rc<RefCell<usize>>);
impl Read for Watch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut most = self.1.borrow_mut();
        *most = buffer.len().max(*most);
        self.0.read(buffer)
    }
}

#[test]
fn a_length_that_lies_within_the_limit_costs_what_has_come() {
    let bytes = [0x03_ff_ff_00_i32.to_be_bytes().as_slice(), b"few"].concat();
    let most = Rc::new(RefCell::new(0));
    let source = Watch(&bytes, Rc::clone(&most));
    let mut input = BinaryInput::new(source, limit(limits::HBASE_REPLY_BYTES_MAX));
    assert!(matches!(input.read_bytes(), Err(thrift::Error::Transport(_))));
    assert!(*most.borrow() <= 256 * 1024);
}

#[test]
fn containers_within_containers_share_one_budget() {
    let header = [12_u8, 0, 1, 0x86, 0xa0];
    let bytes = header.repeat(11);
    let mut input = BinaryInput::new(Cursor::new(&bytes), limit(limits::HBASE_REPLY_BYTES_MAX));
    for _ in 0..10 {
        assert_eq!(input.read_list_begin().unwrap().size, 100_000);
    }
    assert_eq!(kind(&input.read_list_begin().unwrap_err()), Some(Kind::SizeLimit));
}

#[test]
fn structures_in_structures_end_at_the_depth() {
    // A field of type structure, again and again.
    let bytes = [12, 0, 1].repeat(5_000);
    let [mut binary, _] = inputs(&bytes, 100_000);
    assert_eq!(kind(&binary.skip(TType::Struct).unwrap_err()), Some(Kind::DepthLimit));
    let bytes = [0x1c].repeat(5_000);
    let [_, mut compact] = inputs(&bytes, 100_000);
    assert_eq!(kind(&compact.skip(TType::Struct).unwrap_err()), Some(Kind::DepthLimit));
    for mut input in inputs(&[], 100) {
        let entered = (0..1_000).take_while(|_| input.read_struct_begin().is_ok()).count();
        assert_eq!(entered, limits::HBASE_DEPTH_MAX);
    }
}

#[test]
fn a_message_ends_at_its_limit_and_the_next_has_the_whole_again() {
    let rows = [row(&[vec![7; 5_000]])];
    for compact in [false, true] {
        let twice = answer(&rows, compact).repeat(2);
        for most in [2_000, 50_000] {
            let limit = limit(most);
            let mut input: Boxed<'_> = if compact {
                Box::new(CompactInput::new(Cursor::new(&twice), limit))
            } else {
                Box::new(BinaryInput::new(Cursor::new(&twice), limit))
            };
            let mut read = || {
                input.read_message_begin()?;
                input.skip(TType::Struct)
            };
            assert_eq!(read().is_ok(), most == 50_000);
            assert_eq!(read().is_ok(), most == 50_000);
        }
    }
}

#[test]
fn other_protocols_are_named_by_their_first_bytes() {
    for answer in [b"HTTP/1.1 400".as_slice(), &[0x15, 3, 3, 0, 2, 2], &[0, 0, 0, 0x93, 0x91]] {
        for compact in [false, true] {
            assert_eq!(kind(&ask(answer, compact).unwrap_err()), Some(Kind::BadVersion));
        }
    }
}

fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)
}

proptest! {
    #[test]
    fn what_a_gateway_writes_is_read(rows in prop::collection::vec(values(), 0..5)) {
        let rows: Vec<_> = rows.iter().map(|values| row(values)).collect();
        for compact in [false, true] {
            prop_assert_eq!(&ask(&answer(&rows, compact), compact).unwrap(), &rows);
        }
    }

    #[test]
    fn bytes_that_mean_nothing_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for compact in [false, true] {
            prop_assert!(ask(&bytes, compact).is_err());
            let heads = [&answer(&[], compact)[..14], &bytes].concat();
            // A structure without the answer's field makes the generated client panic: a call
            // catches it.
            let _ = catch_unwind(AssertUnwindSafe(|| ask(&heads, compact)));
        }
    }

    #[test]
    fn a_changed_or_cut_answer_never_escapes(
        values in values(), place in any::<prop::sample::Index>(), byte: u8, cut: bool,
    ) {
        for compact in [false, true] {
            let mut bytes = answer(&[row(&values)], compact);
            let place = place.index(bytes.len());
            if cut {
                bytes.truncate(place);
                prop_assert!(ask(&bytes, compact).is_err());
            } else {
                bytes[place] = byte;
                let _ = catch_unwind(AssertUnwindSafe(|| ask(&bytes, compact)));
            }
        }
    }

    #[test]
    fn skipping_hostile_bytes_ends(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for kind in [TType::Struct, TType::Map, TType::List, TType::Set] {
            for mut input in inputs(&bytes, 100_000) {
                let _ = input.skip(kind);
            }
        }
    }
}
