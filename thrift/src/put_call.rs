//! The call that carries dumps, `mutateRowTs` with puts only, written value by value from shared bytes.
//!
//! The generated code takes each value as a vector of its own and drops it, so that every try to
//! write a chunk of 4 MiB would copy it first. Fields and numbers are those of HBase's `Hbase.thrift`.

use hbase_thrift::hbase::{IOError, IllegalArgument};
use thrift::protocol::{
    TFieldIdentifier, TInputProtocol, TListIdentifier, TMapIdentifier, TMessageIdentifier,
    TMessageType, TOutputProtocol, TStructIdentifier, TType, verify_expected_message_type,
    verify_expected_sequence_number, verify_expected_service_call,
};
use thrift::{Error, TThriftClient};

use crate::connection::Rpc;
use crate::row::Put;

pub(crate) const CALL: &str = "mutateRowTs";

/// The puts of one row.
pub(crate) struct PutCall<'a> {
    pub(crate) table: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) cells: &'a [Put],
    pub(crate) timestamp: i64,
}

impl PutCall<'_> {
    /// Makes the call.
    pub(crate) fn make(&self, rpc: &mut Rpc) -> thrift::Result<()> {
        let number = rpc.increment_sequence_number();
        let output = rpc.o_prot_mut();
        output.write_message_begin(&TMessageIdentifier::new(CALL, TMessageType::Call, number))?;
        self.write(output)?;
        output.write_message_end()?;
        output.flush()?;
        read_answer(rpc.i_prot_mut(), number)
    }

    fn write(&self, output: &mut dyn TOutputProtocol) -> thrift::Result<()> {
        output.write_struct_begin(&TStructIdentifier::new("mutateRowTs_args"))?;
        bytes(output, ("tableName", 1), self.table)?;
        bytes(output, ("row", 2), self.key)?;
        output.write_field_begin(&TFieldIdentifier::new("mutations", TType::List, 3))?;
        // A row's cells are tens; the wire has 31 bits for their number.
        let count = i32::try_from(self.cells.len()).unwrap_or(i32::MAX);
        output.write_list_begin(&TListIdentifier::new(TType::Struct, count))?;
        self.cells.iter().try_for_each(|cell| put(output, cell))?;
        output.write_list_end()?;
        output.write_field_end()?;
        output.write_field_begin(&TFieldIdentifier::new("timestamp", TType::I64, 4))?;
        output.write_i64(self.timestamp)?;
        output.write_field_end()?;
        output.write_field_begin(&TFieldIdentifier::new("attributes", TType::Map, 5))?;
        output.write_map_begin(&TMapIdentifier::new(TType::String, TType::String, 0))?;
        output.write_map_end()?;
        output.write_field_end()?;
        end(output)
    }
}

/// A `Mutation`.
fn put(output: &mut dyn TOutputProtocol, cell: &Put) -> thrift::Result<()> {
    output.write_struct_begin(&TStructIdentifier::new("Mutation"))?;
    flag(output, ("isDelete", 1), false)?;
    bytes(output, ("column", 2), &cell.column)?;
    bytes(output, ("value", 3), &cell.value)?;
    flag(output, ("writeToWAL", 4), true)?;
    end(output)
}

fn bytes(
    output: &mut dyn TOutputProtocol,
    (name, number): (&'static str, i16),
    value: &[u8],
) -> thrift::Result<()> {
    output.write_field_begin(&TFieldIdentifier::new(name, TType::String, number))?;
    output.write_bytes(value)?;
    output.write_field_end()
}

fn flag(
    output: &mut dyn TOutputProtocol,
    (name, number): (&'static str, i16),
    value: bool,
) -> thrift::Result<()> {
    output.write_field_begin(&TFieldIdentifier::new(name, TType::Bool, number))?;
    output.write_bool(value)?;
    output.write_field_end()
}

fn end(output: &mut dyn TOutputProtocol) -> thrift::Result<()> {
    output.write_field_stop()?;
    output.write_struct_end()
}

fn read_answer(input: &mut dyn TInputProtocol, number: i32) -> thrift::Result<()> {
    let message = input.read_message_begin()?;
    verify_expected_sequence_number(number, message.sequence_number)?;
    verify_expected_service_call(CALL, &message.name)?;
    if message.message_type == TMessageType::Exception {
        let error = Error::read_application_error_from_in_protocol(input)?;
        input.read_message_end()?;
        return Err(Error::Application(error));
    }
    verify_expected_message_type(TMessageType::Reply, message.message_type)?;
    let refused = read_refusal(input)?;
    input.read_message_end()?;
    refused.map_or(Ok(()), Err)
}

/// The answer's structure: empty, or why the gateway did not write.
fn read_refusal(input: &mut dyn TInputProtocol) -> thrift::Result<Option<Error>> {
    let mut refused = None;
    input.read_struct_begin()?;
    loop {
        let field = input.read_field_begin()?;
        match (field.field_type, field.id) {
            (TType::Stop, _) => break,
            (TType::Struct, Some(1)) => {
                refused = Some(Error::User(Box::new(IOError::read_from_in_protocol(input)?)));
            }
            (TType::Struct, Some(2)) => {
                let error = IllegalArgument::read_from_in_protocol(input)?;
                refused = Some(Error::User(Box::new(error)));
            }
            (other, _) => input.skip(other)?,
        }
        input.read_field_end()?;
    }
    input.read_struct_end()?;
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::io::{self, Write};
    use std::rc::Rc;

    use hbase_thrift::hbase::{HbaseSyncClient, THbaseSyncClient as _};
    use thrift::protocol::{
        TBinaryInputProtocol, TBinaryOutputProtocol, TCompactInputProtocol, TCompactOutputProtocol,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Sent(Rc<RefCell<Vec<u8>>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a call sends, and what it makes of an answer.
    fn call(
        is_compact: bool,
        answer: &[u8],
        work: impl FnOnce(&mut Rpc) -> thrift::Result<()>,
    ) -> (Vec<u8>, thrift::Result<()>) {
        let (sent, answer) = (Sent::default(), io::Cursor::new(answer.to_vec()));
        let mut rpc: Rpc = if is_compact {
            let output = TCompactOutputProtocol::new(sent.clone());
            HbaseSyncClient::new(Box::new(TCompactInputProtocol::new(answer)), Box::new(output))
        } else {
            let output = TBinaryOutputProtocol::new(sent.clone(), true);
            HbaseSyncClient::new(
                Box::new(TBinaryInputProtocol::new(answer, true)),
                Box::new(output),
            )
        };
        let result = work(&mut rpc);
        (sent.0.take(), result)
    }

    fn ours(is_compact: bool, answer: &[u8]) -> (Vec<u8>, thrift::Result<()>) {
        let cells = [Put::new("raw_data:dump", vec![7; 300]), Put::new("flags:", Vec::new())];
        call(is_compact, answer, |rpc| {
            PutCall { table: b"t", key: b"k", cells: &cells, timestamp: 42 }.make(rpc)
        })
    }

    #[test]
    fn the_bytes_are_those_of_the_generated_call() {
        for is_compact in [false, true] {
            let (expected, _) = call(is_compact, b"", |rpc| {
                let puts = [("raw_data:dump", vec![7; 300]), ("flags:", Vec::new())];
                let puts = puts.map(|(column, value)| {
                    hbase_thrift::hbase::Mutation::new(false, Vec::from(column), value, true)
                });
                let (table, key) = (b"t".to_vec(), b"k".to_vec());
                rpc.mutate_row_ts(table, key, puts.into(), 42, BTreeMap::new())
            });
            assert_eq!(ours(is_compact, b"").0, expected);
        }
    }

    #[test]
    fn a_refusal_is_read_and_so_is_an_answer_of_another_call() {
        let answer = |kind: u8, number: u8, name: &[u8], body: &[u8]| {
            let head = [0x80, 1, 0, kind, 0, 0, 0, u8::try_from(name.len()).unwrap()];
            [&head[..], name, &[0, 0, 0, number], body].concat()
        };
        let refused = b"\x0c\0\x01\x0b\0\x01\0\0\0\x03why\0\0";
        let error = |bytes: &[u8]| ours(false, bytes).1.unwrap_err();
        assert!(ours(false, &answer(2, 1, CALL.as_bytes(), b"\0")).1.is_ok());
        let io = error(&answer(2, 1, CALL.as_bytes(), refused));
        assert!(format!("{io:?}").contains("IOError"), "{io:?}");
        let illegal = [&refused[..2], b"\x02", &refused[3..]].concat();
        let io = error(&answer(2, 1, CALL.as_bytes(), &illegal));
        assert!(format!("{io:?}").contains("IllegalArgument"), "{io:?}");
        let unknown = [&refused[..2], b"\x09", &refused[3..]].concat();
        assert!(ours(false, &answer(2, 1, CALL.as_bytes(), &unknown)).1.is_ok());
        let text = b"\x0b\0\x01\0\0\0\x02no\x08\0\x02\0\0\0\x01\0";
        let unknown_call = error(&answer(3, 1, CALL.as_bytes(), text));
        assert!(matches!(unknown_call, Error::Application(_)), "{unknown_call:?}");
        assert!(ours(false, &answer(2, 2, CALL.as_bytes(), b"\0")).1.is_err(), "a late answer");
        assert!(ours(false, &answer(2, 1, b"mutateRows", b"\0")).1.is_err());
        assert!(ours(false, &answer(1, 1, CALL.as_bytes(), b"\0")).1.is_err());
    }
}
