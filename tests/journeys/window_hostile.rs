//! What a notebook carries is shown as text and pictures, or named; nothing of it is drawn, run or fetched.

use crate::window_notebook::at_home;
use flightdeck_journeys::{Desk, Display, Window};
use serde_json::{Value, json};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What stands in outputs and markdown, each with the address of a listener that counts.
const HTML: &str = "<script>window.taken = 1</script><img src='ADDRESS/img' onerror='window.taken = 1'>\
    <iframe src='ADDRESS/frame' srcdoc='<script>parent.taken = 1</script>'></iframe><form action='ADDRESS/form'></form>\
    <meta http-equiv='refresh' content='0;url=ADDRESS/refresh'><style>@import url(ADDRESS/css);</style>\
    <a href='javascript:window.taken=1'>a link</a><object data='ADDRESS/object'></object>";
const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' onload='window.taken = 1'><script>window.taken = 1</script>\
    <image href='ADDRESS/svg'/><foreignObject><img src='ADDRESS/foreign'/></foreignObject></svg>";
const MARKDOWN: &str = "HTML [x](javascript:window.taken=1) ![t](ADDRESS/tracker) <file:///etc/passwd> \
    [d](data:text/html,<script>window.taken=1</script>)";

/// One red dot, as PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

/// Everything of the page that could have come from a notebook, and what the policy refused.
const FOUND: &str = "
    const made = [...document.querySelectorAll(
        'iframe, object, embed, form[action], meta[http-equiv], foreignObject, base, a[href], [onerror], [onload]')];
    const scripts = [...document.scripts].filter((script) => !script.src.startsWith(location.origin));
    const pictures = [...document.images].filter((picture) => !picture.src.startsWith('data:image/png;base64,'));
    const drawn = [...document.querySelectorAll('svg')].filter((svg) => svg.querySelector('script, image, style'));
    return JSON.stringify({
        made: [...made, ...scripts, ...pictures, ...drawn].map((node) => node.outerHTML.slice(0, 200)),
        taken: window.taken ?? null, refused: window.refused,
    });";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n1_n2_n3_n4_what_a_notebook_carries_is_neither_drawn_nor_run_nor_fetched() {
    let (desk, counter) = (Desk::new(), Counter::start());
    let notebook = at_home(hostile(&desk, &counter.address));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    let listen = "window.refused = []; document.addEventListener('securitypolicyviolation', (event) => window.refused.push(event.blockedURI));";
    window.page.execute(listen, vec![]).await.unwrap();
    window.drop_files(&display, &[&notebook]).await;
    window.see("Deploy to this computer").await;

    // Every cell is opened: what it put out is in the page now.
    let open = "document.querySelectorAll('[data-cell] > button').forEach((button) => button.click())";
    window.page.execute(open, vec![]).await.unwrap();
    window.see("HTML, not shown").await;
    window.holds("return [...document.querySelectorAll('pre:not(.source)')].some((pre) => pre.textContent.startsWith('the text of an output: <script>'))").await;
    window
        .holds("return [...document.images].some((one) => one.alt.startsWith('Picture put out by cell 6'))")
        .await;
    window.shots("hostile").await;
    let found: Value = serde_json::from_str(&script(&window, FOUND).await).unwrap();
    assert_eq!(found, json!({"made": [], "taken": null, "refused": []}));
    window.press("Open model").await;
    window.see("Compared with the original").await;
    let found: Value = serde_json::from_str(&script(&window, FOUND).await).unwrap();
    assert_eq!(found, json!({"made": [], "taken": null, "refused": []}));
    assert_eq!(counter.requests(), 0);

    // If something of it were in the page after all, the policy would stand in its way.
    let put = HTML.replace("ADDRESS", &counter.address);
    let put = format!("document.body.insertAdjacentHTML('beforeend', {})", json!(put));
    window.page.execute(&put, vec![]).await.unwrap();
    window.holds("return window.refused.length >= 3").await;
    assert_eq!(script(&window, "return String(window.taken)").await, "undefined");
    assert_eq!(counter.requests(), 0);
    // And the count counts.
    drop(TcpStream::connect(counter.address.trim_start_matches("http://")).unwrap());
    counter.sees(1);
    window.close().await;
}

fn hostile(desk: &Desk, address: &str) -> std::path::PathBuf {
    let told = |text: &str| text.replace("ADDRESS", address);
    let outputs = json!([
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": told(HTML), "image/svg+xml": told(SVG),
            "application/javascript": "window.taken = 1", "text/latex": "\\def\\a{\\a\\a}\\a"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "PHNjcmlwdD4="}},
    ]);
    let code = |source: String| json!({"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": outputs, "source": source});
    let markdown = |source: String| json!({"cell_type": "markdown", "metadata": {}, "source": source});
    let show = |class: &str, text: &str| {
        format!(
            "from IPython.display import HTML, SVG, Javascript, Markdown, display\ndisplay({class}({:?}))",
            told(text)
        )
    };
    let cells = [
        markdown(told(MARKDOWN).replace("HTML", &told(HTML))),
        markdown(told(HTML)),
        code(show("HTML", HTML)),
        code(show("SVG", SVG)),
        code(show("Javascript", "window.taken = 1")),
        code(show("Markdown", MARKDOWN)),
        code("print('the text of an output: <script>window.taken = 1</script>')".into()),
        code(format!(
            "import base64
from IPython.display import Image, display
display(Image(base64.b64decode('{PICTURE}')))"
        )),
        code(told(
            "from sklearn.datasets import load_iris\nfrom sklearn.tree import DecisionTreeClassifier\n\
              X, y = load_iris(return_X_y=True, as_frame=True)\n\
              tree = DecisionTreeClassifier(max_depth=3).fit(X, y) # <img src='ADDRESS/comment' onerror='window.taken = 1'>",
        )),
    ];
    let document = json!({"cells": cells, "nbformat": 4, "nbformat_minor": 4,
        "metadata": {"kernelspec": {"display_name": told(HTML), "language": "python", "name": "python3"}}});
    let path = desk.home().join("hostile.ipynb");
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

async fn script(window: &Window, script: &str) -> String {
    window.page.execute(script, vec![]).await.unwrap().convert().unwrap()
}

/// A listener of this computer that counts who comes.
struct Counter {
    address: String,
    count: Arc<AtomicUsize>,
}

impl Counter {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        std::thread::spawn(move || {
            for mut caller in listener.incoming().flatten() {
                seen.fetch_add(1, Ordering::SeqCst);
                let _ = caller.set_read_timeout(Some(Duration::from_millis(200)));
                let _ = caller.read(&mut [0; 1024]);
            }
        });
        Self { address, count }
    }

    fn requests(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn sees(&self, wanted: usize) {
        let began = std::time::Instant::now();
        while self.requests() < wanted {
            assert!(began.elapsed() < Duration::from_secs(10), "nobody is counted");
            std::thread::yield_now();
        }
    }
}
