//! Where the messages of one cell become outputs, up to a limit: beyond it, one notice and then nothing.

use super::media::shown;
use super::{Output, Plain, Stream};
use jupyter_protocol::media::Media;
use jupyter_protocol::messaging::{JupyterMessageContent, Stdio};

/// Text of a cell that is passed on.
const TEXT_BYTES: usize = 1 << 20;
/// Pictures of a cell that are passed on, as encoded by us.
const IMAGE_BYTES: usize = 8 << 20;
/// What the smallest output costs: a million empty ones are too many as well.
const LEAST_BYTES: usize = 64;

/// Takes what the kernel publishes for one cell.
pub(crate) struct Sink<'a> {
    emit: &'a mut (dyn FnMut(Output) + Send),
    text_left: usize,
    image_left: usize,
    full: bool,
    stdout: Plain,
    stderr: Plain,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(emit: &'a mut (dyn FnMut(Output) + Send)) -> Self {
        let (stdout, stderr) = (Plain::default(), Plain::default());
        Self { emit, text_left: TEXT_BYTES, image_left: IMAGE_BYTES, full: false, stdout, stderr }
    }

    /// Passes on what a message shows. Decoding a picture happens off the async threads.
    pub(crate) async fn take(&mut self, content: JupyterMessageContent) {
        if self.full {
            return;
        }
        match content {
            JupyterMessageContent::StreamContent(piece) => self.stream(&piece.name, &piece.text),
            JupyterMessageContent::ExecuteResult(result) => self.media(result.data, Stream::Result).await,
            JupyterMessageContent::DisplayData(display) => self.media(display.data, Stream::Display).await,
            JupyterMessageContent::UpdateDisplayData(update) => {
                self.media(update.data, Stream::Display).await;
            }
            JupyterMessageContent::ClearOutput(_) => self.pass(Output::Cleared),
            _ => {}
        }
    }

    fn stream(&mut self, name: &Stdio, text: &str) {
        let (plain, stream) = match name {
            Stdio::Stdout => (&mut self.stdout, Stream::Stdout),
            Stdio::Stderr => (&mut self.stderr, Stream::Stderr),
        };
        let text = plain.strip(head(text, self.text_left + LEAST_BYTES));
        self.pass(Output::Text { stream, text });
    }

    async fn media(&mut self, media: Media, stream: Stream) {
        // Only a panic in the decoder ends this with an error, and then there is nothing to show.
        let output = tokio::task::spawn_blocking(move || shown(media, stream)).await;
        self.pass(output.unwrap_or_else(|_| Output::NotShown { what: "a damaged image".into() }));
    }

    fn pass(&mut self, output: Output) {
        match output {
            Output::Text { stream, text } if text.len() > self.text_left => {
                let kept = head(&text, self.text_left).to_owned();
                (self.emit)(Output::Text { stream, text: kept });
                self.overflow("more text: this cell printed more than 1 MB");
            }
            Output::Image { ref png, .. } if png.len() > self.image_left => {
                self.overflow("more images: this cell drew more than 8 MB");
            }
            output => self.charge(output),
        }
    }

    fn charge(&mut self, output: Output) {
        match &output {
            Output::Text { text, .. } if text.is_empty() => return,
            Output::Text { text, .. } => {
                self.text_left = self.text_left.saturating_sub(text.len().max(LEAST_BYTES));
            }
            Output::Image { png, .. } => self.image_left -= png.len(),
            Output::NotShown { .. } | Output::Cleared => {
                self.text_left = self.text_left.saturating_sub(LEAST_BYTES);
            }
        }
        (self.emit)(output);
        if self.text_left == 0 {
            self.overflow("more text: this cell printed more than 1 MB");
        }
    }

    fn overflow(&mut self, what: &str) {
        self.full = true;
        (self.emit)(Output::NotShown { what: what.into() });
    }
}

/// The first bytes of a text, cut between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::messaging::StreamContent;

    fn printed(text: &str) -> JupyterMessageContent {
        JupyterMessageContent::StreamContent(StreamContent { name: Stdio::Stdout, text: text.into() })
    }

    async fn collected(pieces: impl Iterator<Item = JupyterMessageContent>) -> Vec<Output> {
        let mut got = Vec::new();
        let mut emit = |output| got.push(output);
        let mut sink = Sink::new(&mut emit);
        for piece in pieces {
            sink.take(piece).await;
        }
        got
    }

    #[tokio::test]
    async fn text_is_cut_at_a_megabyte_with_one_notice() {
        let got = collected((0..50).map(|_| printed(&"é".repeat(50_000)))).await;
        let kept: usize = got
            .iter()
            .map(|output| if let Output::Text { text, .. } = output { text.len() } else { 0 })
            .sum();
        assert!((1_048_000..=1_048_576).contains(&kept), "{kept}");
        assert_eq!(got.iter().filter(|output| matches!(output, Output::NotShown { .. })).count(), 1);
    }

    #[tokio::test]
    async fn endless_tiny_outputs_are_bounded() {
        assert!(collected((0..100_000).map(|_| printed("x"))).await.len() < 20_000);
    }
}
