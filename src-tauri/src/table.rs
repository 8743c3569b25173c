//! Every command of the window, once. The handler, the permissions that the build generates and the test of the
//! capability are made from this list.

macro_rules! with_commands {
    ($then:ident) => {
        $then! {
            models,
            show,
            choose_files,
            pending_files,
            plan_import,
            import_files,
            kernels,
            plan_kernel,
            import_kernel,
            set_watch,
            try_sample,
            plan_baseline,
            add_baseline,
            profile,
            jobs,
            job_result,
            cancel_job,
            runners,
            start_runner,
            stop_runner,
            add_runner,
            pair_runner,
            remove_runner,
            unlock_keychain,
            endpoints,
            deploy,
            undeploy,
            promote,
            rollback,
            live,
            drift,
            live_charts,
            painted,
        }
    };
}
