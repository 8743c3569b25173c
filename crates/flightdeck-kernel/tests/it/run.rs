//! Cells that run, and what they show.

use crate::world::{BOTH, World, cell, run, shown, text};
use flightdeck_core::Cancel;
use flightdeck_kernel::{Execute, KernelError, Outcome, Output, Stream};
use std::time::{Duration, Instant};

#[tokio::test]
async fn streams_and_results_are_told_apart() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let code = "import sys\nprint('\\x1b[31mout\\x1b[0m')\nprint('err', file=sys.stderr)\n[1, 2]";
        let (outcome, outputs) = shown(&mut kernel, code).await;
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(text(&outputs, Stream::Stdout), "out\n");
        assert_eq!(text(&outputs, Stream::Stderr), "err\n");
        assert_eq!(text(&outputs, Stream::Result), "[1, 2]\n");
    }
}

#[tokio::test]
async fn an_exception_names_its_line() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        run(&mut kernel, "def helper():\n    raise KeyError('x')").await;
        let Outcome::Failed { name, value, traceback, line } = run(&mut kernel, "a = 1\n\nb = 1 / 0").await
        else {
            panic!("{environment}")
        };
        assert_eq!((name.as_str(), value.as_str(), line), ("ZeroDivisionError", "division by zero", Some(3)));
        assert!(traceback.iter().all(|frame| !frame.contains('\u{1b}')));
        let elsewhere = run(&mut kernel, "x = 1\nhelper()").await;
        assert!(matches!(elsewhere, Outcome::Failed { line: Some(2), .. }), "{elsewhere:?}");
        let syntax = run(&mut kernel, "x = 1\ny = = 2").await;
        assert!(
            matches!(syntax, Outcome::Failed { line: Some(2), ref name, .. } if name == "SyntaxError"),
            "{syntax:?}"
        );
    }
}

#[tokio::test]
async fn n1_n3_only_text_and_pictures_are_shown() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let code = "from IPython.display import *\n\
        display(HTML('<script>alert(1)</script>'))\n\
        display(Javascript('alert(1)'))\n\
        display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>'))\n\
        display({'application/vnd.jupyter.widget-view+json': {'model_id': '1'}}, raw=True)\n\
        clear_output()";
    let (outcome, outputs) = shown(&mut kernel, code).await;
    assert_eq!(outcome, Outcome::Done);
    let named: Vec<String> = ["html", "javascript", "svg", "widget"].map(String::from).into();
    let expected: Vec<Output> = named.into_iter().map(|what| Output::NotShown { what }).collect();
    assert_eq!(outputs[..4], expected);
    assert_eq!(outputs[4..], [Output::Cleared]);
}

#[tokio::test]
async fn a_picture_is_shown_and_a_table_is_text() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let code = "import base64, zlib, struct\nfrom IPython.display import Image\n\
        chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))\n\
        png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 3, 2, 8, 0, 0, 0, 0)) \
            + chunk(b'IDAT', zlib.compress(b'\\0abc\\0def')) + chunk(b'IEND', b'')\n\
        Image(png)";
    let (_, outputs) = shown(&mut kernel, code).await;
    assert!(matches!(outputs[..], [Output::Image { width: 3, height: 2, .. }]), "{outputs:?}");
    let (_, table) = shown(&mut kernel, "import pandas; pandas.DataFrame({'a': [7]})").await;
    assert_eq!(text(&table, Stream::Result), "   a\n0  7\n");
}

#[tokio::test]
async fn values_are_read_without_a_trace() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        run(&mut kernel, "x = 'it\\'s\\n'").await;
        assert_eq!(kernel.value("x").await.unwrap(), "it's\n");
        let long = kernel.value("__import__('json').dumps({'k': ['é\\n'] * 20000})").await.unwrap();
        let read: serde_json::Value = serde_json::from_str(&long).unwrap();
        assert_eq!(read["k"].as_array().unwrap().len(), 20_000);
        let error = kernel.value("nothing").await.unwrap_err();
        assert!(matches!(error, KernelError::Raised { ref name, .. } if name == "NameError"), "{error}");
        assert_eq!(kernel.value("(len(In), get_ipython().execution_count)").await.unwrap(), "(2, 2)");
    }
}

#[tokio::test]
async fn silent_code_leaves_history_and_counter_alone() {
    let world = World::new();
    let mut kernel = world.start("new").await;
    let silent = Execute { silent: true, history: false, ..cell("hidden = 5; 7") };
    let mut outputs = Vec::new();
    let outcome =
        kernel.execute(silent, &Cancel::default(), &mut |output| outputs.push(output)).await.unwrap();
    assert_eq!((outcome, outputs.len()), (Outcome::Done, 0));
    assert_eq!(kernel.value("(hidden, len(In), get_ipython().execution_count)").await.unwrap(), "(5, 1, 1)");
}

#[tokio::test]
async fn input_is_refused_and_does_not_hang() {
    for environment in BOTH {
        let world = World::new();
        let mut kernel = world.start(environment).await;
        let begun = Instant::now();
        assert_eq!(run(&mut kernel, "input('name? ')").await, Outcome::Asked);
        assert_eq!(run(&mut kernel, "import getpass; getpass.getpass()").await, Outcome::Asked);
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(kernel.value("1").await.unwrap(), "1");
    }
}
