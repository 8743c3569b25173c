//! What follows each instruction of a pickle stream, by the table of Python's `pickletools`.

use super::Fault;
use super::source::Source;

/// Bytes up to this length are kept, so that pickles inside of pickles are seen.
const KEPT_BYTES: u64 = 64 << 20;
const KEPT_TEXT: u64 = 1 << 10;

/// What an instruction carries.
pub(super) enum Argument {
    Nothing,
    Number(u64),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    /// Two lines: a module and a name.
    Names(Vec<u8>, Vec<u8>),
}

/// Reads what follows an instruction.
pub(super) fn argument(op: u8, source: &mut Source<'_>) -> Result<Argument, Fault> {
    use Argument::{Names, Nothing, Number};
    let unsigned = |bytes: [u8; 4]| u64::from(u32::from_le_bytes(bytes));
    Ok(match op {
        b'('
        | b'.'
        | b'0'
        | b'1'
        | b'2'
        | b'N'
        | b'Q'
        | b'R'
        | b'a'
        | b'b'
        | b'd'
        | b'}'
        | b'e'
        | b'l'
        | b']'
        | b'o'
        | b's'
        | b't'
        | b')'
        | b'u'
        | 0x81
        | 0x85..=0x89
        | 0x8f..=0x94
        | 0x97
        | 0x98 => Nothing,
        b'K' | b'h' | b'q' | 0x80 | 0x82 => Number(source.byte()?.into()),
        b'M' | 0x83 => Number(u16::from_le_bytes(source.fixed()?).into()),
        b'J' | b'j' | b'r' | 0x84 => Number(unsigned(source.fixed()?)),
        b'G' | 0x95 => Number(u64::from_le_bytes(source.fixed()?)),
        b'I' | b'L' | b'g' | b'p' => Number(decimal(&source.line()?)),
        b'F' | b'P' => {
            source.line()?;
            Nothing
        }
        b'S' => quoted(&source.line()?),
        b'V' => Argument::Text(source.line()?),
        b'c' | b'i' => Names(source.line()?, source.line()?),
        0x8a | 0x8b => {
            let length = if op == 0x8a { source.byte()?.into() } else { unsigned(source.fixed()?) };
            let bytes = source.bytes(length, 8)?;
            let mut number = [0; 8];
            number[..bytes.len()].copy_from_slice(&bytes);
            Number(u64::from_le_bytes(number))
        }
        b'X' | 0x8c | 0x8d => {
            let length = length(op, source)?;
            Argument::Text(source.bytes(length, KEPT_TEXT)?)
        }
        b'B' | b'C' | b'T' | b'U' | 0x8e | 0x96 => {
            let length = length(op, source)?;
            Argument::Bytes(source.bytes(length, KEPT_BYTES)?)
        }
        _ => return Err(Fault::new(source.at - 1, "this is no instruction of a pickle")),
    })
}

fn length(op: u8, source: &mut Source<'_>) -> Result<u64, Fault> {
    Ok(match op {
        b'C' | b'U' | 0x8c => source.byte()?.into(),
        b'B' | b'T' | b'X' => u32::from_le_bytes(source.fixed()?).into(),
        _ => u64::from_le_bytes(source.fixed()?),
    })
}

fn decimal(line: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(line);
    text.trim().trim_end_matches('L').parse().unwrap_or(u64::MAX)
}

/// A string of protocol 0 in its quotes; only the plain ones are names.
fn quoted(line: &[u8]) -> Argument {
    match line {
        [first @ (b'\'' | b'"'), inner @ .., last] if first == last => Argument::Bytes(inner.to_vec()),
        _ => Argument::Bytes(line.to_vec()),
    }
}
