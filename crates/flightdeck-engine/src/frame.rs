//! Messages on a pipe: four bytes of length, four bytes of how much of that is JSON, both little-endian, then the JSON,
//! then the elements of the tensors that it describes. Numbers as text took seconds for a parity set.

use crate::packed::{Carries, fill, put, size};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read, Write};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The two lengths.
const HEAD: usize = 8;
/// A longer frame is a mistake, not a message.
const MAX_BYTES: u32 = 512 << 20;

/// A frame that cannot be read or written.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The pipe failed or ended inside a frame.
    #[error("the pipe to the worker broke")]
    Pipe(#[from] std::io::Error),
    /// The stated length is beyond the limit.
    #[error("a message of {0} bytes is longer than any message")]
    TooLong(u64),
    /// The bytes are not the message that was expected.
    #[error("a message that cannot be understood: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The tensors are not what was said of them.
    #[error("a message whose tensors are not all there")]
    Tensors,
}

/// A frame as bytes.
pub(crate) fn encode<T: Serialize + Carries>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; HEAD];
    serde_json::to_writer(&mut bytes, message)?;
    let json = bytes.len() - HEAD;
    bytes.reserve(message.tensors().iter().map(size).sum());
    message.tensors().iter().for_each(|tensor| put(&mut bytes, tensor));
    let length = (bytes.len() - 4) as u64;
    let short = u32::try_from(length).ok().filter(|length| *length <= MAX_BYTES);
    let short = short.ok_or(FrameError::TooLong(length))?;
    bytes[..4].copy_from_slice(&short.to_le_bytes());
    bytes[4..HEAD].copy_from_slice(&(json as u32).to_le_bytes());
    Ok(bytes)
}

/// Writes one frame.
pub fn write_frame<T: Serialize + Carries>(pipe: &mut impl Write, message: &T) -> Result<(), FrameError> {
    pipe.write_all(&encode(message)?)?;
    Ok(pipe.flush()?)
}

/// Reads one frame; `None` when the pipe ended before it.
pub fn read_frame<T: DeserializeOwned + Carries>(pipe: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut length = [0; 4];
    if pipe.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    pipe.read_exact(&mut length[1..])?;
    // Grows with what arrives, not with what was promised.
    let mut bytes = Vec::new();
    let length = checked(length)?;
    pipe.take(u64::from(length)).read_to_end(&mut bytes)?;
    decode(&bytes, length).map(Some)
}

/// Like [`read_frame`], for an asynchronous pipe.
pub(crate) async fn receive<T: DeserializeOwned + Carries>(
    pipe: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, FrameError> {
    let mut length = [0; 4];
    if pipe.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    pipe.read_exact(&mut length[1..]).await?;
    let mut bytes = Vec::new();
    let length = checked(length)?;
    pipe.take(u64::from(length)).read_to_end(&mut bytes).await?;
    decode(&bytes, length).map(Some)
}

fn checked(length: [u8; 4]) -> Result<u32, FrameError> {
    let length = u32::from_le_bytes(length);
    if length > MAX_BYTES { Err(FrameError::TooLong(length.into())) } else { Ok(length) }
}

fn decode<T: DeserializeOwned + Carries>(bytes: &[u8], length: u32) -> Result<T, FrameError> {
    if bytes.len() < length as usize {
        return Err(FrameError::Pipe(std::io::ErrorKind::UnexpectedEof.into()));
    }
    let (json, rest) = bytes.split_first_chunk().ok_or(FrameError::Tensors)?;
    let (json, mut rest) =
        rest.split_at_checked(u32::from_le_bytes(*json) as usize).ok_or(FrameError::Tensors)?;
    let mut message: T = serde_json::from_slice(json)?;
    for tensor in message.tensors_mut() {
        fill(tensor, &mut rest).ok_or(FrameError::Tensors)?;
    }
    if rest.is_empty() { Ok(message) } else { Err(FrameError::Tensors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, Reply};
    use flightdeck_core::{Tensor, TensorData};

    fn text(code: &str) -> Reply {
        Reply::Failed(Failure { code: code.into(), message: String::new(), hint: String::new() })
    }

    fn outputs() -> Reply {
        let tensor =
            |values: Vec<f64>| Tensor::new("y", vec![values.len()], TensorData::Fp64(values)).unwrap();
        Reply::Golden(vec![tensor(vec![0.1, 0.2]), tensor(vec![]), tensor(vec![f64::MIN])])
    }

    fn shown(reply: Option<&Reply>) -> String {
        format!("{reply:?}")
    }

    #[test]
    fn frames_are_read_back_in_order_until_the_pipe_ends() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &text("one")).unwrap();
        write_frame(&mut pipe, &outputs()).unwrap();
        let mut reader = pipe.as_slice();
        assert_eq!(shown(read_frame(&mut reader).unwrap().as_ref()), shown(Some(&text("one"))));
        assert_eq!(shown(read_frame(&mut reader).unwrap().as_ref()), shown(Some(&outputs())));
        assert_eq!(shown(read_frame(&mut reader).unwrap().as_ref()), shown(None));
    }

    #[test]
    fn broken_frames_are_errors() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &outputs()).unwrap();
        for cut in 1..pipe.len() {
            assert!(matches!(read_frame::<Reply>(&mut &pipe[..cut]), Err(FrameError::Pipe(_))), "{cut}");
        }
        let read = |bytes: &[u8]| read_frame::<Reply>(&mut &bytes[..]);
        assert!(matches!(read(&[0xff; 8]), Err(FrameError::TooLong(_))));
        assert!(matches!(read(&[5, 0, 0, 0, 1, 0, 0, 0, b'{']), Err(FrameError::Malformed(_))));
        assert!(matches!(read(&[1, 0, 0, 0, 1]), Err(FrameError::Tensors)));
        assert!(matches!(read(&[5, 0, 0, 0, 9, 0, 0, 0, b'{']), Err(FrameError::Tensors)));
        // One byte more or less than the tensors need.
        for difference in [-1_i32, 1] {
            let mut wrong = pipe.clone();
            let length = (wrong.len() as i32 + difference) as usize;
            wrong.resize(length, 0);
            wrong[..4].copy_from_slice(&(length as u32 - 4).to_le_bytes());
            assert!(matches!(read(&wrong), Err(FrameError::Tensors)), "{difference}");
        }
    }
}
