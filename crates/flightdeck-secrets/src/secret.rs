//! A text that shows itself to nobody by accident.

use zeroize::Zeroizing;

/// A secret text. It cannot be printed, compared or serialised, and its memory is overwritten when it is dropped.
///
/// ```compile_fail
/// let secret = flightdeck_secrets::Secret::new("canary".into());
/// println!("{secret:?}");
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller has no other copy of it.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that hands it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
