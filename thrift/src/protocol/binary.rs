//! The strict binary protocol, read. Source of the format: Thrift's specification of it.

use std::io::Read;

use thrift::ProtocolErrorKind as Kind;
use thrift::protocol::{
    TFieldIdentifier, TInputProtocol, TListIdentifier, TMapIdentifier, TMessageIdentifier,
    TMessageType, TSetIdentifier, TStructIdentifier,
};

use super::bounded::{Bounded, ReplyLimit, binary_type, broken, text};

/// A reader of the strict binary protocol.
pub(crate) struct BinaryInput<R> {
    bytes: Bounded<R>,
}

impl<R: Read> BinaryInput<R> {
    pub(crate) fn new(source: R, limit: ReplyLimit) -> Self {
        Self { bytes: Bounded::new(source, limit) }
    }
}

impl<R: Read> TInputProtocol for BinaryInput<R> {
    fn read_message_begin(&mut self) -> thrift::Result<TMessageIdentifier> {
        self.bytes.begin_message();
        let head: [u8; 4] = self.bytes.array()?;
        let [0x80, 0x01, _, kind] = head else {
            return Err(broken(Kind::BadVersion, format!("a message that begins {head:02x?}")));
        };
        let kind = TMessageType::try_from(kind)?;
        let name = self.read_string()?;
        Ok(TMessageIdentifier::new(name, kind, self.read_i32()?))
    }

    fn read_message_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_struct_begin(&mut self) -> thrift::Result<Option<TStructIdentifier>> {
        self.bytes.enter().map(|()| None)
    }

    fn read_struct_end(&mut self) -> thrift::Result<()> {
        self.bytes.leave();
        Ok(())
    }

    fn read_field_begin(&mut self) -> thrift::Result<TFieldIdentifier> {
        let kind = binary_type(self.bytes.byte()?)?;
        let id = if kind == thrift::protocol::TType::Stop { 0 } else { self.read_i16()? };
        Ok(TFieldIdentifier { name: None, field_type: kind, id: Some(id) })
    }

    fn read_field_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_bool(&mut self) -> thrift::Result<bool> {
        Ok(self.bytes.byte()? != 0)
    }

    fn read_bytes(&mut self) -> thrift::Result<Vec<u8>> {
        let length = self.read_i32()?;
        self.bytes.blob(length.into())
    }

    fn read_i8(&mut self) -> thrift::Result<i8> {
        self.bytes.array().map(i8::from_be_bytes)
    }

    fn read_i16(&mut self) -> thrift::Result<i16> {
        self.bytes.array().map(i16::from_be_bytes)
    }

    fn read_i32(&mut self) -> thrift::Result<i32> {
        self.bytes.array().map(i32::from_be_bytes)
    }

    fn read_i64(&mut self) -> thrift::Result<i64> {
        self.bytes.array().map(i64::from_be_bytes)
    }

    fn read_double(&mut self) -> thrift::Result<f64> {
        self.bytes.array().map(f64::from_be_bytes)
    }

    fn read_string(&mut self) -> thrift::Result<String> {
        self.read_bytes().map(text)
    }

    fn read_list_begin(&mut self) -> thrift::Result<TListIdentifier> {
        let kind = binary_type(self.bytes.byte()?)?;
        let size = self.read_i32()?;
        Ok(TListIdentifier::new(kind, self.bytes.container(size.into())?))
    }

    fn read_list_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_set_begin(&mut self) -> thrift::Result<TSetIdentifier> {
        let list = self.read_list_begin()?;
        Ok(TSetIdentifier::new(list.element_type, list.size))
    }

    fn read_set_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_map_begin(&mut self) -> thrift::Result<TMapIdentifier> {
        let [key, value] = self.bytes.array()?;
        let size = self.read_i32()?;
        if size == 0 {
            // Some writers leave the types of an empty map zero.
            return Ok(TMapIdentifier::new(None, None, 0));
        }
        let (key, value) = (binary_type(key)?, binary_type(value)?);
        Ok(TMapIdentifier::new(key, value, self.bytes.container(size.into())?))
    }

    fn read_map_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_byte(&mut self) -> thrift::Result<u8> {
        self.bytes.byte()
    }
}
