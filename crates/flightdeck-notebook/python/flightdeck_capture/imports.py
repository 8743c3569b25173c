"""Patches right after import: a finder on `sys.meta_path` that runs a function when a module is ready.

Modules that are imported already are patched at once. Not here: the patches.
"""

import sys


class After:
    """A loader that is the real one, and then runs the patch."""

    def __init__(self, loader, name, ready):
        self._loader = loader
        self._name = name
        self._ready = ready

    def create_module(self, spec):
        """As the real loader does."""
        create = getattr(self._loader, "create_module", None)
        return create(spec) if create else None

    def exec_module(self, module):
        """Run the module, give it its real loader back, then patch."""
        module.__loader__ = self._loader
        if getattr(module, "__spec__", None) is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._ready(self._name, module)

    def __getattr__(self, name):
        return getattr(self._loader, name)


class Finder:
    """Finds what the others find, for the modules that are watched."""

    def __init__(self, patches, report):
        self.patches = patches
        self.report = report
        self.active = set()

    def find_spec(self, name, path=None, target=None):
        """The others' answer with our loader around theirs, or nothing."""
        if name not in self.patches or name in self.active:
            return None
        self.active.add(name)
        try:
            for finder in list(sys.meta_path):
                find = getattr(finder, "find_spec", None)
                if finder is self or find is None:
                    continue
                spec = find(name, path, target)
                if spec is not None:
                    return self.around(name, spec)
        finally:
            self.active.discard(name)
        return None

    def around(self, name, spec):
        """A spec whose loader tells us when the module is ready."""
        if spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = After(spec.loader, name, self.ready)
        return spec

    def ready(self, name, module):
        """Run the patches of a module; a fault is reported, the import succeeds."""
        for patch in self.patches[name]:
            try:
                patch(module)
            except Exception as error:
                self.report(patch, error)


def watch(patches, report):
    """Put the finder first and patch what is there already; patches: {module name: [function]}."""
    finder = Finder(patches, report)
    sys.meta_path.insert(0, finder)
    for name in patches:
        if name in sys.modules:
            finder.ready(name, sys.modules[name])
    return finder
