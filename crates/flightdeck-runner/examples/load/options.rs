//! What the command line asks for.

use flightdeck_protocol::Pin;
use std::error::Error;

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Binary,
    Grpc,
}

impl Form {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Binary => "binary",
            Self::Grpc => "grpc",
        }
    }
}

pub(crate) struct Options {
    /// Host and port.
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) is_tls: bool,
    pub(crate) form: Form,
    pub(crate) input: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Whether requests have different numbers of rows.
    pub(crate) is_mixed: bool,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Requests in all, at most.
    pub(crate) requests: usize,
    pub(crate) token: Option<String>,
    /// The key that the server must have; without one any is taken.
    pub(crate) pin: Option<Pin>,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let url = arguments.next().ok_or("usage: load URL [--OPTION VALUE]…")?;
        let (scheme, rest) = url.split_once("://").ok_or("not a URL")?;
        let (host, path) = rest.split_once('/').ok_or("the URL has no path")?;
        let mut options = Self {
            host: host.into(),
            path: format!("/{path}"),
            is_tls: scheme == "https",
            form: Form::Json,
            input: "x".into(),
            rows: 1,
            columns: 4,
            is_mixed: false,
            connections: 8,
            seconds: 5.0,
            requests: usize::MAX,
            token: None,
            pin: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            options.set(&name, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Box<dyn Error>> {
        match name {
            "--form" => {
                let forms = [Form::Json, Form::Binary, Form::Grpc];
                let form = forms.into_iter().find(|form| form.name() == value);
                self.form = form.ok_or_else(|| format!("there is no form {value}"))?;
            }
            "--input" => self.input = value,
            "--shape" => {
                let (rows, columns) = value.split_once(',').ok_or("a shape is ROWS,COLUMNS")?;
                (self.rows, self.columns) = (rows.parse()?, columns.parse()?);
            }
            "--connections" => self.connections = value.parse()?,
            "--seconds" => self.seconds = value.parse()?,
            "--requests" => self.requests = value.parse()?,
            "--mixed" => self.is_mixed = value == "yes",
            "--token" => self.token = Some(value),
            "--pin" => self.pin = Some(value.parse()?),
            _ => return Err(format!("load does not know {name}").into()),
        }
        Ok(())
    }

    /// The model that the path names.
    pub(crate) fn model(&self) -> &str {
        self.path.split('/').skip_while(|part| *part != "models").nth(1).unwrap_or_default()
    }
}
