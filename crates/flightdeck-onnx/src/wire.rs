//! Protocol buffers on the wire: fields one after the other, nothing allocated, every length checked against what is
//! left. Which field means what is known elsewhere.

/// The bytes of a message, and where they start in the file (for error messages).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    /// Where the field starts in the file.
    pub(crate) at: usize,
    /// The whole field as it stands, tag included.
    pub(crate) raw: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed32,
    Fixed64,
    Bytes(Message<'a>),
}

/// What is wrong with the bytes, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) problem: &'static str,
}

impl<'a> Message<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn fields(self) -> Fields<'a> {
        Fields { message: self, position: 0, failed: false }
    }

    /// The numbers of a packed field of varints.
    pub(crate) fn varints(self) -> impl Iterator<Item = Result<u64, Malformed>> {
        let mut fields = self.fields();
        std::iter::from_fn(move || fields.has_more().then(|| fields.varint()))
    }
}

/// Goes through the fields of a message and ends after the first malformed one.
pub(crate) struct Fields<'a> {
    message: Message<'a>,
    position: usize,
    failed: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.has_more().then(|| self.field())
    }
}

impl<'a> Fields<'a> {
    fn has_more(&self) -> bool {
        !self.failed && self.position < self.message.bytes.len()
    }

    fn fail<T>(&mut self, problem: &'static str) -> Result<T, Malformed> {
        self.failed = true;
        Err(Malformed { at: self.message.at + self.position, problem })
    }

    fn field(&mut self) -> Result<Field<'a>, Malformed> {
        let start = self.position;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number >= 1 << 29 {
            return self.fail("a field has an impossible number");
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed32)?,
            _ => return self.fail("a field has a kind that ONNX does not use"),
        };
        let raw = &self.message.bytes[start..self.position];
        Ok(Field { number: number as u32, value, at: self.message.at + start, raw })
    }

    fn take(&mut self, length: u64) -> Result<Message<'a>, Malformed> {
        let left = &self.message.bytes[self.position..];
        if length > left.len() as u64 {
            return self.fail("a part is longer than what is left of the file");
        }
        let at = self.message.at + self.position;
        self.position += length as usize;
        Ok(Message { bytes: &left[..length as usize], at })
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for step in 0..10 {
            let Some(byte) = self.message.bytes.get(self.position).copied() else {
                return self.fail("the file ends in the middle of a number");
            };
            if step == 9 && byte > 1 {
                break;
            }
            self.position += 1;
            value |= u64::from(byte & 0x7f) << (7 * step);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        self.fail("a number is too long")
    }
}

/// Appends a number.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a field that holds a number.
pub(crate) fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value);
}

/// Appends a field that holds bytes, a text or a message.
pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(bytes: &[u8]) -> Option<&'static str> {
        Message::new(bytes).fields().find_map(Result::err).map(|malformed| malformed.problem)
    }

    #[test]
    fn o13_impossible_numbers_and_lengths_are_refused() {
        assert_eq!(problem(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
        let eleven = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
        assert_eq!(problem(&eleven), Some("a number is too long"));
        assert_eq!(problem(&[0x08, 0x80]), Some("the file ends in the middle of a number"));
        let two_gib = [0x0a, 0x80, 0x80, 0x80, 0x80, 0x08, 1];
        assert_eq!(problem(&two_gib), Some("a part is longer than what is left of the file"));
        assert_eq!(problem(&[0x0b]), Some("a field has a kind that ONNX does not use"));
        assert_eq!(problem(&[0x00, 0x00]), Some("a field has an impossible number"));
        assert_eq!(problem(&[0x0d, 1, 2, 3]), Some("a part is longer than what is left of the file"));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let fields: Vec<_> = Message::new(&bytes).fields().collect();
            prop_assert!(fields.len() <= bytes.len());
            let good: usize = fields.iter().flatten().map(|field| field.raw.len()).sum();
            prop_assert!(good <= bytes.len());
        }

        #[test]
        fn what_is_written_is_read(number in 1_u32..(1 << 29), value: u64, text in ".{0,200}") {
            let mut out = Vec::new();
            put_number(&mut out, number, value);
            put_bytes(&mut out, number, text.as_bytes());
            let fields: Vec<_> = Message::new(&out).fields().map(Result::unwrap).collect();
            prop_assert!(matches!(fields[0].value, Value::Varint(found) if found == value));
            prop_assert!(matches!(fields[1].value, Value::Bytes(found) if found.bytes == text.as_bytes()));
            prop_assert_eq!(fields[1].number, number);
        }
    }
}
