//! The colours of both themes: the roles and values of the window's design tokens, and the only raw colours here.

use plotters::style::RGBAColor;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// On a light or on a dark surface. Reports are light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark ink on a white surface.
    Light,
    /// Light ink on a dark surface.
    Dark,
}

/// An opaque colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    const fn hex(rgb: u32) -> Self {
        Self((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
    }

    pub(crate) const fn at(self, opacity: f64) -> RGBAColor {
        RGBAColor(self.0, self.1, self.2, opacity)
    }
}

/// Colours by what they are for.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// What a chart lies on.
    pub surface: Color,
    /// Hairlines that must be seen.
    pub line_strong: Color,
    /// The grid.
    pub grid: Color,
    /// Text that matters.
    pub ink: Color,
    /// Text that explains.
    pub ink_2: Color,
    /// Axes.
    pub ink_3: Color,
    /// What is selected.
    pub accent: Color,
    /// Alerts.
    pub warn: Color,
    /// Limits.
    pub bad: Color,
    /// The baseline.
    pub then: Color,
    /// The present.
    pub now: Color,
    /// Uncertainty around `now`.
    pub band: Color,
    /// Nothing to see, and five steps upwards from there.
    pub heat: [Color; 6],
}

const LIGHT: Palette = Palette {
    surface: Color::hex(0xff_ffff),
    line_strong: Color::hex(0xc9_c8c2),
    grid: Color::hex(0xec_ebe7),
    ink: Color::hex(0x1a_1c1f),
    ink_2: Color::hex(0x56_5a62),
    ink_3: Color::hex(0x66_6a72),
    accent: Color::hex(0x23_53d0),
    warn: Color::hex(0x8a_5a00),
    bad: Color::hex(0xb3_261e),
    then: Color::hex(0x85_8b97),
    now: Color::hex(0x23_53d0),
    band: Color::hex(0xe8_eefc),
    heat: [
        Color::hex(0xf0_f0ed),
        Color::hex(0xd9_e2f7),
        Color::hex(0xa9_bff0),
        Color::hex(0x6d_8fe3),
        Color::hex(0x2d_55c9),
        Color::hex(0x14_307f),
    ],
};

const DARK: Palette = Palette {
    surface: Color::hex(0x19_1b1e),
    line_strong: Color::hex(0x43_4851),
    grid: Color::hex(0x24_272c),
    ink: Color::hex(0xec_eded),
    ink_2: Color::hex(0xa8_adb6),
    ink_3: Color::hex(0x86_8c96),
    accent: Color::hex(0x86_a8ff),
    warn: Color::hex(0xe2_ac45),
    bad: Color::hex(0xff_8278),
    then: Color::hex(0x7c_828d),
    now: Color::hex(0x86_a8ff),
    band: Color::hex(0x1d_2740),
    heat: [
        Color::hex(0x1d_1f23),
        Color::hex(0x22_2c45),
        Color::hex(0x2c_4480),
        Color::hex(0x44_68c4),
        Color::hex(0x76_98f0),
        Color::hex(0xbe_d0ff),
    ],
};

impl Theme {
    /// Its colours.
    pub const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance after WCAG 2.2.
    fn luminance(Color(r, g, b): Color) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_marks_stand_out_from_the_surface() {
        for palette in [&LIGHT, &DARK] {
            for ink in [palette.ink, palette.ink_2, palette.ink_3, palette.accent, palette.bad] {
                assert!(contrast(ink, palette.surface) >= 4.5, "{ink:?}");
            }
            for mark in [palette.then, palette.now, palette.warn, palette.bad] {
                assert!(contrast(mark, palette.surface) >= 3.0, "{mark:?}");
            }
        }
    }
}
