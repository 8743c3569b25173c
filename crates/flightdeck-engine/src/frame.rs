//! Messages on a pipe: four bytes of length, little-endian, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read, Write};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

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
}

/// A frame as bytes.
pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = (bytes.len() - 4) as u64;
    let short = u32::try_from(length).ok().filter(|length| *length <= MAX_BYTES);
    let short = short.ok_or(FrameError::TooLong(length))?;
    bytes[..4].copy_from_slice(&short.to_le_bytes());
    Ok(bytes)
}

/// Writes one frame.
pub fn write_frame<T: Serialize>(pipe: &mut impl Write, message: &T) -> Result<(), FrameError> {
    pipe.write_all(&encode(message)?)?;
    Ok(pipe.flush()?)
}

/// Reads one frame; `None` when the pipe ended before it.
pub fn read_frame<T: DeserializeOwned>(pipe: &mut impl Read) -> Result<Option<T>, FrameError> {
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
pub(crate) async fn receive<T: DeserializeOwned>(
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

fn decode<T: DeserializeOwned>(bytes: &[u8], length: u32) -> Result<T, FrameError> {
    if bytes.len() < length as usize {
        return Err(FrameError::Pipe(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_back_in_order_until_the_pipe_ends() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &"one").unwrap();
        write_frame(&mut pipe, &"two").unwrap();
        let mut reader = pipe.as_slice();
        assert_eq!(read_frame::<String>(&mut reader).unwrap().as_deref(), Some("one"));
        assert_eq!(read_frame::<String>(&mut reader).unwrap().as_deref(), Some("two"));
        assert_eq!(read_frame::<String>(&mut reader).unwrap(), None);
    }

    #[test]
    fn broken_frames_are_errors() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &"one").unwrap();
        for cut in 1..pipe.len() {
            assert!(matches!(read_frame::<String>(&mut &pipe[..cut]), Err(FrameError::Pipe(_))), "{cut}");
        }
        let endless = [0xff; 8];
        assert!(matches!(read_frame::<String>(&mut endless.as_slice()), Err(FrameError::TooLong(_))));
        let wrong = [1, 0, 0, 0, b'{'];
        assert!(matches!(read_frame::<String>(&mut wrong.as_slice()), Err(FrameError::Malformed(_))));
    }
}
