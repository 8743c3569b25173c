//! Which one of the forms that a cell offers for one object is shown, if any.

use super::picture;
use super::{Output, Stream, plain};
use jupyter_protocol::media::{Media, MediaType};

/// One form of the object: a picture, or else its text, or else a word about what it was.
pub(crate) fn shown(media: Media, stream: Stream) -> Output {
    let mut forms = media.content;
    if let Some(at) = forms.iter().position(|form| matches!(form, MediaType::Png(_) | MediaType::Jpeg(_)))
        && let MediaType::Png(data) | MediaType::Jpeg(data) = forms.swap_remove(at)
    {
        return image(&data);
    }
    let text = forms.iter().find_map(|form| match form {
        MediaType::Plain(text) if !is_bare_object(text) => Some(text),
        MediaType::Markdown(text) => Some(text),
        _ => None,
    });
    match (text, what(&forms)) {
        (Some(text), _) => Output::Text { stream, text: plain(text) + "\n" },
        (None, what) => Output::NotShown { what },
    }
}

fn image(data: &str) -> Output {
    match picture::decode(data) {
        Ok(found) => Output::Image { png: found.png, width: found.width, height: found.height },
        Err(what) => Output::NotShown { what },
    }
}

/// `<IPython.core.display.HTML object>` says nothing that "html" does not say better.
fn is_bare_object(text: &str) -> bool {
    text.starts_with("<IPython.core.display.") && text.trim_end().ends_with("object>")
}

fn what(forms: &[MediaType]) -> String {
    let kinds: Vec<&str> = forms.iter().map(MediaType::mime_type).collect();
    let named = [
        ("application/vnd.jupyter.widget-view+json", "widget"),
        ("application/javascript", "javascript"),
        ("image/svg+xml", "svg"),
        ("text/html", "html"),
        ("text/latex", "latex"),
    ];
    let known = named.iter().find(|(kind, _)| kinds.contains(kind)).map(|(_, what)| (*what).to_owned());
    let other = || {
        kinds.iter().find(|kind| **kind != "text/plain").map(|kind| plain(kind).chars().take(80).collect())
    };
    known.or_else(other).unwrap_or_else(|| "an object without text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(forms: Vec<MediaType>) -> Output {
        shown(Media::new(forms), Stream::Display)
    }

    #[test]
    fn n1_html_is_named_and_a_table_is_shown_as_text() {
        let bare = MediaType::Plain("<IPython.core.display.HTML object>".into());
        assert_eq!(
            of(vec![MediaType::Html("<script>".into()), bare]),
            Output::NotShown { what: "html".into() }
        );
        let table = of(vec![MediaType::Html("<table>".into()), MediaType::Plain("   a\n0  1".into())]);
        assert_eq!(table, Output::Text { stream: Stream::Display, text: "   a\n0  1\n".into() });
    }

    #[test]
    fn n3_scripts_widgets_and_unknown_kinds_are_named() {
        let script = of(vec![MediaType::Javascript("alert(1)".into())]);
        assert_eq!(script, Output::NotShown { what: "javascript".into() });
        let odd = of(vec![MediaType::Other(("application/x-odd\u{1b}[1m".into(), serde_json::Value::Null))]);
        assert_eq!(odd, Output::NotShown { what: "application/x-odd".into() });
    }

    #[test]
    fn n2_a_picture_that_is_none_is_named() {
        assert_eq!(
            of(vec![MediaType::Png("AAAA".into())]),
            Output::NotShown { what: "an image that is neither PNG nor JPEG".into() }
        );
    }
}
