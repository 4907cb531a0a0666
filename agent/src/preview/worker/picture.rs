use std::io::Cursor;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use super::kind::Format;
use crate::preview::model::{Picture, Preview, Unshowable};

/// The largest side of a picture that is decoded, in pixels, and what decoding may take, in bytes.
const LARGEST_SIDE: u32 = 30_000;
const MEMORY: u64 = 512 << 20;
/// The largest picture that is shown, in pixels; larger ones are made smaller.
const SHOWN_WIDTH: u32 = 1_600;
const SHOWN_HEIGHT: u32 = 2_400;

/// Draws a picture anew. Only the first one of an animation or of several.
pub(super) fn show(bytes: &[u8], format: Format) -> Result<Preview, Unshowable> {
    let (decoder, name) = match format {
        Format::Bmp => (ImageFormat::Bmp, "bmp"),
        Format::Gif => (ImageFormat::Gif, "gif"),
        Format::Jpeg => (ImageFormat::Jpeg, "jpeg"),
        Format::Png => (ImageFormat::Png, "png"),
        Format::Tiff => (ImageFormat::Tiff, "tiff"),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), decoder);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => Unshowable::TooHeavy,
        _ => Unshowable::Broken,
    })?;
    let image = if image.width() > SHOWN_WIDTH || image.height() > SHOWN_HEIGHT {
        image.thumbnail(SHOWN_WIDTH, SHOWN_HEIGHT)
    } else {
        image
    };
    Ok(Preview::Image {
        format: name.to_owned(),
        picture: encode(&image)?,
    })
}

/// As PNG, which every browser reads; quickly rather than small, for it goes no farther than this machine.
pub(super) fn encode(image: &DynamicImage) -> Result<Picture, Unshowable> {
    // Depths and colour models that a screen does not have are reduced first.
    let image = DynamicImage::from(image.to_rgba8());
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive);
    image.write_with_encoder(encoder).map_err(|_| Unshowable::Broken)?;
    Ok(Picture {
        width: image.width(),
        height: image.height(),
        png: BASE64_STANDARD.encode(png),
    })
}
