//! Drawing in CSS pixels on plotters' SVG backend, and what the backend leaves out.
//!
//! The backend knows whole numbers only, so that everything is drawn at four times the size and shrunk by the `viewBox`.
//! It has no title, no role, no dashes, and it names a font; the page's own font shall apply.

use crate::chart::{Area, Size};
use crate::theme::{Color, Palette};
use crate::words::printable;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, IntoFont, RGBAColor, ShapeStyle, TextStyle};

/// Drawn units per CSS pixel.
const SCALE: f64 = 4.0;
/// The size of all text, in CSS pixels.
pub(crate) const TEXT: f64 = 11.0;
/// From a line's middle down to the baseline of text that is centred on it.
pub(crate) const TO_BASELINE: f64 = 4.0;
/// Far outside every chart; a coordinate beyond it is a value gone wrong.
const FARTHEST: f64 = 100_000.0;

/// Where the drawing goes. Drawing into a string cannot fail, so the backend's results are dropped here and only here.
pub(crate) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Which part of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Draws an SVG document with a title and a description.
pub(crate) fn draw(size: Size, title: &str, alt: &str, paint: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut drawn = String::new();
    {
        let mut canvas = Canvas {
            backend: SVGBackend::with_string(
                &mut drawn,
                (size.width * SCALE as u32, size.height * SCALE as u32),
            ),
        };
        paint(&mut canvas);
        canvas.backend.present().ok();
    }
    finish(size, title, alt, &drawn)
}

/// Replaces the opening tag and takes out what says nothing or names a font.
fn finish(size: Size, title: &str, alt: &str, drawn: &str) -> String {
    let body = drawn.split_once('>').map_or("", |(_, body)| body);
    let Size { width, height } = size;
    let (w, h) = (width * SCALE as u32, height * SCALE as u32);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>",
        escape(title),
        escape(alt)
    );
    svg.reserve(body.len());
    tidy(body, &mut svg);
    svg
}

/// What the backend writes and nobody needs. Quotes and angle brackets in texts are escaped, so that none of these can
/// be part of a text; and a text never starts a line of its own, which its reader would get as a space.
fn tidy(body: &str, out: &mut String) {
    const IDLE: [&str; 5] = [
        " opacity=\"1\"",
        " stroke=\"none\"",
        " dy=\"-0.5ex\"",
        " text-anchor=\"start\"",
        " font-family=\"sans-serif\"",
    ];
    let mut rest = body;
    while let Some(at) = rest.find([' ', '\n']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(idle) = IDLE.iter().find(|idle| rest.starts_with(**idle)) {
            rest = &rest[idle.len()..];
            continue;
        }
        let (space, after) = rest.split_at(1);
        let starts_text = space == "\n" && out.ends_with('>') && !after.starts_with('<') && !after.is_empty();
        let ends_text = space == "\n" && after.starts_with("</text>");
        let ends_points = space == " " && after.starts_with('"');
        if !(starts_text || ends_text || ends_points) {
            out.push_str(space);
        }
        rest = after;
    }
    out.push_str(rest);
}

fn escape(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unit(value: f64) -> i32 {
    let bounded = if value.is_nan() { 0.0 } else { value.clamp(-FARTHEST, FARTHEST) };
    (bounded * SCALE).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (unit(x), unit(y))
}

fn stroke(color: RGBAColor, width: f64) -> ShapeStyle {
    ShapeStyle { color, filled: false, stroke_width: (width * SCALE).round() as u32 }
}

const fn filled(color: RGBAColor) -> ShapeStyle {
    ShapeStyle { color, filled: true, stroke_width: 0 }
}

impl Canvas<'_> {
    /// A straight line, `width` pixels wide.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: Color, width: f64) {
        self.backend.draw_line(point(from), point(to), &stroke(color.at(1.0), width)).ok();
    }

    /// A line through points.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], color: Color, width: f64) {
        if points.len() > 1 {
            let style = stroke(color.at(1.0), width);
            self.backend.draw_path(points.iter().copied().map(point), &style).ok();
        }
    }

    /// A line through points in dashes of `on` pixels with gaps of `off`.
    pub(crate) fn dashes(&mut self, points: &[(f64, f64)], color: Color, (on, off): (f64, f64)) {
        let mut dash = vec![];
        let (mut drawing, mut left) = (true, on);
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = (x1 - x0).hypot(y1 - y0);
            let mut done = 0.0;
            if drawing && dash.is_empty() {
                dash.push((x0, y0));
            }
            while length - done > left {
                done += left;
                let at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
                dash.push(at);
                if drawing {
                    self.path(&dash, color, 1.25);
                }
                dash.clear();
                drawing = !drawing;
                left = if drawing { on } else { off };
                if drawing {
                    dash.push(at);
                }
            }
            left -= length - done;
            if drawing {
                dash.push((x1, y1));
            }
        }
        self.path(&dash, color, 1.25);
    }

    /// A filled rectangle.
    pub(crate) fn rect(&mut self, area: Area, color: Color, opacity: f64) {
        let (from, to) = (point((area.left, area.top)), point((area.right, area.bottom)));
        if from.0 < to.0 && from.1 < to.1 {
            self.backend.draw_rect(from, to, &filled(color.at(opacity)), true).ok();
        }
    }

    /// A rectangle's outline.
    pub(crate) fn frame(&mut self, area: Area, color: Color) {
        let Area { left, top, right, bottom } = area;
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.path(&corners, color, 1.0);
    }

    /// A filled shape.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], color: Color, opacity: f64) {
        if points.len() > 2 {
            let style = filled(color.at(opacity));
            self.backend.fill_polygon(points.iter().copied().map(point), &style).ok();
        }
    }

    /// A dot of this radius.
    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, color: Color) {
        let radius = (radius * SCALE).round() as u32;
        self.backend.draw_circle(point(at), radius, &filled(color.at(1.0)), true).ok();
    }

    /// The mark of an alert: a triangle, 8 pixels wide, that points down to `tip`.
    pub(crate) fn triangle(&mut self, (x, y): (f64, f64), color: Color, around: Color) {
        let at = |half: f64, height: f64| [(x - half, y - height), (x + half, y - height), (x, y)];
        let outer = [(x - 5.5, y - 7.5), (x + 5.5, y - 7.5), (x, y + 1.5)];
        self.polygon(&outer, around, 1.0);
        self.polygon(&at(4.0, 6.5), color, 1.0);
    }

    /// What stands where a chart would be.
    pub(crate) fn nothing(&mut self, size: Size, text: &str, palette: &Palette) {
        let middle = (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0 + TO_BASELINE);
        self.text(text, middle, Anchor::Middle, palette.ink_3);
    }

    /// A text whose baseline starts, is centred or ends at a point. Markup in it is text.
    pub(crate) fn text(&mut self, text: &str, at: (f64, f64), anchor: Anchor, color: Color) {
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // The backend divides sizes by 1.24.
        let font = (FontFamily::SansSerif, TEXT * SCALE * 1.24).into_font();
        let color = color.at(1.0);
        let style = TextStyle::from(font).color(&color).pos(Pos::new(h_pos, VPos::Bottom));
        self.backend.draw_text(&printable(text), &style, point(at)).ok();
    }
}
