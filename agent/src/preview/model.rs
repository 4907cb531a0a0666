use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A document as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Preview {
    /// Plain text.
    Text {
        /// Its beginning.
        text: String,
        /// The encoding it was read in, by its name at WHATWG.
        encoding: String,
        /// Whether the document goes on.
        truncated: bool,
    },
    /// XML, one element a line. Entities stay as they are written, and nothing that it refers to is fetched.
    Xml {
        /// Its beginning.
        text: String,
        /// The encoding it was read in, by its name at WHATWG.
        encoding: String,
        /// Whether the document goes on.
        truncated: bool,
    },
    /// A picture, drawn anew.
    Image {
        /// The format of the document: `jpeg`, `png`, …
        format: String,
        /// The picture.
        picture: Picture,
    },
    /// What lies in a ZIP; nothing in it is unpacked.
    Archive {
        /// The first entries.
        entries: Vec<ArchiveEntry>,
        /// How many there are.
        total: u64,
    },
    /// A page of a PDF, drawn.
    Pages {
        /// Which page this is, from 1.
        page: u32,
        /// How many there are.
        pages: u32,
        /// The page.
        picture: Picture,
    },
}

/// A picture as PNG.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Picture {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The PNG, in base64.
    pub png: String,
}

/// A file or directory in a ZIP.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ArchiveEntry {
    /// Its name with directories.
    pub name: String,
    /// Its size in bytes when unpacked, as the archive says.
    pub size: u64,
    /// Whether it is protected with a password.
    pub encrypted: bool,
}

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unshowable {
    /// The file is damaged.
    Broken,
    /// There is no such page.
    NoSuchPage,
    /// It needs a password.
    Protected,
    /// It takes more time or memory than is allowed.
    TooHeavy,
    /// Its format is not one of those that are shown.
    Unknown,
}

/// What the worker says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// It can be shown.
    Shown(Preview),
    /// It cannot.
    Unshowable(Unshowable),
}
