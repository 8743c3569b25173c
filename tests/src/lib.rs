//! What the journeys share: a library of their own, the built programs, and the sample models.
//!
//! A journey starts nothing that it does not end: dropping a [`Desk`] stops the runner that was started in its library.

mod desk;
mod display;
mod keychain;
mod notebook;
mod programs;
mod remote;
mod window;

pub use desk::{Answer, Desk};
pub use display::{Display, Drag};
pub use keychain::Keychain;
pub use notebook::{Events, beside, notebook, of_cells};
pub use programs::{cache, driver, environments, program, python, sample};
pub use remote::Remote;
pub use window::Window;
