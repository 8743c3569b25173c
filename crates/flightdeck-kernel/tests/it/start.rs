//! Starting, and everything that can keep a kernel from it.

use crate::world::{
    BOTH, World, environments, eventually, group_is_alive, interpreter, run, script, shown, start, text,
};
use flightdeck_core::Cancel;
use flightdeck_kernel::{Isolation, Kernel, KernelError, Network, Outcome, Stream, Transport};
use std::process::Command;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_kernel_starts_and_leaves_nothing_behind() {
    for environment in BOTH {
        let world = World::new();
        let begun = Instant::now();
        let kernel = world.start(environment).await;
        println!("{environment}: ready after {:?}, {}", begun.elapsed(), kernel.implementation());
        assert_eq!(kernel.language(), "python");
        let group = kernel.process_id();
        assert!(group_is_alive(group));
        kernel.shutdown().await;
        assert!(!group_is_alive(group));
        assert_eq!(std::fs::read_dir(world.runtime.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn the_private_folder_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let _kernel = world.start("new").await;
    let private = std::fs::read_dir(world.runtime.path()).unwrap().next().unwrap().unwrap();
    assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_dropped_kernel_takes_its_children_along() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let group = kernel.process_id();
    let code = "import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid)";
    let (outcome, outputs) = shown(&mut kernel, code).await;
    assert_eq!(outcome, Outcome::Done);
    let child: u32 = text(&outputs, Stream::Stdout).trim().parse().unwrap();
    drop(kernel);
    eventually("the group is gone", || !group_is_alive(group)).await;
    let state = std::fs::read_to_string(format!("/proc/{child}/stat"));
    assert!(state.is_err() || state.unwrap().contains(") Z "));
}

#[tokio::test]
async fn the_environment_is_the_notebooks_own() {
    let world = World::new();
    let config = flightdeck_kernel::Config {
        environment: vec![("ONLY_HERE".into(), "1".into()), ("OMP_NUM_THREADS".into(), "3".into())],
        ..world.config("new")
    };
    let mut kernel = start(&config).await.unwrap();
    let asked = "[__import__('os').environ.get(name) for name in ('MPLBACKEND', 'FLIGHTDECK', 'PYTHONPATH', 'ONLY_HERE', 'OMP_NUM_THREADS')]";
    assert_eq!(
        kernel.value(asked).await.unwrap(),
        "['module://matplotlib_inline.backend_inline', '1', None, '1', '3']"
    );
    let here = kernel.value("__import__('os').getcwd()").await.unwrap();
    assert_eq!(std::path::Path::new(&here), world.folder.path().canonicalize().unwrap());
    let names = "[name for name in globals() if not name.startswith('_')]";
    assert_eq!(kernel.value(names).await.unwrap(), "['In', 'Out', 'get_ipython', 'exit', 'quit', 'open']");
    let home = kernel.value("get_ipython().ipython_dir").await.unwrap();
    assert!(home.starts_with(world.runtime.path().to_str().unwrap()), "{home}");
    let arguments = kernel.value("__import__('sys').argv[1]").await.unwrap();
    assert_eq!(arguments, "-f");
}

#[tokio::test]
async fn a_file_beside_the_notebook_does_not_shadow_the_standard_library() {
    let world = World::new();
    for name in ["random.py", "queue.py", "helper.py"] {
        std::fs::write(world.folder.path().join(name), "mine = 1").unwrap();
    }
    let mut kernel = world.start("new").await;
    assert_eq!(run(&mut kernel, "import helper; assert helper.mine == 1").await, Outcome::Done);
}

#[tokio::test]
async fn a_kernel_can_be_reached_over_tcp() {
    let world = World::new();
    for environment in BOTH {
        let config =
            flightdeck_kernel::Config { transport: Transport::Loopback, ..world.config(environment) };
        let mut kernel = start(&config).await.unwrap();
        assert_eq!(kernel.value("6 * 7").await.unwrap(), "42");
        assert!(matches!(kernel.network(), Isolation::NotBlocked { .. }));
    }
}

#[tokio::test]
async fn an_interpreter_that_is_gone_is_named() {
    let world = World::new();
    let path = world.folder.path().join("no").join("python");
    let config = flightdeck_kernel::Config { interpreter: path.clone(), ..world.config("new") };
    let error = start(&config).await.unwrap_err();
    assert!(matches!(&error, KernelError::NoInterpreter { path: named, .. } if *named == path), "{error}");
    assert_eq!(error.code(), "interpreter-gone");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_named() {
    let world = World::new();
    let folder = world.folder.path().join("no");
    let config = flightdeck_kernel::Config { folder, ..world.config("new") };
    assert!(matches!(start(&config).await.unwrap_err(), KernelError::NoFolder { .. }));
}

#[tokio::test]
async fn without_ipykernel_the_overlay_is_used_and_nothing_is_installed() {
    let world = World::new();
    let bare = world.folder.path().join("bare");
    let made =
        Command::new(interpreter("new")).args(["-m", "venv", "--without-pip"]).arg(&bare).status().unwrap();
    assert!(made.success());
    let packages = bare.join("lib");
    let before = files_below(&packages);
    let without =
        flightdeck_kernel::Config { interpreter: bare.join("bin").join("python"), ..world.config("new") };
    assert!(matches!(start(&without).await.unwrap_err(), KernelError::NoIpykernel { .. }));
    let overlay = std::fs::read_dir(environments().join("new/lib")).unwrap().next().unwrap().unwrap().path();
    let with = flightdeck_kernel::Config { overlay: Some(overlay.join("site-packages")), ..without };
    let mut kernel = start(&with).await.unwrap();
    let prefix = kernel.value("__import__('sys').prefix").await.unwrap();
    assert_eq!(std::path::Path::new(&prefix), bare);
    let last = kernel.value("__import__('sys').path[-1]").await.unwrap();
    assert_eq!(std::path::Path::new(&last), overlay.join("site-packages"));
    kernel.shutdown().await;
    assert_eq!(files_below(&packages), before);
}

fn files_below(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| if entry.file_type().unwrap().is_dir() { 1 + files_below(&entry.path()) } else { 1 })
        .sum()
}

#[tokio::test]
async fn a_kernel_that_hangs_at_the_start_is_silent() {
    let world = World::new();
    let interpreter = script(world.folder.path(), "#!/bin/sh\necho thinking >&2\nsleep 600\n");
    let config = flightdeck_kernel::Config {
        interpreter,
        start_limit: Duration::from_millis(300),
        ..world.config("new")
    };
    let error = start(&config).await.unwrap_err();
    assert!(matches!(&error, KernelError::Silent { tail, .. } if tail == "thinking"), "{error:?}");
}

#[tokio::test]
async fn a_kernel_that_ends_at_the_start_says_its_last_words() {
    let world = World::new();
    let interpreter = script(world.folder.path(), "#!/bin/sh\necho 'ImportError: no tornado' >&2\nexit 4\n");
    let config = flightdeck_kernel::Config { interpreter, ..world.config("new") };
    let error = start(&config).await.unwrap_err();
    assert!(
        matches!(&error, KernelError::Start { tail, status } if tail.contains("tornado") && status.contains('4'))
    );
    assert!(error.hint().contains("no tornado"));
}

#[tokio::test]
async fn a_start_can_be_cancelled() {
    let world = World::new();
    let interpreter = script(world.folder.path(), "#!/bin/sh\necho $$ > pid\nsleep 600\n");
    let config = flightdeck_kernel::Config { interpreter, ..world.config("new") };
    let cancel = Cancel::default();
    let pid = world.folder.path().join("pid");
    let read = || std::fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let starting = Kernel::start(&config, &cancel);
    let cancelling = async {
        eventually("the script runs", || read().is_some()).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(starting, cancelling);
    assert!(matches!(result.unwrap_err(), KernelError::Cancelled));
    let group = read().unwrap();
    eventually("the group is gone", || !group_is_alive(group)).await;
}

#[tokio::test]
async fn a_long_runtime_folder_is_no_obstacle() {
    let world = World::new();
    let runtime = world.runtime.path().join("a".repeat(100));
    let config = flightdeck_kernel::Config { runtime, network: Network::On, ..world.config("new") };
    let kernel = start(&config).await.unwrap();
    assert_eq!(*kernel.network(), Isolation::Allowed);
}
