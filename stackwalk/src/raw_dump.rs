//! A minidump as bytes: the numbers that we change in place before it is read.
//!
//! The format is Microsoft's (minidumpapiset.h), as minidump-common states it: a header of 32 bytes
//! with the number of streams and the place of their directory, directory entries of 12 bytes
//! (type, length, place), and lists that begin with a count. Of two streams of one type the last
//! one counts, as it does in the crate `minidump`.

/// Bytes of a directory entry: type, length and place of a stream.
const ENTRY_BYTES: usize = 12;

/// A dump's bytes in the dump's own byte order.
pub(crate) struct RawDump<'a> {
    bytes: &'a mut [u8],
    little: bool,
}

/// A stream's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamPlace {
    /// Where its directory entry is.
    entry: usize,
    /// Where it begins.
    pub(crate) begin: usize,
    /// Bytes of it.
    pub(crate) length: usize,
}

impl<'a> RawDump<'a> {
    /// The bytes of a dump. What it says is only as good as its header.
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        let little = bytes.starts_with(b"MDMP");
        Self { bytes, little }
    }

    /// The last stream of a type.
    pub(crate) fn stream(&self, stream_type: u32) -> Option<StreamPlace> {
        let count = self.u32(8)? as usize;
        let directory = self.u32(12)? as usize;
        let mut place = None;
        for number in 0..count {
            let entry = directory.checked_add(number.checked_mul(ENTRY_BYTES)?)?;
            // The directory is whole: the header was accepted.
            if self.u32(entry)? == stream_type {
                let (length, begin) =
                    (self.u32(entry + 4)? as usize, self.u32(entry + 8)? as usize);
                place = Some(StreamPlace { entry, begin, length });
            }
        }
        place.filter(|place| place.begin.saturating_add(place.length) <= self.bytes.len())
    }

    /// The first entry and the count of a list stream with entries of `size` bytes. The list must
    /// fill the stream, or leave 4 bytes of padding after the count: else its reader rejects it.
    pub(crate) fn list(&self, stream: StreamPlace, size: usize) -> Option<(usize, usize)> {
        let count = self.u32(stream.begin)? as usize;
        let filled = count.checked_mul(size)?.checked_add(4)?;
        match stream.length.checked_sub(filled)? {
            0 => Some((stream.begin + 4, count)),
            4 => Some((stream.begin + 8, count)),
            _ => None,
        }
    }

    /// Cuts a list stream with entries of `size` bytes to `keep` of them.
    pub(crate) fn cut_list(&mut self, stream: StreamPlace, size: usize, keep: usize) {
        if let Some((first, count)) = self.list(stream, size)
            && keep < count
        {
            let length = first - stream.begin + keep * size;
            self.set_u32(stream.begin, keep);
            self.set_u32(stream.entry + 4, length);
        }
    }

    /// Bytes of the dump.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many streams the header says there are, if the file has room for them.
    pub(crate) fn stream_count(&self) -> Option<usize> {
        let (count, directory) = (self.u32(8)? as usize, self.u32(12)? as usize);
        let end = count.checked_mul(ENTRY_BYTES)?.checked_add(directory)?;
        (end <= self.len()).then_some(count)
    }

    /// Where the entries of the directory begin.
    pub(crate) fn entries(&self) -> impl Iterator<Item = usize> {
        let directory = self.u32(12).map_or(0, |directory| directory as usize);
        (0..self.stream_count().unwrap_or(0)).map(move |number| directory + number * ENTRY_BYTES)
    }

    /// Writes the number of streams.
    pub(crate) fn set_stream_count(&mut self, count: usize) {
        self.set_u32(8, count);
    }

    /// Writes a stream's length.
    pub(crate) fn set_length(&mut self, stream: StreamPlace, length: usize) {
        self.set_u32(stream.entry + 4, length);
    }

    /// Empties a stream. Returns what undoes it.
    pub(crate) fn empty(&mut self, stream: StreamPlace) -> Vec<(usize, Vec<u8>)> {
        let undo = vec![self.saved(stream.entry + 4, 4)];
        self.set_length(stream, 0);
        undo
    }

    /// At most `most` bytes from a place on.
    pub(crate) fn bytes(&self, at: usize, most: usize) -> &[u8] {
        let rest = self.bytes.get(at..).unwrap_or_default();
        &rest[..most.min(rest.len())]
    }

    pub(crate) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    pub(crate) fn u64(&self, at: usize) -> Option<u64> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) })
    }

    pub(crate) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// Writes a number that is known to fit into 32 bits.
    pub(crate) fn set_u32(&mut self, at: usize, value: usize) {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        let bytes = if self.little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.set(at, &bytes);
    }

    pub(crate) fn set_u64(&mut self, at: usize, value: u64) {
        let bytes = if self.little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.set(at, &bytes);
    }

    fn saved(&self, at: usize, length: usize) -> (usize, Vec<u8>) {
        (at, self.bytes.get(at..at + length).unwrap_or_default().to_vec())
    }

    /// Leaves one entry of a list stream, or none. Returns what undoes it.
    pub(crate) fn only(
        &mut self,
        stream: StreamPlace,
        size: usize,
        number: Option<usize>,
    ) -> Vec<(usize, Vec<u8>)> {
        let Some((first, count)) = self.list(stream, size) else { return Vec::new() };
        let mut undo = vec![self.saved(stream.begin, 4), self.saved(stream.entry + 4, 4)];
        if let Some(number) = number.filter(|number| *number < count) {
            undo.push(self.saved(first, size));
            self.copy(first + number * size, first, size);
        }
        self.cut_list(stream, size, usize::from(number.is_some()));
        undo
    }

    /// Puts bytes back.
    pub(crate) fn restore(&mut self, undo: Vec<(usize, Vec<u8>)>) {
        for (at, bytes) in undo {
            self.set(at, &bytes);
        }
    }

    /// Copies `length` bytes inside of the dump.
    pub(crate) fn copy(&mut self, from: usize, to: usize, length: usize) {
        if from + length <= self.bytes.len() && to + length <= self.bytes.len() {
            self.bytes.copy_within(from..from + length, to);
        }
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at.saturating_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }
}
