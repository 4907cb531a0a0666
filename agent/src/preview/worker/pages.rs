use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, RgbaImage};

use super::picture;
use crate::preview::model::{Preview, Unshowable};

/// The largest page that is drawn, in pixels: an A4 page at 150 dots an inch.
const WIDTH: f32 = 1_240.0;
const HEIGHT: f32 = 1_754.0;
/// A small page is not blown up beyond this.
const LARGEST_SCALE: f32 = 3.0;

/// Draws one page of a PDF. Nothing in it runs: no scripts, no links, no attachments.
pub(super) fn draw(bytes: Vec<u8>, page: u32) -> Result<Preview, Unshowable> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Unshowable::Protected,
        LoadPdfError::Invalid => Unshowable::Broken,
    })?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(Unshowable::Broken);
    }
    let index = page.checked_sub(1).and_then(|index| usize::try_from(index).ok());
    let shown = index.and_then(|index| pages.get(index)).ok_or(Unshowable::NoSuchPage)?;
    let (width, height) = shown.render_dimensions();
    let scale = (WIDTH / width).min(HEIGHT / height).min(LARGEST_SCALE);
    if !scale.is_finite() || scale <= 0.0 {
        return Err(Unshowable::Broken);
    }
    let pixmap = render(
        shown,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale: scale,
            y_scale: scale,
            bg_color: WHITE,
        },
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let image = RgbaImage::from_raw(width, height, pixmap.data_as_u8_slice().to_vec()).ok_or(Unshowable::Broken)?;
    Ok(Preview::Pages {
        page,
        pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
        picture: picture::encode(&DynamicImage::from(image))?,
    })
}
