//! Every setting, its default and what it is for, declared once: the file is read into these types and `--print-config`
//! prints them. **A new setting is one line here**, in the section of the room that obeys it.
//!
//! What is needed before a file can be read, such as the data folder, is an argument and does not stand here.

use super::Seconds;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A section as it is printed: its name, what it is about, and its keys with what they are for.
pub(super) type Section =
    (&'static str, &'static [&'static str], &'static [(&'static str, &'static [&'static str])]);

macro_rules! settings {
    ($($(#[doc = $about:literal])* [$section:ident] $name:ident {
        $($(#[doc = $doc:literal])* $key:ident: $kind:ty = $default:expr;)*
    })*) => {
        /// Everything that the configuration file may say.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct Settings { $($(#[doc = $about])* pub(crate) $section: $name,)* }

        impl Settings {
            /// What is printed about them.
            pub(super) const SECTIONS: &'static [Section] =
                &[$((stringify!($section), &[$($about),*], &[$((stringify!($key), &[$($doc),*])),*])),*];
        }

        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub(crate) struct $name { $($(#[doc = $doc])* pub(crate) $key: $kind,)* }

            impl Default for $name {
                fn default() -> Self {
                    Self { $($key: $default,)* }
                }
            }
        )*
    };
}

settings! {
    /// Where to listen.
    [server] Server {
        /// Address and port; port 0 picks a free one. Unset: 127.0.0.1:0, in pod mode 0.0.0.0 and PORT or 8080.
        listen: Option<SocketAddr> = None;
    }
    /// Encryption.
    [tls] Tls {
        /// "auto": on wherever other machines can reach the address, except in pod mode; "on"; "off".
        mode: TlsMode = TlsMode::Auto;
        /// The certificate chain, PEM. Unset: a certificate of its own, made once and kept in the data folder.
        cert: Option<PathBuf> = None;
        /// The certificate's private key, PEM, readable by nobody else.
        key: Option<PathBuf> = None;
        /// How long a handshake may take.
        handshake_seconds: Seconds = Seconds::new(5);
    }
    /// Connections and what may come over one.
    [http] Http {
        /// Connections at once. More wait in the system's queue.
        connections: usize = 1024;
        /// Connections at once from one address (IPv6: one /64 network). More are closed.
        connections_per_address: usize = 512;
        /// How long the head of a request may take to arrive, and how long an idle HTTP/1 connection is kept.
        header_seconds: Seconds = Seconds::new(10);
        /// Header lines of a request.
        header_count: usize = 100;
        /// Bytes of a request's head.
        header_bytes: u32 = 64 << 10;
        /// Bytes of a body, after decompression.
        body_bytes: usize = 64 << 20;
        /// How long a body may take to arrive.
        body_seconds: Seconds = Seconds::new(60);
        /// What a body must bring, on average, once its time of grace is over; 0 for no such bound.
        body_bytes_per_second: u64 = 1024;
        /// How long a body may take before its rate is looked at.
        body_grace_seconds: Seconds = Seconds::new(5);
        /// How long an answer may wait for a reader who takes nothing, and how long an idle HTTP/2 connection is kept.
        idle_seconds: Seconds = Seconds::new(60);
        /// Requests at once over one HTTP/2 connection.
        streams: u32 = 256;
        /// How often the other end of a quiet HTTP/2 connection is asked whether it is still there.
        ping_seconds: Seconds = Seconds::new(20);
    }
    /// Telemetry that waits until somebody takes it.
    [outbox] Outbox {
        /// What it may have of the disk, in bytes. Unset: a gibibyte, or a tenth of the disk when that is less.
        bytes: Option<u64> = None;
    }
    /// The end of the server.
    [drain] Drain {
        /// How long to go on serving, not ready, after being asked to end. Kubernetes needs about 5 to notice. Unset: 0, in
        /// pod mode 5.
        delay_seconds: Option<Seconds> = None;
        /// How long requests that were begun may take to end.
        grace_seconds: Seconds = Seconds::new(10);
    }
    /// Figures for Prometheus, at /metrics.
    [metrics] Metrics {
        /// Whether they are shown without a token, as they are in pod mode.
        open: bool = false;
        /// Whether the names that dashboards for Triton know, `nv_inference_*`, are told, too.
        triton_names: bool = false;
    }
    /// Traces for OpenTelemetry.
    [otel] Otel {
        /// The collector, such as `http://localhost:4318`, which is sent a span for each request, as OTLP in JSON. Unset: none.
        endpoint: Option<String> = None;
    }
    /// Standard error.
    [log] Log {
        /// What is written, as filters of the form `info,ort=warn`. The environment's `FLIGHTDECK_LOG` goes before it.
        level: String = "info,ort=warn".into();
        /// "text" or "json", one line for each event.
        format: LogFormat = LogFormat::Text;
    }
}

/// When to encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Wherever it is needed.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
