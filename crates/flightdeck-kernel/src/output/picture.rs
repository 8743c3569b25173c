//! Pictures from a cell: decoded with a cap on size, recognised by content, and encoded again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Text in base64 beyond this is not even decoded.
const ENCODED_BYTES: usize = 24 << 20;
/// Neither side of a picture is longer.
const SIDE_PIXELS: u32 = 8192;
/// What decoding may allocate.
const DECODED_BYTES: u64 = 96 << 20;

/// A picture that was decoded and encoded again.
pub(crate) struct Picture {
    pub(crate) png: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The picture in a message, or why there is none.
pub(crate) fn decode(base64: &str) -> Result<Picture, String> {
    if base64.len() > ENCODED_BYTES {
        return Err("an image that is too large".into());
    }
    let packed: Vec<u8> = base64.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| "a damaged image".to_owned())?;
    encode(&bytes).map_err(|error| match error {
        image::ImageError::Limits(_) => "an image that is too large".into(),
        image::ImageError::Unsupported(_) => "an image that is neither PNG nor JPEG".into(),
        _ => "a damaged image".into(),
    })
}

fn encode(bytes: &[u8]) -> image::ImageResult<Picture> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    // The declared type is the cell's word; the content decides, among the two that we read.
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(image::ImageError::Unsupported(image::error::ImageFormatHint::Unknown.into()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PIXELS);
    limits.max_image_height = Some(SIDE_PIXELS);
    limits.max_alloc = Some(DECODED_BYTES);
    reader.limits(limits);
    let pixels = reader.decode()?.into_rgba8();
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive);
    pixels.write_with_encoder(encoder)?;
    Ok(Picture { png, width: pixels.width(), height: pixels.height() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    fn written(format: ImageFormat, width: u32) -> String {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::new(width, 2).write_to(&mut bytes, format).unwrap();
        STANDARD.encode(bytes.into_inner())
    }

    #[test]
    fn png_and_jpeg_become_png() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let picture = decode(&format!("{}\n", written(format, 3))).ok().unwrap();
            assert_eq!((picture.width, picture.height), (3, 2));
            assert_eq!(picture.png[..8], *b"\x89PNG\r\n\x1a\n");
        }
    }

    #[test]
    fn n2_what_is_no_picture_is_refused() {
        let svg = STANDARD.encode("<svg onload='x'/>");
        for text in ["", "!!", "AAAA", &svg, &written(ImageFormat::Png, 3)[..40]] {
            assert!(decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn n2_a_picture_beyond_the_cap_is_refused() {
        assert_eq!(decode(&written(ImageFormat::Png, 8193)).err().unwrap(), "an image that is too large");
    }
}
