//! Which interpreter is chosen, in worlds of folders built for it.

use flightdeck_notebook::environment::{Found, Search, find};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

struct World {
    root: tempfile::TempDir,
    search: Search,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        let folder = home.join("work/project/notebooks");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(home.join("work/project/.git")).unwrap();
        let search = Search { folder, home, ..Search::default() };
        Self { root, search }
    }

    /// An interpreter below the root.
    fn program(&self, path: &str) -> PathBuf {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// An environment with its mark.
    fn environment(&self, prefix: &str) -> PathBuf {
        let program = self.program(&format!("{prefix}/bin/python"));
        fs::write(self.root.path().join(prefix).join("pyvenv.cfg"), "").unwrap();
        program
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn variable(&mut self, name: &str, value: &Path) {
        self.search.variables.insert(name.into(), value.display().to_string());
    }

    fn labels(&self) -> Vec<String> {
        find(&self.search).into_iter().map(|found| found.label).collect()
    }
}

#[test]
fn nothing_is_found_where_nothing_is() {
    assert_eq!(find(&World::new().search), []);
}

#[test]
fn the_order_is_the_stated_one_and_each_has_its_reason() {
    let mut world = World::new();
    let path = world.program("usr/bin/python3");
    world.variable("PATH", path.parent().unwrap());
    let conda = world.program("conda/envs/study/bin/python");
    world.file("home/.conda/environments.txt", &format!("{}\n", conda.ancestors().nth(2).unwrap().display()));
    world.file("home/work/project/environment.yml", "name: study\ndependencies: []\n");
    world.program("home/.pyenv/versions/3.10.4/bin/python");
    world.program("home/.pyenv/versions/3.10.12/bin/python");
    world.file("home/work/project/.python-version", "3.10\n");
    world.program("home/.cache/pypoetry/virtualenvs/my-model-x8Yz-py3.11/bin/python");
    world.file("home/work/project/pyproject.toml", "[tool.poetry]\nname = \"my-model\"\n");
    let kernel = world.program("kernels/k/bin/python3.11");
    let spec =
        format!(r#"{{"argv":["{}","-m","ipykernel_launcher"],"language":"python"}}"#, kernel.display());
    world.file("home/.local/share/jupyter/kernels/Study/kernel.json", &spec);
    world.search.kernel = Some("study".into());
    let active = world.program("active/bin/python");
    world.variable("VIRTUAL_ENV", active.ancestors().nth(2).unwrap());
    world.environment("home/work/project/venv");
    world.environment("home/work/project/notebooks/.venv");
    world.environment("home/work/.venv");
    world.search.remembered = Some(world.program("chosen/bin/python"));
    world.search.python = Some(world.program("named/bin/python"));
    let project = world.root.path().join("home/work/project");
    assert_eq!(
        world.labels(),
        [
            "named by you".to_owned(),
            "chosen for this folder before".into(),
            "`.venv` beside the notebook".into(),
            format!("`venv` in {}", project.display()),
            "the active environment".into(),
            "kernel “study” of Jupyter".into(),
            "conda environment “study” from environment.yml".into(),
            "Python 3.10 from .python-version".into(),
            "poetry's environment “my-model-x8Yz-py3.11”".into(),
            "python3 on the path".into(),
        ]
    );
    let found = find(&world.search);
    assert_eq!(found.iter().map(|one| one.remembered).collect::<Vec<_>>()[..3], [false, true, false]);
    let newest = found.iter().find(|one| one.label.starts_with("Python 3.10")).unwrap();
    assert!(newest.interpreter.ends_with("3.10.12/bin/python"));
}

#[test]
fn what_is_gone_is_no_match() {
    let mut world = World::new();
    world.search.remembered = Some(world.root.path().join("gone/bin/python"));
    world.file("home/work/project/.venv/pyvenv.cfg", "");
    let gone = world.root.path().join("gone/bin/python");
    let spec = format!(r#"{{"argv":["{}"],"language":"python"}}"#, gone.display());
    world.file("home/.local/share/jupyter/kernels/study/kernel.json", &spec);
    world.search.kernel = Some("study".into());
    let not_executable = world.root.path().join("bin/python3");
    world.file("bin/python3", "");
    world.variable("PATH", not_executable.parent().unwrap());
    assert_eq!(world.labels(), [""; 0]);
}

#[test]
fn a_bare_python_of_a_kernel_is_the_one_of_its_environment() {
    let mut world = World::new();
    world.file("prefix/share/jupyter/kernels/python3/kernel.json", r#"{"argv":["python","-m","x"]}"#);
    world.search.shared_data = vec![world.root.path().join("prefix/share/jupyter")];
    world.search.kernel = Some("python3".into());
    assert_eq!(world.labels(), [""; 0]);
    let program = world.program("prefix/bin/python");
    let found: Vec<Found> = find(&world.search);
    assert_eq!((found.len(), &found[0].interpreter), (1, &program));
}

#[test]
fn kernels_of_other_languages_programs_and_names_with_a_path_are_no_match() {
    let mut world = World::new();
    world.program("usr/bin/R");
    let r = world.root.path().join("usr/bin/R");
    world.file("j/kernels/ir/kernel.json", &format!(r#"{{"argv":["{}"],"language":"R"}}"#, r.display()));
    world
        .file("j/kernels/odd/kernel.json", &format!(r#"{{"argv":["{}"],"language":"python"}}"#, r.display()));
    world.file("j/kernels/broken/kernel.json", "{");
    let python = world.program("evil/bin/python");
    world.file("evil/kernel.json", &format!(r#"{{"argv":["{}"]}}"#, python.display()));
    world.variable("JUPYTER_PATH", &world.root.path().join("j"));
    for name in ["ir", "odd", "broken", "../../evil", "..", ""] {
        world.search.kernel = Some(name.into());
        assert_eq!(world.labels(), [""; 0], "{name}");
    }
}

#[test]
fn links_of_environments_are_not_resolved_and_one_environment_is_named_once() {
    let mut world = World::new();
    let base = world.program("usr/bin/python3");
    let folder = world.root.path().join("home/work/project/notebooks/.venv");
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(folder.join("pyvenv.cfg"), "").unwrap();
    std::os::unix::fs::symlink(&base, folder.join("bin/python")).unwrap();
    std::os::unix::fs::symlink(&base, folder.join("bin/python3")).unwrap();
    world.variable("VIRTUAL_ENV", &folder);
    world.variable("PATH", &folder.join("bin"));
    let found = find(&world.search);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].interpreter, folder.join("bin/python"));
    world.search.remembered = Some(folder.clone());
    assert!(find(&world.search)[0].remembered);
}

#[test]
fn what_a_person_names_is_taken_at_their_word_even_when_it_is_gone() {
    let mut world = World::new();
    world.environment("home/work/project/notebooks/.venv");
    let gone = world.root.path().join("gone/bin/python");
    world.search.python = Some(gone.clone());
    let found = find(&world.search);
    assert_eq!((found[0].interpreter.clone(), found.len()), (gone.clone(), 2));
    // What was chosen some time ago and is gone is passed over.
    world.search.python = None;
    world.search.remembered = Some(gone);
    assert_eq!(find(&world.search).len(), 1);
}

#[test]
fn on_windows_the_program_lies_in_scripts() {
    let mut world = World::new();
    world.search.windows = true;
    world.program("home/work/project/notebooks/.venv/Scripts/python.exe");
    world.file("home/work/project/notebooks/.venv/pyvenv.cfg", "");
    assert_eq!(world.labels(), ["`.venv` beside the notebook"]);
}
