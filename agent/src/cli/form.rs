//! A form with files as one flat stream (RFC 7578). The HTTP client's own form nests a stream in a stream for each part, which ends in a
//! stack overflow with thousands of them.

use std::fmt::Write as _;
use std::io;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use reqwest::Body;
use uuid::Uuid;

/// A form on its way.
pub(super) struct Form {
    boundary: String,
    parts: Vec<Part>,
}

/// One part: its head, and its content as it is asked for.
struct Part {
    head: String,
    /// In bytes, as far as it is known beforehand.
    size: Option<u64>,
    content: BoxStream<'static, io::Result<Bytes>>,
}

impl Form {
    /// A form without parts.
    pub(super) fn new() -> Self {
        Self {
            // Nothing that is sent can know it.
            boundary: format!("tokensign-{}", Uuid::new_v4().simple()),
            parts: Vec::new(),
        }
    }

    /// Adds a part with JSON.
    pub(super) fn json(&mut self, name: &str, text: String) {
        let bytes = Bytes::from(text);
        self.parts.push(Part {
            head: self.head(name, None, "application/json"),
            size: u64::try_from(bytes.len()).ok(),
            content: stream::once(async { Ok(bytes) }).boxed(),
        });
    }

    /// Adds a part with a file.
    pub(super) fn file(
        &mut self,
        name: &str,
        file_name: &str,
        size: Option<u64>,
        content: BoxStream<'static, io::Result<Bytes>>,
    ) {
        self.parts.push(Part {
            head: self.head(name, Some(file_name), "application/octet-stream"),
            size,
            content,
        });
    }

    /// What the request's header says of it.
    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Its length in bytes, when every part's is known.
    pub(super) fn length(&self) -> Option<u64> {
        let own = |text: &str| u64::try_from(text.len()).ok();
        self.parts.iter().try_fold(own(&self.tail())?, |length, part| {
            Some(length + own(&part.head)? + part.size? + own(LINE_END)?)
        })
    }

    /// The bytes, piece by piece. A part is begun when the one before it has ended.
    pub(super) fn into_body(self) -> Body {
        let tail = self.tail();
        let parts = stream::iter(self.parts).flat_map(|part| {
            let text = |text: Bytes| stream::once(async { Ok(text) });
            text(Bytes::from(part.head))
                .chain(part.content)
                .chain(text(Bytes::from_static(LINE_END.as_bytes())))
                .boxed()
        });
        Body::wrap_stream(parts.chain(stream::once(async { io::Result::Ok(Bytes::from(tail)) })))
    }

    fn head(&self, name: &str, file_name: Option<&str>, media_type: &str) -> String {
        let mut head = format!(
            "--{}\r\ncontent-disposition: form-data; name=\"{}\"",
            self.boundary,
            quoted(name)
        );
        if let Some(file_name) = file_name {
            // Writing to a string does not fail.
            let _ = write!(head, "; filename=\"{}\"", quoted(file_name));
        }
        head + "\r\ncontent-type: " + media_type + "\r\n\r\n"
    }

    fn tail(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }
}

const LINE_END: &str = "\r\n";

/// A name in quotes, as browsers write it (WHATWG HTML, multipart/form-data encoding algorithm): UTF-8, with what would end it percent-encoded.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        // Some readers take it for the escape of what follows.
        .replace('\\', "%5C")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http_body_util::BodyExt as _;

    use super::*;

    fn content(text: &'static str) -> BoxStream<'static, io::Result<Bytes>> {
        stream::iter(text.split(' ').map(|piece| Ok(Bytes::from_static(piece.as_bytes())))).boxed()
    }

    #[tokio::test]
    async fn a_form_is_what_its_length_says_and_no_name_leaves_its_place() {
        let mut form = Form::new();
        form.json("request", "{}".to_owned());
        form.file("a", "Счёт \"5\"\r\nx: y.txt", Some(6), content("abc def"));
        let (boundary, length) = (form.boundary.clone(), form.length().unwrap());
        let sent = form.into_body().collect().await.unwrap().to_bytes();
        let expected = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"request\"\r\ncontent-type: application/json\r\n\r\n{{}}\r\n\
             --{boundary}\r\ncontent-disposition: form-data; name=\"a\"; filename=\"Счёт %225%22%0D%0Ax: y.txt\"\r\n\
             content-type: application/octet-stream\r\n\r\nabcdef\r\n--{boundary}--\r\n"
        );
        assert_eq!(std::str::from_utf8(&sent).unwrap(), expected);
        assert_eq!(length, u64::try_from(sent.len()).unwrap());
    }

    #[tokio::test]
    async fn ten_thousand_parts_need_no_deep_stack_and_no_length() {
        let mut form = Form::new();
        for n in 0..10_000 {
            form.file(&n.to_string(), "a.txt", (n > 0).then_some(1), content("a"));
        }
        assert_eq!(form.length(), None);
        let sent = form.into_body().collect().await.unwrap().to_bytes();
        assert!(sent.len() > 1_000_000, "{}", sent.len());
    }
}
