"""Watching what the notebook saves or exports itself: that object is the one meant."""

from .session import path_of


class Saved:
    """Patches for the functions that write models."""

    def __init__(self, session):
        self.session = session
        self.exported = []

    def wrap(self, module, name, after):
        """Watch one function of a module, once."""
        found = getattr(module, name, None)
        if callable(found) and not hasattr(found, "_original"):
            setattr(module, name, self.session.watch(found, None, after))

    def patch_dump(self, module):
        """`dump(object, file)`: joblib, pickle, skops.io, cloudpickle."""
        self.wrap(module, "dump", self.after_dump)

    def patch_convert(self, module):
        """`to_onnx(model)` and `convert_sklearn(model)` answer a graph; `onnx.save` writes it."""
        for name in ("to_onnx", "convert_sklearn", "convert_xgboost", "convert_lightgbm"):
            self.wrap(module, name, self.after_convert)

    def patch_onnx(self, module):
        """`onnx.save(graph, path)`."""
        for name in ("save", "save_model"):
            self.wrap(module, name, self.after_onnx)

    def patch_torch_onnx(self, module):
        """`torch.onnx.export(model, arguments, path)`."""
        self.wrap(module, "export", self.after_torch)

    def after_dump(self, token, args, kwargs, result):
        """An object was dumped; a tuple, list or dictionary may hold the model."""
        thing = args[0] if args else kwargs.get("value", kwargs.get("obj"))
        target = args[1] if len(args) > 1 else kwargs.get("filename", kwargs.get("file"))
        path = path_of(target)
        for found in inside(thing):
            self.session.saved(found, path)

    def after_convert(self, token, args, kwargs, result):
        """A graph was made of a model."""
        model = args[0] if args else kwargs.get("model")
        self.exported = (self.exported + [(result, model)])[-4:]
        self.session.saved(model, None)

    def after_onnx(self, token, args, kwargs, result):
        """A graph was written."""
        graph = args[0] if args else kwargs.get("proto", kwargs.get("model"))
        path = path_of(args[1] if len(args) > 1 else kwargs.get("f"))
        for known, model in self.exported:
            if known is graph:
                self.session.saved(model, None, path)
                return
        self.session.unmatched_saves.append(path)

    def after_torch(self, token, args, kwargs, result):
        """A torch model was exported."""
        path = path_of(args[2] if len(args) > 2 else kwargs.get("f"))
        self.session.unmatched_saves.append(path)


def inside(thing):
    """A thing, or the things in a tuple, list or dictionary."""
    if isinstance(thing, dict):
        return list(thing.values())[:32]
    if isinstance(thing, (list, tuple)):
        return list(thing)[:32]
    return [thing]
