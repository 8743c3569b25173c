//! What every chart comes back as.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A drawn chart.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Chart {
    /// An `<svg>` element for putting inline into a page: no styles, no scripts, no font of its own.
    pub svg: String,
    /// Its width in CSS pixels.
    pub width: u32,
    /// Its height in CSS pixels.
    pub height: u32,
    /// A sentence that says what one sees.
    pub alt: String,
    /// The exact values, header first.
    pub table: Vec<Vec<String>>,
    /// Where a pointer or the keyboard finds a value, in reading order.
    pub hover: Vec<HoverArea>,
}

/// A rectangle in CSS pixels from the chart's upper left corner, and what stands there.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct HoverArea {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// The values, in words.
    pub label: String,
}

impl HoverArea {
    pub(crate) fn new(area: Area, label: String) -> Self {
        // A quarter of a pixel is what the drawing resolves.
        let quarter = |value: f64| (value * 4.0).round() / 4.0;
        Self {
            x: quarter(area.left),
            y: quarter(area.top),
            width: quarter(area.width()),
            height: quarter(area.height()),
            label,
        }
    }
}

/// How large a chart is, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Size {
    /// Within what can be drawn and seen.
    pub(crate) fn bounded(self) -> Self {
        Self { width: self.width.clamp(120, 4000), height: self.height.clamp(48, 8000) }
    }
}

/// A rectangle in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Whether the two share any point.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}
