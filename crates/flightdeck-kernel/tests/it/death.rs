//! Kernels that die while they are used.

use crate::world::{BOTH, World, cell, group_is_alive, start};
use flightdeck_core::Cancel;
use flightdeck_kernel::{Config, Kernel, KernelError};
use rustix::process::{Pid, Signal, kill_process};

async fn death(kernel: &mut Kernel, code: &str) -> KernelError {
    kernel.execute(cell(code), &Cancel::default(), &mut |_| {}).await.unwrap_err()
}

#[tokio::test]
async fn a_cell_that_ends_the_process_is_reported_with_its_status() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let group = kernel.process_id();
        let code = "import os\nos.write(2, b'last words\\n')\nos._exit(3)";
        let error = death(&mut kernel, code).await;
        assert!(
            matches!(&error, KernelError::Died { status, memory: false, .. } if status.contains('3')),
            "{error}"
        );
        assert!(!group_is_alive(group));
        let again = death(&mut kernel, "1").await;
        assert!(matches!(again, KernelError::Died { .. }), "{again}");
        kernel.shutdown().await;
    }
}

#[tokio::test]
async fn a_killed_kernel_is_noticed_and_its_children_go() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let group = kernel.process_id();
    let mut emit = |_| {
        kill_process(Pid::from_raw(i32::try_from(group).unwrap()).unwrap(), Signal::KILL).unwrap();
    };
    let code =
        "import subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\nprint('begun')\ntime.sleep(60)";
    let error = kernel.execute(cell(code), &Cancel::default(), &mut emit).await.unwrap_err();
    assert!(
        matches!(&error, KernelError::Died { status, memory: false, .. } if status.contains('9')),
        "{error}"
    );
    crate::world::eventually("the group is gone", || !group_is_alive(group)).await;
}

#[tokio::test]
async fn a_kernel_that_died_between_two_cells_is_noticed() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    kill_process(Pid::from_raw(i32::try_from(kernel.process_id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    assert!(matches!(death(&mut kernel, "1").await, KernelError::Died { .. }));
}

#[tokio::test]
async fn an_abort_near_the_memory_limit_is_put_down_to_memory() {
    let world = World::new();
    let config = Config { memory_bytes: Some(3 << 30), ..world.config("new") };
    for (mapped_megabytes, memory) in [(0, false), (1900, true)] {
        let mut kernel = start(&config).await.unwrap();
        // Long enough to be looked at; libraries in C++ die of an uncaught bad_alloc in just this way.
        let code = format!(
            "import mmap, os, time\nspace = [mmap.mmap(-1, 1 << 20) for _ in range({mapped_megabytes})]\ntime.sleep(0.5)\nos.abort()"
        );
        let error = death(&mut kernel, &code).await;
        assert!(matches!(&error, KernelError::Died { memory: said, .. } if *said == memory), "{error:?}");
    }
}

/// Two children that leave the group: one that keeps the environment, one with an empty one.
#[cfg(target_os = "linux")]
const LEAVING: &str = "import subprocess\n\
    kept = subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
    bare = subprocess.Popen(['/bin/sleep', '600'], start_new_session=True, env={})\n\
    open('children', 'w').write('%d %d' % (kept.pid, bare.pid))";

#[cfg(target_os = "linux")]
fn is_alive(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[cfg(target_os = "linux")]
async fn with_leaving_children(world: &World) -> (Kernel, Vec<u32>) {
    let mut kernel = world.start("new").await;
    crate::world::run(&mut kernel, LEAVING).await;
    let text = std::fs::read_to_string(world.folder.path().join("children")).unwrap();
    let children: Vec<u32> = text.split(' ').map(|id| id.parse().unwrap()).collect();
    assert!(children.len() == 2 && children.iter().all(|id| is_alive(*id)));
    (kernel, children)
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn children_in_sessions_of_their_own_go_with_a_kernel_that_is_dropped_or_shut_down() {
    for dropped in [true, false] {
        let world = World::new();
        let (kernel, children) = with_leaving_children(&world).await;
        if dropped {
            drop(kernel);
        } else {
            kernel.shutdown().await;
        }
        crate::world::eventually("the children are gone", || !children.iter().any(|id| is_alive(*id))).await;
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_child_in_a_session_of_its_own_goes_after_a_kernel_that_died() {
    let world = World::new();
    let (mut kernel, children) = with_leaving_children(&world).await;
    death(&mut kernel, "import os\nos._exit(3)").await;
    crate::world::eventually("the child with the mark is gone", || !is_alive(children[0])).await;
    // Nothing leads to the one without it any more.
    kill_process(Pid::from_raw(i32::try_from(children[1]).unwrap()).unwrap(), Signal::KILL).unwrap();
}
