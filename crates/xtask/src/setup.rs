//! What a machine needs before anything can be built or tested. Found things are left alone and not talked about.

mod contents;
mod driver;
mod environments;
mod interpreter;
mod node;
mod offered;
mod onnxruntime;
mod python;
mod system;

use std::path::PathBuf;

use anyhow::Result;

use crate::place::Place;

/// What the machine is prepared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building and using the product.
    Use,
    /// Taking a notebook's model too, as the demo does.
    Notebook,
    /// Testing it too, the real window under a virtual display included.
    Test,
}

/// The fetched parts.
pub(crate) struct Ready {
    /// ONNX Runtime's shared library.
    pub(crate) onnxruntime: PathBuf,
    /// The window's WebDriver; only for tests, and not on macOS, where there is none.
    pub(crate) tauri_driver: Option<PathBuf>,
    /// The folder of the pinned Python environments; not for mere use.
    pub(crate) python: Option<PathBuf>,
}

pub(crate) fn setup(place: &Place, purpose: Purpose) -> Result<Ready> {
    system::packages(purpose)?;
    node::packages(place)?;
    let onnxruntime = onnxruntime::fetch(place)?;
    let wanted = purpose == Purpose::Test && !cfg!(target_os = "macos");
    let tauri_driver = if wanted { Some(driver::install(place)?) } else { None };
    let python = if purpose == Purpose::Use { None } else { Some(environments::make(place, purpose)?) };
    Ok(Ready { onnxruntime, tauri_driver, python })
}
