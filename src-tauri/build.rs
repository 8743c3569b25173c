//! Generates one permission per command of the window, so that the capability can name each it grants.

use std::error::Error;

#[macro_use]
#[path = "src/table.rs"]
mod table;

macro_rules! names {
    ($($name:ident),* $(,)?) => {
        &[$(stringify!($name)),*]
    };
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src/table.rs");
    if std::env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some() {
        println!("cargo:rerun-if-changed=../ui/dist");
    }
    let commands = tauri_build::AppManifest::new().commands(with_commands!(names));
    Ok(tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))?)
}
