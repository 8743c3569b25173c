//! Time, output, memory and network have their limits, and a wish to stop is heard.

use crate::world::{BOTH, World, cell, eventually, group_is_alive, run, shown, start, text};
use flightdeck_core::Cancel;
use flightdeck_kernel::{
    Config, Execute, Isolation, Kernel, KernelError, MemoryRule, Outcome, Output, Stream,
};
use std::time::{Duration, Instant};

/// Runs a cell and cancels when it has printed something.
async fn cancelled(kernel: &mut Kernel, code: &str) -> (Outcome, Duration) {
    let cancel = Cancel::default();
    let mut stopped_at = None;
    let mut emit = |_| {
        cancel.cancel();
        stopped_at = stopped_at.or(Some(Instant::now()));
    };
    let outcome = kernel.execute(cell(code), &cancel, &mut emit).await.unwrap();
    (outcome, stopped_at.unwrap().elapsed())
}

#[tokio::test]
async fn cancelling_interrupts_a_sleep_and_keeps_the_kernel() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let (outcome, took) =
            cancelled(&mut kernel, "import time\nkept = 3\nprint('begun')\ntime.sleep(60)").await;
        assert_eq!(outcome, Outcome::Interrupted);
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert!(kernel.is_running());
        assert_eq!(kernel.value("kept").await.unwrap(), "3");
    }
}

#[tokio::test]
async fn what_does_not_react_is_killed_after_five_seconds() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let group = kernel.process_id();
    let (cancel, begun) = (Cancel::default(), world.folder.path().join("begun"));
    // A loop in C holds the interpreter: no signal handler runs, and nothing is printed either.
    let request = cell("open('begun', 'w').close()\nsum(range(10**12))");
    let mut nothing = |_| {};
    let running = kernel.execute(request, &cancel, &mut nothing);
    let cancelling = async {
        eventually("the cell runs", || begun.exists()).await;
        cancel.cancel();
        Instant::now()
    };
    let (outcome, stopped_at) = tokio::join!(running, cancelling);
    let (outcome, took) = (outcome.unwrap(), stopped_at.elapsed());
    assert_eq!(outcome, Outcome::Interrupted);
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(10), "{took:?}");
    assert!(!kernel.is_running());
    assert!(!group_is_alive(group));
    assert!(matches!(kernel.value("1").await.unwrap_err(), KernelError::Died { memory: false, .. }));
}

#[tokio::test]
async fn a_cell_has_a_time_limit() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let request = Execute { limit: Duration::from_millis(500), ..cell("import time; time.sleep(60)") };
        let begun = Instant::now();
        let outcome = kernel.execute(request, &Cancel::default(), &mut |_| {}).await.unwrap();
        assert_eq!(outcome, Outcome::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert_eq!(kernel.value("1").await.unwrap(), "1");
    }
}

#[tokio::test]
async fn a_cell_that_prints_for_ever_is_bounded() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let request = Execute { limit: Duration::from_secs(4), ..cell("while True: print('x' * 1000)") };
        let mut outputs = Vec::new();
        let outcome =
            kernel.execute(request, &Cancel::default(), &mut |output| outputs.push(output)).await.unwrap();
        assert_eq!(outcome, Outcome::TimedOut);
        assert!(kernel.is_running());
        assert!(text(&outputs, Stream::Stdout).len() <= 1 << 20);
        let notices = outputs.iter().filter(|output| matches!(output, Output::NotShown { .. })).count();
        assert_eq!(notices, 1);
        assert_eq!(kernel.value("1").await.unwrap(), "1");
    }
}

#[tokio::test]
async fn one_print_of_a_hundred_megabytes_is_bounded() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let (outcome, outputs) = shown(&mut kernel, "print('x' * 100_000_000)\n'y' * 100_000_000").await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(text(&outputs, Stream::Stdout).len(), 1 << 20);
    assert!(matches!(outputs.last(), Some(Output::NotShown { .. })));
}

#[tokio::test]
async fn ten_gigabytes_are_a_memory_error_in_the_cell() {
    for environment in BOTH {
        let world = World::new();
        let config = Config { memory_bytes: Some(3 << 30), ..world.config(environment) };
        let mut kernel = start(&config).await.unwrap();
        let outcome = run(&mut kernel, "import numpy\nx = numpy.ones(10 << 27)").await;
        let Outcome::Failed { name, line, .. } = outcome else { panic!("{outcome:?}") };
        assert!(name.contains("MemoryError"), "{name}");
        assert_eq!(line, Some(2));
        assert_eq!(kernel.value("1").await.unwrap(), "1");
    }
}

#[tokio::test]
async fn without_an_address_space_limit_the_resident_size_is_watched() {
    let world = World::new();
    let config =
        Config { memory_bytes: Some(300 << 20), memory_rule: MemoryRule::Resident, ..world.config("new") };
    let mut kernel = start(&config).await.unwrap();
    let code = "import subprocess, sys, time\nchild = subprocess.Popen([sys.executable, '-c', 'import time; x = bytearray(600 << 20); time.sleep(60)'])\ntime.sleep(60)";
    let error = kernel.execute(cell(code), &Cancel::default(), &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, KernelError::Died { memory: true, .. }), "{error}");
    assert_eq!(error.code(), "kernel-out-of-memory");
}

#[tokio::test]
async fn the_network_is_off_where_the_system_allows_it() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        if let Isolation::NotBlocked { reason } = kernel.network() {
            assert!(!reason.is_empty());
            println!("not blocked here: {reason}");
            continue;
        }
        assert_eq!(*kernel.network(), Isolation::Off);
        let begun = Instant::now();
        let outcome = run(
            &mut kernel,
            "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=30)",
        )
        .await;
        assert!(
            matches!(outcome, Outcome::Failed { ref value, .. } if value.contains("unreachable")),
            "{outcome:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(20));
        let own = "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n\
            socket.create_connection(server.getsockname(), timeout=5).close()";
        assert_eq!(run(&mut kernel, own).await, Outcome::Done);
        let user = kernel.value("__import__('os').getuid()").await.unwrap();
        assert_eq!(user, rustix::process::getuid().as_raw().to_string());
        std::fs::write(world.folder.path().join("mine"), "x").unwrap();
        assert_eq!(run(&mut kernel, "open('mine').read(); open('new', 'w').close()").await, Outcome::Done);
    }
}
