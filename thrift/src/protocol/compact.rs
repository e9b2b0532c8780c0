//! The compact protocol, read. Source of the format: Thrift's specification of it.

use std::io::Read;

use thrift::ProtocolErrorKind as Kind;
use thrift::protocol::{
    TFieldIdentifier, TInputProtocol, TListIdentifier, TMapIdentifier, TMessageIdentifier,
    TMessageType, TSetIdentifier, TStructIdentifier, TType,
};

use super::bounded::{Bounded, ReplyLimit, broken, compact_type, text};

/// Bytes of the longest variable-length number, one of 64 bits.
const VARINT_BYTES_MAX: u32 = 10;

/// A reader of the compact protocol.
pub(crate) struct CompactInput<R> {
    bytes: Bounded<R>,
    /// Field ids are sent as differences from the last one of the same structure.
    last_id: i16,
    /// The last ids of the structures around this one; the bound on depth is its bound.
    outer_ids: Vec<i16>,
    /// A field's truth value stands in its head.
    head_value: Option<bool>,
}

impl<R: Read> CompactInput<R> {
    pub(crate) fn new(source: R, limit: ReplyLimit) -> Self {
        let bytes = Bounded::new(source, limit);
        Self { bytes, last_id: 0, outer_ids: Vec::new(), head_value: None }
    }

    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self) -> thrift::Result<u64> {
        let mut number = 0_u64;
        for place in 0..VARINT_BYTES_MAX {
            let byte = self.bytes.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place).min(63);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(broken(Kind::InvalidData, "a number without an end"))
    }

    /// A length: 32 bits without a sign. Longer ones stay so and meet the bounds.
    fn length(&mut self) -> thrift::Result<i64> {
        Ok(i64::try_from(self.varint()?).unwrap_or(i64::MAX))
    }

    /// A number with its sign in the lowest bit.
    fn signed(&mut self) -> thrift::Result<i64> {
        let folded = self.varint()?;
        let (magnitude, sign) = ((folded >> 1).cast_signed(), (folded & 1).cast_signed());
        Ok(magnitude ^ -sign)
    }

    fn small<T: TryFrom<i64>>(&mut self) -> thrift::Result<T> {
        let number = self.signed()?;
        T::try_from(number)
            .map_err(|_| broken(Kind::InvalidData, format!("{number} is too large for its type")))
    }

    fn elements(&mut self) -> thrift::Result<(TType, i32)> {
        let head = self.bytes.byte()?;
        let kind = compact_type(head & 0x0f)?;
        let size = match head >> 4 {
            15 => self.length()?,
            few => few.into(),
        };
        Ok((kind, self.bytes.container(size)?))
    }
}

impl<R: Read> TInputProtocol for CompactInput<R> {
    fn read_message_begin(&mut self) -> thrift::Result<TMessageIdentifier> {
        self.bytes.begin_message();
        (self.last_id, self.head_value) = (0, None);
        self.outer_ids.clear();
        let head: [u8; 2] = self.bytes.array()?;
        let [0x82, kind] = head else {
            return Err(broken(Kind::BadVersion, format!("a message that begins {head:02x?}")));
        };
        if kind & 0x1f != 1 {
            return Err(broken(Kind::BadVersion, format!("a message that begins {head:02x?}")));
        }
        let kind = TMessageType::try_from(kind >> 5)?;
        // The number is written without its sign; the lower half is the number.
        let sequence = (self.varint()? & 0xffff_ffff) as u32;
        let name = self.read_string()?;
        Ok(TMessageIdentifier::new(name, kind, sequence.cast_signed()))
    }

    fn read_message_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_struct_begin(&mut self) -> thrift::Result<Option<TStructIdentifier>> {
        self.bytes.enter()?;
        self.outer_ids.push(std::mem::take(&mut self.last_id));
        Ok(None)
    }

    fn read_struct_end(&mut self) -> thrift::Result<()> {
        self.bytes.leave();
        self.last_id = self.outer_ids.pop().unwrap_or(0);
        Ok(())
    }

    fn read_field_begin(&mut self) -> thrift::Result<TFieldIdentifier> {
        let head = self.bytes.byte()?;
        let kind = compact_type(head & 0x0f)?;
        if kind == TType::Stop {
            return Ok(TFieldIdentifier { name: None, field_type: kind, id: Some(0) });
        }
        self.head_value = (kind == TType::Bool).then_some(head & 0x0f == 1);
        self.last_id = match i16::from(head >> 4) {
            0 => self.small()?,
            step => self.last_id.wrapping_add(step),
        };
        Ok(TFieldIdentifier { name: None, field_type: kind, id: Some(self.last_id) })
    }

    fn read_field_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_bool(&mut self) -> thrift::Result<bool> {
        match self.head_value.take() {
            Some(value) => Ok(value),
            None => Ok(self.bytes.byte()? == 1),
        }
    }

    fn read_bytes(&mut self) -> thrift::Result<Vec<u8>> {
        let length = self.length()?;
        self.bytes.blob(length)
    }

    fn read_i8(&mut self) -> thrift::Result<i8> {
        self.bytes.array().map(i8::from_be_bytes)
    }

    fn read_i16(&mut self) -> thrift::Result<i16> {
        self.small()
    }

    fn read_i32(&mut self) -> thrift::Result<i32> {
        self.small()
    }

    fn read_i64(&mut self) -> thrift::Result<i64> {
        self.signed()
    }

    fn read_double(&mut self) -> thrift::Result<f64> {
        self.bytes.array().map(f64::from_le_bytes)
    }

    fn read_string(&mut self) -> thrift::Result<String> {
        self.read_bytes().map(text)
    }

    fn read_list_begin(&mut self) -> thrift::Result<TListIdentifier> {
        self.elements().map(|(kind, size)| TListIdentifier::new(kind, size))
    }

    fn read_list_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_set_begin(&mut self) -> thrift::Result<TSetIdentifier> {
        self.elements().map(|(kind, size)| TSetIdentifier::new(kind, size))
    }

    fn read_set_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_map_begin(&mut self) -> thrift::Result<TMapIdentifier> {
        let size = self.length()?;
        if size == 0 {
            return Ok(TMapIdentifier::new(None, None, 0));
        }
        let kinds = self.bytes.byte()?;
        let (key, value) = (compact_type(kinds >> 4)?, compact_type(kinds & 0x0f)?);
        Ok(TMapIdentifier::new(key, value, self.bytes.container(size)?))
    }

    fn read_map_end(&mut self) -> thrift::Result<()> {
        Ok(())
    }

    fn read_byte(&mut self) -> thrift::Result<u8> {
        self.bytes.byte()
    }
}
